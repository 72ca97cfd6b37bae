"""Crossings of legs with geofences: exact, consistent, and the same whatever else is calculated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world import Crossings, Legs, PlaceSet, solve
from tests.world.making import (
    HOUR_MS,
    geodesic_m,
    leg_through,
    legs_of,
    path_of,
    place_set,
    true_meetings,
    walk,
    wrapped,
)

DEGREE_M = 111_319.49  # along the equator


@pytest.fixture(params=[0, 16], ids=["searched", "compared"], scope="module", autouse=True)
def few_places(request: pytest.FixtureRequest) -> Iterator[None]:
    """All holds however the places near a leg are found; up to so many they are simply compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simulator.world.index._FEW", request.param)
        yield


def told(crossings: Crossings) -> list[tuple[int, int, str]]:
    """Leg, place and kind of each crossing, in order."""
    kinds = ["entry" if entry else "exit" for entry in crossings.entry.tolist()]
    return list(zip(crossings.leg.tolist(), crossings.place.tolist(), kinds, strict=True))


def assert_alternating(places: PlaceSet, path: Legs, crossings: Crossings) -> None:
    """Entries and exits of each place alternate along a continuous path, from its start to its end."""
    inside = set(places.inside(path.lat0[:1], path.lon0[:1])[1].tolist())
    for _, place, kind in told(crossings):
        assert (place in inside) == (kind == "exit")
        inside ^= {place}
    assert inside == set(places.inside(path.lat1[-1:], path.lon1[-1:])[1].tolist())


# --- exactness --------------------------------------------------------------------------------------------

RADII = st.one_of(st.floats(25.0, 500.0), st.floats(500.0, 20_000.0))
# The share of the radius at which the leg passes the centre: anywhere, or grazing the border.
PASSING = st.one_of(
    st.floats(0.0, 1.1), st.integers(-2, 2).map(lambda n: 1.0 + n * 1e-3), st.just(1.0 - 1e-6)
)


@settings(max_examples=120, deadline=None)
@given(
    latitude=st.floats(0.0, 70.0),
    longitude=st.floats(-180.0, 180.0),
    radius=RADII,
    passing=PASSING,
    bearing=st.floats(0.0, 360.0),
    turn=st.floats(-20.0, 20.0),
    before=st.floats(0.1, 3.0),
    after=st.floats(0.1, 3.0),
)
def test_crossings_lie_on_the_true_border(
    latitude: float,
    longitude: float,
    radius: float,
    passing: float,
    bearing: float,
    turn: float,
    before: float,
    after: float,
) -> None:
    point = walk(latitude, longitude, bearing, passing * radius)
    ends = leg_through(point, bearing + 90.0 + turn, before * radius, after * radius)
    expected, clear = true_meetings((latitude, longitude), radius, ends)
    metres = geodesic_m(*ends)
    seconds = metres / 1.35
    found = solve(place_set((latitude, longitude, radius)), legs_of([ends], round(seconds * 1000)))
    for lat, lon in zip(found.latitude.tolist(), found.longitude.tolist(), strict=True):
        assert geodesic_m(latitude, longitude, lat, lon) == pytest.approx(radius, abs=0.001)
    if clear < 0.001:
        return  # an end or the closest point lies on the border to a millimetre: either answer is right
    assert found.entry.tolist() == [entry for entry, _ in expected]
    for (_, share), fraction, time in zip(
        expected, found.fraction.tolist(), found.time.tolist(), strict=True
    ):
        assert abs(time / 1000 - share * seconds) < 0.5
        # Even where the way runs along the border, and a millimetre across it is metres along it.
        assert abs(fraction - share) * metres < 0.5


@pytest.mark.parametrize("latitude", [-85.0, 84.9, 80.0])
def test_the_border_is_exact_near_the_poles(latitude: float) -> None:
    for bearing in range(0, 360, 30):
        point = walk(latitude, 12.0, bearing, 15_000.0)
        ends = leg_through(point, bearing + 70.0, 60_000.0, 60_000.0)
        expected, _ = true_meetings((latitude, 12.0), 20_000.0, ends)
        found = solve(place_set((latitude, 12.0, 20_000.0)), legs_of([ends]))
        assert [entry for entry, _ in expected] == found.entry.tolist() == [True, False]
        for lat, lon in zip(found.latitude.tolist(), found.longitude.tolist(), strict=True):
            assert geodesic_m(latitude, 12.0, lat, lon) == pytest.approx(20_000.0, abs=0.01)


