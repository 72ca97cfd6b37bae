"""Expectations about people in real runs: the right people get the message, and if not, the cause is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.checks import read_record, tell
from simulator.checks.evidence import bare_evidence
from simulator.checks.moments import by_crossing
from simulator.core.errors import ExitCode, InputError
from simulator.run import RunOptions, RunResult, prepare, run

SCENARIO = Path(__file__).parents[2] / "scenarios" / "coupon_at_the_door.yaml"


def with_expectations(tmp_path: Path, expect: list[dict[str, Any]]) -> Path:
    """The coupon scenario with other expectations, of 400 people."""
    head, _, _ = SCENARIO.read_text(encoding="utf-8").partition("\nexpect:")
    path = tmp_path / "scenario.yaml"
    path.write_text(f"{head.replace('size: 2000', 'size: 400')}\nexpect: {json.dumps(expect)}\n", "utf-8")
    return path


def go(path: Path, tmp_path: Path, *overrides: str, name: str = "run") -> RunResult:
    return run(prepare(path, overrides=overrides), RunOptions(out=tmp_path / name))


def judged(tmp_path: Path, *expect: dict[str, Any], overrides: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = go(with_expectations(tmp_path, list(expect)), tmp_path, *overrides).summary[
        "expectations"
    ]
    return found


STAYERS = {"visits": ["* Cafe"], "stays": "20 min", "in_audience": ["Members"]}
WRONG_CASE = (
    "journeys.events.CafeEntry.rule="
    '@event{CafeEntry.eventType} == "location.entry" and '
    'contain(@event{CafeEntry.placeContext.POIinteraction.POIDetail.name}, "Cafe")'
)


def test_the_scenario_as_shipped_holds(tmp_path: Path) -> None:
    result = go(SCENARIO, tmp_path)
    assert [verdict["reason"] for verdict in result.summary["expectations"] if not verdict["ok"]] == []
    assert result.exit_code is ExitCode.OK


def test_a_wrong_field_case_fails_and_the_cause_is_named(tmp_path: Path) -> None:
    result = go(SCENARIO, tmp_path, WRONG_CASE)
    assert result.exit_code is ExitCode.EXPECTATION_FAILED
    first = result.summary["expectations"][0]
    assert first["found"] == 0
    assert first["failures"][0]["reason"] == "no_match"
    assert (
        "the rule reads `placeContext.POIinteraction.POIDetail.name`, which is null: "
        "the event has `placeContext.POIinteraction.poiDetail.name`"
    ) in first["reason"]


def test_each_reason_is_counted_and_can_be_excused(tmp_path: Path) -> None:
    expectation = {"who": STAYERS, "receives": "Coupon"}
    strict, lenient = judged(tmp_path, expectation, {**expectation, "excuse": ["phone", "push_not_allowed"]})
    reasons = {failure["reason"]: failure["people"] for failure in strict["failures"]}
    assert sum(reasons.values()) == strict["counts"]["of"] - strict["counts"]["held"] > 0
    assert reasons["no_permission"] > reasons["push_not_allowed"] > 0
    assert lenient["counts"]["held"] == strict["counts"]["held"]
    assert strict["advice"].endswith("which no journey can help: `excuse: [phone]` leaves them out")
    assert lenient["advice"] == ""
    assert lenient["counts"]["of"] + lenient["counts"]["excused"] == strict["counts"]["of"]
    assert {failure["reason"] for failure in lenient["failures"]} <= set(reasons) - {"no_permission"}


def test_nothing_received_says_how_somebody_came_to_get_something(tmp_path: Path) -> None:
    everybody, others = judged(
        tmp_path,
        {"nothing": "received"},
        {"who": {"not_in_audience": ["Members"]}, "nothing": "sent"},
    )
    assert not everybody["ok"]
    assert "entered coupon at" in everybody["reason"]
    assert "in Members: true" in everybody["reason"]
    assert others["ok"]
    assert others["counts"]["of"] < everybody["counts"]["of"] == 400


def test_the_end_of_the_run_leaves_people_undecided(tmp_path: Path) -> None:
    (verdict,) = judged(
        tmp_path,
        {"who": {"visits": ["* Cafe"]}, "nothing": "received", "within": "6 d"},
    )
    assert verdict["counts"]["of"] == verdict["counts"]["held"] + sum(
        failure["people"] for failure in verdict["failures"]
    )
    assert verdict["counts"]["undecided"] > 0
    assert not verdict["ok"]


def test_a_warning_is_reported_but_does_not_fail_the_run(tmp_path: Path) -> None:
    path = with_expectations(tmp_path, [{"receives": "Coupon", "severity": "warning"}])
    result = go(path, tmp_path)
    assert not result.summary["expectations"][0]["ok"]
    assert result.exit_code is ExitCode.OK


def test_an_expectation_about_nobody_does_not_hold(tmp_path: Path) -> None:
    (verdict,) = judged(tmp_path, {"who": {"visits": ["* Cafe"], "stays": "20 h"}, "nothing": "received"})
    assert not verdict["ok"]
    assert verdict["reason"] == "there is nobody whom it is about"


@pytest.mark.parametrize("wanted", ["Corner Cafe [north]", "Corner * [north]"])
def test_only_the_star_stands_for_other_text_in_the_name_of_a_place(tmp_path: Path, wanted: str) -> None:
    path = with_expectations(tmp_path, [{"who": {"visits": [wanted]}, "nothing": "received", "at_most": 400}])
    path.write_text(
        path.read_text("utf-8").replace("name: Corner Cafe,", 'name: "Corner Cafe [north]",'), "utf-8"
    )
    (verdict,) = go(path, tmp_path).summary["expectations"]
    assert verdict["counts"]["of"] > 0
    path.write_text(path.read_text("utf-8").replace(json.dumps([wanted]), '["C*r Cafe [[]north]"]'), "utf-8")
    with pytest.raises(InputError, match="no place has the name or id"):
        prepare(path)


@pytest.mark.parametrize("wanted", ["neighbours/400", "neighbours/x", "neighbours/-1", "neighbours/\u00b2"])
def test_people_who_are_not_there_are_warned_of(tmp_path: Path, wanted: str) -> None:
    expectation = {"who": {"people": ["neighbours/0", wanted]}, "receives": "Coupon"}
    prepared = prepare(with_expectations(tmp_path, [expectation]))
    (warning,) = [one for one in prepared.warnings if one.field == "expect.0.who.people.1"]
    assert warning.what == f"nobody is called {wanted!r}"
    assert warning.expected == "there are neighbours/0 to neighbours/399"


def test_a_number_of_nobody_does_not_hold_either(tmp_path: Path) -> None:
    nowhere, too_late = judged(
        tmp_path,
        {"who": {"visits": ["* Cafe"], "stays": "20 h"}, "sent": "Coupon", "equals": 0},
        {"who": {"visits": ["* Cafe"]}, "sent": "Reminder", "at_most": 0, "within": "2 d"},
        overrides=("journeys.actions.Reminder={channel: sms, body: hi}",),
    )
    assert (nowhere["ok"], nowhere["reason"]) == (False, "there is nobody whom it is about")
    assert not too_late["ok"]
    assert too_late["reason"].endswith("for others the run ended too early")


def test_an_audience_that_can_not_be_judged_has_no_members(tmp_path: Path) -> None:
    (verdict,) = judged(
        tmp_path,
        {"who": {"in_audience": ["Odd"]}, "sent": "Coupon"},
        overrides=('journeys.audiences.Odd={when: "#{Profile.attributes.personID} > 3"}',),
    )
    assert verdict["reason"] == "there is nobody whom it is about"


@pytest.mark.parametrize("reason", ["http_500", "timedout", "capped", "internalError"])
def test_what_calls_come_to_can_be_excused(tmp_path: Path, reason: str) -> None:
    prepare(with_expectations(tmp_path, [{"receives": "Coupon", "excuse": [reason]}]))


def test_attributes_keep_the_text_of_what_only_looks_like_a_number(tmp_path: Path) -> None:
    weights = '{"01234": 1}'
    (verdict,) = judged(
        tmp_path,
        {"who": {"attributes": {"home.postalCode": "01234"}}, "nothing": "sent", "equals": 400},
        overrides=(
            f"people.neighbours.attributes={{home.postalCode: {weights}}}",
            "journeys.journeys.coupon.paused=true",
        ),
    )
    assert (verdict["ok"], verdict["found"]) == (True, 400)


def test_latencies_are_those_of_the_record(tmp_path: Path) -> None:
    fast, slow = judged(
        tmp_path,
        {"latency": {"since": "entered", "until": "sent", "action": "Coupon", "max": "5 min"}},
        {"latency": {"since": "entered", "until": "sent", "p50": "4 min", "max": "5 min"}},
    )
    assert fast["ok"]
    assert fast["counts"]["p50"] == fast["counts"]["max"] == 300.0
    assert not slow["ok"]
    assert slow["reason"].startswith("p50 is 5 min")


@pytest.mark.parametrize(
    ("expectation", "wrong"),
    [
        ({"receives": "Cupon"}, "unknown action 'Cupon'; did you mean 'Coupon'?"),
        ({"enters": "coupons"}, "unknown journey 'coupons'; did you mean 'coupon'?"),
        ({"who": {"in_audience": ["Member"]}, "nothing": "sent"}, "did you mean 'Members'?"),
        ({"who": {"people": ["neighbors/1"]}, "nothing": "sent"}, "did you mean 'neighbours'?"),
        ({"receives": "Coupon", "excuse": ["no_permision"]}, "did you mean 'no_permission'?"),
        ({"receives": "Coupon", "excuse": ["phone"], "share": {"about": "40%"}}, "would shift the share"),
        ({"receives": "Coupon", "opens": "Coupon"}, "give exactly one of"),
        ({"receives": "Coupon", "who": {"stays": "5 min"}}, "stays: says more about `visits`"),
        ({"latency": {"since": "sent", "until": "entered", "max": "1 s"}}, "until: must come after"),
    ],
)
def test_mistakes_are_found_before_the_run(tmp_path: Path, expectation: dict[str, Any], wrong: str) -> None:
    path = with_expectations(tmp_path, [expectation])
    with pytest.raises(InputError) as caught:
        prepare(path)
    assert wrong in str(caught.value)


def test_the_story_of_a_person_goes_on_to_the_opened_message(tmp_path: Path) -> None:
    go(with_expectations(tmp_path, []), tmp_path)
    rows = [
        json.loads(line)
        for line in (tmp_path / "run" / "journeys.ndjson").read_text(encoding="utf-8").splitlines()
    ]
    opened = next(row for row in rows if row["kind"] == "opened")
    story = tell(read_record(tmp_path / "run"), person=f"neighbours/{opened['person']}")
    said = [
        moment["said"]
        for crossing in story["story"]
        for moment in crossing["journey"]
        if crossing["crossing"] == "entry"
    ] + [moment["said"] for moment in story["without_crossing"]]
    way = [
        "entered journey coupon",
        "step stay: the wait is over",
        "condition member: took members (in Members: true)",
        "condition day: took open",
        "push Coupon “A coffee on us” sent",
        "Coupon received",
        "Coupon opened",
    ]
    assert [one for one in said if one in way] == way


def test_everything_that_happened_to_a_person_is_told_once(tmp_path: Path) -> None:
    go(with_expectations(tmp_path, []), tmp_path)
    evidence = bare_evidence(read_record(tmp_path / "run"))
    for person, rows in evidence.happenings.items():
        found, rest = by_crossing(evidence, person)
        told = [*rest, *(row for rows in found.values() for row in rows)]
        assert sorted(told, key=str) == sorted(rows, key=str)
