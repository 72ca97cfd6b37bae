"""When people shop: the steps of a day's sessions, and what is paid in stores, planned for a cohort at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.core.randomness import KeyArray, purpose_keys, uniform
from simulator.core.simtime import MS_PER_SECOND, to_ms
from simulator.people.browsing import Chances, Whereabouts, chances_of
from simulator.people.legs import DayLegs
from simulator.people.population import Cohort, Part
from simulator.scenario.models import Shopping
from simulator.world import PlaceSet

LongArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# Bound on the steps of one session.
MOST_STEPS = 64
# Somebody pays after this share of the visit at the earliest, and just before its end at the latest [a].
_EARLIEST, _LATEST = 0.6, 0.98
# Persons and times in one number that orders both: a time fits into so many bits (139 years).
_TIME_BITS = 42
_TIME_ZERO = 1 << (_TIME_BITS - 1)


@dataclass(frozen=True, slots=True)
class Intervals:
    """What people do from some time to another: columns of the same length, virtual milliseconds."""

    person: LongArray
    place: npt.NDArray[np.int32]
    start: LongArray
    end: LongArray

    def only(self, which: BoolArray) -> Intervals:
        """Some of them."""
        return Intervals(self.person[which], self.place[which], self.start[which], self.end[which])

    def contain(self, person: LongArray, time: LongArray) -> BoolArray:
        """Whether each person is within the latest interval begun, at a time; intervals are in order."""
        if not len(self.person):
            return np.zeros(len(person), dtype=np.bool_)
        at = np.searchsorted(_ordinal(self.person, self.start), _ordinal(person, time), side="right") - 1
        before = np.maximum(at, 0)
        within: BoolArray = (at >= 0) & (self.person[before] == person) & (time < self.end[before])
        return within


@dataclass(frozen=True, slots=True)
class Occasions:
    """Moments of a day at which people of a cohort do something; ``value`` says what goes with it."""

    person: LongArray
    time: LongArray
    value: npt.NDArray[np.int32]

    @classmethod
    def joined(cls, some: Sequence[Occasions]) -> Occasions:
        """Several as one, in no order."""
        if not some:
            nobody = np.empty(0, dtype=np.int64)
            return cls(nobody, nobody, np.empty(0, dtype=np.int32))
        return cls(
            np.concatenate([one.person for one in some]),
            np.concatenate([one.time for one in some]),
            np.concatenate([one.value for one in some]),
        )


class Day:
    """Where the people of a cohort are on a day, as far as it matters to those who shop."""

    def __init__(self, legs: DayLegs, visits: Intervals) -> None:
        """``visits`` are those of stores."""
        self.visits = visits
        self._mover, first = np.unique(legs.person, return_index=True)
        last = np.append(first[1:], len(legs.person)) - 1
        self._away, self._back = legs.legs.t0[first], legs.legs.t1[last[: len(first)]]

    def whereabouts(self, person: LongArray, time: LongArray) -> npt.NDArray[np.int64]:
        """Where each person is at a time, as :class:`Whereabouts`."""
        at_home = np.ones(len(person), dtype=np.bool_)
        if len(self._mover):
            row = np.minimum(np.searchsorted(self._mover, person), len(self._mover) - 1)
            moves = self._mover[row] == person
            at_home = ~moves | (time < self._away[row]) | (time >= self._back[row])
        where = np.where(at_home, int(Whereabouts.AT_HOME), int(Whereabouts.ELSEWHERE))
        return np.where(self.visits.contain(person, time), int(Whereabouts.IN_STORE), where)


class ShoppingPlanner:
    """Plans the shopping of those people of a cohort who shop."""

    def __init__(self, cohort: Cohort) -> None:
        self._shoppers = [
            _Shoppers(part, part.people.group.shopping)
            for part in cohort.by_habits()
            if part.people.group.shopping is not None
        ]
        self._size = cohort.size

    def anybody(self) -> bool:
        """Whether there is somebody who shops."""
        return bool(self._shoppers)

    def stores(self, visits: Intervals, places: PlaceSet) -> BoolArray:
        """Which visits are of places that the person takes for stores."""
        which = np.zeros(len(visits.person), dtype=np.bool_)
        for shoppers in self._shoppers:
            which |= shoppers.stores(visits, places)
        return which

    def steps(self, way: str, person: LongArray, start: LongArray, end: LongArray, day: Day) -> Occasions:
        """The steps of sessions; ``way`` is ``app`` or ``web``. Their values are for :func:`read_step`."""
        where = day.whereabouts(person, start)
        return Occasions.joined(
            [shoppers.steps(way, person, start, end, where) for shoppers in self._shoppers]
        )

    def purchases(self, day: Day) -> Occasions:
        """When something is paid in stores; the values are the places."""
        return Occasions.joined([shoppers.purchases(day.visits) for shoppers in self._shoppers])


def read_step(value: int) -> tuple[Whereabouts, bool]:
    """What the value of a step says: where the person is, and whether a session begins."""
    return Whereabouts(value >> 1), bool(value & 1)


def visits_of(
    person: LongArray, place: npt.NDArray[np.int32], time: LongArray, entry: BoolArray
) -> Intervals:
    """The visits whose entry and exit are among crossings, by person and time of the entry."""
    order = np.lexsort((~entry, time, place, person))
    person, place, time, entry = person[order], place[order], time[order], entry[order]
    same = (person[1:] == person[:-1]) & (place[1:] == place[:-1]) & entry[:-1] & ~entry[1:]
    first = np.flatnonzero(same)
    visits = Intervals(person[first], place[first], time[first], time[first + 1])
    order = np.lexsort((visits.start, visits.person))
    return Intervals(visits.person[order], visits.place[order], visits.start[order], visits.end[order])


class _Shoppers:
    """Those who share their habits."""

    def __init__(self, part: Part, habits: Shopping | None) -> None:
        assert habits is not None  # noqa: S101 - the caller looks
        self._habits = habits
        self._rows = part.rows
        self._keys = part.people.keys
        self._chances: tuple[Chances, ...] = chances_of(habits)
        self._purposes: dict[str, KeyArray] = {}
        self._stores: BoolArray | None = None

    def _purpose(self, name: str) -> KeyArray:
        keys = self._purposes.get(name)
        if keys is None:
            keys = self._purposes[name] = purpose_keys(self._keys, name)
        return keys

    def _local(self, person: LongArray) -> tuple[LongArray, BoolArray]:
        """The rows of people among these, and which of them are."""
        row = np.minimum(np.searchsorted(self._rows, person), max(len(self._rows) - 1, 0))
        return row.astype(np.int64), self._rows[row] == person

    def steps(
        self, way: str, person: LongArray, start: LongArray, end: LongArray, where: npt.NDArray[np.int64]
    ) -> Occasions:
        if not len(self._rows) or not len(person):
            return Occasions.joined([])
        row, ours = self._local(person)
        share = np.array([chances.sessions for chances in self._chances])[where]
        ours &= uniform(self._purpose(f"shopping.{way}")[row], start + _TIME_ZERO) < share
        row, person, start, end, where = row[ours], person[ours], start[ours], end[ours], where[ours]
        pauses, time, found = self._purpose(f"shopping.{way}.pause")[row], start, []
        for number in range(MOST_STEPS):
            u = uniform(pauses, (start + _TIME_ZERO) * MOST_STEPS + number)
            pause = np.rint(np.maximum(self._habits.pause.ppf(u), 0.001) * MS_PER_SECOND)
            time = time + pause.astype(np.int64)
            within = time < end
            person, start, end, where = person[within], start[within], end[within], where[within]
            pauses, time = pauses[within], time[within]
            if not len(person):
                break
            found.append(Occasions(person, time, (where * 2 + (number == 0)).astype(np.int32)))
        return Occasions.joined(found)

    def stores(self, visits: Intervals, places: PlaceSet) -> BoolArray:
        if not len(self._rows):
            return np.zeros(len(visits.person), dtype=np.bool_)
        ours = self._local(visits.person)[1]
        library = self._habits.stores.library
        if library is None:
            return ours
        if self._stores is None:
            of_it = [one.name == library for one in places.libraries for _ in range(one.size)]
            self._stores = np.array(of_it, dtype=np.bool_)
        return ours & self._stores[visits.place]

    def purchases(self, visits: Intervals) -> Occasions:
        if not len(self._rows) or not len(visits.person):
            return Occasions.joined([])
        stores = self._habits.stores
        row, ours = self._local(visits.person)
        stay = visits.end - visits.start
        ours &= (stay >= to_ms(stores.shortest)) & (stay <= to_ms(stores.longest))
        counter = visits.start + _TIME_ZERO
        ours &= uniform(self._purpose("shopping.store")[row], counter) < stores.buys
        share = uniform(self._purpose("shopping.till")[row], counter)
        paid = visits.start + np.rint((_EARLIEST + (_LATEST - _EARLIEST) * share) * stay).astype(np.int64)
        return Occasions(visits.person[ours], paid[ours], visits.place[ours])


def _ordinal(person: LongArray, time: LongArray) -> LongArray:
    return (person << _TIME_BITS) + time + _TIME_ZERO
