"""The SimPy environment of a cohort: whole milliseconds, run up to a given moment."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop
from math import inf
from typing import cast

import simpy
from simpy.events import URGENT


class CohortEnvironment(simpy.Environment):
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
        so often that making an event each time is a good part of the work.
        """
        self._plan = plan
        self._planned = next(plan, inf)

    def run_before(self, until: int) -> None:
        """Let everything happen that is earlier than ``until``; the clock stays at the last of it."""
        self._until = until
        queue = self._queue  # SimPy's heap: (time, priority, id, event)
        plan, planned = self._plan, self._planned
        while True:
            if queue and queue[0][0] < planned:
                if queue[0][0] >= until:
                    break
                self._now, _, _, event = heappop(queue)
                callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
                for callback in callbacks:
                    callback(event)
                if not event._ok and not event.defused:
                    raise cast(BaseException, event._value)
            elif planned < until:
                self._now = int(planned)
                planned = next(plan, inf)
            else:
                break
        self._planned = planned

    def pass_to(self, time: int) -> None:
        """Set the clock to ``time``, before which nothing is left to happen: something is to happen now."""
        self._now = max(int(self._now), time)

    def skip_to(self, time: int) -> bool:
        """Set the clock to ``time`` if nothing else comes before, and ``time`` is in this window.

        The plan can go on at once then.
        """
        queue = self._queue
        if time >= self._until or (queue and queue[0][0] < time):
            return False
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
