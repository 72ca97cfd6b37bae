"""Places, legs and files for the tests of the world."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from geopy.distance import geodesic

from simulator.core.errors import InputError, Problem
from simulator.scenario.models import Library
from simulator.world import Legs, Place, PlaceSet, load_places

HOUR_MS = 3_600_000


def place_set(*circles: tuple[float, float, float]) -> PlaceSet:
    """Places by latitude, longitude and radius."""
    return PlaceSet(
        [
            Place(
                id=f"p{number}",
                name=f"Place {number}",
                latitude=latitude,
                longitude=longitude,
                radius=radius,
                library_id="l",
                library_name="Library",
            )
            for number, (latitude, longitude, radius) in enumerate(circles)
        ]
    )


def legs_of(ends: Iterable[Sequence[float]], duration_ms: int = HOUR_MS) -> Legs:
    """Legs by (lat0, lon0, lat1, lon1), one after the other in time."""
    columns = np.array(list(ends), dtype=np.float64).reshape(-1, 4).T
    start = np.arange(columns.shape[1], dtype=np.int64) * duration_ms
    return Legs(*columns, start, start + duration_ms)


def path_of(points: Sequence[tuple[float, float]], duration_ms: int = HOUR_MS) -> Legs:
    """The legs of a continuous way through ``points``."""
    return legs_of([(*a, *b) for a, b in pairwise(points)], duration_ms)


def geodesic_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """The ruler: geopy's distance in metres."""
    return float(geodesic((lat1, lon1), (lat2, lon2)).m)


def walk(latitude: float, longitude: float, bearing_deg: float, metres: float) -> tuple[float, float]:
    """The ruler: where geopy gets to."""
    point = geodesic(meters=metres).destination((latitude, longitude), bearing_deg)
    return point.latitude, point.longitude


def wrapped(longitude: float) -> float:
    """A longitude in [-180, 180)."""
    return (longitude + 180.0) % 360.0 - 180.0


def true_meetings(
    centre: tuple[float, float], radius: float, ends: Sequence[float]
) -> tuple[list[tuple[bool, float]], float]:
    """Entries and exits of one leg by bisection with the ruler, as (entry, fraction).

    Also how clear the case is, in metres: the least distance from the border of the leg's two ends and of
    its closest point.
    """
    lat0, lon0, lat1, lon1 = ends
    d_lon = wrapped(lon1 - lon0)

    def outside(share: float) -> float:
        return geodesic_m(*centre, lat0 + share * (lat1 - lat0), wrapped(lon0 + share * d_lon)) - radius

    low, high = 0.0, 1.0
    for _ in range(60):
        a, b = low + (high - low) * 0.382, low + (high - low) * 0.618
        low, high = (low, b) if outside(a) < outside(b) else (a, high)
    closest = 0.5 * (low + high)
    at_start, at_end, at_closest = outside(0.0), outside(1.0), outside(closest)
    clear = min(abs(at_start), abs(at_end), abs(at_closest))
    if at_closest > 0:
        return [], clear

    def border(inner: float, outer: float) -> float:
        for _ in range(45):
            middle = 0.5 * (inner + outer)
            inner, outer = (middle, outer) if outside(middle) <= 0 else (inner, middle)
        return 0.5 * (inner + outer)

    found = [(True, border(closest, 0.0))] if at_start > 0 else []
    return found + ([(False, border(closest, 1.0))] if at_end > 0 else []), clear


def leg_through(
    point: tuple[float, float], heading_deg: float, before_m: float, after_m: float
) -> tuple[float, float, float, float]:
    """A leg that is straight in latitude and longitude and passes ``point``."""
    latitude, longitude = point
    north = math.cos(math.radians(heading_deg)) / 111_000.0
    east = math.sin(math.radians(heading_deg)) / 111_000.0 / math.cos(math.radians(latitude))
    return (
        latitude - north * before_m,
        wrapped(longitude - east * before_m),
        latitude + north * after_m,
        wrapped(longitude + east * after_m),
    )


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """A file with ``content``."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def load(*libraries: Library, seed: int = 1) -> tuple[PlaceSet, list[Problem]]:
    """The places of ``libraries`` in a scenario named s.yaml whose line numbers are path lengths."""
    return load_places(libraries, seed=seed, where=lambda path: (len(path), 1), file="s.yaml")


def problems_of(*libraries: Library) -> list[str]:
    """The messages with which loading fails."""
    try:
        load(*libraries)
    except InputError as error:
        return [str(problem) for problem in error.problems]
    raise AssertionError("loading did not fail")
