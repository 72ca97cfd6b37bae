"""Sending recorded events again, as they are."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from simulator.core.errors import ExitCode, UsageError
from simulator.delivery import Batch, Destination, Fate, UndeliveredWriter, make_destination, read_events
from simulator.scenario.models import Destination as DestinationSpec

HAND_OVER = 2000
TOP_REASONS = 10


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the events of a file."""

    sent: int
    acknowledged: int
    rejected: int
    pending: int
    reasons: list[tuple[str, int]]

    @property
    def exit_code(self) -> ExitCode:
        """3 unless everything was acknowledged."""
        return ExitCode.OK if self.acknowledged == self.sent else ExitCode.NOT_DELIVERED


def replay_file(file: Path, to: str, batch_size: int = 1) -> Replayed:
    """Send the events of ``file`` (one JSON document per line; .gz and .zst too) to a destination.

    What can't be delivered is written to ``FILE.undelivered.ndjson``. Raises UsageError where the file or the
    destination can't be used.
    """
    if to == "receiver":
        raise UsageError(
            "--to receiver: the embedded receiver lives in a run; start `journeysim serve` and name its URL"
        )
    destination = make_destination(DestinationSpec(to=to, batch_size=batch_size))
    return asyncio.run(_replay(file, destination))


async def _replay(file: Path, destination: Destination) -> Replayed:
    fates = np.zeros(3, dtype=np.int64)
    reasons: Counter[str] = Counter()
    sent = 0
    undelivered = UndeliveredWriter(file.with_name(file.name + ".undelivered.ndjson"))
    await destination.open()
    try:
        events = read_events(file)
        while bodies := list(islice(events, HAND_OVER)):
            batch = Batch(bodies, sent)
            receipt = await destination.send(batch)
            undelivered.write_pending(batch, receipt)
            sent += len(bodies)
            fates += np.bincount(receipt.fates, minlength=3)
            reasons.update(receipt.reasons.values())
    finally:
        await destination.close()
        undelivered.close()
    return Replayed(
        sent=sent,
        acknowledged=int(fates[Fate.ACKNOWLEDGED]),
        rejected=int(fates[Fate.REJECTED]),
        pending=int(fates[Fate.PENDING]),
        reasons=reasons.most_common(TOP_REASONS),
    )
