"""What a listener heard as evidence: whose each call is, however many come."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.checks import Happening, Heard, join_calls, read_happenings
from simulator.checks.happenings import NobodyKnown
from simulator.core.errors import UsageError

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


HEADER = b'{"kind":"listener","actions":{"Hook":""}}\n'
GOOD = orjson.dumps(call(1, 15) | {"attempt": 1}) + b"\n"


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"kind":"call"}',
        orjson.dumps(call(1, 15, delivery="x")),
        orjson.dumps(call(1, 15, status="ok")),
        orjson.dumps(call(1, 15, received="noon")),
        orjson.dumps(call(1, 15, person="ann")),
        orjson.dumps(call(1, 15) | {"at": "late"}),
        b"3",
    ],
)
def test_a_row_that_is_no_call_is_named(tmp_path: Path, wrong: bytes) -> None:
    path = tmp_path / "calls.ndjson"
    path.write_bytes(HEADER + GOOD + wrong + b"\n" + GOOD)
    with pytest.raises(UsageError, match=r"calls.ndjson:3: is damaged"):
        Heard.read(path)


def test_a_last_row_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "calls.ndjson"
    path.write_bytes(HEADER + GOOD + GOOD[:-9])
    assert len(Heard.read(path).rows) == 1
    path.write_bytes(HEADER + GOOD + GOOD[:-1])
    assert len(Heard.read(path).rows) == 2


def test_calls_of_nobody_that_is_known_take_no_longer_the_more_there_are() -> None:
    began = time.process_time()
    found = joined({}, *(call(number, number) for number in range(30_000)))
    assert len(found[-1]) == 30_000
    assert time.process_time() - began < 5.0


ROW = {"at": 1, "kind": "entered", "journey": "j", "person": 0, "instance": "i", "step": "in", "detail": {}}


def test_a_row_of_the_journeys_that_was_cut_off_is_left_out_as_a_run_may_be_writing_it(
    tmp_path: Path,
) -> None:
    whole = orjson.dumps(ROW) + b"\n"
    (tmp_path / "journeys.ndjson").write_bytes(whole + whole[:-12])
    assert len(read_happenings(tmp_path)[0]) == 1


@pytest.mark.parametrize("wrong", [{"at": "x"}, {"person": None}, {"detail": 3}, {"kind": 3}])
def test_a_row_of_the_journeys_that_is_none_is_named(tmp_path: Path, wrong: dict[str, Any]) -> None:
    rows = b"".join(orjson.dumps(row) + b"\n" for row in (ROW, ROW | wrong, ROW))
    (tmp_path / "journeys.ndjson").write_bytes(rows)
    with pytest.raises(UsageError, match=r"journeys.ndjson:2: is damaged"):
        read_happenings(tmp_path)
