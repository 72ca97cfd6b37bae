"""Somebody who looks on changes nothing, and sees every crossing at its time."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from simulator.core.simtime import MS_PER_HOUR
from simulator.run import Simulation, prepare
from simulator.run.movements import Movements
from tests.cli.program import SCENARIOS

WATCHED = (
    "lunch_rush",
    "coupon_at_the_door",
    "scripted_visit",
    "follow_the_track",
    "dead_zone",
    "hotel_welcome",
)


def _bodies(simulation: Simulation, movements: Movements | None, hours: int) -> list[bytes]:
    bodies: list[bytes] = []
    for hour in range(hours):
        bodies += simulation.advance((hour + 1) * MS_PER_HOUR).bodies
        if movements is not None:
            movements.advance((hour + 1) * MS_PER_HOUR)
    return bodies


@pytest.mark.parametrize("name", WATCHED)
def test_the_events_are_the_same_bytes_whether_or_not_somebody_looks_on(name: str) -> None:
    world = prepare(SCENARIOS / f"{name}.yaml", people=300 if name != "scripted_visit" else None).world
    hours = min(26, world.duration_ms // MS_PER_HOUR)
    unseen = _bodies(Simulation(world, world.cohorts()), None, hours)
    movements = Movements()
    assert unseen
    assert _bodies(Simulation(world, world.cohorts(), onlooker=movements), movements, hours) == unseen


@pytest.mark.parametrize("name", WATCHED)
def test_crossings_are_seen_when_they_happen_and_say_where_people_are(name: str) -> None:
    world = prepare(SCENARIOS / f"{name}.yaml", people=200 if name != "scripted_visit" else None).world
    movements = Movements()
    simulation = Simulation(world, world.cohorts(), onlooker=movements)
    seen = 0
    for hour in range(min(26, world.duration_ms // MS_PER_HOUR)):
        until = (hour + 1) * MS_PER_HOUR
        window = simulation.advance(until)
        crossed = movements.advance(until)
        assert all(window.start <= one.time < until for one in crossed)
        seen += len(crossed)
        assert seen == window.census.crossings
        _agree(world, movements, until)


def _agree(world: object, movements: Movements, now: int) -> None:
    """Who is said to be inside a place is where the ways lead."""
    places = world.places  # type: ignore[attr-defined]
    people = [person for person in range(world.people) if movements.position(person, now) is not None]  # type: ignore[attr-defined]
    if not people:
        return
    at = np.array([movements.position(person, now) for person in people])
    rows, found = places.inside(at[:, 0], at[:, 1])
    inside = Counter(zip((people[row] for row in rows.tolist()), found.tolist(), strict=True))
    told = Counter(
        (person, place)
        for person, within in movements.occupied()
        for place in within
        if person in set(people)
    )
    # Borders are crossed at whole milliseconds, so somebody right on one may be on either side.
    assert sum(((inside - told) + (told - inside)).values()) <= 1


def test_the_next_crossing_is_the_next_one_to_be_seen() -> None:
    world = prepare(SCENARIOS / "lunch_rush.yaml", people=50).world
    movements = Movements()
    simulation = Simulation(world, world.cohorts(), onlooker=movements)
    for _ in range(20):
        coming = movements.next_crossing()
        assert coming is not None
        simulation.advance(coming.time)
        assert movements.advance(coming.time) == []
        simulation.advance(coming.time + 1)
        assert coming in movements.advance(coming.time + 1)
