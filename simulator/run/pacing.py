"""The seam for real time: the only place where the program looks at a clock.

Virtual time is driven as fast as possible, or paced: one second of the wall for ``speed`` seconds of the
simulation. Everything that needs to know what time it really is takes a :class:`WallClock`.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray


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

    async def until(self, moment: float, stop: asyncio.Event) -> float:
        """Wait for ``moment`` on the monotonic clock, or until ``stop`` is set; by how much it was missed."""
        while not stop.is_set():
            ahead = moment - self.monotonic()
            if ahead <= 0.0:
                return -ahead
            await self.sleep(min(ahead, 0.2))
        return 0.0


class Pacer:
    """Maps virtual time to the wall clock and waits for it."""

    def __init__(self, clock: WallClock, speed: float) -> None:
        self._clock = clock
        self.speed = speed
        """Seconds of the simulation in one of the wall."""
        self._origin = clock.monotonic()
        self.worst_lag_s = 0.0
        """Furthest that the run was behind, in seconds of the wall."""

    @classmethod
    def live(cls, clock: WallClock, start_epoch_ms: int) -> Pacer:
        """Virtual time is the wall's own: virtual 0 was, or will be, at ``start_epoch_ms``."""
        pacer = cls(clock, 1.0)
        pacer.restart(clock.epoch_ms() - start_epoch_ms)
        return pacer

    def restart(self, virtual_ms: int) -> None:
        """From here on: it is ``virtual_ms`` now."""
        self._origin = self._clock.monotonic() - virtual_ms / 1000.0 / self.speed

    def now(self) -> int:
        """Virtual time that the wall clock has reached, in milliseconds."""
        return int((self._clock.monotonic() - self._origin) * self.speed * 1000.0)

    def due(self, virtual_ms: npt.NDArray[np.int64]) -> FloatArray:
        """When virtual times come, in seconds of the monotonic clock."""
        moments: FloatArray = self._origin + virtual_ms / 1000.0 / self.speed
        return moments

    def ahead(self, virtual_ms: int) -> float:
        """Seconds of the wall until a virtual time comes; negative if it is past."""
        return self._origin + virtual_ms / 1000.0 / self.speed - self._clock.monotonic()

    async def wait_for(self, virtual_ms: int, stop: asyncio.Event) -> None:
        """Wait until the wall clock has reached ``virtual_ms``, or until ``stop`` is set."""
        late = await self._clock.until(self._origin + virtual_ms / 1000.0 / self.speed, stop)
        self.worst_lag_s = max(self.worst_lag_s, late)
