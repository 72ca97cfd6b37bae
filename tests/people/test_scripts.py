"""When the steps of scripts are due, and where they take people."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.simtime import MS_PER_HOUR, MS_PER_MINUTE, Calendar
from simulator.people import Mover, PlaceNames, Surroundings, due_times
from simulator.scenario import Roads, ScriptStep, Travel
from simulator.world import Legs, geodesy, load_roads
from tests.world.making import place_set
from tests.world.osm_maps import STEP, grid, write_map

BERLIN = ZoneInfo("Europe/Berlin")
MODES = Travel().modes()


def step(**more: object) -> ScriptStep:
    return ScriptStep(**more)


def times(start: datetime, *steps: ScriptStep) -> list[int | None]:
    return due_times(steps, Calendar(start.replace(tzinfo=BERLIN), BERLIN))


def test_a_time_of_day_is_the_next_one_after_the_last_that_was_given() -> None:
    due = times(
        datetime(2026, 3, 2, 10),  # noqa: DTZ001 - local times have no zone
        step(at=9 * 3600.0, app="open"),
        step(wait=60.0),
        step(at=9.5 * 3600.0, app="close"),
        step(at=9.5 * 3600.0, app="open"),
        step(at=datetime(2026, 3, 5, 8), app="close"),  # noqa: DTZ001
        step(at=7 * 3600.0, app="open"),
    )
    hours = [None if time is None else time / MS_PER_HOUR for time in due]
    assert hours == [23, None, 23.5, 23.5, 70, 93]


def test_times_of_day_stay_right_when_clocks_change() -> None:
    due = times(datetime(2026, 3, 28, 20), step(at=12 * 3600.0, app="open"))  # noqa: DTZ001
    assert due == [15 * MS_PER_HOUR]  # the night of 29 March is an hour short


def mover(at: tuple[float, float], *circles: tuple[float, float, float]) -> Mover:
    places = place_set(*circles)
    return Mover(Surroundings(places, PlaceNames(places), None, MODES), 7, *at)


def ends(legs: Legs) -> tuple[float, float]:
    return float(legs.lat1[-1]), float(legs.lon1[-1])


POINTS = st.tuples(st.floats(52.49, 52.51), st.floats(13.39, 13.41))
RADII = st.floats(20.0, 800.0)


@given(start=POINTS, radius=RADII, centre=POINTS)
def test_who_enters_is_well_inside_and_who_leaves_or_walks_by_well_outside(
    start: tuple[float, float], radius: float, centre: tuple[float, float]
) -> None:
    def away(somebody: Mover) -> float:
        return float(geodesy.distance(somebody.latitude, somebody.longitude, *centre))

    somebody = mover(start, (*centre, radius))
    legs, arrival = somebody.move(step(enter="Place 0", takes=600.0), 0, 1000)
    assert away(somebody) <= 0.5 * radius + 0.1
    assert ends(legs) == (somebody.latitude, somebody.longitude)
    assert arrival in (1000, 1000 + 10 * MS_PER_MINUTE)
    assert (int(legs.t0[0]), int(legs.t1[-1])) == (1000, arrival)
    somebody.move(step(leave="Place 0"), 1, arrival)
    assert away(somebody) >= 1.5 * radius
    before = np.array([somebody.latitude, somebody.longitude]) - centre
    somebody.move(step(walk_by="Place 0"), 2, arrival)
    assert away(somebody) >= 1.5 * radius
    assert float(before @ (np.array([somebody.latitude, somebody.longitude]) - centre)) < 0  # the other side


def test_who_does_not_move_takes_no_time() -> None:
    somebody = mover((52.5, 13.4), (52.5, 13.4, 100.0))
    for still in (step(enter="Place 0", takes=600.0), step(go_to="home"), step(go_to="Place 0")):
        _, arrival = somebody.move(still, 0, 5000)
        assert arrival == 5000


def test_the_speed_of_a_step_without_one_is_drawn_by_person_and_step_alone() -> None:
    def arrivals(key: int) -> list[int]:
        places = place_set((52.5, 13.41, 100.0))
        somebody = Mover(Surroundings(places, PlaceNames(places), None, MODES), key, 52.5, 13.4)
        return [somebody.move(step(go_to="Place 0"), 0, 0)[1], somebody.move(step(go_to="home"), 1, 0)[1]]

    assert arrivals(7) == arrivals(7)
    assert len({*arrivals(7), *arrivals(8)}) == 4


def test_who_goes_to_a_place_follows_the_streets(tmp_path: Path) -> None:
    pytest.importorskip("osmium", reason="needs the extra `roads`")
    pytest.importorskip("scipy", reason="needs the extra `roads`")
    nodes, _ = grid(4)
    street = {"highway": "residential"}
    roads = load_roads(Roads(file=write_map(tmp_path, nodes, [([1, 2, 3, 4, 14, 24, 34], street)])))
    places = place_set((52.5 + 3 * STEP, 13.4 + 3 * STEP, 100.0))
    somebody = Mover(Surroundings(places, PlaceNames(places), roads, MODES), 7, 52.5, 13.4)
    legs, arrival = somebody.move(step(go_to="Place 0", speed=2.0), 0, 0)
    metres = geodesy.distance(legs.lat0, legs.lon0, legs.lat1, legs.lon1).sum()
    assert arrival == pytest.approx(metres / 2.0 * 1000, abs=1)
    assert len(legs) == 8  # six streets, and no way to the first and from the last crossing
    assert legs.t0.tolist()[1:] == legs.t1.tolist()[:-1]
