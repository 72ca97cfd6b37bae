"""Which places an app has registered, when there are more of them than it asks for.

The app asks the places service for the nearest ones whenever it learns where it is: at launch, when a region
event arrives, and after a significant change of position. Nothing is computed until somebody crosses a border. Mostly
the way of the last minutes is enough to tell that the place is registered, wherever the app last learnt its position;
else that time is found from the planned way, and the places around are looked at.
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
# How many times as many places as are registered are looked at, before all of them are.
_RIVALS = 4


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

    def leads_to(self, other: Way) -> bool:
        """Whether ``other`` begins where this one ends."""
        return (
            abs(other.lat - self.lat - self.d_lat) <= _SAME_POINT
            and abs(_short_way(other.lon - self.lon - self.d_lon)) <= _SAME_POINT
        )

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

    __slots__ = ("_columns",)

    def __init__(self, legs: Legs) -> None:
        d_lat, d_lon = legs.lat1 - legs.lat0, wrap(legs.lon1 - legs.lon0)
        east = METRES_PER_DEGREE * numerics.cos(radians(legs.lat0 + 0.5 * d_lat))
        length = np.sqrt((d_lat * METRES_PER_DEGREE) ** 2 + (d_lon * east) ** 2)
        speed = length / np.maximum(legs.t1 - legs.t0, 1)
        self._columns = (legs.t0, legs.t1, legs.lat0, legs.lon0, d_lat, d_lon, east, speed)

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
        self._rivals: dict[int, tuple[list[int], float]] = {}

    def around(self, latitude: float, longitude: float) -> list[int]:
        """The places nearest to a point in degrees, by the distance to their borders."""
        places, _ = self._places.nearest_borders(np.array([latitude]), np.array([longitude]), self._count)
        nearest: list[int] = places[0].tolist()
        return nearest

    def lists(self, place: int, latitude: float, longitude: float) -> bool | None:
        """Whether ``place`` is among the nearest to a point, told without a query; None where that takes one."""
        away = self._away(place, latitude, longitude)
        if away > _MAP_M:
            return None
        if _SLACK * away < self.realm(place):
            return True
        # Those that are nearer are told from those that are not, and both from those too near to it to tell.
        rivals, beyond = self._rivals_of(place)
        least, most = away / _SLACK - self._radius[place], away * _SLACK - self._radius[place]
        if _SLACK * away + most >= beyond:
            return None
        nearer = doubtful = 0
        for rival in rivals:
            metres, radius = self._away(rival, latitude, longitude), self._radius[rival]
            if min(metres, _MAP_M) / _SLACK - radius <= most:
                if metres <= _MAP_M and metres * _SLACK - radius < least:
                    nearer += 1
                else:
                    doubtful += 1
        if nearer >= self._count:
            return False
        return True if nearer + doubtful < self._count else None

    def _away(self, place: int, latitude: float, longitude: float) -> float:
        """The distance to the centre of ``place`` on a flat map, metres."""
        y = (latitude - self._latitude[place]) * METRES_PER_DEGREE
        x = _short_way(longitude - self._longitude[place]) * self._east[place]
        return sqrt(x * x + y * y)

    def surely_lists_within(self, place: int, metres: float) -> bool:
        """Whether ``place`` is among the nearest for anybody at most so far away from its border."""
        return _SLACK * (self._radius[place] + metres) < self.realm(place)

    def realm(self, place: int) -> float:
        """Up to this distance from the centre of ``place``, metres, it is among the nearest in any case: too few others
        can be nearer."""
        realm = self._realms.get(place)
        if realm is None:
            _, borders = self._others(place, self._count)
            realm = self._realms[place] = 0.5 * (borders[-1] + self._radius[place])
        return realm

    def _rivals_of(self, place: int) -> tuple[list[int], float]:
        """The places around ``place``, and how far from its centre the border of any other one is at least."""
        found = self._rivals.get(place)
        if found is None:
            others, borders = self._others(place, _RIVALS * self._count)
            beyond = inf if len(others) == len(self._radius) - 1 else borders[-1]
            found = self._rivals[place] = others, beyond
        return found

    def _others(self, place: int, count: int) -> tuple[list[int], list[float]]:
        """The ``count`` places with the borders nearest to the centre of ``place``, but for itself, and how far they are.

        Another one is nearer to a point only if the way from centre to centre, less its own radius and plus that
        of ``place``, is shorter than twice the way from the point to the centre (triangle inequality).
        """
        here = slice(place, place + 1)
        places, borders = self._places.nearest_borders(
            self._places.latitude[here], self._places.longitude[here], count + 1
        )
        others = places[0] != place
        return places[0][others][:count].tolist(), borders[0][others][:count].tolist()


class Registrations:
    """The regions that the app on one phone has registered, as its person moves."""

    __slots__ = (
        "_ahead",
        "_asked",
        "_fix",
        "_known_since",
        "_latitude",
        "_longitude",
        "_nearest",
        "_paused",
        "_service",
        "_ways",
    )

    def __init__(self, service: PlacesService, latitude: float, longitude: float) -> None:
        """The first places are those around the point (degrees) where the run finds the phone."""
        self._service = service
        # The legs of the last minutes, under way and to come; those after them are rows of tables.
        self._ways: list[Way] = []
        # Since when the person's way is known, and the app asks where it leads.
        self._known_since = -SIGNIFICANT_MS
        self._ahead: tuple[tuple[Ways, int, int], ...] = ()
        # When and where the app last learnt its position, and which places are nearest to that, once asked.
        self._fix = 0
        self._latitude, self._longitude = latitude, longitude
        self._nearest: list[int] | None = None
        self._paused = False
        # When the app last asked where it is, if that has not been answered yet.
        self._asked: int | None = None

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

    def cut(self, now: int) -> None:
        """From ``now`` on the person goes elsewhere than was said; :meth:`follow` tells where."""
        self.catch_up(now)
        self._ways, self._ahead, self._known_since = [], (), now

    def _unfold(self) -> None:
        """Look at the legs that nobody needed so far."""
        if self._ahead:
            for ways, first, last in self._ahead:
                self._ways.extend(ways.rows(first, last))
            self._ahead = ()
            self._forget(self._fix if self._asked is None else self._asked)

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
            if self._ways:
                begun = [way for way in self._ways if way.t0 <= asked]
                self._locate(asked, *(begun[-1] if begun else self._ways[0]).at(asked))

    def pause(self, now: int) -> None:
        """From ``now`` on the app learns of no changes of position, until it asks itself."""
        self.catch_up(now)
        self._paused = True

    def resume(self, now: int) -> None:
        """The app learns of changes of position again."""
        if self._paused:
            self._answer()
            self._paused = False
            self._fix = self._known_since = now

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

        The app knows where the person is to within a significant distance, or was in the time that must pass between
        two changes: often that is enough to tell.
        """
        if not self._paused:
            reach = self._moved(now - SIGNIFICANT_MS, now)
            if since is not None:
                reach = max(reach, self._moved(since, now) + SIGNIFICANT_M)
            if self._service.surely_lists_within(place, max(reach, SIGNIFICANT_M)):
                return True
        return self.has(place, now)

    def _moved(self, since: int, now: int) -> float:
        """So many metres the person has at most moved from ``since`` to ``now``; infinite if that isn't known."""
        self._unfold()
        if since < self._known_since:
            return inf
        metres, later = 0.0, None
        for way in reversed(self._ways):
            if way.t0 > now:
                continue
            if later is not None and not way.leads_to(later):
                return inf
            if way.t1 > since:
                metres += way.speed * (min(now, way.t1) - max(since, way.t0))
            if way.t0 <= since:
                return metres
            later = way
        return metres if self._ways else inf

    def has(self, place: int, now: int) -> bool:
        """Whether ``place`` is registered at ``now``, which must not decrease from call to call."""
        self.catch_up(now)
        if self._nearest is None:
            surely = self._service.lists(place, self._latitude, self._longitude)
            if surely is not None:
                return surely
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
        """Drop the legs that are over and done with, but for those of the last minutes."""
        ways, before = self._ways, now - SIGNIFICANT_MS
        while len(ways) > 1 and ways[1].t0 <= before:
            del ways[0]
            self._known_since = max(self._known_since, ways[0].t0)
