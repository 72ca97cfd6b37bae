"""What always holds of a run: nothing is lost, nothing is made up, everything is valid and in order."""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from simulator.core.errors import ConservationError, ExitCode
from simulator.phone import Phone
from simulator.run import RunOptions, prepare, run
from simulator.xdm import EventValidator, StreamRules, missing_essentials, place_consistency
from tests.cli.program import call
from tests.run.random_scenarios import scenarios
from tests.run.running import Document, Record, ecid_of, poi_of, run_to_file, write_scenario
from tests.run.scenarios import TOWN, town
from tests.shared_files import SHARED, shared_path

LOCATION = ("location.entry", "location.exit")
CLOSE_IS_HELD_BACK = timedelta(milliseconds=500)


@cache
def own_schema() -> EventValidator:
    return EventValidator()


@cache
def reference_schema() -> jsonschema_rs.Draft202012Validator:
    path = shared_path("xdm/compiled/experienceevent.mobile.strict.schema.json")
    return jsonschema_rs.Draft202012Validator(json.loads(path.read_text()), validate_formats=True)


def moment(event: Document) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


def sent(event: Document) -> datetime:
    """When an event left its phone, as far as the event itself tells."""
    return moment(event) + CLOSE_IS_HELD_BACK * (event["eventType"] == "application.close")


# --- what is checked of every run ---------------------------------------------------------------------------


def check_everything(record: Record) -> None:
    check_numbers(record)
    check_ledger(record)
    check_validity(record)
    check_times(record)
    check_identities(record)
    check_order(record)


def check_numbers(record: Record) -> None:
    summary, rows = record.summary, record.ledger.rows
    assert record.exit_code is ExitCode.OK
    types = Counter(event["eventType"] for event in record.events)
    assert summary["events"] == dict(types)
    assert summary["crossings"] == len(rows) == types["location.entry"] + types["location.exit"]
    assert sum(summary["outcomes"].values()) == summary["crossings"]
    assert summary["outcomes"] == ({"delivered": len(rows)} if len(rows) else {})
    assert (
        summary["sent"] == summary["acknowledged"] == len(record.bodies) == sum(summary["timeline"]["events"])
    )
    assert (summary["rejected"], summary["pending"]) == (0, 0)
    assert (summary["entries"], summary["exits"]) == (types["location.entry"], types["location.exit"])
    assert sum(summary["platforms"].values()) == summary["people"] == sum(summary["groups"].values())


def check_ledger(record: Record) -> None:
    """Every row points at its own event, and every location event has its row."""
    ledger, events = record.ledger, record.events
    rows = ledger.rows
    assert rows["event"].tolist() == [n for n, event in enumerate(events) if event["eventType"] in LOCATION]
    start = datetime.fromisoformat(ledger.header["start"])
    for row in rows:
        event = events[row["event"]]
        assert event["eventType"] == LOCATION[1 - row["entry"]]
        assert poi_of(event) == ledger.header["places"][row["place"]][0]
        assert moment(event) == start + timedelta(milliseconds=int(row["noticed"]))
    for earlier, later in (("crossed", "noticed"), ("noticed", "queued"), ("queued", "sent")):
        assert (rows[earlier] <= rows[later]).all()
    assert (np.diff(rows["sent"]) >= 0).all()


def check_validity(record: Record) -> None:
    own, reference = own_schema(), reference_schema() if SHARED.exists() else None
    for event in record.events:
        assert own.is_valid(event), own.violations(event)
        assert reference is None or reference.is_valid(event)
        assert missing_essentials(event) == []
        assert place_consistency(event) == []


def check_times(record: Record) -> None:
    start = datetime.fromisoformat(record.ledger.header["start"])
    end = start + timedelta(seconds=record.summary["simulated_seconds"])
    for event in record.events:
        assert start <= moment(event) <= sent(event) < end
    times = [sent(event) for event in record.events]
    assert times == sorted(times)


def check_identities(record: Record) -> None:
    """Ids never repeat; a person keeps one ECID and nobody else has it."""
    ids = [event["_id"] for event in record.events]
    assert len(set(map(str.lower, ids))) == len(ids)
    pairs = {(int(row["person"]), ecid_of(record.events[row["event"]])) for row in record.ledger.rows}
    assert len({person for person, _ in pairs}) == len({ecid for _, ecid in pairs}) == len(pairs)
    assert len({ecid_of(event) for event in record.events}) <= record.summary["people"]


