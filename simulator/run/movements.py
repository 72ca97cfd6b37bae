"""Where everybody is and goes, as far as it is planned: what an onlooker keeps of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.people import DayLegs
from simulator.world import Crossings, geodesy

LongArray = npt.NDArray[np.int64]
Segment = tuple[int, float, float, int, float, float]
"""A leg: time, latitude and longitude of its beginning, and of its end (virtual milliseconds, degrees)."""


class Crossed(NamedTuple):
    """A true crossing of a person (ordinal)."""

    time: int
    person: int
    place: int
    entry: bool


@dataclass(slots=True)
class News:
    """What was planned since last asked."""

    ways: list[tuple[int, DayLegs]] = field(default_factory=list)
    """First ordinal of a cohort and the ways of its people."""
    cut: dict[int, int] = field(default_factory=dict)
    """People whose earlier ways no longer hold, with the time since when."""

    def __bool__(self) -> bool:
        return bool(self.ways or self.cut)


@dataclass(slots=True)
class _Block:
    """Crossings that were planned together, by time; ``at`` is the next to come."""

    time: LongArray
    person: LongArray
    place: npt.NDArray[np.int32]
    entry: npt.NDArray[np.bool_]
    number: int
    at: int = 0


class Movements:
    """An :class:`Onlooker` that remembers the ways of the day, and tells crossings when their time has come."""

    def __init__(self) -> None:
        self._ways: dict[int, list[DayLegs]] = {}
        self._own: dict[int, list[Segment]] = {}
        self._inside: dict[int, dict[int, None]] = {}
        self._blocks: dict[int, _Block] = {}
        self._due: list[tuple[int, int]] = []
        # Of people who were cut: since when, and the first block that holds for them afterwards.
        self._cut: dict[int, tuple[int, int]] = {}
        self._made = 0
        self._news = News()
        self.now = 0
        """Crossings before this time were told."""

    # --- what the model says --------------------------------------------------------------------------------

    def found(self, first: int, inside: Mapping[tuple[int, int], None]) -> None:
        """At the start these people are in these places."""
        for person, place in inside:
            self._inside.setdefault(first + person, {})[place] = None

    def going(self, first: int, ways: DayLegs, crossings: Crossings) -> None:
        """People will go these ways and cross these borders."""
        if len(ways.legs):
            self._news.ways.append((first, ways))
            led = len(np.unique(ways.person)) == 1 and first + int(ways.person[0]) in self._own
            if led:
                self._own[first + int(ways.person[0])] += _segments(ways, 0, len(ways.legs))
            else:
                self._ways.setdefault(first, []).append(ways)
        ahead = np.flatnonzero(crossings.time >= self.now)
        if not len(ahead):
            return
        person = first + ways.person[crossings.leg[ahead]]
        order = np.lexsort((crossings.place[ahead], person, crossings.time[ahead]))
        which = ahead[order]
        block = _Block(
            crossings.time[which], person[order], crossings.place[which], crossings.entry[which], self._made
        )
        self._blocks[self._made] = block
        heappush(self._due, (int(block.time[0]), self._made))
        self._made += 1

    def cut(self, person: int, now: int) -> None:
        """From ``now`` on nothing holds any more that was said of this person."""
        here = self.segments(person, since=now)
        position = self.position(person, now)
        self._own[person] = [one for one in here if one[0] < now and one[3] <= now]
        under_way = next((one for one in here if one[0] < now < one[3]), None)
        if position is not None:
            start = under_way[:3] if under_way else (now, *position)
            self._own[person].append((*start, now, *position))
        self._cut[person] = now, self._made
        self._news.cut[person] = now

    # --- what others ask ------------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Crossed]:
        """The crossings up to ``until``, by time, and who is inside what afterwards."""
        found = self.pull(until)
        self.now = max(self.now, until)
        return found

    def pull(self, until: int) -> list[Crossed]:
        """The same, but more may still be said of the time before ``until``."""
        found: list[Crossed] = []
        while self._due and self._due[0][0] < until:
            _, number = heappop(self._due)
            block = self._blocks[number]
            end = int(np.searchsorted(block.time, until))
            rows = slice(block.at, end)
            columns = (block.time[rows], block.person[rows], block.place[rows], block.entry[rows])
            rows_of = map(Crossed._make, zip(*(column.tolist() for column in columns), strict=True))
            found += [one for one in rows_of if self._holds(one.person, one.time, number)]
            self._rest(block, end)
        found.sort()
        for _, person, place, entry in sorted(found, key=lambda one: (one.time, one.entry)):
            if entry:
                self._inside.setdefault(person, {})[place] = None
            elif (within := self._inside.get(person)) is not None:
                within.pop(place, None)
        return found

    def _rest(self, block: _Block, end: int) -> None:
        block.at = end
        if end < len(block.time):
            heappush(self._due, (int(block.time[end]), block.number))
        else:
            del self._blocks[block.number]

    def _holds(self, person: int, time: int, block: int) -> bool:
        cut = self._cut.get(person)
        return cut is None or time < cut[0] or block >= cut[1]

    def inside(self, person: int) -> Collection[int]:
        """The places that a person is in, in the order of entering."""
        return self._inside.get(person, {}).keys()

    def occupied(self) -> Iterator[tuple[int, Collection[int]]]:
        """Everybody who is in some place."""
        return ((person, places.keys()) for person, places in self._inside.items() if places)

    def next_crossing(self, person: int | None = None, after: int = -1) -> Crossed | None:
        """The next crossing later than ``after`` that is planned, of a person or of anybody."""
        best: Crossed | None = None
        for _, number in self._due:
            block = self._blocks[number]
            begin = max(block.at, int(np.searchsorted(block.time, after, side="right")))
            rows = np.arange(begin, len(block.time))
            if person is not None:
                rows = rows[block.person[rows] == person]
            for row in rows.tolist():
                one = Crossed(
                    int(block.time[row]),
                    int(block.person[row]),
                    int(block.place[row]),
                    bool(block.entry[row]),
                )
                if best is not None and one.time >= best.time:
                    break
                if self._holds(one.person, one.time, number):
                    best = one
                    break
        return best

    def segments(self, person: int, since: int = 0) -> list[Segment]:
        """The ways of a person that are not over before ``since``, and the last one that is."""
        found = self._own.get(person)
        if found is None:
            found = []
            for first, days in self._ways.items():
                for ways in days:
                    begin, end = np.searchsorted(ways.person, (person - first, person - first + 1)).tolist()
                    found += _segments(ways, begin, end)
            found.sort(key=lambda one: one[0])
        last = max((one[3] for one in found if one[3] <= since), default=-1)
        return [one for one in found if one[3] >= last]

    def position(self, person: int, now: int) -> tuple[float, float] | None:
        """Where a person is, degrees; None for somebody of whom no way is known (they are at home)."""
        at: tuple[float, float] | None = None
        for t0, lat0, lon0, t1, lat1, lon1 in self.segments(person, now):
            if at is None or now >= t0:
                share = 0.0 if now <= t0 else 1.0 if now >= t1 else (now - t0) / (t1 - t0)
                at = (
                    lat0 + (lat1 - lat0) * share,
                    float(geodesy.wrap(lon0 + geodesy.wrap(lon1 - lon0) * share)),
                )
                if now >= t1 and share == 0.0:
                    at = lat1, lon1
        return at

    def take_news(self) -> News:
        """What was planned since the last call."""
        news, self._news = self._news, News()
        return news

    def known(self) -> Iterator[tuple[int, DayLegs]]:
        """All ways that are known of people who follow their own plans."""
        for first, days in self._ways.items():
            for ways in days:
                yield first, ways

    @property
    def led(self) -> Collection[int]:
        """Those whose own plans were cut."""
        return self._own.keys()


def _segments(ways: DayLegs, begin: int, end: int) -> list[Segment]:
    legs, rows = ways.legs, slice(begin, end)
    columns = (legs.t0, legs.lat0, legs.lon0, legs.t1, legs.lat1, legs.lon1)
    return list(zip(*(column[rows].tolist() for column in columns), strict=True))
