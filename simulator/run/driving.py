"""The loop of a run: simulate a window, hand it over, and so on to the end, at full speed or by a clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from simulator.run.delivering import MOST_UNSETTLED, Deliverer
from simulator.run.load import LoadTiming, in_chunks
from simulator.run.pacing import Pacer, WallClock
from simulator.run.simulation import World
from simulator.run.spill import Held, Outbox
from simulator.run.window import Window
from simulator.run.workers import WindowSource
from simulator.scenario import Scenario

# Events handed to the destination at once: progress and Ctrl-C are seen between hand-overs.
HAND_OVER = 2000
# The same where the destination only writes them down, which takes little time.
BULK_HAND_OVER = 20_000
# A paced run looks this far ahead, in seconds of the wall.
PACED_WINDOW_S = 0.25
# A live run has caught up when it is no further behind the clock than this.
_CAUGHT_UP_MS = 1000


class Driver:
    """Drives one run as its scenario says: at full speed, at a rate, by a factor of real time, or live.

    At full speed and at a rate the simulation waits for the destination. A clock doesn't wait: what the destination
    doesn't take in time is held in memory, and beyond that in the file ``spill``.
    """

    def __init__(
        self,
        world: World,
        deliverer: Deliverer,
        *,
        clock: WallClock,
        stop: asyncio.Event,
        spill: Path,
        load: LoadTiming | None,
        on_pace: Callable[[Pacer | None], None] = lambda pacer: None,
        ahead: bool,
        bulk: bool = False,
    ) -> None:
        """``on_pace`` is told which clock the next window keeps to, None for none; ``ahead``: the next window may be
        made while this one is sent; ``bulk``: the destination takes many events at once."""
        self._world = world
        self._deliverer = deliverer
        self._clock = clock
        self._stop = stop
        self._load = load
        self._on_pace = on_pace
        self._ahead = ahead
        self._hand_over = BULK_HAND_OVER if bulk else HAND_OVER
        self._pacer: Pacer | None = None
        self.paced_since: int | None = None
        """When a run that goes by a factor of real time began, in milliseconds since 1970."""
        self.outbox = Outbox(spill, MOST_UNSETTLED)
        self.backfilled = 0
        """Events that were of the past when a live run began."""

    @property
    def worst_lag_s(self) -> float:
        """Furthest that a clocked run was behind, in seconds."""
        if self._pacer is None:
            return 0.0
        return max(self._pacer.worst_lag_s, self._deliverer.late.longest)

    async def run(self, source: WindowSource) -> None:
        """Simulate and deliver, to the end or until nothing more is to be sent."""
        speed = self._world.scenario.clock.speed
        if self._load is not None:
            async for window in in_chunks(self._windows(source), self._load.chunk):
                await self._deliverer.put(window, self._load)
        elif speed == "max":
            async for window in self._windows(source):
                for piece in _pieces(window, self._hand_over):
                    await self._deliverer.put(piece)
        elif speed == "live":
            pacer = Pacer.live(self._clock, self._world.calendar.start_epoch_ms)
            await self._by_the_clock(source, pacer, self._live_ends(pacer))
        else:
            pacer = Pacer(self._clock, float(speed))
            self.paced_since = self._clock.epoch_ms()
            await self._by_the_clock(source, pacer, self._paced_ends(0, float(speed)))
        await self._deliverer.finish()

    @property
    def live(self) -> bool:
        """Whether events are sent at their own date and time."""
        return self._world.scenario.clock.speed == "live"

    @property
    def _ended(self) -> bool:
        """Nothing more is to be simulated."""
        return self._stop.is_set() or self._deliverer.failure is not None or self._deliverer.ended

    # --- as fast as the destination takes it ----------------------------------------------------------------

    async def _windows(self, source: WindowSource) -> AsyncIterator[Window]:
        """The windows of the event stream."""
        ends = [end for _, end in self._world.windows()]
        making = self._make(source, ends[0])
        try:
            for end in ends:
                window = await making
                more = end != ends[-1] and not self._ended
                if more and self._ahead:
                    making = self._make(source, ends[ends.index(end) + 1])
                yield window
                if not more or self._ended:
                    return
                if not self._ahead:
                    making = self._make(source, ends[ends.index(end) + 1])
        finally:
            with contextlib.suppress(Exception):  # it was raised where it was waited for
                await making

    def _make(self, source: WindowSource, end: int) -> asyncio.Task[Window]:
        return asyncio.create_task(asyncio.to_thread(self._advance, source, end))

    def _advance(self, source: WindowSource, end: int) -> Window:
        return source.advance(end)

    # --- by the clock ---------------------------------------------------------------------------------------

    async def _by_the_clock(
        self, source: WindowSource, pacer: Pacer, ends: Iterator[tuple[int, bool]]
    ) -> None:
        """Simulate whether or not the destination keeps up."""
        self._pacer = pacer
        delivering = asyncio.create_task(self._empty(pacer))
        # It may fail; nothing waits for room then.
        delivering.add_done_callback(lambda _: self.outbox.end())
        try:
            for end, timed in ends:
                self._on_pace(pacer if timed else None)
                if timed:
                    window = self._advance(source, end)
                else:
                    window = await self._make(source, end)
                await self._hold(window, timed)
                if timed:
                    await self._wait_for(end, pacer)
                if self._ended or delivering.done():
                    break
        finally:
            self.outbox.end()
            try:
                await delivering
            finally:
                self.outbox.close()

    async def _hold(self, window: Window, timed: bool) -> None:
        for piece in _pieces(window, HAND_OVER):
            if not timed:
                await self.outbox.room(self._stop)
                self.backfilled += len(piece)
            self.outbox.put(Held(piece, timed))

    async def _wait_for(self, end: int, pacer: Pacer) -> None:
        """Wait for the clock, but not while everything was delivered in an earlier part of the run."""
        if self._world.scenario.clock.speed != "live" and self._deliverer.recalls:
            await self.outbox.drained()
            pacer.restart(end)
            return
        await pacer.wait_for(end, self._stop)

    async def _empty(self, pacer: Pacer) -> None:
        """Take windows out of the outbox and deliver them."""
        while held := await self.outbox.get():
            await self._deliverer.put(held.window, pacer if held.timed else None)

    def _live_ends(self, pacer: Pacer) -> Iterator[tuple[int, bool]]:
        """Ends of windows, and whether their events have times to keep: those of the past have not."""
        at, (_, longest) = 0, next(self._world.windows())
        while (end := min(at + longest, pacer.now(), self._world.duration_ms)) - at > _CAUGHT_UP_MS:
            at = end
            yield end, False
        yield from self._paced_ends(at, 1.0)

    def _paced_ends(self, at: int, speed: float) -> Iterator[tuple[int, bool]]:
        step = max(1, round(speed * PACED_WINDOW_S * 1000.0))
        while at < self._world.duration_ms:
            at = min(at + step, self._world.duration_ms)
            yield at, True


def goes_by_the_clock(scenario: Scenario) -> bool:
    """Whether people's own times are kept to: by a factor of real time, or live."""
    return scenario.load is None and scenario.clock.speed != "max"


def _pieces(window: Window, most: int) -> Iterator[Window]:
    if len(window) <= most:
        yield window
        return
    for first in range(0, len(window), most):
        yield window.slice(first, min(first + most, len(window)))
