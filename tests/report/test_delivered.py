"""Whether a run delivered everything: its exit code, headline, sign and JUnit say the same."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.report.glyphs import UNICODE
from simulator.report.junit import junit_xml
from simulator.report.page import headline
from simulator.report.terminal import _verdict

sys.path.insert(0, str(Path(__file__).parent))
from documents import summary

STEP_EVENTS = {"sent": 5, "acknowledged": 3, "rejected": 0, "pending": 2, "reason": "refused"}
ON_REJECTED = {"metric": "rejected", "expected": "at most 9", "found": 7, "ok": True, "severity": "error"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rejected": 7}, "7 events were rejected"),
        ({"pending": 1}, "1 event could not be delivered"),
        ({"step_events": STEP_EVENTS}, "2 step events could not be delivered"),
        ({"failure": "the disk is full"}, "the disk is full"),
    ],
)
def test_what_was_not_delivered_is_a_failure_everywhere(changes: dict[str, Any], said: str) -> None:
    document = summary(**{"rejected": 0, "expectations": [], **changes})
    head, tone = headline(document)
    assert (said in head, tone) == (True, "bad")
    assert _verdict(document, UNICODE)[0] == UNICODE.bad
    assert said in junit_xml(document).decode()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rejected": 7, "expectations": [ON_REJECTED]},
        {"step_events": STEP_EVENTS | {"acknowledged": 5, "pending": 0}},
    ],
)
def test_what_may_be_or_arrived_is_none(changes: dict[str, Any]) -> None:
    document = summary(**{"rejected": 0, "expectations": [], **changes})
    assert headline(document)[1] == "good"
    assert _verdict(document, UNICODE)[0] != UNICODE.bad
    assert "<error" not in junit_xml(document).decode()
