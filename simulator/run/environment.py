"""The SimPy environment of a cohort: whole milliseconds, run up to a given moment."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import simpy
from simpy.events import URGENT

from simulator.core.timers import TimedEnvironment


class CohortEnvironment(TimedEnvironment):
    """SimPy's environment with a loop that stops *before* a moment and costs nothing per stop.

    ``Environment.run(until=...)`` schedules an event to stop at, calls ``step`` for every event and ends with an
    exception. Cohorts are run in thousands of small windows, so here the loop of ``run`` and ``step`` is one.
    """

    _until = 0
    _planned: float = inf
    _plan: Iterator[int] = iter(())

    def follow(self, plan: Iterator[int]) -> None:
        """Let ``plan`` do what is planned: it says when it wants to go on, does so then, and says when again.

        What was planned happens before everything else of its millisecond. It is no SimPy process, because it goes on
        so often that making an event each time is a good part of the work. Not to be called while the environment runs.
        """
        self._plan = plan
        self._planned = next(plan, inf)

    def run_before(self, until: int) -> None:
        """Let everything happen that is earlier than ``until``; the clock stays at the last of it."""
        self._until = until
        while self._planned < until:
            self.happen_before(self._planned)
            self._now = int(self._planned)
            self._planned = next(self._plan, inf)
        self.happen_before(until)

    def pass_to(self, time: int) -> None:
        """Set the clock to ``time``, before which nothing is left to happen: something is to happen now."""
        self._now = max(int(self._now), time)

    def come_to(self, time: int) -> bool:
        """Let everything happen that comes before ``time``, if that is in this window; the plan can go on at once then.

        For the plan alone, which otherwise says that it wants to go on at ``time``.
        """
        if time >= self._until:
            return False
        queue = self._queue
        if queue and queue[0][0] < time:
            self.happen_before(time)
        self._now = time
        return True


class Wake(simpy.Event):
    """A timeout that comes before everything else of its millisecond.

    What was planned happens before what follows from it, always: otherwise the order of two things in the
    same millisecond would depend on when the rest of the cohort last did something.
    """

    def __init__(self, env: simpy.Environment, delay: int) -> None:
        self.env = env
        self.callbacks = []
        self._value = None
        self._ok = True
        self._defused = False
        env.schedule(self, URGENT, delay)
