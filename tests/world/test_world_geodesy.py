"""Distances and directions against geopy's geodesic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world import geodesy
from tests.world.making import geodesic_m, walk, wrapped

LATITUDES = st.floats(-70.0, 70.0)
LONGITUDES = st.floats(-180.0, 180.0)
BEARINGS = st.floats(0.0, 360.0)


@settings(max_examples=200)
@given(LATITUDES, LONGITUDES, BEARINGS, st.floats(0.0, 20_000.0))
def test_distances_up_to_20_km_are_right_to_a_fraction_of_a_millimetre(
    latitude: float, longitude: float, bearing: float, metres: float
) -> None:
    there = walk(latitude, longitude, bearing, metres)
    assert float(geodesy.distance(latitude, longitude, *there)) == pytest.approx(metres, abs=2e-4)


@settings(max_examples=100)
@given(st.floats(-90.0, 90.0), LONGITUDES, BEARINGS, st.floats(1e5, 1.5e7))
def test_long_distances_are_right_to_half_a_percent(
    latitude: float, longitude: float, bearing: float, metres: float
) -> None:
    there = walk(latitude, longitude, bearing, metres)
    assert float(geodesy.distance(latitude, longitude, *there)) == pytest.approx(metres, rel=5e-3)


def test_distance_grows_all_the_way_to_the_other_side_of_the_earth() -> None:
    latitude = np.linspace(-90.0, 90.0, 5001)
    distance = geodesy.distance(-90.0, 0.0, latitude, 0.0)
    assert (np.diff(distance) > 0).all()
    assert float(geodesy.distance(0.0, 0.0, 0.0, 180.0)) == pytest.approx(math.pi * geodesy.MEAN_RADIUS)


def test_the_date_line_is_no_obstacle() -> None:
    across = float(geodesy.distance(-16.5, 179.95, -16.5, -179.95))
    assert across == pytest.approx(geodesic_m(-16.5, 179.95, -16.5, -179.95), abs=1e-3)


@settings(max_examples=150)
@given(LATITUDES, LONGITUDES, st.floats(0.0, 2 * math.pi), st.floats(0.0, 20_000.0))
def test_destination_covers_the_distance_in_the_direction_asked_for(
    latitude: float, longitude: float, bearing: float, metres: float
) -> None:
    there = tuple(float(x) for x in geodesy.destination(latitude, longitude, bearing, metres))
    assert geodesic_m(latitude, longitude, *there) == pytest.approx(metres, abs=1e-3)
    assert geodesic_m(*walk(latitude, longitude, math.degrees(bearing), metres), *there) < 0.1
    assert -180.0 <= there[1] < 180.0


def test_offsets_work_on_whole_arrays_and_stop_at_the_pole() -> None:
    latitude, longitude = geodesy.offset(
        np.array([0.0, 89.9999]), np.array([179.9999, 10.0]), np.array([1000.0, 0.0]), np.array([0.0, 5000.0])
    )
    assert longitude[0] == pytest.approx(-179.9911, abs=1e-4)
    assert latitude.max() <= 90.0


@settings(max_examples=150)
@given(st.floats(-85.0, 85.0), LONGITUDES, BEARINGS, st.floats(10.0, 20_000.0))
def test_a_bounding_box_holds_every_point_of_the_circle(
    latitude: float, longitude: float, bearing: float, radius: float
) -> None:
    south, west, north, east = (float(x) for x in geodesy.bounding_boxes(latitude, longitude, radius))
    lat, lon = walk(latitude, longitude, bearing, radius)
    assert south <= lat <= north
    assert west - longitude <= wrapped(lon - longitude) <= east - longitude
    assert (north - south) * 111_000 < 2.1 * radius  # and is hardly larger


def test_a_box_around_the_pole_is_all_round() -> None:
    _, west, north, east = geodesy.bounding_boxes(89.99, 20.0, 5000.0)
    assert (float(north), float(east - west)) == (90.0, 360.0)


@given(st.floats(0.001, 100_000.0))
def test_chord_and_arc_are_inverse(arc: float) -> None:
    assert float(geodesy.arc_of(geodesy.chord_of(arc))) == pytest.approx(arc, rel=1e-12)


PINNED = (
    "0x1.790e61b591edbp+10",
    "0x1.e798162074ba9p+23",
    "0x1.80bfe8285647fp+5",
    "0x1.7020fe072f260p+3",
)


def test_the_bits_are_the_same_on_every_machine() -> None:
    assert [
        float(geodesy.distance(52.52, 13.405, 52.53, 13.42)).hex(),
        float(geodesy.distance(-33.9, 151.2, 40.7, -74.0)).hex(),
        *(float(x).hex() for x in geodesy.offset(48.1, 11.5, 300.0, -700.0)),
    ] == list(PINNED)


def test_the_last_longitude_before_the_date_line_stays_in_the_interval() -> None:
    assert geodesy.wrap(np.nextafter(180.0, 0.0)) == -180.0
