"""From windows to receipts: what is sent when, what is not sent again, and what became of each event in order.

Destinations that can (``Pipelined``) get the next batches while they send the first, with the time of each event;
others get one batch after the other, when it is due. Whatever finishes first, results are recorded in the
order of the stream.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simulator.core.errors import DeliveryError
from simulator.core.numerics import FloatArray
from simulator.delivery import Batch, Destination, Fate, Pipelined, Receipt
from simulator.delivery.load import Histogram
from simulator.run.pacing import WallClock
from simulator.run.recall import Mask, Memory, Recalled
from simulator.run.window import Window
from simulator.sdk import Route

# The reason of events that an interruption kept back, in the words of the destinations that can be interrupted.
INTERRUPTED = "the run was interrupted before it was delivered"
# Events without a fate that a pipelined destination may hold: some twenty megabytes.
MOST_UNSETTLED = 10_000
# Events with a fate that wait for an earlier one without: their bodies are gone, so they are small.
_MOST_WAITING = 200_000
# Events with times are handed over this many seconds ahead, so that the sender can keep to them.
_AHEAD = 0.5
_STRIP_FROM = 8  # batches out at once, from which on the bodies of finished ones are let go


class Timing(Protocol):
    """When events are to be sent."""

    def due(self, sent: npt.NDArray[np.int64]) -> FloatArray:
        """For the next events of the stream, which left their phones at ``sent`` (virtual milliseconds), the
        seconds of the monotonic clock; infinite for those that are not to be sent any more."""


@dataclass(slots=True)
class _Out:
    """A window that was handed over, or needed no sending."""

    window: Window
    first: int
    receipt: Receipt | None = None
    task: asyncio.Task[None] | None = None

    @property
    def waits(self) -> bool:
        return self.task is not None and not self.task.done()


def batch_of(window: Window, first: int) -> Batch:
    """A window as destinations see it."""
    return Batch(
        window.bodies,
        first,
        sources=window.source,
        edge_only=window.route == Route.EDGE_ONLY,
        times=window.sent,
        person=window.person,
    )


class Deliverer:
    """Hands windows to a destination and calls ``record(window, first event, receipt)`` for each in order."""

    def __init__(
        self,
        destination: Destination,
        record: Callable[[Window, int, Receipt], None],
        *,
        clock: WallClock,
        stop: asyncio.Event,
        memory: Memory | None = None,
        most: int = MOST_UNSETTLED,
    ) -> None:
        self._destination = destination
        self._record = record
        self._clock = clock
        self._stop = stop
        self.memory = memory or Memory(destination)
        self._most = most if isinstance(destination, Pipelined) and destination.pipelined else 1
        self._out: deque[_Out] = deque()
        self._number = 0
        self.failure: str | None = None
        self.ended = False
        """The times have come to their end: no more events are to be sent."""
        self.late = Histogram()
        """How late events were handed over, for destinations that don't keep the times themselves."""
        self.events = 0
        self.last_sent = 0.0

    @property
    def next_number(self) -> int:
        """Number of the next event of the stream."""
        return self._number

    @property
    def recalls(self) -> bool:
        """Whether events of an earlier part of the run are still to come."""
        return self._number < self.memory.ends

    @property
    def unsettled(self) -> int:
        """Events that are with the destination."""
        return sum(len(out.window) for out in self._out if out.waits)

    async def put(self, window: Window, timing: Timing | None = None) -> None:
        """Deliver a window; returns when the next one may come."""
        first, self._number = self._number, self._number + len(window)
        due = self._due(window, first, timing)
        if due is None or self._most > 1:
            await self._room(due)
            self._launch(window, first, due)
            if self._most == 1:
                await self._room(None)
            self._settle()
            return
        begin = 0
        while True:
            end = await self._next_due(due, begin)
            self._launch(window.slice(begin, end), first + begin, due[begin:end])
            await self._room(None)
            begin = end
            if begin >= len(window):
                return

    def settle(self) -> None:
        """Record what is finished by now; to be called while no more windows come."""
        self._settle()

    async def finish(self) -> None:
        """Wait until everything that was handed over has its fate."""
        while self._out:
            await self._wait()
            self._settle()

    # --- times ----------------------------------------------------------------------------------------------

    def _due(self, window: Window, first: int, timing: Timing | None) -> FloatArray | None:
        """When the events of a window are due; those that only begin files anew go along with the one before."""
        if timing is None:
            return None
        timed = ~self.memory.recall(batch_of(window, first)).settled
        if not timed.any():
            return None
        due = np.zeros(len(window))
        due[timed] = timing.due(window.sent[timed])
        due = np.maximum.accumulate(due)
        self.ended = self.ended or bool(np.isinf(due[-1]))
        return due

    async def _next_due(self, due: FloatArray, begin: int) -> int:
        """Wait until event ``begin`` is due; the index behind the last one that is due then."""
        if not len(due) or np.isinf(due[begin]):
            return len(due)
        await self._clock.until(float(due[begin]), self._stop)
        if self._stop.is_set():
            return len(due)
        now = max(self._clock.monotonic(), float(due[begin]))
        return int(np.searchsorted(due, now, side="right"))

    async def _room(self, due: FloatArray | None) -> None:
        """Wait until the destination may get more."""
        while self._out and (
            self.unsettled >= self._most or sum(len(out.window) for out in self._out) > _MOST_WAITING
        ):
            await self._wait()
            self._settle()
        if due is not None and len(due) and np.isfinite(due[0]) and self._most > 1:
            await self._clock.until(float(due[0]) - _AHEAD, self._stop)

    async def _wait(self) -> None:
        """Wait until something is done."""
        tasks = [out.task for out in self._out if out.task is not None and not out.task.done()]
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    # --- sending --------------------------------------------------------------------------------------------

    def _launch(self, window: Window, first: int, due: FloatArray | None) -> None:
        """Hand what is to be sent to the destination, unless it can't be any more."""
        batch = batch_of(window, first)
        recalled = self.memory.recall(batch)
        out = _Out(window, first)
        self._out.append(out)
        sent, not_due, settled = recalled.fresh, None, recalled.settled
        if due is not None and np.isinf(due[-1]):
            not_due = sent & np.isinf(due) & ~settled
            sent &= ~not_due
        why = self.failure or (INTERRUPTED if self._stop.is_set() else "")
        if why:
            sent = np.zeros(len(window), dtype=np.bool_)
        self.memory.count(recalled, sent)
        if not sent.any():
            out.receipt = self.memory.receipt(recalled, sent, None, why=why, not_due=not_due)
            self._settle()
            return
        lean = batch
        if not window.source.any():
            lean.sources = None
        if batch.edge_only is not None and not batch.edge_only.any():
            lean.edge_only = None
        if due is not None and self._most > 1:
            lean.due = due
        if self._most == 1:
            timed = sent & ~settled
            self._note(int(timed.sum()), None if due is None else due[timed])
        out.task = asyncio.create_task(self._send(out, lean, recalled, sent, not_due))

    def _note(self, count: int, due: FloatArray | None) -> None:
        """Keep count for destinations that don't measure by the request."""
        self.last_sent = self._clock.monotonic()
        self.events += count
        if due is not None:
            self.late.add_all((self.last_sent - due).tolist())

    async def _send(
        self, out: _Out, batch: Batch, recalled: Recalled, sent: Mask, not_due: Mask | None
    ) -> None:
        memory = self.memory
        try:
            memory.handed_over(batch, recalled, sent)
            found = await self._destination.send(memory.listening(batch, recalled, sent))
            memory.answered(batch, recalled, sent, found)
        except DeliveryError as error:
            self.failure = self.failure or str(error)
            out.receipt = memory.receipt(
                recalled, np.zeros_like(sent), None, why=self.failure, not_due=not_due
            )
        else:
            out.receipt = memory.receipt(recalled, sent, found, not_due=not_due)
        if len(self._out) > _STRIP_FROM and out is not self._out[0]:
            kept = out.receipt.fates == Fate.PENDING  # others need their bodies no more
            bodies = out.window.bodies
            out.window.bodies = [
                body if keep else b"" for body, keep in zip(bodies, kept.tolist(), strict=True)
            ]

    def _settle(self) -> None:
        """Record what is finished, in the order of the stream."""
        while self._out and not self._out[0].waits:
            out = self._out.popleft()
            if out.task is not None:
                out.task.result()  # a fault of ours is raised here
            if out.receipt is None:
                raise RuntimeError("a batch was recorded before it had a receipt")
            self._record(out.window, out.first, out.receipt)
