"""People who are led by hand: whatever is done to them, every crossing is counted once and has one outcome."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.simtime import MS_PER_HOUR, MS_PER_MINUTE
from simulator.ledger import Outcome
from simulator.live.interventions import CanNotError, Intervention, perform
from simulator.live.setup import read_people
from simulator.live.show import Stage
from simulator.run import World, prepare
from tests.cli.program import SCENARIOS

PEOPLE = 40
# Ideal phones; phones under a system, over a midnight; more places than a phone watches; people with scripts.
SCENES = {
    "lunch_rush": 4 * MS_PER_HOUR,
    "coupon_at_the_door": 30 * MS_PER_HOUR,
    "twenty_regions": 6 * MS_PER_HOUR,
    "scripted_visit": 3 * MS_PER_HOUR,
}


@cache
def _scene(name: str) -> tuple[World, list[tuple[float, float]]]:
    longer = ("clock.duration=2 d",) if name == "coupon_at_the_door" else ()
    people = None if name == "scripted_visit" else PEOPLE
    world = prepare(SCENARIOS / f"{name}.yaml", overrides=longer, people=people).world
    return world, [tuple(one["home"]) for one in read_people(world)]


DEEDS = st.one_of(
    st.builds(
        lambda place, off, by: {"place": place, "off": off, "by": by},
        st.integers(0, 5),
        st.sampled_from([0.0, 0.0, 0.0005, 0.02]),
        st.sampled_from(["jump", "jump", "walk", "cycle", "drive"]),
    ),
    st.builds(
        lambda deed: {"let": deed[0], "value": deed[1]},
        st.sampled_from(
            [
                *(("network", False), ("network", True), ("power", False), ("power", True)),
                *(("permission", "denied"), ("permission", "always"), ("permission", "while_in_use")),
                *(("app", "open"), ("app", "close"), ("app", "force_quit"), ("app", "reinstall")),
            ]
        ),
    ),
)
PLAN = st.lists(
    st.tuples(st.integers(0, 120 * MS_PER_MINUTE), st.integers(0, 5), DEEDS), min_size=1, max_size=14
)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENES)
@settings(max_examples=10)
@given(plan=PLAN)
def test_every_crossing_has_one_outcome_whatever_is_done(name: str, plan: list[Any]) -> None:
    world, homes = _scene(name)
    stage = Stage(world)
    outcomes: Counter[str] = Counter()
    open_rows = 0
    seen = 0
    entries: Counter[tuple[int, int]] = Counter()

    def go_on(until: int) -> None:
        nonlocal open_rows, seen
        window = stage.advance(until)
        for rows in (window.rows, window.lost):
            outcomes.update(Outcome(number).label for number in rows["outcome"].tolist())
        open_rows = len(window.open)
        crossed = [*stage.take_by_hand(), *stage.crossed]
        seen += len(crossed)
        for one in crossed:
            entries[one.person, one.place] += 1 if one.entry else -1
        assert window.census.crossings == seen == outcomes.total() + open_rows

    for wait, person, deed in plan:
        if wait:
            go_on(stage.now + wait)
        _do(stage, world, homes, person % world.people, deed)
    go_on(max(stage.now + 1, SCENES[name]))
    _ends_where_the_map_says(world, stage, homes)
    # Entries and exits of a person at a place take turns.
    assert all(-1 <= balance <= 1 for balance in entries.values())


def _do(stage: Stage, world: World, homes: Any, person: int, deed: dict[str, Any]) -> None:
    if "place" in deed:
        place = world.places.places[deed["place"] % len(world.places)]
        at = [place.latitude + deed["off"], place.longitude]
        deed = {"move": at, "by": deed["by"]}
    try:
        perform(stage, Intervention(stage.now, person, deed), homes[person])
    except CanNotError:
        return


def _ends_where_the_map_says(world: World, stage: Stage, homes: Any) -> None:
    """Those who were led are inside the places that they stand in."""
    led = sorted(stage.movements.led)
    if not led:
        return
    at = np.array([stage.movements.position(person, stage.now) or homes[person] for person in led])
    rows, places = world.places.inside(at[:, 0], at[:, 1])
    truly = {(led[row], place) for row, place in zip(rows.tolist(), places.tolist(), strict=True)}
    told = {(person, place) for person in led for place in stage.movements.inside(person)}
    assert told == truly


def test_others_do_what_they_would_have_done() -> None:
    world, homes = _scene("lunch_rush")
    alone, led = Stage(world), Stage(world)
    expected, found = [], []
    for hour in range(4):
        until = (hour + 1) * MS_PER_HOUR
        window = alone.advance(until)
        expected += [
            body for body, who in zip(window.bodies, window.person.tolist(), strict=True) if who != 7
        ]
        _do(led, world, homes, 7, {"place": hour, "off": 0.0, "by": "walk"})
        _do(led, world, homes, 7, {"let": "network", "value": hour % 2 == 0})
        window = led.advance(until)
        found += [body for body, who in zip(window.bodies, window.person.tolist(), strict=True) if who != 7]
    assert expected
    assert found == expected


def test_who_is_led_does_not_go_their_own_ways_the_next_day_either() -> None:
    world, homes = _scene("coupon_at_the_door")
    stage = Stage(world)
    stage.advance(MS_PER_HOUR)
    corner = world.places.places[0]
    for person in range(PEOPLE):
        perform(
            stage,
            Intervention(stage.now, person, {"move": [corner.latitude, corner.longitude], "by": "jump"}),
            homes[person],
        )
    stage.take_by_hand()
    for hour in range(2, 48):
        stage.advance(hour * MS_PER_HOUR)
        assert stage.crossed == []
    assert {tuple(stage.movements.inside(person)) for person in range(PEOPLE)} == {(0,)}
