"""Where a run sends, and the embedded receiver as a destination: events go into it without a network.

`receiver` and `delivery` don't know each other; this is where they meet.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from simulator.core.errors import DeliveryError
from simulator.delivery import (
    Batch,
    DeliveryStats,
    Destination,
    Fate,
    Receipt,
    Target,
    make_destinations,
)
from simulator.receiver import EventStore, Receiver
from simulator.run.folder import RunFolder, writing
from simulator.run.guard import leaves_this_machine
from simulator.run.options import RunOptions
from simulator.run.pacing import WallClock
from simulator.run.prepare import Prepared
from simulator.scenario import Destination as DestinationSpec
from simulator.xdm import EventValidator

INLET = "embedded"


class EmbeddedReceiver:
    """Hands events to a receiver in the same process and reads its verdicts."""

    description = "embedded receiver"

    def __init__(self, receiver: Receiver, dataset: str) -> None:
        """``dataset`` is what messages over a network would name in their header."""
        inlet = receiver.inlet(INLET)
        if inlet is None:
            raise ValueError(f"the receiver has no inlet {INLET!r}")
        self.store: EventStore = receiver.store
        self.stats = DeliveryStats()
        self._inlet = inlet
        self._dataset = dataset

    async def open(self) -> None:
        """Nothing to open."""

    async def send(self, batch: Batch) -> Receipt:
        """Validate and store every event of ``batch``."""
        try:
            refused = self._inlet.accept_events(batch.bodies, dataset=self._dataset)
            self.store.commit()
        except sqlite3.Error as error:
            raise DeliveryError(f"the embedded receiver can't keep its events: {error}") from error
        receipt = Receipt.of(len(batch.bodies), Fate.ACKNOWLEDGED)
        receipt.fates[list(refused)] = Fate.REJECTED
        receipt.reasons.update(refused)
        self.stats.bytes += sum(map(len, batch.bodies))
        return receipt

    async def close(self) -> None:
        """Write everything out."""
        self.store.close()


MakeReceiver = Callable[[DestinationSpec, RunFolder, WallClock], Destination]
"""Makes what stands for `receiver` as a destination."""


def make_destination_of(
    prepared: Prepared,
    options: RunOptions,
    folder: RunFolder,
    clock: WallClock,
    make_receiver: MakeReceiver | None = None,
    senders: int = 1,
) -> Destination:
    """Where a run sends, not opened yet; to endpoints by so many processes."""

    def embedded(spec: DestinationSpec) -> Destination:
        if make_receiver is not None:
            return make_receiver(spec, folder, clock)
        receiver = Receiver(EventStore(folder.received_store), EventValidator(), now_ms=clock.epoch_ms)
        return EmbeddedReceiver(receiver, spec.dataset_id)

    def limited(target: Target) -> bool:
        return leaves_this_machine(target) and not options.over_limit

    return make_destinations(
        prepared.scenario.all_destinations(),
        embedded,
        limited=limited,
        replace=options.resume is not None,
        senders=senders,
    )


def export_received(folder: RunFolder) -> None:
    """Write what the embedded receiver of a run accepted into a file of lines, if there was one."""
    if not folder.received_store.is_file():
        return
    received = folder.received
    with writing(received), EventStore(folder.received_store) as store, received.open("wb") as out:
        out.writelines(record.body + b"\n" for record in store.records())
