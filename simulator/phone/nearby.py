"""Which places an app has registered, when there are more of them than it asks for.

The app asks the places service for the nearest ones whenever it learns where it is: at launch, when a region
event arrives, and after a significant change of position. Nothing is computed until somebody crosses a border; then
the last time that the app learnt its position is found from the planned way, and one query answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, inf, sqrt
from typing import NamedTuple

import numpy as np

from simulator.core import numerics
from simulator.core.numerics import radians
from simulator.core.simtime import MS_PER_MINUTE
from simulator.world import Legs, PlaceSet
from simulator.world.geodesy import METRES_PER_DEGREE, wrap

# A significant change of position: this far, metres, and this long after the last one (mobile_sdk.md 3.1).
SIGNIFICANT_M = 500.0
SIGNIFICANT_MS = 5 * MS_PER_MINUTE

# Up to this distance, and to 85 degrees of latitude, flat maps are off by less than the share: 0.6 % because the Earth
# is no sphere, 0.9 % because parallels shorten towards the poles.
_MAP_M = 5_000.0
_SLACK = 1.02
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
        x, y = _short_way(lon - longitude) * self.east, (lat - latitude) * METRES_PER_DEGREE
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

    __slots__ = ("_columns", "_ends", "_speed", "_starts")

    def __init__(self, legs: Legs) -> None:
        d_lat, d_lon = legs.lat1 - legs.lat0, wrap(legs.lon1 - legs.lon0)
        east = METRES_PER_DEGREE * numerics.cos(radians(legs.lat0 + 0.5 * d_lat))
        self._columns = (legs.t0, legs.t1, legs.lat0, legs.lon0, d_lat, d_lon, east)
        length = np.sqrt((d_lat * METRES_PER_DEGREE) ** 2 + (d_lon * east) ** 2)
        self._speed = length / np.maximum(legs.t1 - legs.t0, 1)
        self._starts = np.stack([legs.lat0, legs.lon0])
        self._ends = np.stack([legs.lat1, legs.lon1])

    def fastest(self, first: int, last: int) -> float:
        """The highest speed on legs ``first`` to ``last`` (exclusive), metres per millisecond.

        Infinite where a leg does not begin where the one before ended.
        """
        if first == last:
            return 0.0
        gaps = np.abs(self._starts[:, first + 1 : last] - self._ends[:, first : last - 1])
        if gaps.max(initial=0.0) > _SAME_POINT:
            return inf
        return float(self._speed[first:last].max())

    def begins(self, row: int) -> tuple[float, float]:
        """Where leg ``row`` begins, degrees."""
        return float(self._starts[0, row]), float(self._starts[1, row])

    def ends(self, row: int) -> tuple[float, float]:
        """Where leg ``row`` ends, degrees."""
        return float(self._ends[0, row]), float(self._ends[1, row])

    def rows(self, first: int, last: int) -> Iterable[Way]:
        """Legs ``first`` to ``last`` (exclusive)."""
        columns = (column[first:last].tolist() for column in self._columns)
        return map(Way._make, zip(*columns, strict=True))


def _short_way(degrees: float) -> float:
    """A difference of longitudes, the short way round."""
    if degrees > 180.0:
        return degrees - 360.0
    return degrees + 360.0 if degrees < -180.0 else degrees


class PlacesService:
    """Tells which ``count`` places are nearest; shared by many phones."""

    def __init__(self, places: PlaceSet, count: int) -> None:
        self._places = places
        self._count = count
        self._latitude: Sequence[float] = places.latitude.tolist()
        self._longitude: Sequence[float] = places.longitude.tolist()
        self._east: Sequence[float] = (METRES_PER_DEGREE * numerics.cos(radians(places.latitude))).tolist()
        self._radius: Sequence[float] = places.radius.tolist()
        self._realms: dict[int, float] = {}

    def around(self, latitude: float, longitude: float) -> list[int]:
        """The places nearest to a point in degrees, by the distance to their borders."""
        places, _ = self._places.nearest_borders(np.array([latitude]), np.array([longitude]), self._count)
        nearest: list[int] = places[0].tolist()
        return nearest

    def surely_lists(self, place: int, latitude: float, longitude: float) -> bool:
        """Whether ``place`` is so near that it is among the nearest in any case, told without a query."""
        y = (latitude - self._latitude[place]) * METRES_PER_DEGREE
        x = _short_way(longitude - self._longitude[place]) * self._east[place]
        away = _SLACK * sqrt(x * x + y * y)
        return away <= _MAP_M and away < self.realm(place)

    def surely_lists_within(self, place: int, metres: float) -> bool:
        """Whether ``place`` is among the nearest for anybody at most so far away from its border."""
        return _SLACK * (self._radius[place] + metres) < self.realm(place)

    def realm(self, place: int) -> float:
        """Up to this distance from the centre of ``place``, metres, it is among the nearest in any case."""
        realm = self._realms.get(place)
        if realm is None:
            realm = self._realms[place] = self._realm(place)
        return realm

    def _realm(self, place: int) -> float:
        """Up to this distance from the centre of ``place``, metres, too few others can be nearer.

        Another one is nearer to a point only if the way from centre to centre, less its own radius and plus that
        of ``place``, is shorter than twice the way from the point to the centre (triangle inequality).
        """
        places, borders = self._places.nearest_borders(
            self._places.latitude[place : place + 1],
            self._places.longitude[place : place + 1],
            self._count + 1,
        )
        others = borders[0][places[0] != place]
        return 0.5 * float(others[self._count - 1] + self._places.radius[place])


class Registrations:
    """The regions that the app on one phone has registered, as its person moves."""

    __slots__ = (
        "_ahead",
        "_asked",
        "_end",
        "_fix",
        "_latitude",
        "_longitude",
        "_nearest",
        "_paused",
        "_service",
        "_speed",
        "_speed_before",
        "_ways",
    )

    def __init__(self, service: PlacesService, latitude: float, longitude: float) -> None:
        """The first places are those around the point (degrees) where the run finds the phone."""
        self._service = service
        # The legs under way and to come; those after them are rows of tables.
        self._ways: list[Way] = []
        self._ahead: tuple[tuple[Ways, int, int], ...] = ()
        # When and where the app last learnt its position, and which places are nearest to that, once asked.
        self._fix = 0
        self._latitude, self._longitude = latitude, longitude
        self._nearest: list[int] | None = None
        self._paused = False
        # When the app last asked where it is, if that has not been answered yet.
        self._asked: int | None = None
        # The highest speeds of the legs of the last table and of the one before, and where the last one ends.
        self._speed = self._speed_before = 0.0
        self._end: tuple[float, float] | None = None

    @property
    def fixed_at(self) -> int:
        """When the app last learnt its position, as far as anybody asked."""
        self._answer()
        return self._fix

    def follow(self, ways: Ways, first: int, last: int, now: int) -> None:
        """The person's next legs, ``first`` to ``last`` of ``ways``; legs come in the order of time."""
        if len(self._ahead) > 1:
            self.catch_up(now)
        self._ahead = (*self._ahead, (ways, first, last))
        self._speed_before, self._speed = self._speed, ways.fastest(first, last)
        if first < last:
            start, end = ways.begins(first), self._end
            if end is not None and max(abs(start[0] - end[0]), abs(start[1] - end[1])) > _SAME_POINT:
                self._speed = inf
            self._end = ways.ends(last - 1)

    def cut(self, now: int) -> None:
        """From ``now`` on the person goes elsewhere than was said; :meth:`follow` tells where."""
        self.catch_up(now)
        self._ways, self._ahead, self._end = [], (), None

    def _unfold(self) -> None:
        """Look at the legs that nobody needed so far."""
        for ways, first, last in self._ahead:
            self._ways.extend(ways.rows(first, last))
        self._ahead = ()

    def refresh(self, now: int) -> None:
        """The app learns where it is at ``now`` and registers the places around."""
        self._paused = False
        self._asked = now

    def _answer(self) -> None:
        """Find out where the app last learnt to be: nobody needed to know until now."""
        asked = self._asked
        if asked is not None:
            self._asked = None
            self._unfold()
            self._forget(asked)
            if self._ways:
                self._locate(asked, *self._ways[0].at(asked))

    def pause(self, now: int) -> None:
        """From ``now`` on the app learns of no changes of position, until it asks itself."""
        self.catch_up(now)
        self._paused = True

    def resume(self, now: int) -> None:
        """The app learns of changes of position again."""
        if self._paused:
            self._answer()
            self._paused = False
            self._fix = now

    def next_change(self) -> int | None:
        """When the next significant change of position comes, as far as the way is known."""
        self._answer()
        self._unfold()
        found = None if self._paused else self._next_change(inf)
        return None if found is None else found[0]

    def catch_up(self, now: int) -> None:
        """Let the significant changes of position up to ``now`` happen."""
        self._answer()
        self._unfold()
        while not self._paused:
            found = self._next_change(now)
            if found is None:
                break
            time, way = found
            self._locate(time, *way.at(time))
        self._forget(now)

    def has_around(self, place: int, now: int, since: int | None = None) -> bool:
        """:meth:`has` for a place that the person is in, or whose border they are at or were at ``since``.

        The app knows where the person is to within a significant distance, or what they can do in the time that
        must pass between two changes: often that is enough to tell.
        """
        if not self._paused and self._end is not None:
            fastest = max(self._speed, self._speed_before)
            moved = 0.0 if since is None else fastest * (now - since)
            if self._service.surely_lists_within(place, moved + max(SIGNIFICANT_M, fastest * SIGNIFICANT_MS)):
                return True
        return self.has(place, now)

    def has(self, place: int, now: int) -> bool:
        """Whether ``place`` is registered at ``now``, which must not decrease from call to call."""
        self.catch_up(now)
        if self._nearest is None:
            if self._service.surely_lists(place, self._latitude, self._longitude):
                return True
            self._nearest = self._service.around(self._latitude, self._longitude)
        return place in self._nearest

    def _locate(self, time: int, latitude: float, longitude: float) -> None:
        self._fix, self._latitude, self._longitude = time, latitude, longitude
        self._nearest = None

    def _next_change(self, now: float) -> tuple[int, Way] | None:
        """The next significant change up to ``now``, if any, and the leg on which (or after which) it happens."""
        earliest = self._fix + SIGNIFICANT_MS
        ways = self._ways
        for number, way in enumerate(ways):
            since = max(way.t0, earliest)
            if since > now:
                return None
            next_start = ways[number + 1].t0 if number + 1 < len(ways) else inf
            if since >= next_start:
                continue
            time = way.away(self._latitude, self._longitude, since)
            if time < inf and time <= now:
                return int(time), way
        return None

    def _forget(self, now: int) -> None:
        """Drop the legs that are over and done with."""
        ways = self._ways
        while len(ways) > 1 and ways[1].t0 <= now:
            del ways[0]
