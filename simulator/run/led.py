"""People whom somebody leads by hand while the run goes on: their phones do what phones do.

Everything here happens *now*, at a time before which everything has happened and at which nothing has gone on yet:
between two windows. Borders that are crossed are true crossings like all others, and are counted as such.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import simpy

from simulator.people import DayLegs
from simulator.phone import LivingPhone, Permission, Ways, happenings
from simulator.run.environment import CohortEnvironment, Wake
from simulator.run.evaluation import CohortEvaluation
from simulator.run.expected import Expected
from simulator.run.phones import CohortPhones, ModelContext
from simulator.sdk import MobileSdk
from simulator.world import Crossings, Legs, geodesy, solve

Point = tuple[float, float]
By = Literal["jump", "walk", "cycle", "drive"]

# Metres per second of those who are sent somewhere: brisk walking, a bicycle and a car in town [a].
SPEEDS: dict[By, float] = {"walk": 1.4, "cycle": 4.5, "drive": 10.0}

_TO_THE_PHONE = {
    ("network", True): happenings.ONLINE,
    ("network", False): happenings.OFFLINE,
    ("airplane", True): happenings.AIRPLANE_ON,
    ("airplane", False): happenings.AIRPLANE_OFF,
    ("power", True): happenings.POWER_ON,
    ("power", False): happenings.POWER_OFF,
    ("app", "force_quit"): happenings.FORCE_QUIT,
    ("app", "crash"): happenings.CRASH,
    ("app", "update"): happenings.UPDATE,
    ("app", "reinstall"): happenings.REINSTALL,
}
PERMISSIONS = {one.name.lower(): one for one in Permission}


class Border(NamedTuple):
    """A border to cross."""

    time: int
    place: int
    entry: bool
    latitude: float
    longitude: float


@dataclass(slots=True)
class _Way:
    """The way that somebody was sent."""

    ahead: list[int]
    """Times of the crossings that are still to come."""
    over: bool = False


class Led:
    """The people of one cohort who are led by hand."""

    def __init__(
        self,
        env: CohortEnvironment,
        context: ModelContext,
        phones: CohortPhones,
        evaluation: CohortEvaluation | None,
        expected: Expected,
        happen: Callable[[LivingPhone, int, int, int], None],
        cut: Callable[[int, int], None],
        first_person: int,
    ) -> None:
        """``happen`` lets something happen to a phone, ``cut`` ends a person's own plans. Needs an onlooker."""
        self._env = env
        self._context = context
        self._phones = phones
        self._evaluation = evaluation
        self._expected = expected
        self._happen = happen
        self._cut = cut
        self._first = first_person
        self._ways: dict[int, _Way] = {}

    @property
    def people(self) -> Collection[int]:
        """Who was moved by hand (index within the cohort): their own plans are off for the rest of the run."""
        return self._ways.keys()

    def move(
        self, who: int, now: int, here: Point, inside: Collection[int], to: Point, by: By
    ) -> list[Border]:
        """Send a person from ``here``, where they are and inside the places ``inside``, to another point.

        The borders that they will cross, in order; those at ``now`` are crossed when this returns.
        """
        self._stop(who, now)
        length = 0.0 if by == "jump" else float(geodesy.distance(*here, *to))
        arrives = now if by == "jump" else now + round(1000.0 * length / SPEEDS[by])
        legs = _leg(here, to, now, arrives)
        borders = list(self._borders(legs, now, here, inside, to))
        kept = [border for border in borders if border.time < self._context.duration_ms]
        self._ways[who] = way = _Way([border.time for border in kept])
        self._expected.add(np.array(way.ahead, dtype=np.int64))
        self._tell(who, legs, borders)
        self._carry(who, legs, now)
        steps = self._go(self._phones.phones[who].cross, way, kept)
        # What is to happen now happens now: time may stand still.
        first = next(steps, None)
        if first is not None:
            self._env.process(_later(self._env, first, steps))
        return borders

    def let(self, who: int, now: int, what: str, value: bool | str) -> None:
        """Let something happen to a phone: ``network``, ``airplane``, ``power``, ``permission`` or ``app``.

        Raises KeyError for something else.
        """
        self._env.pass_to(now)
        phone, app = self._phones.living[who], self._phones.apps[who]
        if what == "permission":
            self._phones.expect_changes([who])
            self._happen(phone, happenings.PERMISSION, now, int(PERMISSIONS[str(value)]))
        elif (what, value) == ("app", "open"):
            app.foreground(now)
        elif (what, value) == ("app", "close"):
            app.background(now)
        else:
            self._happen(phone, _TO_THE_PHONE[what, value], now, 0)

    def open(self, now: int, message: str) -> bool:
        """A message is opened; whether it could be."""
        self._env.pass_to(now)
        return self._evaluation is not None and self._evaluation.open(message)

    # --- what can be seen of a phone -------------------------------------------------------------------------

    def phone(self, who: int) -> LivingPhone:
        """The phone of a person."""
        return self._phones.living[who]

    def sdk(self, who: int) -> MobileSdk:
        """The SDK on it."""
        return self._phones.sdks[who]

    # --- on the way ------------------------------------------------------------------------------------------

    def _stop(self, who: int, now: int) -> None:
        """The person goes no further on their own way, or on the one that they were sent before."""
        self._env.pass_to(now)
        before = self._ways.pop(who, None)
        if before is None:
            self._cut(who, now)
        else:
            before.over = True
            self._expected.remove(np.array(before.ahead, dtype=np.int64))
        if (onlooker := self._context.onlooker) is not None:
            onlooker.cut(self._first + who, now)

    def _borders(
        self, legs: Legs, now: int, here: Point, inside: Collection[int], to: Point
    ) -> Generator[Border, None, None]:
        """The borders on a way, entries and exits of each place in turns whatever was true at its beginning."""
        places, within = self._context.places, set(inside)
        jumps = int(legs.t1[0]) == now
        start = to if jumps else here
        _, found = places.inside(np.array([start[0]]), np.array([start[1]]))
        there = set(found.tolist())
        for place in sorted(within - there):
            yield Border(now, place, False, *start)
        for place in sorted(there - within):
            yield Border(now, place, True, *start)
        if jumps:
            return
        crossings = solve(places, legs)
        for border in _rows(crossings):
            if border.entry != (border.place in there):
                yield border
                (there.add if border.entry else there.discard)(border.place)

    def _go(
        self, cross: Callable[..., None], way: _Way, borders: Sequence[Border]
    ) -> Generator[int, None, None]:
        """Cross one border after the other; gives the time to go on at."""
        for border in borders:
            if border.time > self._env.now:
                yield border.time
            if way.over:
                return
            way.ahead.pop(0)
            cross(*border)

    def _tell(self, who: int, legs: Legs, borders: Sequence[Border]) -> None:
        onlooker = self._context.onlooker
        if onlooker is not None:
            time, place, entry, latitude, longitude = zip(*borders, strict=True) if borders else ((),) * 5
            rows = np.zeros(len(borders), dtype=np.int64)
            onlooker.going(
                self._first,
                DayLegs(np.array([who]), legs),
                Crossings(
                    rows,
                    np.array(place, dtype=np.int32),
                    np.array(entry, dtype=np.bool_),
                    np.array(time, dtype=np.int64),
                    np.zeros(len(borders)),
                    np.array(latitude, dtype=np.float64),
                    np.array(longitude, dtype=np.float64),
                ),
            )

    def _carry(self, who: int, legs: Legs, now: int) -> None:
        """The app on the phone may come to register other places on the way."""
        registered = self._phones.registrations
        watched = registered[who] if registered else None
        if watched is not None:
            watched.cut(now)
            watched.follow(Ways(legs), 0, 1, now)


def _later(
    env: CohortEnvironment, first: int, steps: Generator[int, None, None]
) -> Generator[simpy.Event, Any, None]:
    """A process that goes on with ``steps`` whenever they say."""
    time: int | None = first
    while time is not None:
        yield Wake(env, time - int(env.now))
        time = next(steps, None)


def _leg(here: Point, to: Point, t0: int, t1: int) -> Legs:
    lat0, lon0, lat1, lon1 = (np.array([degrees]) for degrees in (*here, *to))
    return Legs(lat0, lon0, lat1, lon1, np.array([t0], dtype=np.int64), np.array([t1], dtype=np.int64))


def _rows(crossings: Crossings) -> Iterator[Border]:
    columns = (crossings.time, crossings.place, crossings.entry, crossings.latitude, crossings.longitude)
    return map(Border._make, zip(*(column.tolist() for column in columns), strict=True))
