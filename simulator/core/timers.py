"""Timers in a SimPy environment, at a fraction of the price of ``simpy.Timeout``: there are millions of them."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, cast

import simpy
from simpy.events import NORMAL

# What stands in SimPy's heap for a timer, in place of (time, priority, id, event): two more things, and no event.
_TIMER_LENGTH = 5


class TimedEnvironment(simpy.Environment):
    """SimPy's environment, in which a function can be called later without making an event of it."""

    def call_at(self, time: int, function: Callable[[Any], None], value: Any) -> None:
        """Call ``function`` with ``value`` at ``time``, which is not in the past; it can't be called off.

        Among what happens in the same millisecond it has the place that a ``simpy.Timeout`` would have.
        """
        heappush(self._queue, (time, NORMAL, next(self._eid), function, value))  # type: ignore[misc]

    def happen_before(self, time: float) -> None:
        """Let everything happen that is earlier than ``time``; the clock stays at the last of it."""
        # SimPy's heap, and what its `run` and `step` do with it, as one loop.
        queue: list[tuple[Any, ...]] = self._queue
        while queue and queue[0][0] < time:
            entry = heappop(queue)
            self._now = entry[0]
            if len(entry) == _TIMER_LENGTH:
                entry[3](entry[4])
                continue
            event = entry[3]
            callbacks, event.callbacks = event.callbacks, None
            for callback in callbacks:
                callback(event)
            if not event._ok and not event.defused:
                raise cast(BaseException, event._value)

    def step(self) -> None:
        """Let the next thing happen. Raises ``simpy.core.EmptySchedule`` if there is none."""
        if self._queue and len(self._queue[0]) == _TIMER_LENGTH:
            self._now, _, _, function, value = heappop(self._queue)  # type: ignore[misc]
            function(value)
        else:
            super().step()
