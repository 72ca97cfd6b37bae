"""Journey step events on their way to an inlet, or wherever else they were asked for, while the run goes on.

What is sent is read back from the run folder's own record of them, so it costs no memory however far behind the
destination is, and a destination that fails loses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from simulator.core.errors import DeliveryError, UsageError
from simulator.delivery import (
    Batch,
    Destination,
    Fate,
    Receipt,
    UndeliveredWriter,
    make_destination,
    target_of,
)
from simulator.run.folder import RunFolder
from simulator.run.guard import leaves_this_machine
from simulator.run.interrupts import Interruptible
from simulator.run.options import RunOptions
from simulator.run.pacing import WallClock
from simulator.run.summary import counts
from simulator.scenario import Scenario
from simulator.scenario.models.scenario import STEP_EVENTS_FIELD

# Step events read and handed over at once; a destination makes requests of them as its `batch_size` says.
_AT_ONCE = 1000
_LOOK_AGAIN_S = 0.1


class StepEventSending:
    """Sends the lines of a growing file to a destination, as an async context manager.

    Leaving it sends the rest, unless ``stop`` is set; what could not be delivered is then in a file of its own.
    """

    def __init__(
        self, destination: Destination, record: Path, undelivered: Path, clock: WallClock, stop: asyncio.Event
    ) -> None:
        self.failure: str | None = None
        """Why nothing more could be delivered; None as long as something can."""
        self._destination = destination
        self._record = record
        self._undelivered = UndeliveredWriter(undelivered)
        self._clock = clock
        self._stop = stop
        self._ended = False
        self._number = 0
        self._reason: str | None = None
        self._fates: Counter[Fate] = Counter()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> StepEventSending:
        await self._destination.open()
        self._tasks = [asyncio.create_task(self._send_all()), asyncio.create_task(self._heed_stop())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        sending, heeding = self._tasks
        try:
            await sending
        finally:
            heeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await heeding
            self._undelivered.close()
            try:
                await self._destination.close()
            except DeliveryError as failed:
                self.failure = self.failure or str(failed)

    @property
    def incomplete(self) -> bool:
        """Whether the destination has not taken everything."""
        return self.failure is not None or self._fates[Fate.ACKNOWLEDGED] < self._number

    def document(self) -> dict[str, Any]:
        """What became of them, as the summary has it."""
        return {
            "to": self._destination.description,
            "sent": self._number,
            "acknowledged": self._fates[Fate.ACKNOWLEDGED],
            "rejected": self._fates[Fate.REJECTED],
            "pending": self._fates[Fate.PENDING],
            "reason": self._reason,
            "delivery": counts(self._destination.stats),
            "undelivered_file": str(self._undelivered.path) if self._undelivered.count else None,
        }

    async def _send_all(self) -> None:
        with contextlib.ExitStack() as opened:
            file: BinaryIO | None = None
            while True:
                ended = self._ended  # looked at before the file: what was written before is read then
                if file is None and self._record.exists():
                    # The run writes whole lines between our turns, so half of one is never read.
                    file = opened.enter_context(self._record.open("rb"))
                lines = [] if file is None else list(islice(file, _AT_ONCE))
                if lines:
                    await self._send([line.rstrip(b"\n") for line in lines])
                elif ended:
                    return
                else:
                    await self._clock.sleep(_LOOK_AGAIN_S)

    async def _send(self, bodies: list[bytes]) -> None:
        batch = Batch(bodies, self._number)
        self._number += len(bodies)
        receipt = Receipt.of(len(bodies), Fate.PENDING, "the run ended before it was delivered")
        try:
            if self.failure is None and not self._stop.is_set():
                receipt = await self._destination.send(batch)
            self._undelivered.write_pending(batch, receipt)
        except DeliveryError as error:
            self.failure = self.failure or str(error)
        for fate in receipt.fates.tolist():
            self._fates[Fate(fate)] += 1
        self._reason = self._reason or self.failure or next(iter(receipt.reasons.values()), None)

    async def _heed_stop(self) -> None:
        await self._stop.wait()
        if isinstance(self._destination, Interruptible):
            self._destination.interrupt()


def step_event_sending(
    scenario: Scenario, options: RunOptions, folder: RunFolder, clock: WallClock, stop: asyncio.Event
) -> StepEventSending | None:
    """What sends the step events of a run; None where nobody asked for it. Raises UsageError for a resumed run."""
    spec = scenario.step_event_destination()
    if spec is None:
        return None
    if options.resume is not None:
        raise UsageError("--resume: step events would be sent again; start the run anew, or without them")
    limited = leaves_this_machine(target_of(spec)) and not options.over_limit
    destination = make_destination(spec, field=".".join(STEP_EVENTS_FIELD), limited=limited)
    return StepEventSending(destination, folder.step_events, folder.undelivered_step_events, clock, stop)
