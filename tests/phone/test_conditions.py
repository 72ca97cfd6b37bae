"""What happens to phones on a day, how wrong their clocks are, and how good their positions."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.distributions import Constant
from simulator.core.randomness import member_keys
from simulator.phone import (
    NEVER,
    PROFILES,
    TYPICAL,
    ConditionsPlanner,
    DayConditions,
    DaySessions,
    Habits,
    Os,
    Permission,
    SpellHabits,
    draw_clock_errors,
    habits_of,
    happenings,
)
from simulator.phone.positions import MEDIAN_ERROR, Positions
from simulator.scenario.models import Conditions, PhoneMix, Spells

DAY = 86_400_000
HOUR = 3_600_000
NOBODY = np.empty(0, dtype=np.int64)
NO_SESSIONS = DaySessions(NOBODY, NOBODY, NOBODY)


def keys(people: int, seed: int = 1):
    return member_keys(seed, np.arange(people, dtype=np.int64))


def all_day(people: int) -> np.ndarray:
    """Everybody is busy every half hour of the first days."""
    times = np.arange(-DAY, 4 * DAY, HOUR // 2, dtype=np.int64)
    return np.column_stack([np.repeat(np.arange(people), len(times)), np.tile(times, people)])


def days_of(planner: ConditionsPlanner, busy: np.ndarray, days: int = 3) -> DayConditions:
    plans = [planner.plan(day, day * DAY, busy, NO_SESSIONS) for day in range(days)]
    return DayConditions(*(np.concatenate(column) for column in zip(*plans, strict=True)))


def spells(plan: DayConditions, begins: int) -> dict[int, list[tuple[int, int]]]:
    """Beginning and end of each person's spells of one kind."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for person in np.unique(plan.person).tolist():
        starts = np.sort(plan.time[(plan.person == person) & (plan.kind == begins)]).tolist()
        ends = np.sort(plan.time[(plan.person == person) & (plan.kind == begins + 1)]).tolist()
        found[person] = list(zip(starts, ends, strict=True))
    return found


def never_but(**habits: object) -> Habits:
    return NEVER.__class__(**{**{name: getattr(NEVER, name) for name in NEVER.__slots__}, **habits})


# --- what a scenario says -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mix", "expected"),
    [
        (PhoneMix(monitoring="os"), TYPICAL),
        (PhoneMix(monitoring="ideal"), NEVER),
        (PhoneMix(monitoring="ideal", conditions="typical"), TYPICAL),
        (PhoneMix(monitoring="os", conditions="ideal"), NEVER),
        (PhoneMix(monitoring="ideal", conditions=Conditions()), TYPICAL),
        (PhoneMix(monitoring="os", conditions=Conditions(others="never")), NEVER),
    ],
)
def test_real_phones_live_under_typical_conditions_and_ideal_ones_under_none(
    mix: PhoneMix, expected: Habits
) -> None:
    assert habits_of(mix) == expected


def test_what_a_scenario_leaves_open_is_typical() -> None:
    said = Conditions(others="never", offline=Spells(per_day=7), crash=0.5)
    habits = habits_of(PhoneMix(conditions=said))
    assert habits == never_but(offline=SpellHabits(7, TYPICAL.offline.length), crash=0.5)


# --- spells -------------------------------------------------------------------------------------------------


def test_phones_are_offline_for_two_to_five_percent_of_the_time() -> None:
    plan = days_of(ConditionsPlanner(never_but(offline=TYPICAL.offline), keys(600)), all_day(600))
    off = sum(end - start for person in spells(plan, happenings.OFFLINE).values() for start, end in person)
    assert 0.03 < off / (600 * 3 * DAY) < 0.04
    lengths = [end - start for person in spells(plan, happenings.OFFLINE).values() for start, end in person]
    assert min(lengths) >= 60_000
    assert max(lengths) <= 2_400_000


def test_spells_of_a_kind_never_overlap_even_over_midnight() -> None:
    often = SpellHabits(20.0, Constant(3000.0))
    plan = days_of(ConditionsPlanner(never_but(switched_off=often), keys(50)), all_day(50))
    for person in spells(plan, happenings.POWER_OFF).values():
        assert all(end <= start for (_, end), (start, _) in pairwise(person))


def test_a_spell_that_is_under_way_when_the_run_begins_begins_with_it() -> None:
    planner = ConditionsPlanner(never_but(switched_off=SpellHabits(2.0, Constant(6 * 3600.0))), keys(400))
    plan = planner.plan(5, -12 * HOUR, np.empty((0, 2), dtype=np.int64), NO_SESSIONS)
    found = [spell for person in spells(plan, happenings.POWER_OFF).values() for spell in person]
    assert min(start for start, _ in found) == 0
    assert all(0 <= start < end for start, end in found)


def test_an_offline_spell_in_which_a_phone_has_nothing_to_do_is_not_on_the_agenda() -> None:
    busy = np.array([[0, 12 * HOUR]])
    habits = never_but(offline=SpellHabits(20.0, Constant(600.0)))
    plan = ConditionsPlanner(habits, keys(2)).plan(0, 0, busy, NO_SESSIONS)
    everything = ConditionsPlanner(habits, keys(2)).plan(0, 0, all_day(2), NO_SESSIONS)
    found = spells(plan, happenings.OFFLINE)
    evening = 23 * HOUR  # what may reach into the next day is kept
    assert all(
        12 * HOUR - 600_000 <= start <= 13 * HOUR or start > evening - 600_000 for start, _ in found[0]
    )
    assert all(start > evening - 600_000 for start, _ in found[1])
    assert set(found[0]) < set(spells(everything, happenings.OFFLINE)[0])


