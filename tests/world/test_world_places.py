"""The set of places: columns, libraries, nearest places and places around points."""

from __future__ import annotations

import pickle
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world import PlaceLibrary, PlaceSet, geodesy
from tests.world.making import place_set, walk, wrapped


def random_points(seed: int, count: int, spread: float, latitude: float, longitude: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    lat = np.clip(latitude + rng.normal(size=count) * spread, -85.0, 85.0)
    lon = longitude + rng.normal(size=count) * spread / np.cos(np.radians(latitude))
    return np.array([lat, (lon + 180.0) % 360.0 - 180.0])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    region=st.sampled_from([(50.0, 8.0), (-17.0, 179.99), (84.0, 20.0)]),
    spread=st.sampled_from([0.001, 0.1, 3.0]),
    k=st.integers(1, 30),
    within=st.sampled_from([10.0, 700.0, 8_000.0, 300_000.0, 30_000_000.0]),
    count=st.sampled_from([12, 40, 200]),  # all of them wanted, or so many that an index is asked
)
def test_nearest_finds_what_comparing_everything_finds(
    seed: int, region: tuple[float, float], spread: float, k: int, within: float, count: int
) -> None:
    here, there = random_points(seed, count, spread, *region), random_points(seed + 1, 25, spread, *region)
    here[:, 0] = here[:, 1]  # two places at one point: the first comes first
    places = place_set(*((lat, lon, 100.0) for lat, lon in here.T.tolist()))
    indices, distances = places.nearest(*there, k, within)
    assert indices.shape == distances.shape == (25, k)
    assert indices.dtype == np.int32
    everything = geodesy.distance(there[0][:, None], there[1][:, None], here[0], here[1])
    order = np.argsort(everything, axis=1, kind="stable")[:, :k]
    expected = np.take_along_axis(everything, order, axis=1)
    found = min(k, count)
    assert np.where(expected <= within, order, -1).tolist() == indices[:, :found].tolist()
    assert np.where(expected <= within, expected, np.inf).tolist() == distances[:, :found].tolist()
    assert (indices[:, found:] == -1).all()


def test_a_crowd_of_places_at_one_point_costs_time_but_not_memory() -> None:
    places = place_set(*[(50.0, 8.0, 100.0)] * 20_000)
    points = np.full(150, 50.001), np.linspace(8.0, 8.001, 150)
    places.nearest(np.array([50.0]), np.array([8.0]), 1, 8_000.0)  # builds the index
    tracemalloc.start()
    try:
        indices, distances = places.nearest(*points, 16, 8_000.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (indices == np.arange(16)).all()
    np.testing.assert_array_equal(distances[:, 0], geodesy.distance(50.0, 8.0, *points))
    assert peak < 64e6  # three million pairs at once would take several times that


def test_places_in_towns_far_from_each_other_are_all_found() -> None:
    rng = np.random.default_rng(5)
    towns = [(50.0, 8.0, 0.001), (50.01, -120.0, 0.05), (-40.0, 170.0, 2.0), (10.0, 10.0, 0.0)]
    centres = np.concatenate(
        [np.array([lat, lon]) + spread * rng.normal(size=(200, 2)) for lat, lon, spread in towns]
    )
    places = place_set(*((lat, lon, 150.0) for lat, lon in centres.tolist()))
    point, place = places.inside(*centres.T)
    apart = geodesy.distance(centres[:, None, 0], centres[:, None, 1], centres[:, 0], centres[:, 1])
    assert (np.abs(apart - 150.0) > 1e-3).all()
    assert np.column_stack([point, place]).tolist() == np.argwhere(apart <= 150.0).tolist()


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    spread=st.sampled_from([0.002, 0.1, 3.0]),
    k=st.integers(1, 25),
    count=st.sampled_from([10, 40, 400]),
)
def test_the_nearest_borders_are_those_that_comparing_everything_finds(
    seed: int, spread: float, k: int, count: int
) -> None:
    here, there = (
        random_points(seed, count, spread, 50.0, 8.0),
        random_points(seed + 1, 25, spread, 50.0, 8.0),
    )
    radii = np.random.default_rng(seed).choice([25.0, 100.0, 2_000.0, 20_000.0], count)
    places = place_set(*zip(*here.tolist(), radii.tolist(), strict=True))
    indices, distances = places.nearest_borders(*there, k)
    everything = geodesy.distance(there[0][:, None], there[1][:, None], here[0], here[1]) - radii
    order = np.argsort(everything, axis=1, kind="stable")[:, :k]
    assert indices.tolist() == order.tolist()
    assert distances.tolist() == np.take_along_axis(everything, order, axis=1).tolist()


