"""Routes along streets."""

from __future__ import annotations

import itertools
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("osmium", reason="needs the extra `roads`")
pytest.importorskip("scipy", reason="needs the extra `roads`")

from simulator.core.errors import InputError, Problem
from simulator.scenario.models import Roads
from simulator.world import RoadNetwork, geodesy, load_roads
from simulator.world.osm import read_streets
from simulator.world.roads import Routes
from tests.shared_files import shared_path
from tests.world.osm_maps import STEP, Way, grid, write_map

Point = tuple[float, float]


def network(folder: Path, ways: list[Way], size: int = 4, within: float = 300.0) -> RoadNetwork:
    return load_roads(Roads(file=write_map(folder, grid(size)[0], ways), within=within))


def at(row: float, column: float) -> Point:
    """A point of the grid."""
    return 52.5 + row * STEP, 13.4 + column * STEP


def routes(roads: RoadNetwork, kind: str, *trips: tuple[Point, Point]) -> Routes:
    columns = np.array([(*start, *end) for start, end in trips]).reshape(-1, 4).T
    return roads.routes(kind, *columns)


def points(found: Routes, trip: int = 0) -> list[Point]:
    rows = slice(found.first[trip], found.first[trip + 1])
    return [
        (round((lat - 52.5) / STEP, 6), round((lon - 13.4) / STEP, 6))
        for lat, lon in zip(found.latitude[rows], found.longitude[rows], strict=True)
    ]


STREET = {"highway": "residential"}


def test_a_trip_goes_straight_to_the_street_along_it_and_straight_to_its_end(tmp_path: Path) -> None:
    roads = network(tmp_path, [([1, 2, 3, 4], STREET), ([4, 14], STREET)])
    found = routes(roads, "walk", (at(0.2, 0), at(1, 3.5)))
    assert points(found) == [(0.2, 0.0), (0, 0), (0, 1), (0, 2), (0, 3), (1, 3), (1.0, 3.5)]
    legs = itertools.pairwise([at(*point) for point in points(found)])
    total = sum(float(geodesy.distance(*start, *end)) for start, end in legs)
    assert found.length.tolist() == pytest.approx([total], abs=1e-3)
    assert found.along[0] == 0
    assert (np.diff(found.along) >= 0).all()


def test_who_drives_keeps_to_the_direction_of_oneway_streets_and_who_walks_does_not(tmp_path: Path) -> None:
    ring = [([1, 2, 12, 11, 1], STREET | {"oneway": "yes"})]
    roads = network(tmp_path, ring)
    trip = (at(0, 0), at(1, 0))  # the last street of the ring, against its direction
    assert points(routes(roads, "walk", trip))[1:-1] == [(0, 0), (1, 0)]
    assert points(routes(roads, "car", trip))[1:-1] == [(0, 0), (0, 1), (1, 1), (1, 0)]
    assert points(routes(roads, "cycle", trip))[1:-1] == [(0, 0), (0, 1), (1, 1), (1, 0)]


def test_who_drives_takes_the_faster_street_and_who_walks_the_shorter_one(tmp_path: Path) -> None:
    ways: list[Way] = [
        ([1, 2, 3, 4], {"highway": "living_street"}),
        ([1, 11, 12, 13, 14, 4], {"highway": "primary"}),
    ]
    roads = network(tmp_path, ways)
    trip = (at(0, 0), at(0, 3))
    assert (1, 1) in points(routes(roads, "car", trip))
    assert (0, 1) in points(routes(roads, "walk", trip))


def test_footways_are_for_walking_only(tmp_path: Path) -> None:
    ways: list[Way] = [([1, 2], STREET), ([2, 12, 11], {"highway": "footway"}), ([1, 21, 22], STREET)]
    roads = network(tmp_path, ways)
    assert routes(roads, "walk", (at(0, 0), at(1, 0))).on_streets.all()
    assert (1, 1) not in points(routes(roads, "car", (at(0, 0), at(1, 1))))[1:-1]


@pytest.mark.parametrize("kind", ["walk", "cycle", "car"])
def test_a_trip_far_from_all_streets_is_straight(tmp_path: Path, kind: str) -> None:
    roads = network(tmp_path, [([1, 2, 3], STREET)], within=100)
    found = routes(roads, kind, (at(0, 0), at(2, 2)), (at(0.5, 0), at(0, 2)))
    assert found.on_streets.tolist() == [False, True]
    assert points(found) == [(0, 0), (2, 2)]
    assert found.length[0] == pytest.approx(float(geodesy.distance(*at(0, 0), *at(2, 2))))


def test_streets_that_lead_nowhere_are_left_alone(tmp_path: Path) -> None:
    # Two parts without a connection: only the larger one is used.
    roads = network(tmp_path, [([1, 2, 3, 4], STREET), ([31, 32], STREET)], within=50)
    found = routes(roads, "walk", (at(3, 0), at(3, 1)), (at(0, 0), at(0, 3)))
    assert found.on_streets.tolist() == [False, True]


