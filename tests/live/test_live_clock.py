"""The clock of a live run, and the memory of what the page was told."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import UsageError
from simulator.live.hub import Hub
from simulator.live.pace import Beside, Pace
from simulator.run import WallClock

HOUR = 3_600_000


class Wall(WallClock):
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


def test_time_goes_on_at_the_speed_from_where_the_simulation_is() -> None:
    wall = Wall()
    pace = Pace(wall, 60.0, HOUR)
    wall.now += 2.0
    assert pace.due(0) == 120_000
    pace.set_speed(110_000, 600.0)
    assert pace.due(110_000) == 110_000
    wall.now += 1.0
    assert pace.due(110_000) == 710_000


def test_time_stands_still_while_paused_and_does_not_catch_up_afterwards() -> None:
    wall = Wall()
    pace = Pace(wall, 1.0, HOUR)
    pace.pause(5_000)
    wall.now += 60.0
    assert pace.due(5_000) == pace.next_end(5_000) == 5_000
    assert pace.document(5_000) | {"achieved": None} == {
        "t": 5_000,
        "speed": 1.0,
        "paused": True,
        "behind": 0,
        "ended": False,
        "jumping": False,
        "achieved": None,
    }
    pace.play(5_000)
    wall.now += 0.5
    assert pace.due(5_000) == 5_500


def test_the_clock_says_how_far_behind_it_is_and_never_more_than_has_happened() -> None:
    wall = Wall()
    pace = Pace(wall, 3600.0, 24 * HOUR)
    wall.now += 2.0
    told = pace.document(1_000_000)
    assert (told["t"], told["behind"]) == (1_000_000, 6_200_000)
    # What is due at once is done in pieces between which somebody may interfere.
    assert pace.next_end(1_000_000) == 1_360_000


def test_the_speed_that_was_reached_is_measured() -> None:
    wall = Wall()
    pace = Pace(wall, 100.0, HOUR)
    for _ in range(30):
        wall.now += 0.1
        pace.reached(round((wall.now - 100.0) * 50_000))
    assert pace.document(150_000)["achieved"] == pytest.approx(50.0)


def test_time_ends_with_the_scenario() -> None:
    wall = Wall()
    pace = Pace(wall, 3600.0, HOUR)
    wall.now += 60.0
    assert pace.due(HOUR - 1) == HOUR
    assert pace.document(HOUR)["ended"]
    assert pace.document(HOUR)["behind"] == 0


@pytest.mark.parametrize("speed", [0.0, -1.0, 3601.0, float("nan"), float("inf")])
def test_impossible_speeds_are_refused(speed: float) -> None:
    with pytest.raises(UsageError, match="times real time"):
        Pace(Wall(), speed, HOUR)


def test_calls_go_by_the_speed_of_the_page() -> None:
    pace = Pace(Wall(), 1.0, HOUR)
    beside = Beside(Wall(), pace, lambda: 1234)
    pace.set_speed(0, 30.0)
    assert (beside.speed, beside.now(), beside.ahead(99_999)) == (30.0, 1234, 0.0)


@given(told=st.integers(0, 60), known=st.integers(0, 70))
def test_a_page_that_comes_back_gets_exactly_what_it_missed(told: int, known: int) -> None:
    async def scene() -> None:
        hub = Hub()
        for number in range(told):
            hub.publish("thing", {"number": number})
        number = hub.number_of(hub.identifier(known))
        if known > told:
            assert number is None
            return
        assert number == known
        missed = hub.since(known)
        assert missed is not None
        assert [
            b'"number":%d}' % at in message for at, message in zip(range(known, told), missed, strict=True)
        ] == [True] * (told - known)

    asyncio.run(scene())


def test_a_page_that_was_away_too_long_begins_anew() -> None:
    async def scene() -> None:
        hub = Hub()
        for number in range(6_000):
            hub.publish("thing", number)
        assert hub.since(10) is None
        assert hub.number_of(hub.identifier(10)) is None
        assert hub.number_of(hub.identifier(5_990)) == 5_990
        assert hub.number_of("other-5990") is None
        assert hub.number_of("nonsense") is None

    asyncio.run(scene())


def test_large_messages_are_not_kept_without_end() -> None:
    async def scene() -> None:
        hub = Hub()
        for _ in range(50):
            hub.publish("thing", "x" * 1_000_000)
        assert hub.since(hub.last - 20) is not None
        assert hub.since(0) is None

    asyncio.run(scene())
