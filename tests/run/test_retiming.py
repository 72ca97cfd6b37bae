"""Recorded events sent again with new times and ids."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from simulator.core.errors import ExitCode, UsageError
from simulator.run import Replayed, Retiming, replay_file
from tests.run.running import run_to_file
from tests.run.scenarios import town


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    record = run_to_file(
        town(tmp_path), tmp_path / "it", overrides=["clock.start=2026-03-02T12:20", "clock.duration=10 min"]
    )
    assert len(record.bodies) > 5
    return tmp_path / "it" / "events.ndjson"


def again(recorded: Path, **retiming: object) -> tuple[list[dict[str, object]], Replayed]:
    target = recorded.with_name("again.ndjson")
    result = replay_file(recorded, f"file:{target}", retiming=Retiming(**retiming))  # type: ignore[arg-type]
    return [orjson.loads(line) for line in target.read_bytes().splitlines()], result


def originals(recorded: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in recorded.read_bytes().splitlines()]


def moment(event: dict[str, object]) -> datetime:
    return datetime.fromisoformat(str(event["timestamp"]))


def test_without_anything_new_events_stay_as_they_are_to_the_byte(recorded: Path) -> None:
    again(recorded)
    assert recorded.with_name("again.ndjson").read_bytes() == recorded.read_bytes()


def test_to_now_moves_all_events_by_the_same_time(recorded: Path) -> None:
    before = datetime.now(UTC)
    events, result = again(recorded, to_now=True)
    assert result.exit_code is ExitCode.OK
    old = originals(recorded)
    by = moment(events[0]) - moment(old[0])
    assert abs((moment(events[0]) - before).total_seconds()) < 5.0
    assert {moment(a) - moment(b) for a, b in zip(events, old, strict=True)} == {by}
    assert [event["_id"] for event in events] == [event["_id"] for event in old]
    assert [len(str(event["timestamp"])) for event in events] == [len(str(e["timestamp"])) for e in old]


def test_every_time_in_an_event_moves_and_keeps_its_form(tmp_path: Path) -> None:
    path = tmp_path / "one.ndjson"
    path.write_text(
        '{"_id":"A-1","timestamp":"2026-03-02T10:00:00.250Z","placeContext":'
        '{"localTime":"2026-03-02T12:00:00.250+02:00"},"n":5}\n'
        '{"_id":"A-2","timestamp":"2026-03-02T10:00:02Z"}\n'
    )
    (first, second), _ = again(path, to_now=True)
    stamp = str(first["timestamp"])
    local = str(first["placeContext"]["localTime"])  # type: ignore[index]
    assert stamp.endswith("Z")
    assert local.endswith("+02:00")
    assert datetime.fromisoformat(local) == datetime.fromisoformat(stamp)
    assert first["n"] == 5
    assert len(str(second["timestamp"])) == len("2026-03-02T10:00:02Z")


def test_a_speed_keeps_the_distances(recorded: Path) -> None:
    old = originals(recorded)
    span = (moment(old[-1]) - moment(old[0])).total_seconds()
    began = time.monotonic()
    events, _ = again(recorded, speed=span / 1.5)
    assert time.monotonic() - began == pytest.approx(1.5, abs=0.7)
    assert events == old
    shrunk, _ = again(recorded, speed=span / 1.5, to_now=True)
    assert (moment(shrunk[-1]) - moment(shrunk[0])).total_seconds() == pytest.approx(1.5, abs=0.01)


def test_new_ids_are_new_but_the_same_for_the_same_word(recorded: Path) -> None:
    old = {event["_id"] for event in originals(recorded)}
    one, _ = again(recorded, renew="a")
    two, _ = again(recorded, renew="a")
    three, _ = again(recorded, renew="b")
    ids = [{event["_id"] for event in events} for events in (one, two, three)]
    assert ids[0] == ids[1]
    assert len(ids[0] | ids[2] | old) == 3 * len(old)
    assert all(str(i).isupper() == str(j["_id"]).isupper() for i, j in zip(
        [event["_id"] for event in one], originals(recorded), strict=True
    ))  # fmt: skip


def test_an_event_without_a_time_cannot_get_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "one.ndjson"
    path.write_text('{"_id":"A-1"}\n')
    with pytest.raises(UsageError, match="has no `timestamp`"):
        again(path, to_now=True)
