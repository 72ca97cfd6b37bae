"""What the Places extension remembers, and how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.phone import Os
from simulator.sdk.places import MEMBERSHIP_TTL_MS, PlacesState, Weights

# Places 0 and 1 have the same rank; 1 is smaller. Place 2 is of a library that matters less, 3 is a twin of 1.
WEIGHTS = Weights(rank=[1, 1, 2, 1], radius=[200.0, 50.0, 20.0, 50.0])
SYSTEMS: list[Os] = ["ios", "android"]


def after(os: Os, *events: int) -> PlacesState:
    """A state after entries (``n``) and exits (``~n``)."""
    state = PlacesState(os, WEIGHTS)
    for at, place in enumerate(events):
        state.region(at, place if place >= 0 else ~place, place >= 0)
    return state


@pytest.mark.parametrize("os", SYSTEMS)
@pytest.mark.parametrize(
    ("events", "current"),
    [
        ((0,), 0),
        ((0, 1), 1),
        ((1, 0), 1),
        ((2, 0), 0),
        ((1, 2), 1),
        ((1, 3), 3),
        ((3, 1), 1),
        ((0, ~0), None),
    ],
)
def test_the_place_that_counts_is_of_the_best_rank_then_the_smallest_then_the_newest(
    os: Os, events: tuple[int, ...], current: int | None
) -> None:
    assert after(os, *events).current == current


@pytest.mark.parametrize("os", SYSTEMS)
def test_leaving_the_place_that_counts_lets_the_next_best_count(os: Os) -> None:
    state = after(os, 2, 0, 1, ~1)
    assert (state.current, state.last_entered, state.last_exited) == (0, 1, 1)


@pytest.mark.parametrize("os", SYSTEMS)
def test_a_repeated_entry_and_an_exit_from_outside_count_like_the_first(os: Os) -> None:
    state = after(os, 0, 0, ~2)
    assert (state.current, list(state.within), state.last_exited) == (0, [0], 2)


@pytest.mark.parametrize("os", SYSTEMS)
def test_what_is_known_expires_an_hour_after_the_last_event_and_only_when_somebody_looks(os: Os) -> None:
    state = after(os, 0)
    assert state.shared(MEMBERSHIP_TTL_MS).current == 0
    assert state.current == 0
    expired = state.shared(MEMBERSHIP_TTL_MS + 1)
    assert (expired.current, expired.last_entered, expired.valid_until) == (None, None, 0)
    assert list(state.within) == [0]


def test_only_ios_renews_the_membership_before_the_answer_is_there() -> None:
    states = {os: after(os, 0) for os in SYSTEMS}
    for state in states.values():
        state.asked(MEMBERSHIP_TTL_MS)
    later = MEMBERSHIP_TTL_MS + 1000
    assert (states["ios"].shared(later).current, states["android"].shared(later).current) == (0, None)


def test_after_an_answer_ios_looks_for_the_best_and_android_takes_the_first() -> None:
    ios, android = (after(os, 2) for os in SYSTEMS)
    for state in (ios, android):
        state.nearby(10, [0, 1])
    assert (ios.current, android.current) == (1, 0)
    assert (ios.last_entered, android.last_entered) == (0, 0)
    ios.nearby(20, [])
    assert (ios.current, ios.last_entered, dict(ios.within)) == (None, 0, {})


@given(st.sampled_from(SYSTEMS), st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30))
def test_the_place_that_counts_is_always_one_that_the_phone_is_in(
    os: Os, events: list[tuple[int, bool]]
) -> None:
    state = PlacesState(os, WEIGHTS)
    for at, (place, entry) in enumerate(events):
        state.region(at, place, entry)
        assert (state.current is None) == (not state.within)
        assert state.current is None or state.current in state.within
        if state.current is not None:
            best = min(WEIGHTS.rank[place] for place in state.within)
            assert WEIGHTS.rank[state.current] == best
