"""When people open the app: sessions of a cohort's day.

Sessions are a renewal process as in eventsim's model (realism.md 2 [v]): after a session nothing for ``gap``,
then an exponential time, thinned at night and at weekends. The intensity is solved so that a person has as
many sessions on a working day as were drawn for that person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from simulator.core import numerics
from simulator.core.distributions import Distribution
from simulator.core.numerics import FloatArray
from simulator.core.ordering import order_by
from simulator.core.randomness import KeyArray, purpose_keys, uniform
from simulator.core.simtime import MS_PER_SECOND
from simulator.people import Cohort
from simulator.scenario.models import Sessions

NIGHT_BEGINS_S = 23 * 3600.0
NIGHT_ENDS_S = 6 * 3600.0
SECONDS_PER_DAY = 86400.0
_NIGHT_S = SECONDS_PER_DAY - NIGHT_BEGINS_S + NIGHT_ENDS_S
_DAY_S = SECONDS_PER_DAY - _NIGHT_S
# Nobody can have more sessions than the gaps leave room for; a rate is held below this share of that.
FULLEST_DAY = 0.9
# Bound on the candidate times of one person and day, thinned ones included.
MOST_CANDIDATES = 1024
# Candidates are drawn about so many at once, because fewer take hardly less time; but only so many of one person.
_DRAWN_AT_ONCE = 4096
_DRAWN_AHEAD = 16
# A session lasts at least this long, so that launch and close are two moments.
SHORTEST_SESSION_S = 1.0


@dataclass(frozen=True, slots=True)
class DaySessions:
    """Sessions of a cohort's day, ordered by person and time; virtual milliseconds."""

    person: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]


class SessionPlanner:
    """Plans the app sessions of one cohort, day after day."""

    def __init__(self, sessions: Sessions, keys: KeyArray) -> None:
        """``keys`` are the root keys of the cohort's people."""
        self._sessions = sessions
        self._candidates = purpose_keys(keys, "session.candidate")
        self._acceptance = purpose_keys(keys, "session.acceptance")
        self._lengths = purpose_keys(keys, "session.length")
        per_day = np.maximum(sessions.per_day.ppf(uniform(purpose_keys(keys, "sessions.per_day"))), 0.0)
        self._rate = _solve_rate(per_day, sessions)
        self._free_at = np.zeros(len(keys))
        self._last_midnight: int | None = None

    def plan(self, day: int, weekend: bool, midnight_ms: int, until: float = inf) -> DaySessions:
        """The sessions of local date ``day`` whose midnight is virtual time ``midnight_ms``; days in order.

        Those that begin at ``until`` (virtual milliseconds) or later are left out; no day may follow then.
        """
        if self._last_midnight is not None:  # 23 or 25 hours ago when clocks have changed
            past = (midnight_ms - self._last_midnight) / MS_PER_SECOND
            self._free_at = np.maximum(self._free_at - past, 0.0)
        self._last_midnight = midnight_ms
        damping = self._sessions.weekend if weekend else 1.0
        end_of_day = min(SECONDS_PER_DAY, (until - midnight_ms) / MS_PER_SECOND)
        people: list[npt.NDArray[np.intp]] = []
        starts: list[FloatArray] = []
        ends: list[FloatArray] = []
        active = np.flatnonzero(self._rate > 0.0)
        time = self._free_at.copy()
        n = 0
        while len(active) and n < MOST_CANDIDATES:
            # Where few people are left, a call costs more than its numbers do: several candidates are drawn at once.
            count = min(max(_DRAWN_AT_ONCE // len(active), 1), _DRAWN_AHEAD, MOST_CANDIDATES - n)
            for step, chance, length in self._drawn(active, day * MOST_CANDIDATES + n, count):
                at = time[active] + step
                night = (at >= NIGHT_BEGINS_S) | (at < NIGHT_ENDS_S)
                share = np.where(night, self._sessions.night, 1.0) * damping
                accepted = np.flatnonzero((at < end_of_day) & (chance < share))
                users, begin = active[accepted], at[accepted]
                end = begin + np.maximum(length[accepted], SHORTEST_SESSION_S)
                people.append(users)
                starts.append(begin)
                ends.append(end)
                time[active] = at
                time[users] = self._free_at[users] = end + self._sessions.gap
            active = active[time[active] < end_of_day]
            n += count
        return _ordered(people, starts, ends, midnight_ms)

    def _drawn(
        self, people: npt.NDArray[np.intp], first: int, count: int
    ) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
        """``count`` candidates of each of ``people`` from number ``first`` on.

        For each the time since the one before, a number that decides whether it becomes a session, and its length.
        """
        numbers = np.arange(first, first + count)[:, None]
        step = -numerics.log(uniform(self._candidates[people], numbers)) / self._rate[people]
        length = self._sessions.length.ppf(uniform(self._lengths[people], numbers))
        return zip(step, uniform(self._acceptance[people], numbers), length, strict=True)


class CohortSessions:
    """Plans the app sessions of a cohort whose people may have different habits."""

    def __init__(self, cohort: Cohort) -> None:
        self._parts = [
            (part.rows, SessionPlanner(part.people.sessions, part.people.keys)) for part in cohort.by_habits()
        ]

    def plan(self, day: int, weekend: bool, midnight_ms: int, until: float = inf) -> DaySessions:
        """See :meth:`SessionPlanner.plan`; people by their index within the cohort."""
        plans = [(rows, planner.plan(day, weekend, midnight_ms, until)) for rows, planner in self._parts]
        person = np.concatenate([rows[plan.person] for rows, plan in plans])
        start = np.concatenate([plan.start for _, plan in plans])
        end = np.concatenate([plan.end for _, plan in plans])
        order = order_by(person, start)
        return DaySessions(person[order], start[order], end[order])


def _ordered(
    people: list[npt.NDArray[np.intp]], starts: list[FloatArray], ends: list[FloatArray], midnight_ms: int
) -> DaySessions:
    if not people:
        nobody = np.empty(0, dtype=np.int64)
        return DaySessions(nobody, nobody, nobody)
    person = np.concatenate(people).astype(np.int64)
    start_ms = np.rint(np.concatenate(starts) * 1000.0).astype(np.int64) + midnight_ms
    order = order_by(person, start_ms)
    end_ms = np.rint(np.concatenate(ends) * 1000.0).astype(np.int64) + midnight_ms
    return DaySessions(person[order], start_ms[order], end_ms[order])


def _mean(distribution: Distribution) -> float:
    """Mean of a distribution, from its quantiles."""
    quantiles = distribution.ppf((np.arange(512, dtype=np.float64) + 0.5) / 512.0)
    total = 0.0
    for value in quantiles.tolist():
        total += value
    return total / 512.0


def _solve_rate(per_day: FloatArray, sessions: Sessions) -> FloatArray:
    """Intensity per second at which ``per_day`` sessions happen on a working day, by bisection."""
    dead = sessions.gap + max(_mean(sessions.length), SHORTEST_SESSION_S)
    target = np.minimum(per_day, FULLEST_DAY * SECONDS_PER_DAY / dead)
    people = len(target)
    bounds = np.repeat([0.0, 1000.0 / dead], people)  # the lower ones of all, then the upper ones
    low, high, lower = bounds[:people], bounds[people:], np.arange(people)
    for _ in range(60):
        rate = 0.5 * (low + high)
        night_rate = rate * sessions.night
        count = _DAY_S * rate / (1.0 + rate * dead) + _NIGHT_S * night_rate / (1.0 + night_rate * dead)
        bounds[lower + people * (count >= target)] = rate
    return np.where(target > 0.0, 0.5 * (low + high), 0.0)
