"""Journeys within a run: the right people get the message, on their own phones, whatever the workers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from simulator.journeys import read_step_event
from simulator.run import RunOptions, prepare, run

SCENARIO = Path(__file__).parents[2] / "scenarios" / "coupon_at_the_door.yaml"
SMALL = ("people.neighbours.size=300",)


def go(
    tmp_path: Path, *overrides: str, workers: int = 1, name: str = "run"
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    prepared = prepare(SCENARIO, overrides=[*SMALL, *overrides])
    folder = tmp_path / name
    summary = run(prepared, RunOptions(out=folder, workers=workers)).summary
    lines = (folder / "journeys.ndjson").read_text(encoding="utf-8").splitlines()
    return summary, [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[dict[str, Any]], Path]:
    tmp_path = tmp_path_factory.mktemp("journeys")
    summary, rows = go(tmp_path)
    return summary, rows, tmp_path / "run"


Outcome = tuple[dict[str, Any], list[dict[str, Any]], Path]


def test_every_entry_ends_or_is_under_way(outcome: Outcome) -> None:
    summary, rows, _ = outcome
    coupon = summary["journeys"]["coupon"]
    assert coupon["entered"] == sum(coupon["ended"].values()) + coupon["under_way"] > 0
    assert Counter(row["kind"] for row in rows)["entered"] == coupon["entered"]


def test_nobody_gets_two_coupons_in_a_week(outcome: Outcome) -> None:
    _, rows, _ = outcome
    sent = Counter(row["person"] for row in rows if row["kind"] == "message")
    assert sent
    assert max(sent.values()) == 1


def test_messages_go_out_by_day_five_minutes_after_the_entry(outcome: Outcome) -> None:
    _, rows, _ = outcome
    entered = {row["instance"]: row["at"] for row in rows if row["kind"] == "entered"}
    for row in rows:
        if row["kind"] == "message":
            assert row["at"] - entered[row["instance"]] == 5 * 60_000
            assert "06:00" <= row["time"][11:16] < "20:00"  # 07:00 to 21:00 in Berlin


def test_a_message_sent_is_received_refused_or_on_its_way(outcome: Outcome) -> None:
    summary, rows, _ = outcome
    counts = summary["actions"]["Coupon"]
    assert counts["received"] + counts["refused"] == counts["sent"]
    sent = {row["instance"]: row["at"] for row in rows if row["kind"] == "message"}
    received = {row["instance"]: row["at"] for row in rows if row["kind"] == "received"}
    assert all(received[instance] > sent[instance] for instance in received)


def test_opening_a_message_sends_the_tracking_event(outcome: Outcome) -> None:
    summary, rows, folder = outcome
    opened = [row for row in rows if row["kind"] == "opened"]
    assert opened
    assert summary["events"]["pushTracking.applicationOpened"] == len(opened)
    assert summary["rejected"] == 0
    tracked = [
        event
        for line in (folder / "received.ndjson").read_text(encoding="utf-8").splitlines()
        if (event := json.loads(line)).get("eventType") == "pushTracking.applicationOpened"
    ]
    instances = {
        event["_experience"]["customerJourneyManagement"]["messageExecution"]["journeyVersionInstanceID"]
        for event in tracked
    }
    assert instances == {row["instance"] for row in opened}


def test_step_events_tell_the_same_story(outcome: Outcome) -> None:
    summary, _rows, folder = outcome
    lines = (folder / "step_events.ndjson").read_text(encoding="utf-8").splitlines()
    evidence = [found for line in lines for found in read_step_event(json.loads(line))]
    assert sum(found.entrance for found in evidence) == summary["journeys"]["coupon"]["entered"]
    assert sum(bool(found.discard) for found in evidence) == sum(summary["discards"].values())
    assert sum(found.action == "Coupon" for found in evidence) == summary["actions"]["Coupon"]["sent"]


def test_journeys_do_not_depend_on_workers_or_on_who_else_exists(outcome: Outcome, tmp_path: Path) -> None:
    _, rows, _folder = outcome
    more = ("people.neighbours.size=2300",)
    go(tmp_path, *more, name="one")
    go(tmp_path, *more, workers=2, name="two")
    one, two = (tmp_path / name / "journeys.ndjson" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert (tmp_path / "one" / "received.ndjson").read_bytes() == (
        tmp_path / "two" / "received.ndjson"
    ).read_bytes()
    among_more = [
        row
        for line in one.read_text(encoding="utf-8").splitlines()
        if (row := json.loads(line))["person"] < 300
    ]
    assert among_more == rows


def test_a_wrong_field_case_lets_nobody_in(tmp_path: Path) -> None:
    rule = '@event{CafeEntry.placeContext.POIinteraction.POIDetail.name} == "Corner Cafe"'
    summary, rows = go(tmp_path, f"journeys.events.CafeEntry.rule={rule}")
    assert summary["journeys"]["coupon"]["entered"] == 0
    assert {row["kind"] for row in rows} == {"discarded"}
    assert any("names are case-sensitive" in warning for warning in summary["warnings"])


def test_a_profile_cap_holds_for_the_whole_run_whatever_the_workers(tmp_path: Path) -> None:
    capped = (
        "people.neighbours.size=4300",
        "clock.duration=8 h",
        "journeys.journeys.coupon.steps.member.condition={few: {cap: 40, next: day}}",
    )
    one, rows = go(tmp_path, *capped, name="one")
    two, others = go(tmp_path, *capped, workers=2, name="two")
    passed = sum(row["step"] == "member" and row["detail"].get("path") == "few" for row in rows)
    assert 20 < passed <= 40
    assert rows == others
    assert one["journeys"] == two["journeys"]


def test_who_opens_the_push_message_in_time_is_known_to_the_journey(tmp_path: Path) -> None:
    step = "{reaction: clicked, timeout: 2 h, on_timeout: end}"
    summary, rows = go(tmp_path, f"journeys.journeys.coupon.steps.read={step}")
    sent = {row["instance"]: row["at"] for row in rows if row["kind"] == "message"}
    in_time = {
        row["instance"]
        for row in rows
        if row["kind"] == "opened" and row["at"] - sent[row["instance"]] < 2 * 3_600_000 - 60_000
    }
    reads = [row for row in rows if row["kind"] == "step" and row["step"] == "read"]
    clicked = {row["instance"] for row in reads if row["detail"]["path"] == "coupon clicked"}
    assert clicked == in_time != set()
    assert summary["journeys"]["coupon"]["steps"]["read"] == len(reads)
