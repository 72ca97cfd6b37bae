"""Verdicts as JUnit XML, which every build server reads."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.core.errors import DeliveryError
from simulator.report.verdicts import failed, found_said, label, undelivered


def junit_xml(summary: Mapping[str, Any]) -> bytes:
    """One test suite for the run: a test case for each expectation, and one for the delivery of the events.

    Failed warnings are cases that were skipped, with their reason: they don't fail a build.
    """
    name = str(summary.get("scenario", "run"))
    cases = [_delivery(summary, name), *(_case(one, name) for one in summary.get("expectations") or ())]
    failures = sum(case.find("failure") is not None for case in cases)
    errors = sum(case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    wall = f"{float(summary.get('wall_seconds') or 0.0):.3f}"
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": str(errors)}
    suite = ET.Element("testsuite", {"name": name, **counts, "skipped": str(skipped), "time": wall})
    properties = ET.SubElement(suite, "properties")
    for key in (
        "seed",
        "people",
        "crossings",
        "sent",
        "started",
        "ended",
        "journeysim_version",
        "run_folder",
    ):
        if summary.get(key) is not None:
            ET.SubElement(properties, "property", name=key, value=_clean(str(summary[key])))
    suite.extend(cases)
    root = ET.Element("testsuites", {"name": "journeysim", **counts, "time": wall})
    root.append(suite)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def write_junit(summary: Mapping[str, Any], path: Path) -> None:
    """Write the file; raises DeliveryError where that fails."""
    write(path, junit_xml(summary))


def write(path: Path, content: bytes) -> None:
    """Write a report; raises DeliveryError where that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise DeliveryError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error


def _case(verdict: Mapping[str, Any], suite: str) -> ET.Element:
    case = ET.Element("testcase", name=_clean(label(verdict)), classname=f"{suite}.expect", time="0")
    said = f"{verdict['metric']}: expected {verdict['expected']}, {found_said(verdict)}"
    reason = str(verdict.get("reason") or "")
    if failed(verdict):
        failure = ET.SubElement(case, "failure", message=_clean(reason or said), type="expectation")
        failure.text = _clean("\n".join([said, *_reasons(verdict), *_advice(verdict)]))
    elif not verdict["ok"]:
        ET.SubElement(case, "skipped", message=_clean(f"warning: {reason or said}"))
    else:
        ET.SubElement(case, "system-out").text = _clean("\n".join(part for part in (said, reason) if part))
    return case


def _reasons(verdict: Mapping[str, Any]) -> list[str]:
    return [
        f"{failure['people']} for {failure['reason']}, such as {', '.join(failure['examples'])}: {failure['said']}"
        for failure in verdict.get("failures") or ()
    ]


def _advice(verdict: Mapping[str, Any]) -> list[str]:
    return [str(verdict["advice"])] if verdict.get("advice") else []


def _delivery(summary: Mapping[str, Any], suite: str) -> ET.Element:
    """Whether all events were delivered, as the exit code sees it."""
    case = ET.Element("testcase", name="events are delivered", classname=f"{suite}.delivery", time="0")
    missing = [str(summary["failure"])] if summary.get("failure") else []
    missing += undelivered(summary)
    if summary.get("interrupted"):
        missing.append("the run was interrupted")
    if missing:
        ET.SubElement(case, "error", message=_clean("; ".join(missing)), type="delivery")
    return case


def _clean(text: str) -> str:
    """Text without the signs that XML can't hold."""
    return (
        "".join(sign if sign in "\t\n\r" or ord(sign) >= 0x20 else " " for sign in text)
        .replace("\ufffe", " ")
        .replace("\uffff", " ")
    )