def test_what_happened_late_in_the_evening_counts_for_spells_after_midnight() -> None:
    habits = never_but(offline=SpellHabits(200.0, Constant(60.0)))
    planner = ConditionsPlanner(habits, keys(1))
    planner.plan(0, 0, np.array([[0, DAY - 60_000]]), NO_SESSIONS)
    plan = planner.plan(1, DAY, np.empty((0, 2), dtype=np.int64), NO_SESSIONS)
    assert any(start < DAY + HOUR for start, _ in spells(plan, happenings.OFFLINE)[0])


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32))
def test_nobody_changes_because_somebody_else_is_there(few: int, more: int, seed: int) -> None:
    habits = never_but(
        offline=TYPICAL.offline, restart=SpellHabits(1.0, Constant(60.0)), update=1.0, permission_changes=1.0
    )
    both = keys(few + more, seed)
    alone = days_of(ConditionsPlanner(habits, both[:few]), all_day(few))
    together = days_of(ConditionsPlanner(habits, both), all_day(few + more))
    mine = together.person < few
    assert sorted(zip(*(column[mine].tolist() for column in together), strict=True)) == sorted(
        zip(*(column.tolist() for column in alone), strict=True)
    )


# --- moments ------------------------------------------------------------------------------------------------


def sessions(people: int, each: int) -> DaySessions:
    person = np.repeat(np.arange(people, dtype=np.int64), each)
    start = np.tile(np.arange(each, dtype=np.int64) * HOUR, people)
    return DaySessions(person, start, start + 60_000)


def test_apps_crash_during_sessions_and_are_ended_by_force_after_them() -> None:
    some = sessions(500, 10)
    planner = ConditionsPlanner(never_but(crash=0.1, force_quit=0.2), keys(500))
    plan = planner.plan(0, 0, np.empty((0, 2), dtype=np.int64), some)
    into = plan.time % HOUR
    crashes, quits = plan.kind == happenings.CRASH, plan.kind == happenings.FORCE_QUIT
    assert 400 < crashes.sum() < 600
    assert 850 < quits.sum() < 1150
    assert (into[crashes] < 60_000).all()
    assert ((into[quits] > 60_500) & (into[quits] <= 65_000)).all()


def test_permissions_change_to_what_the_scenario_says() -> None:
    habits = never_but(permission_changes=1.0, permission_to=(("denied", 1.0), ("approximate", 3.0)))
    plan = days_of(ConditionsPlanner(habits, keys(1000)), all_day(1000), days=1)
    assert (plan.kind == happenings.PERMISSION).all()
    assert 900 < len(plan.kind) < 1100
    assert 0.2 < (plan.value == Permission.DENIED).mean() < 0.3
    assert set(plan.value.tolist()) == {Permission.DENIED, Permission.APPROXIMATE}


# --- clocks -------------------------------------------------------------------------------------------------


def test_most_clocks_are_off_by_seconds_some_by_minutes_and_few_by_hours() -> None:
    errors = np.abs(draw_clock_errors(TYPICAL.clock, keys(40_000)))
    seconds, hours = errors < 10_000, errors >= HOUR
    assert 0.965 < seconds.mean() < 0.975
    assert 0.004 < hours.mean() < 0.006
    assert set((errors[hours] % HOUR).tolist()) == {0}
    minutes = errors[~seconds & ~hours]
    assert minutes.min() >= 60_000
    assert minutes.max() <= 1_800_000


def test_perfect_clocks_are_right() -> None:
    assert not draw_clock_errors(NEVER.clock, keys(1000)).any()


# --- positions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["gnss", "wifi", "cell"])
def test_half_of_the_positions_of_a_source_are_better_than_its_median(source: str) -> None:
    profile = PROFILES["ios"].__class__(
        **{
            name: ((source, 1.0),) if name == "positions" else getattr(PROFILES["ios"], name)
            for name in PROFILES["ios"].__slots__
        }
    )
    positions = Positions(profile)
    draws = np.random.default_rng(5).integers(0, 2**63, 20_000, dtype=np.int64).tolist()
    errors = sorted((east**2 + north**2) ** 0.5 for _, east, north in map(positions.fix, draws))
    assert errors[10_000] == pytest.approx(MEDIAN_ERROR[source], rel=0.08)


@pytest.mark.parametrize("os", ["ios", "android"])
def test_positions_come_from_all_sources_of_the_profile(os: Os) -> None:
    draws = np.random.default_rng(5).integers(0, 2**63, 20_000, dtype=np.int64).tolist()
    accuracies = np.array([accuracy for accuracy, _, _ in map(Positions(PROFILES[os]).fix, draws)])
    weights = dict(PROFILES[os].positions)
    gnss = weights["gnss"] / sum(weights.values())
    assert (accuracies < 25.0).mean() == pytest.approx(gnss, abs=0.03)
    assert accuracies.max() <= 2000.0