def test_a_leg_of_a_thousand_kilometres_is_as_exact_as_a_walk() -> None:
    places = place_set((48.0, 7.0, 150.0), (48.64, 8.0, 5000.0), (52.0, 13.0, 150.0))
    ends = (48.0 - 1.0, 7.0 - 1.5, 48.0 + 5.0, 7.0 + 7.5)
    found = solve(places, legs_of([ends]))
    assert told(found) == [(0, place, kind) for place in range(3) for kind in ("entry", "exit")]
    for place, lat, lon in zip(
        found.place.tolist(), found.latitude.tolist(), found.longitude.tolist(), strict=True
    ):
        centre = places.places[place]
        assert geodesic_m(centre.latitude, centre.longitude, lat, lon) == pytest.approx(
            centre.radius, abs=0.001
        )


# --- cases ------------------------------------------------------------------------------------------------


def test_walking_through_a_fence_enters_and_leaves_at_the_right_times() -> None:
    # Along the equator at 1 m/s, from 1,000 m before the centre to 1,000 m behind it.
    half = 1000.0 / DEGREE_M
    found = solve(place_set((0.0, 20.0, 100.0)), legs_of([(0.0, 20.0 - half, 0.0, 20.0 + half)], 2_000_000))
    assert told(found) == [(0, 0, "entry"), (0, 0, "exit")]
    assert found.time.tolist() == pytest.approx([900_000, 1_100_000], abs=1)
    assert found.longitude.tolist() == pytest.approx([20.0 - 100 / DEGREE_M, 20.0 + 100 / DEGREE_M], abs=1e-8)


def test_who_starts_inside_only_leaves_and_who_ends_inside_only_enters() -> None:
    places = place_set((50.0, 8.0, 100.0))
    assert told(solve(places, path_of([(50.0, 8.0), (50.01, 8.0)]))) == [(0, 0, "exit")]
    assert told(solve(places, path_of([(50.01, 8.0), (50.0, 8.0)]))) == [(0, 0, "entry")]


def test_who_stays_inside_crosses_nothing() -> None:
    places = place_set((50.0, 8.0, 100.0))
    assert told(solve(places, path_of([(50.0003, 8.0003), (49.9997, 7.9996)]))) == []


def test_who_stands_still_crosses_nothing() -> None:
    places = place_set((50.0, 8.0, 100.0))
    on_border = walk(50.0, 8.0, 45.0, 100.0)
    ends = [(50.0, 8.0, 50.0, 8.0), (50.1, 8.0, 50.1, 8.0), (*on_border, *on_border)]
    assert told(solve(places, legs_of(ends))) == []


def test_a_circle_is_met_twice_on_a_way_there_and_back() -> None:
    places = place_set((50.0, 8.0, 100.0))
    found = solve(places, path_of([(50.01, 8.0), (49.99, 8.0), (50.01, 8.0001)]))
    assert told(found) == [(0, 0, "entry"), (0, 0, "exit"), (1, 0, "entry"), (1, 0, "exit")]


def test_overlapping_circles_are_crossed_each_on_its_own() -> None:
    places = place_set((50.0, 8.0, 200.0), (50.0, 8.0, 100.0), (50.0, 8.002, 200.0))
    found = solve(places, path_of([(50.0, 7.99), (50.0, 8.01)]))
    assert told(found) == [
        (0, 0, "entry"),
        (0, 1, "entry"),
        (0, 2, "entry"),
        (0, 1, "exit"),
        (0, 0, "exit"),
        (0, 2, "exit"),
    ]


