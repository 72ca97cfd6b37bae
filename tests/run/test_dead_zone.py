"""`scenarios/dead_zone.yaml`: what phones notice without signal arrives later, in order, and once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from simulator.ledger import Outcome
from tests.run.running import Document, Record, ecid_of, run_to_file

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "dead_zone.yaml"
MALL = 0
MINUTE = 60_000
ARRIVED = (Outcome.DELIVERED, Outcome.DELIVERED_LATE)


def moment(event: Document) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return run_to_file(SCENARIO, tmp_path_factory.mktemp("dead_zone") / "run")


def test_everybody_who_enters_the_mall_is_heard_of_when_out_again(record: Record) -> None:
    rows = record.ledger.rows
    entries = rows[(rows["place"] == MALL) & (rows["entry"] == 1)]
    assert len(entries) == 300
    arrived = entries[np.isin(entries["outcome"], ARRIVED)]
    assert len(arrived) > 285
    left = {row["person"]: row["crossed"] for row in rows[(rows["place"] == MALL) & (rows["entry"] == 0)]}
    for row in arrived:
        assert row["outcome"] == Outcome.DELIVERED_LATE
        assert row["sent"] >= left[row["person"]] >= row["crossed"] + 40 * MINUTE
    waiting = {Outcome.QUEUED_AT_END, Outcome.UNCONFIRMED}
    assert set(entries["outcome"].tolist()) - set(ARRIVED) <= waiting


def test_nothing_is_sent_from_inside_the_mall(record: Record) -> None:
    rows = record.ledger.rows
    inside = rows[rows["place"] == MALL]
    entered = {row["person"]: row["crossed"] for row in inside[inside["entry"] == 1]}
    left = {row["person"]: row["crossed"] for row in inside[inside["entry"] == 0]}
    sent = rows[rows["sent"] >= 0]
    assert not any(
        entered.get(person, 2**62) <= time < left.get(person, 2**62)
        for person, time in zip(sent["person"].tolist(), sent["sent"].tolist(), strict=True)
    )


def test_late_events_keep_the_time_at_which_they_were_noticed(record: Record) -> None:
    start = datetime.fromisoformat(record.ledger.header["start"])
    rows = record.ledger.rows
    rows = rows[rows["event"] >= 0]
    assert len(rows) > 2000
    for row in rows:
        noticed = start + timedelta(milliseconds=int(row["crossed"]))
        assert moment(record.events[row["event"]]) == noticed


def test_the_events_of_a_phone_arrive_in_the_order_in_which_they_were_made(record: Record) -> None:
    courses: dict[str, list[datetime]] = defaultdict(list)
    for event in record.events:
        if event["eventType"].startswith("location."):
            courses[ecid_of(event)].append(moment(event))
    assert len(courses) == 300
    assert all(course == sorted(course) for course in courses.values())


def test_an_answer_that_was_lost_brings_the_same_event_again_and_counts_once(record: Record) -> None:
    copies: dict[str, list[bytes]] = defaultdict(list)
    for event, body in zip(record.events, record.bodies, strict=True):
        copies[event["_id"]].append(body)
    repeated = [bodies for bodies in copies.values() if len(bodies) > 1]
    assert len(repeated) > 100
    assert all(len(set(bodies)) == 1 for bodies in repeated)
    rows = record.ledger.rows
    arrived = rows[np.isin(rows["outcome"], ARRIVED)]
    ids = [record.events[number]["_id"] for number in arrived["event"].tolist()]
    assert len(set(ids)) == len(ids)
    assert record.summary["acknowledged"] == len(copies)
