"""The planned ways of a cohort, as the phones know them: what an app can have learnt of where its person is.

A leg becomes an object only when somebody asks: the day of a person to whom nothing happens stays a few rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, inf, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.core import numerics
from simulator.core.numerics import FloatArray, IntArray, radians
from simulator.core.simtime import MS_PER_MINUTE
from simulator.world import Legs
from simulator.world.geodesy import METRES_PER_DEGREE, wrap

# A significant change of position: this far, metres, and this long after the last one (mobile_sdk.md 3.1).
SIGNIFICANT_M = 500.0
SIGNIFICANT_MS = 5 * MS_PER_MINUTE

# Points are the same if latitude and longitude differ by less, degrees: 0.1 m.
_SAME_POINT = 1e-6


class Way(NamedTuple):
    """A leg of somebody's day: from (``lat``, ``lon``) at ``t0``, by (``d_lat``, ``d_lon``) until ``t1``."""

    t0: int
    t1: int
    lat: float
    lon: float
    d_lat: float
    d_lon: float
    east: float
    """Metres per degree of longitude."""
    speed: float
    """Metres per millisecond."""
    before: float
    """So many metres the person has at most moved in the last ``SIGNIFICANT_MS`` before it; infinite if unknown."""

    def moved(self, since: int, now: int) -> float:
        """So many metres the person has at most moved from ``since`` to ``now``, on this leg or after it."""
        end = self.t1 if self.t1 < now else now
        if since >= self.t0:
            return self.speed * (end - since) if end > since else 0.0
        if since < self.t0 - SIGNIFICANT_MS:
            return inf
        return self.before + self.speed * (end - self.t0)

    def follows(self, other: Way) -> bool:
        """Whether it begins where ``other`` ended, a good while later."""
        away_lat, away_lon = self.lat - other.lat - other.d_lat, self.lon - other.lon - other.d_lon
        same = abs(away_lat) <= _SAME_POINT and abs(short_way(away_lon)) <= _SAME_POINT
        return same and self.t0 - other.t1 >= SIGNIFICANT_MS

    def at(self, time: int) -> tuple[float, float]:
        """Where somebody on this leg is; before it at its beginning, after it at its end."""
        if time >= self.t1:
            return self.lat + self.d_lat, self.lon + self.d_lon
        if time <= self.t0:
            return self.lat, self.lon
        share = (time - self.t0) / (self.t1 - self.t0)
        return self.lat + self.d_lat * share, self.lon + self.d_lon * share

    def away(self, latitude: float, longitude: float, since: int) -> float:
        """The first time from ``since`` on at which a point is left a significant distance behind.

        Infinite if this leg does not lead so far.
        """
        lat, lon = self.at(since)
        x, y = short_way(lon - longitude) * self.east, (lat - latitude) * METRES_PER_DEGREE
        short = x * x + y * y - SIGNIFICANT_M * SIGNIFICANT_M
        if short >= 0.0:
            return since
        if since >= self.t1:
            return inf
        length = self.t1 - self.t0
        dx, dy = self.d_lon * self.east / length, self.d_lat * METRES_PER_DEGREE / length
        speed2 = dx * dx + dy * dy
        if speed2 == 0.0:
            return inf
        along = x * dx + y * dy
        time = since + ceil((sqrt(along * along - speed2 * short) - along) / speed2)
        return time if time <= self.t1 else inf


class Ways:
    """The legs of a cohort's day as columns; a leg becomes a :class:`Way` only when somebody asks."""

    __slots__ = ("_columns",)

    def __init__(self, legs: Legs, first: IntArray | None = None) -> None:
        """``first`` are the rows at which the legs of another person begin; without it they are all of one person."""
        d_lat, d_lon = legs.lat1 - legs.lat0, wrap(legs.lon1 - legs.lon0)
        east = METRES_PER_DEGREE * numerics.cos(radians(legs.lat0 + 0.5 * d_lat))
        length = np.sqrt((d_lat * METRES_PER_DEGREE) ** 2 + (d_lon * east) ** 2)
        speed = length / np.maximum(legs.t1 - legs.t0, 1)
        begins = np.zeros(len(length), dtype=np.bool_)
        begins[:1] = True
        if first is not None:
            begins[first] = True
        before = _moved_before(legs, length, speed, begins)
        self._columns = (legs.t0, legs.t1, legs.lat0, legs.lon0, d_lat, d_lon, east, speed, before)

    def rows(self, first: int, last: int) -> Iterable[Way]:
        """Legs ``first`` to ``last`` (exclusive)."""
        columns = (column[first:last].tolist() for column in self._columns)
        return map(Way._make, zip(*columns, strict=True))


def _moved_before(
    legs: Legs, length: FloatArray, speed: FloatArray, begins: npt.NDArray[np.bool_]
) -> FloatArray:
    """How many metres each one has moved in the last ``SIGNIFICANT_MS`` before each leg; infinite if unknown.

    Before the first legs of their person, where ``begins`` holds, they are taken to have stood still.
    """
    gaps = np.abs(legs.lat0[1:] - legs.lat1[:-1]), np.abs(wrap(legs.lon0[1:] - legs.lon1[:-1]))
    # Legs without a gap are a stretch. Those of all stretches get one order in time.
    broken = begins.copy()
    broken[1:] |= np.maximum(*gaps) > _SAME_POINT
    stretch = np.cumsum(broken)
    start = int(legs.t0.min(initial=0)) - SIGNIFICANT_MS
    order = stretch * (int(legs.t0.max(initial=0)) - start + 1) + (legs.t0 - start)
    # The leg that was under way so long ago, or had been the last.
    rows = np.searchsorted(order, order - SIGNIFICANT_MS, side="right") - 1
    known = (rows >= 0) & (stretch[rows] == stretch)
    done = np.cumsum(length) - length
    since = legs.t0 - SIGNIFICANT_MS - legs.t0[rows]
    moved = done - done[rows] - speed[rows] * np.minimum(since, legs.t1[rows] - legs.t0[rows])
    return np.where(known, np.maximum(moved, 0.0), np.where(begins, 0.0, inf))


def short_way(degrees: float) -> float:
    """A difference of longitudes, the short way round."""
    if degrees > 180.0:
        return degrees - 360.0
    return degrees + 360.0 if degrees < -180.0 else degrees
