"""Where people go on a day: the plan of a cohort's day as timed legs.

A plan is made for all people of a cohort at once. It reads like a day: to work, lunch, back, an errand on the
way home, an outing in the evening; each step moves those whom it concerns. Times are seconds since the
local midnight of the day until the very end, when legs become whole milliseconds of virtual time.
"""

from __future__ import annotations

from typing import TypeGuard, TypeVar

import numpy as np

from simulator.core.distributions import ppf_of_each
from simulator.core.numerics import FloatArray, radians
from simulator.core.ordering import order_by
from simulator.core.randomness import purpose_keys, uniform
from simulator.core.simtime import MS_PER_SECOND
from simulator.people.areas import BoolArray, Indices, Rows, Traveller
from simulator.people.choices import Choices
from simulator.people.legs import DayLegs
from simulator.people.mobility import Explorer, Wish
from simulator.people.population import Cohort
from simulator.people.ways import straight_ways, ways_along_streets
from simulator.scenario.models import WEEKDAYS, Errands, Outing, Work
from simulator.world import Legs, PlaceSet, geodesy

OutingT = TypeVar("OutingT", bound=Outing)

# Visitors stand within this share of the fence's radius around its centre, at most 60 m [a].
VISIT_SPREAD = 0.3
VISIT_SPREAD_MAX_M = 60.0
# Nobody runs more errands than this on one day, whatever number a scenario gives: each needs draws of its own.
MOST_ERRANDS = 64
# Whoever comes home from a shift after midnight starts the next one no sooner than this: the rest that the
# European Union's working time directive gives every day (2003/88/EC, article 3).
REST_S = 11 * 3600.0
# Who comes too late finds the place closed, and turns round after this.
AT_A_CLOSED_DOOR_S = 60.0
# No leg is shorter than this, so that a leg always has a direction in time.
SHORTEST_LEG_S = 1.0
# Nobody moves slower than this, whatever distribution of speeds a scenario gives.
SLOWEST_M_PER_S = 0.1


