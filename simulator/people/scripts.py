"""People who act by a script: when their steps begin, and how they get where the steps take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

import numpy as np

from simulator.core.distributions import Constant, Distribution
from simulator.core.numerics import FloatArray
from simulator.core.randomness import key_of, uniform_one
from simulator.core.simtime import MS_PER_SECOND, Calendar
from simulator.people.legs import DayLegs
from simulator.people.ways import Ways, straight_ways, ways_along_streets
from simulator.scenario import Position
from simulator.scenario.models import Mode, ScriptStep
from simulator.world import Legs, PlaceSet, RoadNetwork, geodesy

HOME = "home"
# Who enters a place stops at this share of the radius from its centre; who leaves it, so far beyond the border.
WELL_INSIDE = 0.5
WELL_OUTSIDE, OUTSIDE_M = 1.5, 50.0
SLOWEST_M_PER_S = 0.1
SHORTEST_S = 0.001


class StaysPut:
    """The plan of people who do nothing by themselves."""

    def plan(self, day: int, midnight_ms: int) -> DayLegs:
        """No legs."""
        nothing, never = np.empty(0), np.empty(0, dtype=np.int64)
        return DayLegs(never, Legs(nothing, nothing, nothing, nothing, never, never))


class PlaceNames:
    """Finds places by what scripts call them: name or id."""

    def __init__(self, places: PlaceSet) -> None:
        self._places = places
        self._named: dict[str, list[int]] = {}
        for index, place in enumerate(places.places):
            for name in dict.fromkeys((place.name, place.id)):
                self._named.setdefault(name, []).append(index)

    def __contains__(self, name: str) -> bool:
        return name in self._named

    def names(self) -> list[str]:
        """All names and ids."""
        return list(self._named)

    def nearest(self, name: str, latitude: float, longitude: float) -> int:
        """The place (index) of that name which is nearest to a point; KeyError if there is none."""
        found = self._named[name]
        if len(found) == 1:
            return found[0]
        metres = geodesy.distance(
            self._places.latitude[found], self._places.longitude[found], latitude, longitude
        )
        return found[int(np.argmin(metres))]


def due_times(script: Sequence[ScriptStep], calendar: Calendar) -> list[int | None]:
    """When each step is due in virtual time; None for those that follow the step before.

    A time of day is the next one after the last time given, or after the start of the run.
    """
    last, times = 0, list[int | None]()
    for step in script:
        if step.at is None:
            times.append(None)
            continue
        if isinstance(step.at, datetime):
            due = calendar.at_local(step.at)
        else:
            midnight = datetime.combine(calendar.local(last).date(), datetime.min.time())
            due = calendar.at_local(midnight + timedelta(seconds=step.at))
            if due < last:
                due = calendar.at_local(midnight + timedelta(days=1, seconds=step.at))
        last = max(last, due)
        times.append(due)
    return times


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all movers of a cohort share."""

    places: PlaceSet
    names: PlaceNames
    roads: RoadNetwork | None
    modes: Sequence[tuple[str, Mode]]

    @property
    def mode_numbers(self) -> Mapping[str, int]:
        """The modes by name."""
        return {name: number for number, (name, _) in enumerate(self.modes)}


