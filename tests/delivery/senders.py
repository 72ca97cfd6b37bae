"""Helpers for tests that send from several processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simulator.delivery import (
    Batch,
    DeliveryStats,
    Destination,
    Fate,
    FileDestination,
    InProcesses,
    Receipt,
    make_destinations,
)
from simulator.delivery.sender_processes import SenderProcesses
from simulator.scenario.models import Destination as Spec

QUICK = {"timeout": 1.0, "give_up_after": 2.0, "connections": 6}


def destination_of(*specs: Spec, senders: int, limited: bool = False) -> Destination:
    named = {str(number) if number else "": spec for number, spec in enumerate(specs)}
    return make_destinations(
        named, lambda spec: FileDestination(Path("x")), limited=lambda target: limited, senders=senders
    )


async def deliver(destination: Destination, batches: Sequence[Batch]) -> list[Receipt]:
    if isinstance(destination, InProcesses):
        destination.start()
    try:
        await destination.open()
        return list(await asyncio.gather(*(destination.send(batch) for batch in batches)))
    finally:
        await destination.close()


def send(
    senders: int, *batches: Batch, limited: bool = False, **settings: Any
) -> tuple[list[Receipt], DeliveryStats]:
    destination = destination_of(Spec(**{**QUICK, **settings}), senders=senders, limited=limited)
    assert getattr(destination, "senders", 1) == senders
    receipts = asyncio.run(deliver(destination, batches))
    for receipt in receipts:
        assert set(receipt.reasons) == set(np.flatnonzero(receipt.fates != Fate.ACKNOWLEDGED).tolist())
    return receipts, destination.stats


def settled_of(batch: Batch) -> Counter[tuple[int, Fate]]:
    """What ``batch`` is told while it is sent."""
    told: Counter[tuple[int, Fate]] = Counter()
    batch.on_settled = lambda indices, fate: told.update((int(index), fate) for index in indices)
    return told


def sender_pids(destination: SenderProcesses) -> list[int]:
    return [sender._process.pid or 0 for sender in destination._senders if sender._process is not None]


def runs(pid: int) -> bool:
    """Whether a process runs; one that nobody has collected yet does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
