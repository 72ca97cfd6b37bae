"""What happens to phones: signal, power, energy, apps that are ended or replaced, permissions that change.

All of it is planned, like the sessions of the app: at each midnight a cohort's day is drawn in bulk, and becomes items
on the agenda. Who has a quiet day has none. Rates and lengths that a scenario doesn't state are those of ``TYPICAL``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.core import numerics
from simulator.core.distributions import Constant, Distribution, LogNormal, Uniform, pick
from simulator.core.numerics import FloatArray, IntArray
from simulator.core.randomness import KeyArray, purpose_keys, uniform
from simulator.core.simtime import MS_PER_HOUR, MS_PER_SECOND
from simulator.people import Cohort
from simulator.phone import happenings
from simulator.phone.permission import Permission
from simulator.phone.sessions import SECONDS_PER_DAY, DaySessions
from simulator.scenario.models import Conditions, PhoneMix, Spells

# Bound on how often something begins for one person on one day.
_MOST_A_DAY = 256
# What happens more seldom than this, per person and day, never does: a million people for a year see it once.
_HARDLY_EVER = 1e-9
# An offline spell matters to an app that has something to send: one that something happened to during the spell or
# not longer before than this, milliseconds. Detection takes less, and sessions are shorter.
_LATELY = MS_PER_HOUR
# A person who ends an app by force does so this long after the session, seconds [a].
_SWIPED_AWAY_AFTER = Uniform(0.6, 5.0)


class SpellHabits(NamedTuple):
    """How often a state begins per person and day, and how long it lasts (seconds)."""

    per_day: float
    length: Distribution


@dataclass(frozen=True, slots=True)
class ClockHabits:
    """Errors of clocks: standard deviation of good ones (seconds), shares of bad ones."""

    sd: float
    wrong: float
    wrong_by: Distribution
    wrong_zone: float


@dataclass(frozen=True, slots=True)
class Habits:
    """How often what happens to the phones of a group; nothing left open."""

    offline: SpellHabits
    airplane_mode: SpellHabits
    switched_off: SpellHabits
    restart: SpellHabits
    battery_saver: SpellHabits
    force_quit: float
    crash: float
    update: float
    reinstall: float
    permission_changes: float
    permission_to: tuple[tuple[str, float], ...]
    clock: ClockHabits


TYPICAL = Habits(
    # 2 to 5 % of the time in blocks of 1 to 40 min (realism.md 2, mobile_sdk.md 8): 3.5 % are 2.46 blocks.
    offline=SpellHabits(2.46, Uniform(60.0, 2400.0)),
    # What follows is [a] throughout: no public figures were found.
    airplane_mode=SpellHabits(0.02, LogNormal(7200.0, 0.8, 60.0, 86400.0)),
    switched_off=SpellHabits(0.02, LogNormal(14400.0, 1.0, 60.0, 172800.0)),
    restart=SpellHabits(0.05, Uniform(30.0, 90.0)),
    battery_saver=SpellHabits(0.1, LogNormal(7200.0, 0.8, 60.0, 86400.0)),
    force_quit=0.02,
    crash=0.002,
    update=1.0 / 30.0,
    reinstall=0.0005,
    permission_changes=0.001,
    permission_to=(("always", 1.0), ("while_in_use", 2.0), ("denied", 1.0)),
    # Inferred, mobile_sdk.md 8.
    clock=ClockHabits(sd=1.5, wrong=0.025, wrong_by=Uniform(60.0, 1800.0), wrong_zone=0.005),
)

_NO_SPELLS = SpellHabits(0.0, Constant(0.0))
NEVER = Habits(
    offline=_NO_SPELLS,
    airplane_mode=_NO_SPELLS,
    switched_off=_NO_SPELLS,
    restart=_NO_SPELLS,
    battery_saver=_NO_SPELLS,
    force_quit=0.0,
    crash=0.0,
    update=0.0,
    reinstall=0.0,
    permission_changes=0.0,
    permission_to=TYPICAL.permission_to,
    clock=ClockHabits(sd=0.0, wrong=0.0, wrong_by=Constant(0.0), wrong_zone=0.0),
)


def habits_of(mix: PhoneMix) -> Habits:
    """What happens to the phones of a group, with all defaults filled in."""
    said = mix.conditions
    if said is None:
        return TYPICAL if mix.monitoring == "os" else NEVER
    if not isinstance(said, Conditions):
        return TYPICAL if said == "typical" else NEVER
    base = TYPICAL if said.others == "typical" else NEVER
    changes, clock = said.permission, said.clock
    return Habits(
        offline=_spells(said.offline, base.offline, TYPICAL.offline),
        airplane_mode=_spells(said.airplane_mode, base.airplane_mode, TYPICAL.airplane_mode),
        switched_off=_spells(said.switched_off, base.switched_off, TYPICAL.switched_off),
        restart=_spells(said.restart, base.restart, TYPICAL.restart),
        battery_saver=_spells(said.battery_saver, base.battery_saver, TYPICAL.battery_saver),
        force_quit=_either(said.force_quit, base.force_quit),
        crash=_either(said.crash, base.crash),
        update=_either(said.update, base.update),
        reinstall=_either(said.reinstall, base.reinstall),
        permission_changes=_either(
            changes.per_day if changes else None,
            TYPICAL.permission_changes if changes else base.permission_changes,
        ),
        permission_to=tuple(changes.to.items()) if changes and changes.to else TYPICAL.permission_to,
        clock=base.clock
        if clock is None
        else ClockHabits(
            sd=_either(clock.sd, TYPICAL.clock.sd),
            wrong=_either(clock.wrong, TYPICAL.clock.wrong),
            wrong_by=clock.wrong_by or TYPICAL.clock.wrong_by,
            wrong_zone=_either(clock.wrong_zone, TYPICAL.clock.wrong_zone),
        ),
    )


def _either(said: float | None, otherwise: float) -> float:
    return otherwise if said is None else said


def _spells(said: Spells | None, base: SpellHabits, typical: SpellHabits) -> SpellHabits:
    if said is None:
        return base
    return SpellHabits(_either(said.per_day, typical.per_day), said.length or typical.length)


class DayConditions(NamedTuple):
    """What happens to the phones of a cohort on a day, in no particular order; times in virtual milliseconds."""

    time: IntArray
    person: IntArray
    kind: npt.NDArray[np.int8]
    value: npt.NDArray[np.int32]
    """What goes with it: the new permission."""


class ConditionsPlanner:
    """Plans what happens to the phones of one cohort, day after day."""

    def __init__(self, habits: Habits, keys: KeyArray) -> None:
        """``keys`` are the root keys of the cohort's people."""
        self._habits = habits
        self._keys = keys
        self._spells = [
            _SpellPlanner(name, spells, kinds, keys)
            for name, spells, kinds in (
                ("offline", habits.offline, (happenings.OFFLINE, happenings.ONLINE)),
                ("airplane", habits.airplane_mode, (happenings.AIRPLANE_ON, happenings.AIRPLANE_OFF)),
                ("off", habits.switched_off, (happenings.POWER_OFF, happenings.POWER_ON)),
                ("restart", habits.restart, (happenings.POWER_OFF, happenings.POWER_ON)),
                ("saver", habits.battery_saver, (happenings.SAVER_ON, happenings.SAVER_OFF)),
            )
            if spells.per_day > _HARDLY_EVER
        ]
        self._moments = [
            _SpellPlanner(name, SpellHabits(per_day, Constant(0.0)), (kind,), keys)
            for name, per_day, kind in (
                ("update", habits.update, happenings.UPDATE),
                ("reinstall", habits.reinstall, happenings.REINSTALL),
                ("permission", habits.permission_changes, happenings.PERMISSION),
            )
            if per_day > _HARDLY_EVER
        ]
        # When the phones had or will have something to do, of the days planned so far.
        self._busy = np.empty((0, 2), dtype=np.int64)

    def plan(self, day: int, midnight_ms: int, busy: IntArray, sessions: DaySessions) -> DayConditions:
        """What happens on local date ``day`` whose midnight is virtual time ``midnight_ms``; days in order.

        ``busy`` has a row (person, time) for everything else that is planned for the day, ``sessions`` among it. What
        begins before the run does, at 0, and ends in it begins with it.
        """
        self._busy = np.concatenate([self._busy, busy])
        parts = list(self._ended(sessions))
        for planner in (*self._spells, *self._moments):
            person, start, end = planner.plan(day, midnight_ms)
            if planner.kinds[0] == happenings.OFFLINE:
                matters = self._matters(person, start, end, midnight_ms)
                person, start, end = person[matters], start[matters], end[matters]
            if len(planner.kinds) == 1:
                parts.append(self._moment(planner.kinds[0], person, start))
                continue
            under_way = end > 0
            person, start, end = person[under_way], np.maximum(start[under_way], 0), end[under_way]
            for kind, time in zip(planner.kinds, (start, end), strict=True):
                parts.append(_part(kind, person, time))
        # Days have up to 25 hours.
        self._busy = self._busy[self._busy[:, 1] >= midnight_ms + 23 * MS_PER_HOUR - _LATELY]
        if not parts:
            return _part(0, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
        return DayConditions(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _moment(self, kind: int, person: IntArray, time: IntArray) -> DayConditions:
        part = _part(kind, person, time)
        if kind != happenings.PERMISSION:
            return part
        names, weights = zip(*self._habits.permission_to, strict=True)
        numbers = np.array([Permission[name.upper()] for name in names], dtype=np.int32)
        draw = uniform(purpose_keys(self._keys[person], "phone.permission.to"), time)
        return part._replace(value=numbers[pick(weights, draw)])

    def _ended(self, sessions: DaySessions) -> Iterator[DayConditions]:
        """Sessions that end in a crash, and those after which the person ends the app by force."""
        # Sessions of one person never begin at the same time, so their beginning numbers them.
        keys, counter = self._keys[sessions.person], sessions.start
        if self._habits.crash > 0.0:
            crashed = uniform(purpose_keys(keys, "phone.crash"), counter) < self._habits.crash
            share = uniform(purpose_keys(keys, "phone.crash.when"), counter)
            after = np.floor(share * (sessions.end - sessions.start)).astype(np.int64)
            yield _part(happenings.CRASH, sessions.person[crashed], (sessions.start + after)[crashed])
        if self._habits.force_quit > 0.0:
            quit = uniform(purpose_keys(keys, "phone.quit"), counter) < self._habits.force_quit
            delay = _SWIPED_AWAY_AFTER.ppf(uniform(purpose_keys(keys, "phone.quit.when"), counter))
            time = sessions.end + np.rint(delay * MS_PER_SECOND).astype(np.int64)
            yield _part(happenings.FORCE_QUIT, sessions.person[quit], time[quit])

    def _matters(
        self, person: IntArray, start: IntArray, end: IntArray, midnight_ms: int
    ) -> npt.NDArray[np.bool_]:
        """Whether something happens to the phone in or shortly before each spell.

        Of spells that reach into the next day nobody knows yet; they do.
        """
        busy = self._busy
        if not len(busy):
            return np.zeros(len(person), dtype=np.bool_)
        earliest = min(int(busy[:, 1].min()), int(start.min(initial=0)) - _LATELY)
        span = max(int(busy[:, 1].max()), int(end.max(initial=0))) - earliest + 1
        moments = np.sort(busy[:, 0] * span + (busy[:, 1] - earliest))
        first = np.searchsorted(moments, person * span + (start - _LATELY - earliest))
        last = np.searchsorted(moments, person * span + (end - earliest), side="right")
        into_tomorrow = end >= midnight_ms + round(SECONDS_PER_DAY * MS_PER_SECOND) - MS_PER_HOUR
        found: npt.NDArray[np.bool_] = (last > first) | into_tomorrow
        return found


class CohortConditions:
    """Plans what happens to the phones of a cohort whose people may have different habits."""

    def __init__(self, cohort: Cohort) -> None:
        self._size = cohort.size
        self._parts = [
            (part.rows, ConditionsPlanner(habits_of(part.people.group.phone), part.people.keys))
            for part in cohort.by_habits()
        ]

    def plan(self, day: int, midnight_ms: int, busy: IntArray, sessions: DaySessions) -> DayConditions:
        """See :meth:`ConditionsPlanner.plan`; people by their index within the cohort."""
        if len(self._parts) == 1:
            return self._parts[0][1].plan(day, midnight_ms, busy, sessions)
        plans = []
        for rows, planner in self._parts:
            local = np.full(self._size, -1, dtype=np.int64)
            local[rows] = np.arange(len(rows))
            mine, used = local[busy[:, 0]] >= 0, local[sessions.person] >= 0
            plan = planner.plan(
                day,
                midnight_ms,
                np.column_stack([local[busy[mine, 0]], busy[mine, 1]]),
                DaySessions(local[sessions.person[used]], sessions.start[used], sessions.end[used]),
            )
            plans.append(plan._replace(person=rows[plan.person]))
        return DayConditions(*(np.concatenate(columns) for columns in zip(*plans, strict=True)))


def _part(kind: int, person: IntArray, time: IntArray) -> DayConditions:
    return DayConditions(
        time, person, np.full(len(time), kind, dtype=np.int8), np.zeros(len(time), dtype=np.int32)
    )


class _SpellPlanner:
    """One kind of spell: a Poisson process that stands still while a spell lasts."""

    def __init__(self, name: str, habits: SpellHabits, kinds: tuple[int, ...], keys: KeyArray) -> None:
        self.kinds = kinds
        self._name = name
        self._rate = habits.per_day / SECONDS_PER_DAY
        self._length = habits.length
        self._keys = keys
        # Whose last spell reaches into the day after the one planned last, and until when.
        self._late: tuple[IntArray, IntArray] = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))

    def plan(self, day: int, midnight_ms: int) -> tuple[IntArray, IntArray, IntArray]:
        """Person, start and end of the spells that begin on a day."""
        gaps, lengths = (
            purpose_keys(self._keys, f"phone.{self._name}.{purpose}") for purpose in ("gap", "length")
        )
        free: FloatArray = np.zeros(len(self._keys))
        late, until = self._late
        np.maximum.at(free, late, (until - midnight_ms) / MS_PER_SECOND)
        active = np.flatnonzero(free < SECONDS_PER_DAY)
        time = free[active]
        parts: list[tuple[IntArray, IntArray, IntArray]] = [(late, until, until)]
        for n in range(_MOST_A_DAY):
            counter = day * _MOST_A_DAY + n
            time = time - numerics.log(uniform(gaps[active], counter)) / self._rate
            within = time < SECONDS_PER_DAY
            active, time = active[within], time[within]
            if not len(active):
                break
            length = np.maximum(self._length.ppf(uniform(lengths[active], counter)), 0.0)
            start = midnight_ms + np.rint(time * MS_PER_SECOND).astype(np.int64)
            time = time + length
            end = midnight_ms + np.rint(time * MS_PER_SECOND).astype(np.int64)
            parts.append((active.astype(np.int64), start, end))
        person, start, end = (np.concatenate(column) for column in zip(*parts, strict=True))
        reaching = end > midnight_ms + 23 * MS_PER_HOUR
        self._late = person[reaching], end[reaching]
        fresh = slice(len(late), None)
        return person[fresh], start[fresh], end[fresh]