class Mover:
    """Moves one person from where the last step left them."""

    def __init__(self, around: Surroundings, key: int, latitude: float, longitude: float) -> None:
        """``key`` is that of the person's draws; they are at home, at a point in degrees."""
        self._around = around
        self._key = key
        self._home = latitude, longitude
        self.latitude, self.longitude = latitude, longitude

    def move(self, step: ScriptStep, number: int, now: int) -> tuple[Legs, int]:
        """The legs of step ``number``, begun at ``now``, and when the person arrives; they are there then."""
        latitude, longitude = self._aim(step)
        ends = (self.latitude, self.longitude, latitude, longitude)
        lat0, lon0, lat1, lon1 = (np.array([degrees]) for degrees in ends)
        metres = geodesy.distance(lat0, lon0, lat1, lon1)
        chosen = self._around.mode_numbers[step.by]
        mode = self._around.modes[chosen][1]
        if step.go_to is None:  # past a border and no further: no way round
            ways = straight_ways(lat0, lon0, lat1, lon1, metres)
        else:
            ways = straight_ways(lat0, lon0, lat1, lon1, metres * mode.detour)
            if self._around.roads is not None:
                ways = ways_along_streets(self._around.roads, self._around.modes, np.array([chosen]), ways)
        arrive = now + round(self._seconds(step, number, mode, ways) * MS_PER_SECOND)
        self.latitude, self.longitude = latitude, longitude
        return _timed(ways, now, arrive), arrive

    def drawn(self, distribution: Distribution, purpose: str, number: int) -> float:
        """What the person draws for step ``number``."""
        if isinstance(distribution, Constant):
            return distribution.value
        u = np.array([uniform_one(key_of(self._key, purpose), number)])
        return float(distribution.ppf(u)[0])

    def _seconds(self, step: ScriptStep, number: int, mode: Mode, ways: Ways) -> float:
        metres = float(ways.metres[0])
        if metres == 0.0:
            return 0.0
        if step.takes is not None:
            return max(self.drawn(step.takes, "script.takes", number), SHORTEST_S)
        if step.speed is not None:
            return metres / self.drawn(step.speed, "script.speed", number)
        return metres / max(self.drawn(mode.speed, "script.speed", number), SLOWEST_M_PER_S)

    def _aim(self, step: ScriptStep) -> tuple[float, float]:
        """Where a step leads."""
        name = step.go_to or step.walk_by or step.enter or step.leave
        if name == HOME:
            return self._home
        if isinstance(name, Position):
            return name.latitude, name.longitude
        places = self._around.places
        place = self._around.names.nearest(str(name), self.latitude, self.longitude)
        centre = float(places.latitude[place]), float(places.longitude[place])
        if step.go_to is not None:
            return centre
        radius = float(places.radius[place])
        outside = radius * WELL_OUTSIDE + OUTSIDE_M
        east, north, away = self._from(*centre)
        if step.walk_by is not None:
            return _point(*centre, -east, -north, outside)
        if step.enter is not None:
            return (
                self._here
                if away <= WELL_INSIDE * radius
                else _point(*centre, east, north, WELL_INSIDE * radius)
            )
        return self._here if away >= outside else _point(*centre, east, north, outside)

    @property
    def _here(self) -> tuple[float, float]:
        return self.latitude, self.longitude

    def _from(self, latitude: float, longitude: float) -> tuple[float, float, float]:
        """The direction from a point to the person (east, north; of length 1), and the distance in metres.

        Who stands on the point is taken to be north of it.
        """
        north = float(geodesy.distance(latitude, longitude, self.latitude, longitude))
        east = float(geodesy.distance(latitude, longitude, latitude, self.longitude))
        north = -north if self.latitude < latitude else north
        east = -east if geodesy.wrap(self.longitude - longitude) < 0 else east
        length = sqrt(east * east + north * north)
        if length < 1.0:
            return 0.0, 1.0, length
        return (
            east / length,
            north / length,
            float(geodesy.distance(latitude, longitude, self.latitude, self.longitude)),
        )


def _point(
    latitude: float, longitude: float, east: float, north: float, metres: float
) -> tuple[float, float]:
    """The point so many metres away in a direction of length 1."""
    lat, lon = geodesy.offset(latitude, longitude, east * metres, north * metres)
    return float(lat), float(geodesy.wrap(lon))


def _timed(ways: Ways, start: int, arrive: int) -> Legs:
    begin, end = ways.times(np.array([float(start)]), np.array([float(arrive)]))
    return Legs(ways.lat0, ways.lon0, ways.lat1, ways.lon1, _whole(begin), _whole(end))


def _whole(times: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    whole: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = np.rint(times).astype(np.int64)
    return whole