class DayPlanner:
    """Plans the days of one cohort, one after the other."""

    def __init__(self, cohort: Cohort, places: PlaceSet) -> None:
        self._cohort = cohort
        self._places = places
        self._parts = [(part.rows, DayPlanner(part.people, places)) for part in cohort.parts]
        mobility = cohort.group.mobility
        self._explorer = Explorer(mobility, cohort.works) if mobility and not self._parts else None
        # When each person is home again, in seconds since the midnight of the day last planned.
        self._free_at = np.zeros(cohort.size)
        self._last_midnight: int | None = None

    def plan(self, day: int, midnight_ms: int) -> DayLegs:
        """The legs of the local date with ordinal ``day`` whose midnight is virtual time ``midnight_ms``.

        Days must be planned in order: a late return shortens the next morning, and people remember places.
        """
        if self._parts:
            plans = [(rows, planner.plan(day, midnight_ms)) for rows, planner in self._parts]
            return DayLegs.joined(*(DayLegs(rows[plan.person], plan.legs) for rows, plan in plans))
        if self._last_midnight is not None:  # 23 or 25 hours ago when clocks have changed
            past = (midnight_ms - self._last_midnight) / MS_PER_SECOND
            self._free_at = np.maximum(self._free_at - past, 0.0)
        self._last_midnight = midnight_ms
        course = _Course(self._cohort, self._places, self._explorer, day, self._free_at)
        self._live(course)
        return course.finish(midnight_ms)

    def _live(self, course: _Course) -> None:
        cohort, schedule = self._cohort, self._cohort.group.schedule
        everyone = np.arange(cohort.size)
        work = cohort.group.work
        at_work = np.zeros(cohort.size, dtype=np.bool_)
        if work is not None and course.weekday in work.days:
            at_work = self._who_works(course, work, everyone)
        workers = everyone[at_work]
        if work is not None and len(workers):
            self._to_work(course, work, workers)
            if _on(schedule.lunch, course.weekday):
                self._lunch(course, schedule.lunch, workers)
            self._leave_work(course, work, workers, schedule.errands)
        if _on(schedule.errands, course.weekday):
            self._errands(course, schedule.errands, everyone[~at_work])
        if _on(schedule.evening, course.weekday):
            self._evening(course, schedule.evening, everyone)

    def _who_works(self, course: _Course, work: Work, everyone: Rows) -> BoolArray:
        goes: BoolArray = self._cohort.works
        if work.attendance < 1.0:
            goes = goes & (course.draw("work.attendance", everyone) < work.attendance)
        if work.drawn == "weekly":  # who comes home in the morning has the day off before another shift
            goes = goes & (
                _leaves_home(course, work, everyone) >= course.free_at + REST_S * (course.free_at > 0)
            )
        return goes

    @staticmethod
    def _to_work(course: _Course, work: Work, workers: Rows) -> None:
        leave = _leaves_home(course, work, workers)
        course.go(workers, course.cohort.work_lat[workers], course.cohort.work_lon[workers], leave, "to_work")

    @staticmethod
    def _lunch(course: _Course, lunch: Outing, workers: Rows) -> None:
        cohort = course.cohort
        going = course.drawn_to("lunch", lunch.share, workers, cohort.lunch)
        base = (cohort.work_lat[going], cohort.work_lon[going])
        going = course.outing(going, cohort.lunch, lunch, "lunch", 0, base)
        course.go(going, cohort.work_lat[going], cohort.work_lon[going], course.free_at[going], "lunch.back")

    @staticmethod
    def _leave_work(course: _Course, work: Work, workers: Rows, errands: Errands | None) -> None:
        if work.stay is not None:
            course.free_at[workers] += work.stay.ppf(course.draw("work.stay", workers))
        else:
            course.wait_until(workers, work.leave_work.ppf(course.draw("work.leave_work", workers)))
        if _on(errands, course.weekday):
            choices = course.cohort.errands
            count = errands.per_working_day.ppf(course.draw("errands.per_working_day", workers))
            count = _errands_made(count, choices, workers)
            for n in range(int(count.max(initial=0.0))):
                going = course.drawn_to("errands", errands.share, workers[count > n], choices, n)
                course.visit(going, choices, errands, course.free_at[going], "errand.on_the_way", n)
        course.go_home(workers, "work.home")

    @staticmethod
    def _errands(course: _Course, errands: Errands, people: Rows) -> None:
        if not len(people):
            return
        choices = course.cohort.errands
        count = _errands_made(errands.per_day.ppf(course.draw("errands.per_day", people)), choices, people)
        most = int(count.max(initial=0.0))
        if most == 0:
            return
        times = np.stack([errands.at.ppf(course.draw("errand.at", people, n)) for n in range(most)], axis=1)
        times[np.arange(most)[None, :] >= count[:, None]] = np.inf
        times.sort(axis=1)
        on_tour = np.zeros(len(people), dtype=np.bool_)  # out, and going on to the next errand
        for n in range(most):
            rows = np.flatnonzero(count > n)
            going = course.drawn_to("errands", errands.share, people[rows], choices, n)
            rows = rows[np.isin(people[rows], going, assume_unique=True)]
            depart = np.where(on_tour[rows], 0.0, times[rows, n])
            went = course.visit(people[rows], choices, errands, depart, "errand", n)
            out = on_tour
            out[rows] |= np.isin(people[rows], went, assume_unique=True)
            on_tour = out & (count > n + 1)
            if errands.chain < 1.0:
                on_tour &= course.draw("errand.chain", people, n) < errands.chain
            course.go_home(people[out & ~on_tour], "errand.home", n)

    @staticmethod
    def _evening(course: _Course, evening: Outing, everyone: Rows) -> None:
        choices, work = course.cohort.evening, course.cohort.group.work
        going = course.drawn_to("evening", evening.share, everyone, choices)
        if work is not None and work.stay is not None:  # nobody makes up for an evening after the late shift
            going = going[course.free_at[going] <= evening.at.ppf(course.draw("evening.at", going))]
        course.go_home(course.outing(going, choices, evening, "evening", 0), "evening.home")