def check_order(record: Record) -> None:
    """Entries and exits of a place take turns, and so do launches and closes."""
    turns: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in record.events:
        kind, _, what = event["eventType"].partition(".")
        turns[ecid_of(event), poi_of(event) if kind == "location" else "app"].append(what)
    inside = [key for key, course in turns.items() if course[0] == "exit"]
    assert len(inside) <= record.summary["inside_at_start"]
    for (_, what), course in turns.items():
        cycle = ["launch", "close"] if what == "app" else ["entry", "exit"]
        first = cycle.index(course[0])
        assert first == 0 or what != "app"  # no session is under way when a run starts
        assert course == [cycle[(first + n) % 2] for n in range(len(course))]
    rules = StreamRules(inside_at_start=inside)
    assert [complaint for event in record.events for complaint in rules.feed(event)] == []


# --- runs ---------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios())
def test_any_run_keeps_all_promises(document: Document) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check_everything(run_to_file(write_scenario(folder, document), folder / "it"))


@pytest.mark.parametrize("form", ["sdk", "rich"])
def test_events_of_a_run_pass_the_reference_schema(tmp_path: Path, form: str) -> None:
    reference = reference_schema()
    record = run_to_file(town(tmp_path), tmp_path / "it", overrides=[f"app.location_events={form}"])
    check_everything(record)
    assert len(record.summary["events"]) == 4
    for event in record.events:
        assert [error.message for error in reference.iter_errors(event)] == []


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Europe/Berlin", "2026-03-29T00:00"),  # 23 hours
        ("Europe/Berlin", "2026-03-29T02:30"),  # a time that is left out
        ("Europe/Berlin", "2026-10-25T00:00"),  # 25 hours
        ("America/New_York", "2026-11-01T01:30"),  # a time that comes twice
    ],
)
def test_people_out_late_when_clocks_change_are_in_one_place_at_a_time(
    tmp_path: Path, zone: str, start: str
) -> None:
    late = TOWN.replace(
        "start: 2026-03-02T06:00, timezone: Europe/Helsinki", f"start: {start}, timezone: {zone}"
    )
    late = late.replace("duration: 1 d", "duration: 50 h").replace(
        "    schedule: {lunch: {}}",
        '    schedule: {evening: {share: 1, at: "23:30", stay: {uniform: [10 min, 5 h]}},\n'
        '               errands: {per_day: 3, at: {uniform: ["00:00", "06:00"]}}}',
    )
    record = run_to_file(town(tmp_path, late), tmp_path / "it")
    check_everything(record)
    assert record.summary["crossings"] > 500


def test_a_run_in_which_nothing_happens_is_a_good_run(tmp_path: Path) -> None:
    record = run_to_file(
        town(tmp_path), tmp_path / "it", overrides=["clock.duration=1 ms", "app.sessions.per_day=0"]
    )
    check_everything(record)
    assert (record.summary["sent"], record.summary["crossings"]) == (0, 0)


# --- losses -------------------------------------------------------------------------------------------------


def drop_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone that forgets the tenth crossing."""
    whole, seen = Phone.cross, iter(range(10**9))

    def leaky(self: Phone, *crossing: Any) -> None:
        if next(seen) != 10:
            whole(self, *crossing)

    monkeypatch.setattr(Phone, "cross", leaky)


def test_a_run_that_loses_a_crossing_fails_loudly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepare(town(tmp_path))
    crossings = run(prepared, RunOptions(out=tmp_path / "whole")).summary["crossings"]
    drop_one(monkeypatch)
    message = f"the outcomes don't add up: {crossings} crossings, but {crossings - 1} outcomes"
    with pytest.raises(ConservationError, match=message):
        run(prepared, RunOptions(out=tmp_path / "leaky"))


def test_a_lost_crossing_ends_the_program_with_70(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_one(monkeypatch)
    result = call(
        "run", town(tmp_path), "--out", tmp_path / "leaky", "--to", f"file:{tmp_path}/events.ndjson"
    )
    assert result.exit_code == ExitCode.INTERNAL_ERROR == 70
    assert "journeysim: the outcomes don't add up: " in result.stderr
    assert not (tmp_path / "leaky" / "summary.json").exists()
