"""What a phone under an operating system notices, and when."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.distributions import Constant, LogNormal, Uniform
from simulator.ledger import Outcome, unnoticed
from simulator.phone import Permission
from simulator.phone.nearby import PlacesService, Registrations
from tests.phone.phones import SECOND, Trial, far_apart


def reasons(trial: Trial) -> list[Outcome]:
    return [Outcome(outcome) for *_, outcome in trial.lost()]


def test_a_crossing_is_noticed_when_the_detection_delay_is_over() -> None:
    trial = Trial()
    trial.enter(100)
    trial.leave(1000)
    assert trial.told() == [(0, True, 100.0, 160.0), (0, False, 1000.0, 1060.0)]
    assert trial.app.told_at == [160 * SECOND, 1060 * SECOND]
    assert not trial.lost()
    assert not trial.unreported.open


def test_detection_is_quicker_while_the_app_is_in_front() -> None:
    trial = Trial()
    trial.open_app(90)
    trial.enter(100)
    trial.close_app(130)
    trial.leave(1000)
    assert [noticed - crossed for _, _, crossed, noticed in trial.told()] == [10.0, 60.0]


def test_nothing_is_noticed_before_the_persistence_time_is_over() -> None:
    trial = Trial(persistence=20.0, detection_delay=Constant(3.0))
    trial.enter(100)
    assert trial.told() == [(0, True, 100.0, 120.0)]


def test_who_turns_back_before_the_phone_is_sure_loses_both_crossings() -> None:
    trial = Trial()
    trial.enter(100)
    trial.leave(159)
    assert trial.told() == []
    assert trial.lost() == [(0, True, 100_000, Outcome.TOO_SHORT), (0, False, 159_000, Outcome.TOO_SHORT)]
    trial.enter(2_000_000)
    assert len(trial.told(3_000_000)) == 1


def test_a_way_back_in_the_very_moment_of_detection_is_too_short() -> None:
    trial = Trial()
    trial.enter(100)
    trial.leave(160)  # what was planned comes before the timers of its millisecond
    assert reasons(trial) == [Outcome.TOO_SHORT] * 2


def test_one_place_does_not_disturb_the_detection_of_another() -> None:
    trial = Trial()
    trial.enter(100, place=0)
    trial.enter(110, place=1)
    trial.leave(120, place=1)
    assert trial.told() == [(0, True, 100.0, 160.0)]


@pytest.mark.parametrize("permission", [Permission.APPROXIMATE, Permission.DENIED])
def test_without_the_exact_location_nothing_is_noticed(permission: Permission) -> None:
    trial = Trial(permission=permission)
    trial.open_app(50)
    trial.enter(100)
    trial.close_app(200)
    trial.leave(1000)
    assert trial.told() == []
    assert reasons(trial) == [Outcome.NO_PERMISSION] * 2
    assert (trial.app.front, trial.app.back) == ([50_000], [200_000])


def test_an_app_allowed_while_in_use_learns_of_crossings_only_in_front() -> None:
    trial = Trial(permission=Permission.WHILE_IN_USE)
    trial.enter(100, place=0)
    trial.open_app(200)
    trial.enter(210, place=1)
    trial.close_app(300)
    trial.leave(400, place=0)
    assert trial.told() == [(1, True, 210.0, 220.0)]
    assert reasons(trial) == [Outcome.NO_PERMISSION] * 2


def test_leaving_the_front_ends_the_detection_of_an_app_allowed_while_in_use() -> None:
    trial = Trial(permission=Permission.WHILE_IN_USE)
    trial.open_app(200)
    trial.enter(210)
    trial.close_app(219)
    assert trial.told() == []
    assert trial.lost() == [(0, True, 210_000, Outcome.NO_PERMISSION)]


def test_a_place_that_is_not_registered_is_not_noticed() -> None:
    places = far_apart(5)
    trial = Trial(places=places, watched=Registrations(PlacesService(places, 2), 50.0, 0.0))
    trial.enter(100, place=4)
    trial.enter(200, place=1)
    assert [place for place, *_ in trial.told()] == [1]
    assert trial.lost() == [(4, True, 100_000, Outcome.NOT_MONITORED)]


def test_a_crossing_is_under_way_until_it_is_noticed() -> None:
    trial = Trial()
    trial.enter(100)
    assert trial.unreported.pending() == [
        unnoticed(7, 0, True, 100_000, Outcome.PENDING_DETECTION),
    ]
    trial.told()
    assert trial.unreported.pending() == []


def test_fences_of_the_smallest_reliable_size_are_always_seen_and_smaller_ones_in_proportion() -> None:
    shares = {}
    for radius in (1.0, 25.0, 75.0, 100.0):
        seen = 0
        for key in range(1, 401):
            trial = Trial(places=far_apart(1, radius), key=key * 0x9E3779B97F4A7C15)
            trial.enter(100)
            trial.leave(1000)
            told = trial.told()
            assert len(told) in (0, 2)  # who was not seen coming is not seen going
            assert reasons(trial) == [Outcome.NOT_NOTICED] * (2 - len(told))
            seen += len(told) // 2
        shares[radius] = seen / 400
    assert shares[100.0] == 1.0
    assert shares[75.0] == pytest.approx(0.75, abs=0.07)
    assert shares[25.0] == pytest.approx(0.25, abs=0.07)
    assert shares[1.0] < 0.05


def test_the_delays_of_many_phones_follow_the_distribution() -> None:
    delays = []
    for key in range(1, 1001):
        trial = Trial(detection_delay=LogNormal(60.0, 0.978), key=key * 0x9E3779B97F4A7C15)
        trial.enter(100)
        [(_, _, crossed, noticed)] = trial.told()
        delays.append(noticed - crossed)
    delays.sort()
    assert delays[500] == pytest.approx(60.0, rel=0.1)
    assert delays[950] == pytest.approx(300.0, rel=0.2)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["cross", "cross", "cross", "app"]),
        st.integers(0, 4),
        st.sampled_from([0.0, 0.001, 5.0, 30.0, 90.0, 600.0]),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(
    steps=STEPS,
    permission=st.sampled_from(Permission),
    radius=st.sampled_from([30.0, 90.0, 150.0]),
    delay=st.sampled_from([Constant(0.0), Constant(60.0), Uniform(1.0, 120.0), LogNormal(45.0, 0.8)]),
    persistence=st.sampled_from([0.0, 20.0]),
    watched=st.sampled_from([None, 1, 3]),
    key=st.integers(0, 2**64 - 1),
)
def test_every_crossing_ends_in_exactly_one_way_and_no_event_comes_before_it(
    steps: list[tuple[str, int, float]],
    permission: Permission,
    radius: float,
    delay: object,
    persistence: float,
    watched: int | None,
    key: int,
) -> None:
    places = far_apart(5, radius)
    registrations = watched and Registrations(PlacesService(places, watched), 50.0, 0.0)
    trial = Trial(
        places=places,
        permission=permission,
        key=key,
        watched=registrations or None,
        detection_delay=delay,
        persistence=persistence,
    )
    now, inside, in_front = 100.0, set(), False
    crossings: Counter[tuple[int, bool, int]] = Counter()
    for what, place, wait in steps:
        now += wait
        if what == "app":
            (trial.close_app if in_front else trial.open_app)(now)
            in_front = not in_front
            continue
        entry = place not in inside
        (trial.enter if entry else trial.leave)(now, place)
        inside ^= {place}
        crossings[place, entry, round(now * SECOND)] += 1
    trial.at(now + 0.001)
    ended = Counter((r.place, r.entry, r.crossed) for r in trial.app.regions)
    ended.update((place, entry, crossed) for place, entry, crossed, _ in trial.lost())
    ended.update((place, entry, crossed) for _, place, entry, crossed, *_ in trial.unreported.pending())
    assert ended == crossings
    told = trial.app.told_at
    assert told == sorted(told)
    for region, moment in zip(trial.app.regions, told, strict=True):
        assert region.noticed == moment >= region.crossed + round(persistence * SECOND)
    if permission >= Permission.APPROXIMATE:
        assert not told