def _on(outing: OutingT | None, weekday: str) -> TypeGuard[OutingT]:
    return outing is not None and (outing.days is None or weekday in outing.days)


def _leaves_home(course: _Course, work: Work, people: Rows) -> FloatArray:
    """When each of ``people`` leaves for work."""
    weekly = work.drawn == "weekly"
    return work.leave_home.ppf(
        course.draw_weekly("work.leave_home", people) if weekly else course.draw("work.leave_home", people)
    )


def _errands_made(wanted: FloatArray, choices: Choices | None, people: Rows) -> FloatArray:
    """How many errands people run who want to run so many: whole ones, and none without a place in reach."""
    made = np.minimum(np.rint(wanted), MOST_ERRANDS)
    return made if choices is None else np.where(choices.any()[people], made, 0.0)


class _Course:
    """One day under construction: where everybody is, when they are free, and the legs so far."""

    def __init__(
        self, cohort: Cohort, places: PlaceSet, explorer: Explorer | None, day: int, free_at: FloatArray
    ) -> None:
        self.cohort = cohort
        self.day = day
        self._weekday = (day + 6) % 7  # ordinal 1 was a Monday
        self.weekday = WEEKDAYS[self._weekday]
        self.free_at = free_at
        self._places = places
        self._explorer = explorer
        self._at_place = np.full(cohort.size, -1, dtype=np.int32)
        self._modes = cohort.group.travel.modes()
        self._detours = np.array([mode.detour for _, mode in self._modes])
        self._lat = cohort.home_lat.copy()
        self._lon = cohort.home_lon.copy()
        self._people: list[Rows] = []
        self._parts: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]] = []

    def draw(self, purpose: str, people: Rows, n: int = 0) -> FloatArray:
        """One uniform number per person for the ``n``-th time that this is asked on this day."""
        return uniform(purpose_keys(self.cohort.keys[people], purpose), self.day * MOST_ERRANDS + n)

    def draw_weekly(self, purpose: str, people: Rows) -> FloatArray:
        """One uniform number per person, the same from Monday to Sunday."""
        return uniform(purpose_keys(self.cohort.keys[people], purpose + ".week"), (self.day - 1) // 7)

    def drawn_to(self, purpose: str, share: float, people: Rows, choices: Choices | None, n: int = 0) -> Rows:
        """Those of ``people`` who go, by chance and because there is a place in reach."""
        chosen: BoolArray = self.draw(purpose + ".share", people, n) < share
        return people[chosen if choices is None else chosen & choices.any()[people]]

    def wait_until(self, people: Rows, time: FloatArray) -> None:
        """Nobody of ``people`` does anything before ``time``."""
        self.free_at[people] = np.maximum(self.free_at[people], time)

    def outing(
        self,
        people: Rows,
        choices: Choices | None,
        outing: Outing,
        purpose: str,
        n: int,
        base: tuple[FloatArray, FloatArray] | None = None,
    ) -> Rows:
        """Go to a place at the outing's time; gives those who went."""
        depart = outing.at.ppf(self.draw(purpose + ".at", people, n))
        return self.visit(people, choices, outing, depart, purpose, n, base)

    def visit(
        self,
        people: Rows,
        choices: Choices | None,
        outing: Outing,
        depart: FloatArray,
        purpose: str,
        n: int,
        base: tuple[FloatArray, FloatArray] | None = None,
    ) -> Rows:
        """Go to a place at ``depart`` and stay there; gives those who found one and went.

        Places come from ``choices``, or else from what people know and find; their reach is then measured
        from ``base``, by default from home.
        """
        if not len(people):
            return people
        start = np.maximum(depart, self.free_at[people])
        if choices is not None:
            is_open = None if self._places.opening is None else self._open(choices.places[people], start)
            place = choices.pick(people, self.draw(purpose + ".place", people, n), is_open)
        else:
            place = self._explored(people, outing, start, purpose, n, base)
        found = place >= 0
        people, place, start = people[found], place[found], start[found]
        spread = np.minimum(self._places.radius[place] * VISIT_SPREAD, VISIT_SPREAD_MAX_M)
        north = (2.0 * self.draw(purpose + ".north", people, n) - 1.0) * spread
        east = (2.0 * self.draw(purpose + ".east", people, n) - 1.0) * spread
        per_lat, per_lon = self._places.metres_per_radian
        lat = self._places.latitude[place] + north / radians(per_lat[place])
        lon = geodesy.wrap(self._places.longitude[place] + east / radians(per_lon[place]))
        self.go(people, lat, lon, start, purpose, n)
        self._at_place[people] = place
        leave = self.free_at[people] + outing.stay.ppf(self.draw(purpose + ".stay", people, n))
        if self._places.opening is not None:
            closes = self._places.opening.closes(place, self._weekday, start)
            leave = np.minimum(leave, np.maximum(closes, self.free_at[people] + AT_A_CLOSED_DOOR_S))
        self.free_at[people] = leave
        return people

    def _open(self, places: Indices, start: FloatArray) -> BoolArray:
        """Which of (n, k) places are open when people set out, so that they may hope to get in."""
        opening = self._places.opening
        if opening is None:
            return np.ones(places.shape, dtype=np.bool_)
        return opening.closes(places, self._weekday, start[:, None]) > start[:, None]

    def _explored(
        self,
        people: Rows,
        outing: Outing,
        start: FloatArray,
        purpose: str,
        n: int,
        base: tuple[FloatArray, FloatArray] | None,
    ) -> Indices:
        """A place for each of ``people`` by exploration and preferential return, or -1."""
        cohort = self.cohort
        assert self._explorer is not None  # noqa: S101 - a cohort without mobility has choices
        here = geodesy.geocentric(self._lat[people], self._lon[people])
        base = base or (cohort.home_lat[people], cohort.home_lon[people])
        wish = Wish(
            people=people,
            who=Traveller(here, geodesy.geocentric(*base)),
            at_place=self._at_place[people],
            areas=cohort.areas(outing.library),
            within=outing.within,
            draw=lambda what, who: self.draw(f"{purpose}.{what}", who, n),
            is_open=lambda places, rows: self._open(places, start[rows]),
        )
        return self._explorer.choose(wish)

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
        self._at_place[people] = -1
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
            ]
        )
        # Too short for every mode: the one without an upper limit takes it all the same.
        unlimited = np.array([[float(mode.up_to is None)] for mode in modes])
        edges = np.cumsum(np.where(weights.any(axis=0), weights, unlimited), axis=0)
        draw = self.draw(purpose + ".mode", people, n) * edges[-1]
        chosen = np.minimum((edges <= draw).sum(axis=0), len(modes) - 1)
        speeds = [mode.speed for mode in modes]
        speed = ppf_of_each(speeds, chosen, self.draw(purpose + ".speed", people, n))
        return chosen, np.maximum(speed, SLOWEST_M_PER_S)

    def finish(self, midnight_ms: int) -> DayLegs:
        """All legs of the day, ordered by person and time."""
        if not self._parts:
            nothing, never = np.empty(0), np.empty(0, dtype=np.int64)
            return DayLegs(never, Legs(nothing, nothing, nothing, nothing, never, never))
        person = np.concatenate(self._people).astype(np.int64)
        columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        t0, t1 = (np.rint(at * 1000.0).astype(np.int64) + midnight_ms for at in columns[4:])
        # Each one's legs were added one after the other, so that they stay in order in the same millisecond, too.
        order = order_by(person, t0)
        return DayLegs(person[order], Legs(*(column[order] for column in (*columns[:4], t0, t1))))
