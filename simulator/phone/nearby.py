"""Which places an app has registered, when there are more of them than it asks for.

The app asks the places service for the nearest ones whenever it learns where it is: at launch, when a region
event arrives, and after a significant change of position. Nothing is computed until somebody crosses a border. Mostly
the way of the last minutes is enough to tell that the place is registered, wherever the app last learnt its position;
else that time is found from the planned way, and the places around are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, sqrt

import numpy as np

from simulator.core import numerics
from simulator.core.numerics import radians
from simulator.phone.ways import SIGNIFICANT_M, SIGNIFICANT_MS, Way, Ways, short_way
from simulator.world import PlaceSet
from simulator.world.geodesy import METRES_PER_DEGREE

# Up to this distance, and to 85 degrees of latitude, flat maps are off by less than the share: 0.6 % because the Earth
# is no sphere, 0.9 % because parallels shorten towards the poles.
_MAP_M = 5_000.0
_SLACK = 1.02
# How many times as many places as are registered are looked at, before all of them are.
_RIVALS = 4


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
        x = short_way(longitude - self._longitude[place]) * self._east[place]
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
        """The ``count`` other places with the borders nearest to the centre of ``place``, and how far they are.

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
        # The legs under way and to come; those after them are rows of tables.
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
                rows = list(ways.rows(first, last))
                if rows and self._ways and not rows[0].follows(self._ways[-1]):
                    rows[0] = rows[0]._replace(before=inf)
                self._ways += rows
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
        lately = now - SIGNIFICANT_MS
        if not self._paused and lately >= self._known_since:
            self._unfold()
            for way in reversed(self._ways):
                if way.t0 > now:
                    continue
                reach = max(SIGNIFICANT_M, way.moved(lately, now))
                if since is not None:
                    reach = max(reach, SIGNIFICANT_M + way.moved(since, now))
                if self._service.surely_lists_within(place, reach):
                    return True
                break
        return self.has(place, now)

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
        """Drop the legs that are over and done with."""
        ways = self._ways
        while len(ways) > 1 and ways[1].t0 <= now:
            del ways[0]
