"""People whose trips follow streets."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("osmium", reason="needs the extra `roads`")
pytest.importorskip("scipy", reason="needs the extra `roads`")

from simulator.people import CohortSpec, DayPlanner
from simulator.run import World, prepare
from simulator.world import Legs, geodesy
from tests.people.living import MONDAY, midnight_of
from tests.run.running import run_to_file, write_scenario
from tests.world.osm_maps import STEP, grid, write_map

CENTRE = [52.5 + 3.5 * STEP, 13.4 + 3.5 * STEP]
SHOPS = [{"name": f"Shop {n}", "at": [52.5 + n * STEP, 13.4 + n * STEP], "radius": "60 m"} for n in (1, 4, 6)]


def document(folder: Path, **more: Any) -> dict[str, Any]:
    path = write_map(folder, *grid(8))
    return {
        "version": 1,
        "name": "streets",
        "description": "People on streets.",
        "clock": {"start": "2026-03-02T00:00", "timezone": "Europe/Berlin", "duration": "2 d"},
        "places": [{"library": "Shops", "inline": SHOPS}],
        "roads": {"file": str(path)},
        "people": {
            "residents": {
                "size": 200,
                "home": {"around": {"at": CENTRE, "radius": "300 m"}},
                "work": {"near_places": {"within": "100 m"}},
                "travel": {
                    "walk": {"speed": "1.5 m/s"},
                    "cycle": None,
                    "transit": None,
                    "car": None,
                },
                **more,
            }
        },
        "app": {"id": "com.example", "name": "App"},
    }


def world_of(folder: Path, **more: Any) -> World:
    return prepare(write_scenario(folder, document(folder, **more))).world


def days(world: World) -> dict[int, list[tuple[float, ...]]]:
    """The pieces (from, to, begin and end in virtual milliseconds) of each person's Monday."""
    cohort = world.populator().populate(CohortSpec("residents", 0, 200, 0))
    plan = DayPlanner(cohort, world.places).plan(MONDAY.toordinal(), midnight_of(world, MONDAY))
    legs: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    for person, *leg in zip(plan.person.tolist(), *(c.tolist() for c in columns(plan.legs)), strict=True):
        legs[person].append(tuple(leg))
    return legs


def columns(legs: Legs) -> tuple[np.ndarray, ...]:
    return legs.lat0, legs.lon0, legs.lat1, legs.lon1, legs.t0, legs.t1


def along_a_street(lat: float, lon: float) -> bool:
    rows, columns = (lat - 52.5) / STEP, (lon - 13.4) / STEP
    return min(abs(rows - round(rows)), abs(columns - round(columns))) < 1e-6


def test_a_day_is_one_continuous_way_in_space_and_in_order_of_time(tmp_path: Path) -> None:
    for legs in days(world_of(tmp_path)).values():
        for before, after in pairwise(legs):
            assert before[2:4] == after[0:2]
            assert before[5] <= after[4]


def test_between_the_access_to_the_streets_everybody_is_on_a_street(tmp_path: Path) -> None:
    on, off = 0.0, 0.0
    for legs in days(world_of(tmp_path)).values():
        for lat0, lon0, lat1, lon1, _, _ in legs:
            metres = float(geodesy.distance(lat0, lon0, lat1, lon1))
            middle = (lat0 + lat1) / 2, (lon0 + lon1) / 2
            if along_a_street(*middle):
                on += metres
            else:
                off += metres
                assert metres < 90  # no point is further than half a diagonal from the next crossing
    assert on > 3 * off


def test_a_trip_takes_as_long_as_its_way_along_the_streets_at_the_mode_s_speed(tmp_path: Path) -> None:
    for legs in days(world_of(tmp_path)).values():
        for lat0, lon0, lat1, lon1, begin, end in legs:
            metres = float(geodesy.distance(lat0, lon0, lat1, lon1))
            slower = (end - begin) / 1000 * 1.5 / metres
            if metres > 20 and along_a_street((lat0 + lat1) / 2, (lon0 + lon1) / 2):
                assert slower == pytest.approx(1.0, abs=1e-3)
            elif metres > 20:  # who stays near one crossing goes straight, with the mode's detour
                assert slower in (pytest.approx(1.0, abs=1e-3), pytest.approx(1.3, abs=1e-3))


def test_public_transport_goes_straight(tmp_path: Path) -> None:
    walk = {"speed": "1.5 m/s", "up_to": "1 m"}
    travel = {"walk": walk, "cycle": None, "transit": {"speed": "6 m/s", "beyond": 0}, "car": None}
    straight = [len(legs) for legs in days(world_of(tmp_path, travel=travel)).values()]
    along = [len(legs) for legs in days(world_of(tmp_path)).values()]
    assert max(straight) <= 12
    assert sum(along) > 3 * sum(straight)


def test_the_event_stream_is_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, document(tmp_path, size=4100))
    text = path.read_text()
    path.write_text(text.replace('"2 d"', '"10 h"'))
    one = run_to_file(path, tmp_path / "one")
    two = run_to_file(path, tmp_path / "two", workers=2)
    assert one.bodies == two.bodies
    assert one.summary["crossings"] > 1000
    assert one.summary["attribution"] == [
        "© OpenStreetMap contributors, ODbL 1.0 (openstreetmap.org/copyright)"
    ]


def test_streets_far_from_all_places_are_warned_of(tmp_path: Path) -> None:
    elsewhere = document(tmp_path)
    elsewhere["places"][0]["inline"] = [{"name": "Far", "at": [48.1, 11.5], "radius": "100 m"}]
    (warning,) = [
        str(one)
        for one in prepare(write_scenario(tmp_path, elsewhere)).warnings
        if "roads" in str(one)
    ]  # fmt: skip
    assert "roads.file: warning: no place lies within 300 m of a street" in warning