def test_a_long_way_round_is_found_though_it_is_far_longer_than_the_straight_line(tmp_path: Path) -> None:
    # A horseshoe of 60 km between two ends that are 100 m apart.
    nodes = [(1, 52.5, 13.4), (2, 52.77, 13.4), (3, 52.77, 13.4015), (4, 52.5, 13.4015)]
    path = write_map(tmp_path, nodes, [([1, 2, 3, 4], STREET)])
    roads = load_roads(Roads(file=path, within=40))
    found = routes(roads, "walk", ((52.5, 13.4), (52.5, 13.4015)))
    assert found.on_streets.all()
    assert found.length[0] == pytest.approx(60_000, rel=0.05)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    """A grid, where most routes are as long as many others."""
    nodes, ways = grid(8)
    return load_roads(Roads(file=write_map(tmp_path_factory.mktemp("city"), nodes, ways)))


CORNERS = st.tuples(st.integers(0, 7), st.integers(0, 7)).map(lambda corner: at(*corner))


@given(
    trips=st.lists(st.tuples(CORNERS, CORNERS), min_size=1, max_size=12),
    others=st.lists(st.tuples(CORNERS, CORNERS), max_size=12),
    kind=st.sampled_from(["walk", "cycle", "car"]),
)
def test_a_route_depends_on_nothing_but_its_ends_and_is_as_short_as_can_be(
    city: RoadNetwork, trips: list[tuple[Point, Point]], others: list[tuple[Point, Point]], kind: str
) -> None:
    fresh = pickle.loads(pickle.dumps(city))
    together = routes(city, kind, *others, *trips)
    for number, trip in enumerate(trips, start=len(others)):
        alone = routes(fresh, kind, trip)
        rows = slice(together.first[number], together.first[number + 1])
        for name in ("latitude", "longitude", "along"):
            assert getattr(together, name)[rows].tobytes() == getattr(alone, name).tobytes()
        (lat0, lon0), (lat1, lon1) = trip
        if trip[0] == trip[1]:
            assert alone.length[0] == 0
            continue
        # In a grid the shortest ways go as far north and east as the ends lie apart, and not back.
        manhattan = float(geodesy.distance(lat0, lon0, lat1, lon0) + geodesy.distance(lat1, lon0, lat1, lon1))
        assert alone.length[0] == pytest.approx(manhattan, rel=1e-3)


@given(trip=st.tuples(CORNERS, CORNERS))
def test_who_walks_comes_back_the_way_they_went(city: RoadNetwork, trip: tuple[Point, Point]) -> None:
    there, back = routes(city, "walk", trip), routes(city, "walk", trip[::-1])
    assert points(there) == points(back)[::-1]


def test_no_trips_have_no_routes(city: RoadNetwork) -> None:
    found = city.routes("walk", *np.empty((4, 0)))
    assert (found.first.tolist(), len(found.length)) == ([0], 0)


def test_a_map_without_streets_or_of_another_kind_is_told_of_at_its_place(tmp_path: Path) -> None:
    def problem(path: Path) -> str:
        with pytest.raises(InputError) as caught:
            load_roads(Roads(file=path), lambda field: (9, len(field)), file="s.yaml")
        return str(caught.value)

    empty = write_map(tmp_path, grid(2)[0], [([1, 2], {"waterway": "river"})])
    assert problem(empty) == (
        "s.yaml:9:2: roads.file: map.osm holds no streets; expected ways with the tag `highway`"
    )
    (tmp_path / "broken.osm.pbf").write_bytes(b"no map at all")
    assert problem(tmp_path / "broken.osm.pbf").startswith("s.yaml:9:2: roads.file: ")
    assert "there is no file" in problem(tmp_path / "missing.osm.pbf")


def test_the_real_streets_of_a_city_take_everybody_from_anywhere_to_anywhere() -> None:
    path = shared_path("data/helsinki_centre.osm.pbf")
    roads = RoadNetwork(read_streets(path, Problem("s.yaml", 1, 1, "roads.file", "")), within=300)
    side = np.linspace(0.1, 0.9, 12)
    lat, lon = (grid.ravel() for grid in np.meshgrid(60.1655 + 0.012 * side, 24.937 + 0.014 * side))
    for kind, most in (("walk", 1.7), ("cycle", 2.2), ("car", 2.6)):
        found = roads.routes(kind, lat, lon, lat[::-1], lon[::-1])
        straight = geodesy.distance(lat, lon, lat[::-1], lon[::-1])
        far = straight > 400
        assert found.on_streets[far].mean() > 0.95
        detour = found.length[far] / straight[far]
        assert (detour >= 1).all()
        assert 1.1 < np.median(detour) < most
