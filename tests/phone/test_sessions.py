"""App sessions of a cohort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.distributions import Constant, LogNormal, Uniform
from simulator.core.randomness import member_keys
from simulator.phone.sessions import DaySessions, SessionPlanner
from simulator.scenario.models import Sessions

DAY_MS = 86_400_000
MONDAY = 739_500  # the ordinal of a date; sessions only need it to count days


def keys(count: int, parent: int = 3) -> np.ndarray:
    return member_keys(parent, np.arange(count, dtype=np.int64))


def days(planner: SessionPlanner, count: int, weekend: bool = False) -> list[DaySessions]:
    return [planner.plan(MONDAY + n, weekend, n * DAY_MS) for n in range(count)]


@pytest.mark.parametrize("per_day", [0.5, 3.0, 10.0])
def test_people_have_as_many_sessions_a_day_as_the_scenario_says(per_day: float) -> None:
    planner = SessionPlanner(Sessions(per_day=Constant(per_day)), keys(3000))
    counts = [len(day.person) / 3000 for day in days(planner, 4)]
    assert np.mean(counts) == pytest.approx(per_day, rel=0.05)


def test_nights_and_weekends_are_damped() -> None:
    planner = SessionPlanner(Sessions(per_day=Constant(4.0), night=0.1, weekend=0.5), keys(4000))
    working = days(planner, 3)
    hour = np.concatenate([(day.start % DAY_MS) // 3_600_000 for day in working])
    by_hour = np.bincount(hour, minlength=24)
    assert by_hour[[0, 1, 2, 3, 4, 5, 23]].mean() < 0.2 * by_hour[7:23].mean()
    weekend = SessionPlanner(Sessions(per_day=Constant(4.0), weekend=0.5), keys(4000)).plan(MONDAY, True, 0)
    assert len(weekend.person) < 0.65 * np.mean([len(day.person) for day in working])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.1, 30.0), st.floats(1.0, 7200.0))
def test_sessions_of_a_person_never_overlap_and_keep_their_gap(seed: int, per_day: float, gap: float) -> None:
    model = Sessions(per_day=Constant(per_day), gap=gap, length=LogNormal(300.0, 1.5, 1.0, 7200.0))
    planned = days(SessionPlanner(model, keys(20, seed)), 3)
    person, start, end = (
        np.concatenate([getattr(day, name) for day in planned]) for name in ("person", "start", "end")
    )
    order = np.lexsort((start, person))
    person, start, end = person[order], start[order], end[order]
    assert (end - start >= 1000).all()
    same = person[1:] == person[:-1]
    assert (start[1:][same] - end[:-1][same] >= gap * 1000 - 1).all()


@given(st.integers(0, DAY_MS), st.floats(0.1, 30.0))
@settings(max_examples=30, deadline=None)
def test_those_before_a_time_are_the_same_if_no_others_are_asked_for(until: int, per_day: float) -> None:
    model = Sessions(per_day=Constant(per_day))
    whole, part = (SessionPlanner(model, keys(50)).plan(MONDAY, False, 0, end) for end in (DAY_MS, until))
    before = whole.start < until
    for name in ("person", "start", "end"):
        assert getattr(part, name).tolist() == getattr(whole, name)[before].tolist()


def test_a_person_uses_the_app_the_same_way_in_any_company() -> None:
    model = Sessions(per_day=Uniform(1.0, 8.0))
    crowd, alone = SessionPlanner(model, keys(50)), SessionPlanner(model, keys(50)[17:18])
    for together, single in zip(days(crowd, 3), days(alone, 3), strict=True):
        mine = together.person == 17
        assert together.start[mine].tolist() == single.start.tolist()
        assert together.end[mine].tolist() == single.end.tolist()


def test_more_sessions_than_a_day_can_hold_fill_the_day() -> None:
    planner = SessionPlanner(Sessions(per_day=Constant(500.0)), keys(200))
    assert 10 < len(planner.plan(MONDAY, False, 0).person) / 200 < 48


def test_nobody_uses_the_app_when_there_are_no_sessions() -> None:
    assert len(SessionPlanner(Sessions(per_day=Constant(0.0)), keys(10)).plan(MONDAY, False, 0).person) == 0
