"""Helpers for tests that send."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from simulator.delivery import (
    Batch,
    DeliveryStats,
    Fate,
    InletDestination,
    InletSettings,
    MessageHeader,
    Receipt,
)

HEADER = MessageHeader(
    organization="0123456789ABCDEF01234567@AdobeOrg",
    schema_id="https://ns.example.com/schemas/test",
    dataset_id="6650f2a1c3d4e5f601234567",
    source_name="test",
)


def events(count: int, size: int = 0) -> list[bytes]:
    """Valid events, numbered from 0; ``size`` pads the application name."""
    return [
        b'{"_id":"e-%d","timestamp":"2025-03-04T10:15:30.250Z","eventType":"application.launch",'
        b'"application":{"name":"%s"}}' % (number, b"x" * size)
        for number in range(count)
    ]


def send(url: str, bodies: Sequence[bytes], **settings: Any) -> tuple[Receipt, DeliveryStats]:
    """One batch to an inlet."""
    receipts, stats = send_all(url, [bodies], **settings)
    return receipts[0], stats


def send_all(
    url: str, batches: Sequence[Sequence[bytes]], **settings: Any
) -> tuple[list[Receipt], DeliveryStats]:
    """Batches one after the other to an inlet, with short time-outs unless told otherwise."""
    chosen = {"header": HEADER, "timeout": 1.0, "give_up_after": 2.0, "connections": 4, **settings}

    async def run() -> list[Receipt]:
        await destination.open()
        try:
            return [await destination.send(Batch(list(bodies))) for bodies in batches]
        finally:
            await destination.close()

    destination = InletDestination(url, InletSettings(**chosen))
    receipts = asyncio.run(run())
    for receipt, bodies in zip(receipts, batches, strict=True):
        assert len(receipt.fates) == len(bodies)
        explained = set(np.flatnonzero(receipt.fates != Fate.ACKNOWLEDGED).tolist())
        assert set(receipt.reasons) == explained, (
            "every event that was not acknowledged has a reason, no other has"
        )
    return receipts, destination.stats


def tally(receipt: Receipt) -> dict[str, int]:
    """How many events met which fate."""
    return {fate.name: int((receipt.fates == fate).sum()) for fate in Fate if (receipt.fates == fate).any()}