def test_nearest_of_no_places_is_nothing() -> None:
    indices, distances = place_set().nearest(np.array([50.0]), np.array([8.0]), 2, 1000.0)
    assert indices.tolist() == [[-1, -1]]
    assert np.isinf(distances).all()


@settings(max_examples=100)
@given(st.floats(-85.0, 85.0), st.floats(-180.0, 180.0), st.floats(25.0, 20_000.0), st.floats(0.0, 360.0))
def test_inside_means_at_most_the_radius_away(
    latitude: float, longitude: float, radius: float, bearing: float
) -> None:
    places = place_set((latitude, longitude, radius))
    points = [walk(latitude, longitude, bearing, radius + beside) for beside in (-0.001, 0.001)]
    lat = np.array([point[0] for point in points])
    lon = np.array([wrapped(point[1]) for point in points])
    point, place = places.inside(lat, lon)
    assert (point.tolist(), place.tolist()) == ([0], [0])


def test_inside_gives_sorted_pairs_of_points_and_places() -> None:
    places = place_set((50.0, 8.0, 500.0), (50.5, 8.0, 100.0), (50.0, 8.001, 500.0))
    point, place = places.inside(np.array([50.5, 10.0, 50.0]), np.array([8.0, 8.0, 8.0005]))
    assert list(zip(point.tolist(), place.tolist(), strict=True)) == [(0, 1), (2, 0), (2, 2)]
    assert (point.dtype, place.dtype) == (np.int64, np.int32)


def test_the_scale_of_the_map_is_known_at_each_place() -> None:
    places = place_set((60.0, 8.0, 100.0), (0.0, -120.0, 5_000.0), (-45.0, 8.0, 100.0))
    small = np.degrees(1e-6)
    north, east = places.metres_per_radian
    for step, scale in (((small, 0.0), north), ((0.0, small), east)):
        moved = geodesy.distance(
            places.latitude, places.longitude, places.latitude + step[0], places.longitude + step[1]
        )
        np.testing.assert_allclose(scale * 1e-6, moved, rtol=1e-5)


def two_libraries() -> PlaceSet:
    first, second, third = place_set((50.0, 8.0, 100.0), (51.0, 8.0, 200.0), (52.0, 8.0, 300.0)).places
    other = replace(second, library_id="m", library_name="Other", rank=2, attractiveness=3.0)
    return PlaceSet([first, other, third])


def test_columns_hold_the_places_in_their_order() -> None:
    places = two_libraries()
    assert len(places) == 3
    assert places.latitude.tolist() == [50.0, 51.0, 52.0]
    assert places.radius.tolist() == [100.0, 200.0, 300.0]
    assert places.rank.tolist() == [1, 2, 1]
    assert places.attractiveness.tolist() == [1.0, 3.0, 1.0]


def test_libraries_are_known_by_rank_and_name() -> None:
    places = two_libraries()
    assert places.libraries == (PlaceLibrary("l", "Library", 1, 2), PlaceLibrary("m", "Other", 2, 1))
    assert places.by_library("Library").tolist() == [0, 2]
    assert places.by_library("unknown").tolist() == []


def test_a_selection_is_a_set_of_its_own() -> None:
    chosen = two_libraries().select(np.array([2, 0]))
    assert [place.id for place in chosen.places] == ["p2", "p0"]
    assert chosen.nearest(np.array([50.0]), np.array([8.0]), 1, 10.0)[0].tolist() == [[1]]
    assert len(chosen.select(np.array([], dtype=np.int32))) == 0


def test_a_set_travels_to_another_process_without_its_index() -> None:
    places = two_libraries()
    bare = len(pickle.dumps(places))
    before = places.inside(np.array([50.0]), np.array([8.0]))
    places.nearest(np.array([50.0]), np.array([8.0]), 1, 10.0)
    assert len(pickle.dumps(places)) == bare
    after = pickle.loads(pickle.dumps(places)).inside(np.array([50.0]), np.array([8.0]))
    assert [column.tolist() for column in before] == [column.tolist() for column in after] == [[0], [0]]


@pytest.mark.parametrize(
    "circle",
    [
        (85.1, 0.0, 100.0),
        (90.0, 0.0, 100.0),
        (0.0, 180.1, 100.0),
        (0.0, 0.0, 0.0),
        (0.0, 0.0, 20_001.0),
        (float("nan"), 0.0, 100.0),
    ],
)
def test_a_place_that_cannot_be_is_refused(circle: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="place out of range"):
        place_set((0.0, 0.0, 100.0), circle)