def test_places_with_the_same_circle_are_crossed_at_the_same_instant_in_their_order() -> None:
    places = place_set((50.0, 8.0, 100.0), (50.0, 8.0, 100.0))
    found = solve(places, path_of([(50.0, 7.99), (50.0, 8.01)]))
    assert told(found) == [(0, 0, "entry"), (0, 1, "entry"), (0, 0, "exit"), (0, 1, "exit")]
    assert found.time[0] == found.time[1]


@pytest.mark.parametrize("beside_mm", [1.0, -1.0])
def test_a_tangent_is_decided_to_the_millimetre(beside_mm: float) -> None:
    # Along a meridian at the equator, where the closest point is due west of the centre.
    offset = (500.0 + beside_mm / 1000.0) / (np.pi * 6_378_137.0 / 180.0)
    found = solve(place_set((0.0, 30.0, 500.0)), path_of([(-0.02, 30.0 - offset), (0.02, 30.0 - offset)]))
    assert told(found) == ([] if beside_mm > 0 else [(0, 0, "entry"), (0, 0, "exit")])
    if len(found):
        chord = 2.0 * np.sqrt(2 * 500.0 * 0.001)  # a chord one millimetre deep is two metres long
        assert geodesic_m(
            found.latitude[0], found.longitude[0], found.latitude[1], found.longitude[1]
        ) == pytest.approx(chord, rel=0.001)


@pytest.mark.parametrize(("lon0", "lon1"), [(179.9, -179.9), (-179.9, 179.9)])
@pytest.mark.parametrize("centre", [180.0, -180.0, 179.999, -179.999])
def test_legs_and_fences_reach_over_the_date_line(lon0: float, lon1: float, centre: float) -> None:
    found = solve(place_set((-17.0, centre, 400.0)), legs_of([(-17.0, lon0, -17.0, lon1)]))
    assert told(found) == [(0, 0, "entry"), (0, 0, "exit")]
    for lat, lon in zip(found.latitude.tolist(), found.longitude.tolist(), strict=True):
        assert geodesic_m(-17.0, centre, lat, lon) == pytest.approx(400.0, abs=0.001)
        assert -180.0 <= lon < 180.0


def test_a_leg_on_one_side_of_the_date_line_meets_a_fence_whose_centre_is_on_the_other() -> None:
    found = solve(place_set((-17.0, -179.999, 400.0)), legs_of([(-17.01, 179.999, -16.99, 179.999)]))
    assert told(found) == [(0, 0, "entry"), (0, 0, "exit")]


def test_a_leg_that_ends_where_it_reaches_the_border_agrees_with_the_next_one() -> None:
    places = place_set((50.0, 8.0, 100.0))
    start, end = (50.01, 8.001), (49.99, 7.9995)
    whole = solve(places, path_of([start, end]))
    border = [(float(a), float(b)) for a, b in zip(whole.latitude, whole.longitude, strict=True)]
    path = path_of([start, *border, border[-1], end])
    found = solve(places, path)
    assert [kind for _, _, kind in told(found)] == ["entry", "exit"]
    assert_alternating(places, path, found)


def test_nothing_comes_of_no_legs_and_of_no_places() -> None:
    assert len(solve(place_set((50.0, 8.0, 100.0)), legs_of([]))) == 0
    assert len(solve(place_set(), legs_of([(50.0, 8.0, 51.0, 8.0)]))) == 0


def test_times_stay_within_the_leg_even_if_it_takes_no_time() -> None:
    legs = legs_of([(50.01, 8.0, 50.0, 8.0)], duration_ms=0)
    assert solve(place_set((50.0, 8.0, 100.0)), legs).time.tolist() == [0]


# --- properties -------------------------------------------------------------------------------------------


def scattered(seed: int, count: int, latitude: float, longitude: float, spread: float) -> PlaceSet:
    """Places of all sizes around a point; ``spread`` in degrees."""
    rng = np.random.default_rng(seed)
    scale = spread / np.cos(np.radians(latitude))
    return place_set(
        *(
            (
                float(np.clip(latitude + rng.normal() * spread, -85.0, 85.0)),
                wrapped(longitude + rng.normal() * scale),
                float(np.exp(rng.uniform(np.log(25.0), np.log(20_000.0)))),
            )
            for _ in range(count)
        )
    )


