"""The seam for real time: the only place where the program looks at a clock.

Virtual time is driven as fast as possible, or paced: one second of the wall for ``speed`` seconds of the
simulation. Everything that needs to know what time it really is takes a :class:`WallClock`.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime


class WallClock:
    """The real clock; tests put another one in its place."""

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        return time.monotonic()

    def epoch_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def folder_stamp(self) -> str:
        """The local date and time for names of run folders: ``20260302-113000``."""
        return datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Pacer:
    """Maps virtual time to the wall clock and waits for it."""

    def __init__(self, clock: WallClock, speed: float) -> None:
        self._clock = clock
        self._speed = speed
        self._origin = clock.monotonic()
        self.worst_lag_s = 0.0
        """Furthest that the run was behind, in seconds of the wall."""

    def now(self) -> int:
        """Virtual time that the wall clock has reached, in milliseconds."""
        return int((self._clock.monotonic() - self._origin) * self._speed * 1000.0)

    async def wait_for(self, virtual_ms: int, stop: asyncio.Event) -> None:
        """Wait until the wall clock has reached ``virtual_ms``, or until ``stop`` is set."""
        while not stop.is_set():
            ahead = self._origin + virtual_ms / 1000.0 / self._speed - self._clock.monotonic()
            if ahead <= 0.0:
                self.worst_lag_s = max(self.worst_lag_s, -ahead)
                return
            await self._clock.sleep(min(ahead, 0.2))
