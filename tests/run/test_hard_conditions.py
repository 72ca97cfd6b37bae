"""What holds of a run whatever happens to its phones: each crossing has one end, and events keep order and time."""

from __future__ import annotations

import copy
import tempfile
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings

from simulator.core.errors import ExitCode
from simulator.ledger import Outcome, Rows
from simulator.people import person_keys
from simulator.phone import draw_clock_errors, habits_of
from tests.run.random_phones import hard_scenarios
from tests.run.running import Document, Record, ecid_of, poi_of, run_to_file, write_scenario

LOCATION = ("location.entry", "location.exit")
NEVER_LEFT_THE_PHONE = {
    *(Outcome.NO_PERMISSION, Outcome.NOT_MONITORED, Outcome.TOO_SHORT, Outcome.NOT_NOTICED),
    *(Outcome.PENDING_DETECTION, Outcome.APP_NOT_RUNNING, Outcome.PHONE_OFF, Outcome.STALE_POI),
}
ARRIVED = (Outcome.DELIVERED, Outcome.DELIVERED_LATE)


def crossings(rows: Rows) -> list[tuple[int, ...]]:
    """Who crossed which border when and in which direction."""
    return sorted(
        zip(*(rows[name].tolist() for name in ("person", "place", "crossed", "entry")), strict=True)
    )


def skews(record: Record) -> np.ndarray:
    """How far the clock of each person's phone is ahead, milliseconds."""
    scenario = record.prepared.scenario
    parts = [np.empty(0, dtype=np.int64)]
    for group, _, size in record.ledger.header["groups"]:
        habits = habits_of(scenario.people[group].phone)
        parts.append(draw_clock_errors(habits.clock, person_keys(scenario.seed, group, 0, size)))
    return np.concatenate(parts)


def check_conservation(record: Record, perfect: Record) -> None:
    """The same crossings as with perfect phones, each with one end."""
    rows, summary = record.ledger.rows, record.summary
    assert record.exit_code is ExitCode.OK
    assert crossings(rows) == crossings(perfect.ledger.rows)
    assert len(rows) == summary["crossings"] == sum(summary["outcomes"].values())
    assert not (rows["outcome"] == Outcome.OPEN).any()


def check_steps(record: Record) -> None:
    """Each step comes after the one before, and none after the end of the way."""
    rows = record.ledger.rows
    steps = ("crossed", "noticed", "queued", "sent", "acknowledged")
    for before, after in pairwise(steps):
        reached = rows[after] >= 0
        assert (rows[before][reached] <= rows[after][reached]).all()
        assert (rows[before][reached] >= 0).all()
    lost = np.isin(rows["outcome"], list(NEVER_LEFT_THE_PHONE))
    assert (rows["queued"][lost] == -1).all()
    assert (rows["event"][lost] == -1).all()
    arrived = np.isin(rows["outcome"], ARRIVED)
    assert (rows["acknowledged"][arrived] >= 0).all()
    assert (rows["event"][arrived] >= 0).all()


def check_times(record: Record) -> None:
    """An event says when the crossing was noticed, by the clock of its phone: never before the crossing."""
    start, ahead = datetime.fromisoformat(record.ledger.header["start"]), skews(record)
    for row in record.ledger.rows:
        if row["event"] < 0:
            continue
        event = record.events[row["event"]]
        assert event["eventType"] == LOCATION[1 - row["entry"]]
        assert poi_of(event) == record.ledger.header["places"][row["place"]][0]
        by_its_clock = timedelta(milliseconds=int(row["noticed"]) + int(ahead[row["person"]]))
        assert datetime.fromisoformat(event["timestamp"]) == start + by_its_clock
        assert row["noticed"] >= row["crossed"]


def check_order(record: Record) -> None:
    """What a phone queued first leaves it first, whatever was tried how often."""
    rows = record.ledger.rows[record.ledger.rows["event"] >= 0]
    by_person: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        by_person[int(row["person"])].append((int(row["queued"]), int(row["event"])))
    for course in by_person.values():
        events = [event for _, event in sorted(course)]
        assert [queued for queued, _ in sorted(course, key=lambda pair: pair[1])] == sorted(
            q for q, _ in course
        )
        assert len(set(events)) == len(events)
    first_seen: dict[str, list[datetime]] = defaultdict(list)
    known: set[str] = set()
    for event in record.events:
        if event["_id"] not in known and event["eventType"] in LOCATION:
            first_seen[ecid_of(event)].append(datetime.fromisoformat(event["timestamp"]))
        known.add(event["_id"])
    assert all(course == sorted(course) for course in first_seen.values())


def perfect_phones(document: Document) -> Document:
    """The same people with phones to which nothing happens."""
    perfect = copy.deepcopy(document)
    del perfect["network"]
    for group in perfect["people"].values():
        group["phone"] = {"monitoring": "ideal"}
    for place in perfect["places"][0]["inline"]:
        place.pop("dead_zone", None)
    return perfect


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hard_scenarios())
def test_whatever_happens_to_phones_every_crossing_has_one_end_and_events_keep_order_and_time(
    document: Document,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        record = run_to_file(write_scenario(folder, document), folder / "hard")
        perfect = run_to_file(write_scenario(folder, perfect_phones(document)), folder / "perfect")
        check_conservation(record, perfect)
        check_steps(record)
        check_times(record)
        check_order(record)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hard_scenarios())
def test_whatever_happens_to_phones_the_bytes_are_those_of_the_seed(document: Document) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenario = write_scenario(folder, document)
        one, other = (run_to_file(scenario, folder / f"run{n}", workers=n) for n in (1, 2))
        assert one.bodies == other.bodies
        assert one.ledger_bytes == other.ledger_bytes