def wandering(
    seed: int, places: PlaceSet, count: int, latitude: float, longitude: float, spread: float
) -> Legs:
    """A path with long and short legs that often ends in the middle or on the border of places, or rests."""
    rng = np.random.default_rng(seed + 1)
    scale = spread / np.cos(np.radians(latitude))
    points: list[tuple[float, float]] = []
    while len(points) < count:
        kind, place = rng.integers(5), places.places[int(rng.integers(len(places)))]
        if kind == 0 and points:
            points.append(points[-1])
        elif kind == 1:
            points.append((place.latitude, place.longitude))
        elif kind == 2:
            points.append(walk(place.latitude, place.longitude, float(rng.uniform(0, 360)), place.radius))
        else:
            lon = wrapped(longitude + rng.normal() * scale)
            points.append((float(np.clip(latitude + rng.normal() * spread, -89.0, 89.0)), lon))
    return path_of(points)


REGIONS = st.sampled_from([(50.0, 8.0), (-17.0, 179.99), (84.0, 20.0), (-85.0, -180.0), (0.0, 0.0)])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), region=REGIONS, spread=st.sampled_from([0.005, 0.05, 0.5]))
def test_entries_and_exits_alternate_along_any_path(
    seed: int, region: tuple[float, float], spread: float
) -> None:
    places = scattered(seed, 25, *region, spread)
    path = wandering(seed, places, 40, *region, spread)
    assert_alternating(places, path, solve(places, path))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), region=REGIONS, spread=st.sampled_from([0.005, 0.05, 2.0]))
def test_results_do_not_depend_on_what_else_is_asked(
    seed: int, region: tuple[float, float], spread: float
) -> None:
    places = scattered(seed, 25, *region, spread)
    path = wandering(seed, places, 20, *region, spread)
    together = solve(places, path)
    for number in range(len(path)):
        alone = solve(places, path.take(np.array([number])))
        rows = together.leg == number
        for field in fields(Crossings):
            if field.name != "leg":
                np.testing.assert_array_equal(
                    getattr(alone, field.name), getattr(together, field.name)[rows], strict=True
                )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), region=REGIONS, spread=st.sampled_from([0.005, 0.05, 2.0, 10.0]))
def test_the_index_misses_nothing(seed: int, region: tuple[float, float], spread: float) -> None:
    places = scattered(seed, 30, *region, spread)
    path = wandering(seed, places, 30, *region, spread)
    together = solve(places, path)
    for number, place in enumerate(places.places):
        alone = solve(place_set((place.latitude, place.longitude, place.radius)), path)
        rows = together.place == number
        assert alone.leg.tolist() == together.leg[rows].tolist()
        assert alone.time.tolist() == together.time[rows].tolist()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_crossings_are_sorted_and_within_their_legs(seed: int) -> None:
    places = scattered(seed, 40, 50.0, 8.0, 0.05)
    path = wandering(seed, places, 30, 50.0, 8.0, 0.05)
    found = solve(places, path)
    keys = list(zip(found.leg.tolist(), found.time.tolist(), found.place.tolist(), strict=True))
    assert keys == sorted(keys)
    assert (found.time >= path.t0[found.leg]).all()
    assert (found.time <= path.t1[found.leg]).all()
    assert (found.time % HOUR_MS == np.rint(found.fraction * HOUR_MS) % HOUR_MS).all()


PINNED = (
    "0x1.bb61b2a7c0f2ap-2",
    "0x1.1d99a37ff00b3p-1",
    "0x1.ab1ceca78f1ffp-2",
    "0x1.6a2251e8ab44fp-1",
)


def test_the_bits_are_the_same_on_every_machine() -> None:
    places = place_set((52.52, 13.405, 150.0), (60.17, 24.94, 5000.0))
    found = solve(places, legs_of([(52.51, 13.40, 52.53, 13.411), (60.0, 24.9, 60.3, 25.0)]))
    assert [value.hex() for value in found.fraction.tolist()] == list(PINNED)
