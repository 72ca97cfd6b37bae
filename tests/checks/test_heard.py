"""What a listener heard as evidence: whose each call is, however many come."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.checks import Happening, Heard, join_calls
from simulator.checks.happenings import NobodyKnown

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def call(number: int, at: int, **fields: Any) -> dict[str, Any]:
    received = (START + timedelta(milliseconds=at)).isoformat()
    row = {"kind": "call", "delivery": number, "received": received, "action": "Hook", "status": 200}
    return row | {"at": at, "person": None, "identity": "", "instance": "", "step": ""} | fields


def entered(person: int, at: int, instance: str) -> Happening:
    return Happening(at, "entered", "j", person, instance, "in", {"event_id": "e"})


def joined(found: dict[int, list[Happening]], *rows: dict[str, Any]) -> dict[int, list[Happening]]:
    join_calls(found, Heard({"Hook": ""}, rows), NobodyKnown(), lambda moment: 0)
    return found


def test_a_call_is_laid_to_the_last_entry_of_its_person() -> None:
    found = joined({4: [entered(4, 10, "a"), entered(4, 20, "b")]}, call(1, 15, person=4))
    assert [(one.kind, one.instance) for one in found[4]] == [
        ("entered", "a"),
        ("arrived", "a"),
        ("entered", "b"),
    ]


def test_a_call_of_nobody_that_is_known_is_not_laid_to_somebody_elses_entry() -> None:
    found = joined({-1: [entered(-1, 10, "a")]}, call(1, 15), call(2, 16, instance="a"))
    assert [(one.journey, one.instance) for one in found[-1] if one.kind == "arrived"] == [
        ("", "call-1"),
        ("j", "a"),
    ]


def test_calls_of_nobody_that_is_known_take_no_longer_the_more_there_are() -> None:
    began = time.process_time()
    found = joined({}, *(call(number, number) for number in range(30_000)))
    assert len(found[-1]) == 30_000
    assert time.process_time() - began < 5.0
