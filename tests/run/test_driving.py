"""A run by the clock whose record can't be written ends with that error instead of waiting for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.core.errors import DeliveryError
from simulator.delivery import Batch, FileDestination, Receipt
from simulator.run import prepare
from simulator.run.delivering import Deliverer
from simulator.run.delivery_log import DeliveryLog, Known, State
from simulator.run.driving import Driver
from simulator.run.pacing import WallClock
from simulator.run.recall import Memory
from simulator.run.spill import Outbox
from simulator.run.workers import InProcess
from tests.run.scenarios import town

SECONDS = 20.0


class Slow(FileDestination):
    """So slow that more windows come meanwhile."""

    async def send(self, batch: Batch) -> Receipt:
        await asyncio.sleep(0.5)
        return await super().send(batch)


@pytest.mark.parametrize("speed", ["live", "36000"])
@pytest.mark.parametrize("resumed", [False, True])
def test_a_full_disk_ends_a_run_by_the_clock(tmp_path: Path, speed: str, resumed: bool) -> None:
    world = prepare(town(tmp_path), overrides=[f"clock.speed={speed}"]).world

    def record(*_: Any) -> None:
        raise DeliveryError("cannot write the ledger: no space left on device")

    async def run() -> None:
        destination = Slow(tmp_path / "events.ndjson")
        states = np.full(10_000, State.ACKNOWLEDGED, dtype=np.uint8)
        states[:1] = State.NEW
        log = DeliveryLog(tmp_path / "delivery.log", {})
        memory = Memory(destination, log, {"": 0}, {"": Known(states)}) if resumed else None
        clock, stop = WallClock(), asyncio.Event()
        await destination.open()
        deliverer = Deliverer(destination, record, clock=clock, stop=stop, memory=memory)
        driver = Driver(
            world, deliverer, clock=clock, stop=stop, spill=tmp_path / "spill", load=None, ahead=False
        )
        driver.outbox = Outbox(tmp_path / "spill", 5)
        began = clock.monotonic()
        try:
            with pytest.raises(DeliveryError, match="no space left on device"):
                await asyncio.wait_for(driver.run(InProcess(world)), SECONDS)
            assert clock.monotonic() - began < SECONDS
        finally:
            await destination.close()
            log.close()

    asyncio.run(run())
    assert not (tmp_path / "spill").exists()
