"""Where people go on a day: the plan of a cohort's day as timed legs.

A plan is made for all people of a cohort at once. It reads like a day: to work, lunch, back, an errand on the
way home, an outing in the evening; each step moves those whom it concerns. Times are seconds since the
local midnight of the day until the very end, when legs become whole milliseconds of virtual time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray, radians
from simulator.core.randomness import purpose_keys, uniform
from simulator.core.simtime import MS_PER_SECOND
from simulator.people.legs import DayLegs
from simulator.people.population import BoolArray, Choices, Cohort
from simulator.people.ways import straight_ways, ways_along_streets
from simulator.scenario.models import Errands, Mode, Outing, Work
from simulator.world import Legs, PlaceSet, geodesy

Rows = npt.NDArray[np.intp]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Visitors stand within this share of the fence's radius around its centre, at most 60 m [a].
VISIT_SPREAD = 0.3
VISIT_SPREAD_MAX_M = 60.0
# Nobody runs more errands than this on one day, whatever number a scenario gives: each needs draws of its own.
MOST_ERRANDS = 64
# No leg is shorter than this, so that a leg always has a direction in time.
SHORTEST_LEG_S = 1.0
# Nobody moves slower than this, whatever distribution of speeds a scenario gives.
SLOWEST_M_PER_S = 0.1


class DayPlanner:
    """Plans the days of one cohort, one after the other."""

    def __init__(self, cohort: Cohort, places: PlaceSet) -> None:
        self._cohort = cohort
        self._places = places
        self._modes = cohort.group.travel.modes()
        # When each person is home again, in seconds since the midnight of the day last planned.
        self._free_at = np.zeros(cohort.size)
        self._last_midnight: int | None = None

    def plan(self, day: int, midnight_ms: int) -> DayLegs:
        """The legs of the local date with ordinal ``day`` whose midnight is virtual time ``midnight_ms``.

        Days must be planned in order: a late return shortens the next morning.
        """
        if self._last_midnight is not None:  # 23 or 25 hours ago when clocks have changed
            past = (midnight_ms - self._last_midnight) / MS_PER_SECOND
            self._free_at = np.maximum(self._free_at - past, 0.0)
        self._last_midnight = midnight_ms
        course = _Course(self._cohort, self._places, self._modes, day, self._free_at)
        self._live(course)
        return course.finish(midnight_ms)

    def _live(self, course: _Course) -> None:
        cohort, schedule = self._cohort, self._cohort.group.schedule
        everyone = np.arange(cohort.size)
        weekday = WEEKDAYS[(course.day + 6) % 7]  # ordinal 1 was a Monday
        work = cohort.group.work
        at_work = np.zeros(cohort.size, dtype=np.bool_)
        if work is not None and weekday in work.days:
            at_work = cohort.works
        workers = everyone[at_work]
        if work is not None and len(workers):
            self._to_work(course, work, workers)
            if schedule.lunch is not None and cohort.lunch is not None:
                self._lunch(course, schedule.lunch, cohort.lunch, workers, weekday)
            self._leave_work(course, work, workers, schedule.errands, weekday)
        if schedule.errands is not None and cohort.errands is not None and _on(schedule.errands, weekday):
            self._errands(course, schedule.errands, cohort.errands, everyone[~at_work])
        if schedule.evening is not None and cohort.evening is not None and _on(schedule.evening, weekday):
            going = course.drawn_to("evening", schedule.evening.share, everyone, cohort.evening)
            course.outing(going, cohort.evening, schedule.evening, "evening", 0)
            course.go_home(going, "evening.home")

    @staticmethod
    def _to_work(course: _Course, work: Work, workers: Rows) -> None:
        leave = work.leave_home.ppf(course.draw("work.leave_home", workers))
        course.go(workers, course.cohort.work_lat[workers], course.cohort.work_lon[workers], leave, "to_work")

    @staticmethod
    def _lunch(course: _Course, lunch: Outing, choices: Choices, workers: Rows, weekday: str) -> None:
        if not _on(lunch, weekday):
            return
        going = course.drawn_to("lunch", lunch.share, workers, choices)
        course.outing(going, choices, lunch, "lunch", 0)
        cohort = course.cohort
        course.go(going, cohort.work_lat[going], cohort.work_lon[going], course.free_at[going], "lunch.back")

    @staticmethod
    def _leave_work(
        course: _Course, work: Work, workers: Rows, errands: Errands | None, weekday: str
    ) -> None:
        leave = work.leave_work.ppf(course.draw("work.leave_work", workers))
        course.wait_until(workers, leave)
        choices = course.cohort.errands
        if errands is not None and choices is not None and _on(errands, weekday):
            count = errands.per_working_day.ppf(course.draw("errands.per_working_day", workers))
            count = _errands_made(count, choices, workers)
            for n in range(int(count.max(initial=0.0))):
                going = course.drawn_to("errands", errands.share, workers[count > n], choices, n)
                course.visit(going, choices, errands, course.free_at[going], "errand.on_the_way", n)
        course.go_home(workers, "work.home")

    @staticmethod
    def _errands(course: _Course, errands: Errands, choices: Choices, people: Rows) -> None:
        if not len(people):
            return
        count = _errands_made(errands.per_day.ppf(course.draw("errands.per_day", people)), choices, people)
        most = int(count.max(initial=0.0))
        if most == 0:
            return
        times = np.stack([errands.at.ppf(course.draw("errand.at", people, n)) for n in range(most)], axis=1)
        times[np.arange(most)[None, :] >= count[:, None]] = np.inf
        times.sort(axis=1)
        for n in range(most):
            rows = np.flatnonzero(count > n)
            going = course.drawn_to("errands", errands.share, people[rows], choices, n)
            rows = rows[np.isin(people[rows], going, assume_unique=True)]
            course.visit(people[rows], choices, errands, times[rows, n], "errand", n)
            course.go_home(people[rows], "errand.home", n)


def _on(outing: Outing, weekday: str) -> bool:
    return outing.days is None or weekday in outing.days


def _errands_made(wanted: FloatArray, choices: Choices, people: Rows) -> FloatArray:
    """How many errands people run who want to run so many: whole ones, and none without a place in reach."""
    return np.where(choices.any()[people], np.minimum(np.rint(wanted), MOST_ERRANDS), 0.0)


class _Course:
    """One day under construction: where everybody is, when they are free, and the legs so far."""

    def __init__(
        self,
        cohort: Cohort,
        places: PlaceSet,
        modes: Sequence[tuple[str, Mode]],
        day: int,
        free_at: FloatArray,
    ) -> None:
        self.cohort = cohort
        self.day = day
        self.free_at = free_at
        self._places = places
        self._modes = modes
        self._detours = np.array([mode.detour for _, mode in modes])
        self._lat = cohort.home_lat.copy()
        self._lon = cohort.home_lon.copy()
        self._people: list[Rows] = []
        self._parts: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]] = []

    def draw(self, purpose: str, people: Rows, n: int = 0) -> FloatArray:
        """One uniform number per person for the ``n``-th time that this is asked on this day."""
        return uniform(purpose_keys(self.cohort.keys[people], purpose), self.day * MOST_ERRANDS + n)

    def drawn_to(self, purpose: str, share: float, people: Rows, choices: Choices, n: int = 0) -> Rows:
        """Those of ``people`` who go, by chance and because there is a place in reach."""
        chosen: BoolArray = (self.draw(purpose + ".share", people, n) < share) & choices.any()[people]
        return people[chosen]

    def wait_until(self, people: Rows, time: FloatArray) -> None:
        """Nobody of ``people`` does anything before ``time``."""
        self.free_at[people] = np.maximum(self.free_at[people], time)

    def outing(self, people: Rows, choices: Choices, outing: Outing, purpose: str, n: int) -> None:
        """Go to a place at the outing's time."""
        self.visit(people, choices, outing, outing.at.ppf(self.draw(purpose + ".at", people, n)), purpose, n)

    def visit(
        self, people: Rows, choices: Choices, outing: Outing, depart: FloatArray, purpose: str, n: int
    ) -> None:
        """Go to a place of ``choices`` at ``depart`` and stay there."""
        if not len(people):
            return
        place = choices.pick(people, self.draw(purpose + ".place", people, n))
        spread = np.minimum(self._places.radius[place] * VISIT_SPREAD, VISIT_SPREAD_MAX_M)
        north = (2.0 * self.draw(purpose + ".north", people, n) - 1.0) * spread
        east = (2.0 * self.draw(purpose + ".east", people, n) - 1.0) * spread
        per_lat, per_lon = self._places.metres_per_radian
        lat = self._places.latitude[place] + north / radians(per_lat[place])
        lon = geodesy.wrap(self._places.longitude[place] + east / radians(per_lon[place]))
        self.go(people, lat, lon, depart, purpose, n)
        self.free_at[people] += outing.stay.ppf(self.draw(purpose + ".stay", people, n))

    def go_home(self, people: Rows, purpose: str, n: int = 0) -> None:
        """Go home as soon as possible."""
        cohort = self.cohort
        self.go(people, cohort.home_lat[people], cohort.home_lon[people], self.free_at[people], purpose, n)

    def go(
        self, people: Rows, lat: FloatArray, lon: FloatArray, depart: FloatArray, purpose: str, n: int = 0
    ) -> None:
        """Move ``people`` to (lat, lon), leaving at ``depart`` or when they are free."""
        if not len(people):
            return
        start = np.maximum(depart, self.free_at[people])
        from_lat, from_lon = self._lat[people], self._lon[people]
        distance = self._cohort_distance(people, lat - from_lat, lon - from_lon)
        chosen, speed = self._travels(people, distance, purpose, n)
        straight = straight_ways(from_lat, from_lon, lat, lon, distance * self._detours[chosen])
        roads = self.cohort.roads
        ways = straight if roads is None else ways_along_streets(roads, self._modes, chosen, straight)
        arrive = start + np.maximum(ways.metres / speed, SHORTEST_LEG_S)
        self._people.append(people[ways.row])
        self._parts.append((ways.lat0, ways.lon0, ways.lat1, ways.lon1, *ways.times(start, arrive)))
        self._lat[people], self._lon[people] = lat, lon
        self.free_at[people] = arrive

    def _cohort_distance(self, people: Rows, d_lat: FloatArray, d_lon: FloatArray) -> FloatArray:
        """Length of a way in metres, by the scale of the map at home.

        Good to a percent for ways of a hundred kilometres, and only travel times depend on it.
        """
        north = d_lat * self.cohort.metres_per_lat[people]
        east = geodesy.wrap(d_lon) * self.cohort.metres_per_lon[people]
        length: FloatArray = np.sqrt(north * north + east * east)
        return length

    def _travels(self, people: Rows, distance: FloatArray, purpose: str, n: int) -> tuple[Rows, FloatArray]:
        """A mode that suits the distance (its number), and the speed in metres per second."""
        modes = [mode for _, mode in self._modes]
        weights = np.stack(
            [
                np.where(
                    (distance >= mode.beyond) & (distance <= (np.inf if mode.up_to is None else mode.up_to)),
                    mode.weight,
                    0.0,
                )
                for mode in modes
            ],
            axis=1,
        )
        # Too short for every mode: the one without an upper limit takes it all the same.
        unlimited = [float(mode.up_to is None) for mode in modes]
        weights = np.where((weights.sum(axis=1) > 0.0)[:, None], weights, unlimited)
        edges = np.cumsum(weights, axis=1)
        draw = self.draw(purpose + ".mode", people, n) * edges[:, -1]
        chosen = np.minimum((edges <= draw[:, None]).sum(axis=1), len(modes) - 1)
        speed_draw = self.draw(purpose + ".speed", people, n)
        speed = np.empty(len(people))
        for i, mode in enumerate(modes):
            takes = chosen == i
            speed[takes] = np.maximum(mode.speed.ppf(speed_draw[takes]), SLOWEST_M_PER_S)
        return chosen, speed

    def finish(self, midnight_ms: int) -> DayLegs:
        """All legs of the day, ordered by person and time."""
        if not self._parts:
            nothing, never = np.empty(0), np.empty(0, dtype=np.int64)
            return DayLegs(never, Legs(nothing, nothing, nothing, nothing, never, never))
        person = np.concatenate(self._people).astype(np.int64)
        columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        order = np.lexsort((columns[4], person))
        lat0, lon0, lat1, lon1, start, arrive = (column[order] for column in columns)
        t0 = np.rint(start * 1000.0).astype(np.int64) + midnight_ms
        t1 = np.rint(arrive * 1000.0).astype(np.int64) + midnight_ms
        return DayLegs(person[order], Legs(lat0, lon0, lat1, lon1, t0, t1))
