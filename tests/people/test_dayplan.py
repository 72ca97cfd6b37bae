"""What people do all day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import simulator.run.simulation
from simulator.people import cohort_specs
from simulator.people.dayplan import MOST_ERRANDS, SHORTEST_LEG_S, VISIT_SPREAD_MAX_M
from simulator.run import prepare
from tests.people.living import (
    CENTRE,
    MONDAY,
    SATURDAY,
    Leg,
    cohort_of,
    days_of,
    home,
    place,
    work,
    world_of,
)
from tests.run.random_scenarios import scenarios
from tests.run.running import run_to_file, write_scenario
from tests.run.scenarios import town
from tests.world.making import geodesic_m

HOUR = 3600.0
NOTHING: dict[str, Any] = {"errands": None, "evening": None}
OFFICE = {"work": {"around": {"at": [52.50, 13.45], "radius": "300 m"}}}
SHOPS = [place("North", [52.53, 13.405]), place("South", [52.51, 13.405]), place("Office", [52.501, 13.451])]
WEEK = [MONDAY + timedelta(days=n) for n in range(7)]


def at(point: tuple[float, float], other: tuple[float, float] | list[float], within: float = 0.01) -> bool:
    return geodesic_m(*point, *other) <= within


def visits(legs: list[Leg], name: str) -> list[Leg]:
    """The legs that lead to a place."""
    (goal,) = [shop["at"] for shop in SHOPS if shop["name"] == name]
    return [leg for leg in legs if at(leg[3], goal, VISIT_SPREAD_MAX_M * 2**0.5)]


# --- what always holds --------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=scenarios())
def test_nobody_is_in_two_places_at_once_and_everybody_ends_the_day_at_home(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    document["people"] = {"residents": next(iter(document["people"].values()))}
    world = prepare(write_scenario(tmp_path, document)).world
    cohort = cohort_of(world, 15)
    first = world.calendar.local(0).date() - timedelta(days=1)
    for person, legs in days_of(world, cohort, *(first + timedelta(days=n) for n in range(4))).items():
        assert legs[0][2] == legs[-1][3] == home(cohort, person)
        assert all(end - start >= SHORTEST_LEG_S - 0.001 for start, end, _, _ in legs)
        for (_, end, _, goal), (start, _, origin, _) in pairwise(legs):
            assert end <= start
            assert goal == origin


def test_a_plan_does_not_depend_on_the_others(tmp_path: Path) -> None:
    world = world_of(tmp_path, {**OFFICE, "schedule": {"lunch": {}, "evening": {"share": 0.5}}}, SHOPS)
    together = days_of(world, cohort_of(world, 60), *WEEK)
    apart = days_of(world, cohort_of(world, 7, first=20), *WEEK)
    assert {person + 20: legs for person, legs in apart.items()} == {
        person: together[person] for person in range(20, 27)
    }


@pytest.mark.parametrize("cohort_size", [1, 7, 40])
def test_the_size_of_cohorts_changes_no_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cohort_size: int
) -> None:
    usual = run_to_file(town(tmp_path), tmp_path / "usual")
    monkeypatch.setattr(
        simulator.run.simulation, "cohort_specs", lambda sizes, *_, **__: cohort_specs(sizes, cohort_size)
    )
    small = run_to_file(town(tmp_path), tmp_path / "small")
    assert len(small.prepared.world.cohorts()) > 2
    assert small.bodies == usual.bodies
    assert small.ledger_bytes == usual.ledger_bytes
    assert small.numbers == usual.numbers


# --- working days -------------------------------------------------------------------------------------------


def test_commuters_leave_and_return_when_the_scenario_says(tmp_path: Path) -> None:
    world = world_of(tmp_path, {**OFFICE, "schedule": NOTHING}, SHOPS)
    cohort = cohort_of(world, 400)
    days = days_of(world, cohort, MONDAY)
    assert len(days) == 400
    for person, legs in days.items():
        (leave_home, arrive, _, goal), (leave_work, _, origin, end) = legs
        assert at(goal, work(cohort, person))
        assert at(origin, work(cohort, person))
        assert at(end, home(cohort, person))
        assert 8 * HOUR <= leave_home <= 10 * HOUR
        assert leave_work >= arrive
        assert 16 * HOUR <= leave_work <= 18 * HOUR
    starts = np.array([legs[0][0] for legs in days.values()])
    assert starts.mean() == pytest.approx(9 * HOUR, abs=0.1 * HOUR)
    assert starts.std() == pytest.approx(2 * HOUR / 12**0.5, rel=0.1)


def test_nobody_commutes_on_a_day_off(tmp_path: Path) -> None:
    world = world_of(tmp_path, {**OFFICE, "schedule": NOTHING}, SHOPS)
    cohort = cohort_of(world, 50)
    assert days_of(world, cohort, SATURDAY, SATURDAY + timedelta(days=1)) == {}
    shifts = world_of(tmp_path, {"work": {**OFFICE["work"], "days": ["sat"]}, "schedule": NOTHING}, SHOPS)
    assert len(days_of(shifts, cohort_of(shifts, 50), SATURDAY)) == 50
    assert days_of(shifts, cohort_of(shifts, 50), MONDAY) == {}


def test_lunch_is_at_noon_from_work_and_back(tmp_path: Path) -> None:
    world = world_of(tmp_path, {**OFFICE, "schedule": {**NOTHING, "lunch": {"share": 0.6}}}, SHOPS)
    cohort = cohort_of(world, 500)
    days = days_of(world, cohort, MONDAY)
    lunches = {person: legs for person, legs in days.items() if len(legs) == 4}
    assert len(lunches) / len(days) == pytest.approx(0.6, abs=0.06)
    for person, (_, (leave, arrive, origin, _), (up, _, _, back), _) in lunches.items():
        assert at(origin, work(cohort, person))
        assert at(back, work(cohort, person))
        assert len(visits([days[person][1]], "Office")) == 1  # the only place within a kilometre of work
        assert 11 * HOUR <= leave <= 14.5 * HOUR
        assert 5 * 60 <= up - arrive <= 2 * HOUR


def test_lunch_may_be_left_out_on_some_days(tmp_path: Path) -> None:
    schedule = {**NOTHING, "lunch": {"days": ["tue"]}}
    world = world_of(tmp_path, {**OFFICE, "schedule": schedule}, SHOPS)
    for day, legs in ((MONDAY, 2), (MONDAY + timedelta(days=1), 4)):
        plan = days_of(world, cohort_of(world, 20), day)
        assert {len(course) for course in plan.values()} == {legs}


def test_errands_of_a_working_day_are_run_on_the_way_home(tmp_path: Path) -> None:
    schedule = {**NOTHING, "errands": {"per_working_day": 2, "per_day": 0}}
    world = world_of(tmp_path, {**OFFICE, "schedule": schedule}, SHOPS)
    cohort = cohort_of(world, 50)
    for person, legs in days_of(world, cohort, MONDAY).items():
        _, first, second, back = legs
        assert at(first[2], work(cohort, person))
        assert first[0] >= 16 * HOUR
        assert second[2] == first[3] != second[3] == back[2]
        assert at(back[3], home(cohort, person))


# --- days off -----------------------------------------------------------------------------------------------


def test_errands_of_a_day_off_start_and_end_at_home(tmp_path: Path) -> None:
    schedule = {**NOTHING, "errands": {"per_day": {"choice": {0: 1, 1: 2, 3: 1}}}}
    world = world_of(tmp_path, {"schedule": schedule}, SHOPS)
    cohort = cohort_of(world, 1000)
    days = days_of(world, cohort, SATURDAY)
    counts = np.array([len(days.get(person, [])) for person in range(1000)]) / 2
    assert set(counts.tolist()) == {0.0, 1.0, 3.0}
    assert [(counts == n).mean() for n in (0, 1, 3)] == pytest.approx([0.25, 0.5, 0.25], abs=0.05)
    for person, legs in days.items():
        for there, back in zip(legs[::2], legs[1::2], strict=True):
            assert there[2] == back[3] == home(cohort, person)
            assert there[0] >= 9 * HOUR


def test_evenings_start_in_the_evening_for_the_share_of_people(tmp_path: Path) -> None:
    schedule = {"errands": None, "evening": {"share": 0.25}}
    world = world_of(tmp_path, {"schedule": schedule}, SHOPS)
    days = days_of(world, cohort_of(world), MONDAY)
    assert len(days) / 1000 == pytest.approx(0.25, abs=0.04)
    for (leave, arrive, _, _), (up, _, _, _) in days.values():
        assert 20 * HOUR <= leave <= 21.5 * HOUR
        assert 15 * 60 <= up - arrive <= 4 * HOUR


def test_a_long_night_shortens_the_next_morning(tmp_path: Path) -> None:
    schedule = {"errands": None, "evening": {"share": 1, "at": "22:00", "stay": "12 h"}}
    world = world_of(tmp_path, {**OFFICE, "schedule": schedule}, SHOPS)
    for legs in days_of(world, cohort_of(world, 30), MONDAY, MONDAY + timedelta(days=1)).values():
        night_ends, next_work = legs[3][1], legs[4][0]
        assert night_ends > 34 * HOUR  # after ten in the morning
        assert next_work == pytest.approx(night_ends, abs=0.002)


@pytest.mark.parametrize(
    ("sunday", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 3, 8), 24)]
)
def test_times_of_day_stay_right_when_clocks_change(tmp_path: Path, sunday: date, hours: int) -> None:
    schedule = {"errands": None, "evening": {"share": 1, "at": "12:00", "stay": "1 h"}}
    world = world_of(tmp_path, {"schedule": schedule}, SHOPS)
    day_before = sunday - timedelta(days=1)
    for legs in days_of(world, cohort_of(world, 10), day_before, sunday).values():
        assert (legs[0][0], legs[2][0]) == (12 * HOUR, 12 * HOUR + hours * HOUR)


@pytest.mark.parametrize("wanted", [MOST_ERRANDS, MOST_ERRANDS + 1, 1e9])
def test_a_senseless_number_of_errands_fills_the_day_and_no_more(tmp_path: Path, wanted: float) -> None:
    schedule = {**NOTHING, "errands": {"per_day": wanted, "per_working_day": wanted, "stay": "1 min"}}
    world = world_of(tmp_path, {"schedule": schedule}, SHOPS)
    for legs in days_of(world, cohort_of(world, 3), SATURDAY).values():
        assert len(legs) == 2 * MOST_ERRANDS


# --- ways ---------------------------------------------------------------------------------------------------


def only(speed: str, **more: Any) -> dict[str, Any]:
    """A way of travelling that takes everybody."""
    return {"walk": None, "cycle": None, "transit": None, "car": {"speed": speed, "detour": 1, **more}}


def test_travel_takes_as_long_as_the_mode_needs(tmp_path: Path) -> None:
    for detour, speed in ((1.0, 5.0), (1.5, 10.0)):
        group = {**OFFICE, "schedule": NOTHING, "travel": only(f"{speed} m/s", detour=detour)}
        world = world_of(tmp_path, group, SHOPS)
        for legs in days_of(world, cohort_of(world, 50), MONDAY).values():
            for start, end, origin, goal in legs:
                metres = geodesic_m(*origin, *goal)
                assert end - start == pytest.approx(metres * detour / speed, rel=0.01, abs=0.01)


def test_the_mode_suits_the_distance(tmp_path: Path) -> None:
    travel = {
        "walk": {"speed": "1 m/s", "up_to": "2 km", "detour": 1},
        "cycle": None,
        "transit": None,
        "car": {"speed": "20 m/s", "beyond": "2 km", "detour": 1},
    }
    world = world_of(tmp_path, {**OFFICE, "schedule": NOTHING, "travel": travel}, SHOPS)
    seen = set()
    for legs in days_of(world, cohort_of(world, 300), MONDAY).values():
        for start, end, origin, goal in legs:
            metres = geodesic_m(*origin, *goal)
            if abs(metres - 2000.0) > 20.0:
                walks = metres < 2000.0
                seen.add(walks)
                assert metres / (end - start) == pytest.approx(1.0 if walks else 20.0, rel=0.01)
    assert seen == {True, False}


def test_visitors_stand_well_inside_the_fence(tmp_path: Path) -> None:
    shops = [place("Tiny", [52.52, 13.405], radius="20 m"), place("Huge", [52.54, 13.405], radius="2 km")]
    world = world_of(tmp_path, {"schedule": {**NOTHING, "errands": {"per_day": 3}}}, shops)
    goals = [leg[3] for legs in days_of(world, cohort_of(world, 100), SATURDAY).values() for leg in legs[::2]]
    assert len(goals) == 300
    for goal in goals:
        near = [(geodesic_m(*goal, *shop["at"]), shop["name"]) for shop in shops]
        assert near[0][0] <= 20 * 0.3 * 2**0.5 + 0.01 or near[1][0] <= 60 * 2**0.5 + 0.01


def test_whoever_has_nothing_to_do_stays_at_home(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"schedule": NOTHING}, [place("Corner", CENTRE)])
    assert days_of(world, cohort_of(world, 50), *WEEK) == {}
