"""Timers in a SimPy environment, at half the price of ``simpy.Timeout``: there are millions of them."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

import simpy
from simpy.events import NORMAL


class Timer:
    """A moment in the future at which one function is called with the timer; ``value`` is for that function.

    To an environment it is an event like any other; processes can't wait for it.
    """

    __slots__ = ("_ok", "callbacks", "defused", "value")

    def __init__(self, value: Any, callback: Callable[[Timer], None]) -> None:
        self.value = value
        self.callbacks: tuple[Callable[[Timer], None], ...] | None = (callback,)
        self._ok = True
        self.defused = True


def start_timer(env: simpy.Environment, delay: int, value: Any, callback: Callable[[Timer], None]) -> Timer:
    """Call ``callback`` with a timer that holds ``value``, ``delay`` milliseconds from now."""
    timer = Timer(value, callback)
    # What Environment.schedule does, without the way through Event and Timeout.
    heappush(env._queue, (env._now + delay, NORMAL, next(env._eid), timer))  # type: ignore[misc]
    return timer
