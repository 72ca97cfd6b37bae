"""JUnit XML: valid whatever the run came to, and counted as build servers count."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from simulator.report.junit import junit_xml

sys.path.insert(0, str(Path(__file__).parent))
from documents import summary

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))


def verdict(name: str = "a", *, ok: bool = True, severity: str = "error", reason: str = "") -> dict[str, Any]:
    failures = [{"reason": "late", "people": 2, "examples": ["a/1"], "said": "came too late"}]
    return {
        "metric": "m",
        "expected": "all 3",
        "found": 1,
        "ok": ok,
        "reason": reason,
        "name": name,
        "severity": severity,
        "unit": "people",
        "counts": {"of": 3, "held": 1},
        "failures": [] if ok else failures,
    }


def parsed(**changes: Any) -> ET.Element:
    text = junit_xml(summary(**changes))
    SCHEMA.validate(text.decode())
    suite = ET.fromstring(text).find("testsuite")
    assert suite is not None
    return suite


def test_each_expectation_is_a_case_and_warnings_do_not_fail() -> None:
    suite = parsed(
        expectations=[
            verdict("holds"),
            verdict("fails", ok=False, reason="a/1: came too late"),
            verdict("warns", ok=False, severity="warning", reason="a/1: came too late"),
        ]
    )
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    failure = suite.find("testcase[@name='fails']/failure")
    assert failure is not None
    assert failure.get("message") == "a/1: came too late"
    assert "2 for late, such as a/1: came too late" in (failure.text or "")


def test_advice_ends_the_text_of_a_failure() -> None:
    advised = verdict("fails", ok=False) | {"advice": "`excuse: [phone]` leaves them out"}
    failure = parsed(expectations=[advised]).find("testcase/failure")
    assert failure is not None
    assert str(failure.text).endswith("came too late\n`excuse: [phone]` leaves them out")


def test_what_was_not_delivered_is_an_error() -> None:
    suite = parsed(pending=3, expectations=[])
    error = suite.find("testcase/error")
    assert error is not None
    assert error.get("message") == "3 events could not be delivered"
    assert suite.get("errors") == "1"


def test_expected_rejections_are_no_error() -> None:
    rejected = {**verdict("few"), "metric": "rejected"}
    assert parsed(rejected=3, expectations=[rejected]).get("errors") == "0"
    assert parsed(rejected=3, expectations=[]).get("errors") == "1"


@given(st.text(), st.text(), st.booleans(), st.sampled_from(["error", "warning"]))
def test_any_text_makes_valid_xml(name: str, reason: str, ok: bool, severity: str) -> None:
    parsed(expectations=[verdict(name or "x", ok=ok, severity=severity, reason=reason)])
