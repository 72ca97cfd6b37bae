"""Several processes that send when things go wrong: with the other side, with one of them, with the program."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from simulator.core.errors import DeliveryError
from simulator.delivery import (
    Batch,
    Fate,
    Receipt,
)
from simulator.delivery.sender_processes import SenderProcesses
from simulator.scenario.models import Destination as Spec
from tests.delivery.misbehaving import Behaviour, Cut, Hang, MisbehavingServer, Reply, Request, good
from tests.delivery.senders import QUICK, destination_of, runs, send, sender_pids, settled_of
from tests.delivery.sending import events, tally


def test_faults_of_the_other_side_lose_and_double_nothing_that_could_be_known() -> None:
    kinds: list[Behaviour] = [Reply(429), Reply(503), Cut(), Reply(502), Reply(400), Reply(200, takes=True)]
    faults = {number: kinds[number // 3 % len(kinds)] for number in range(0, 60, 3)}
    batch = Batch(events(200))
    told = settled_of(batch)
    with MisbehavingServer(lambda r: faults.get(r.number, good(r))) as server:
        (receipt,), stats = send(3, batch, to=server.url, give_up_after=20.0)
    acknowledged = {f"e-{index}" for index in np.flatnonzero(receipt.fates == Fate.ACKNOWLEDGED)}
    assert set(server.taken) == acknowledged
    assert set(server.taken.values()) == {1}
    refused = sum(faults[n] == Reply(400) for n in faults)
    assert tally(receipt) == {"ACKNOWLEDGED": 200 - refused, "REJECTED": refused}
    assert stats.retries == len(server.requests) - 200 > 0
    assert set(told) == {(index, Fate(fate)) for index, fate in enumerate(receipt.fates.tolist())}


def during(
    script: Callable[[Request], Behaviour],
    what: Callable[[SenderProcesses], None],
    when: Callable[[MisbehavingServer], bool],
    batch: Batch,
    **settings: Any,
) -> tuple[Receipt, MisbehavingServer, SenderProcesses, list[str]]:
    """Send ``batch`` with two senders, and do ``what`` in the middle; what was raised after that by send and close."""
    raised: list[str] = []

    async def run() -> Receipt:
        await destination.open()

        def watch() -> None:
            while not when(server):
                time.sleep(0.005)
            what(destination)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            receipt = await asyncio.wait_for(destination.send(batch), 20.0)
            watching.join()
            for again in (destination.send(Batch(events(1))), destination.close()):
                try:
                    await asyncio.wait_for(again, 20.0)
                except DeliveryError as error:
                    raised.append(str(error))
        finally:
            await destination.close() if not raised else None
        return receipt

    with MisbehavingServer(script) as server:
        made = destination_of(Spec(**{**QUICK, "to": server.url, **settings}), senders=2)
        assert isinstance(made, SenderProcesses)
        destination = made
        receipt = asyncio.run(run())
    return receipt, server, destination, raised


def test_a_sender_that_is_killed_leaves_its_events_in_doubt_and_ends_the_sending() -> None:
    pids: list[int] = []

    def kill(destination: SenderProcesses) -> None:
        pids.extend(sender_pids(destination))
        os.kill(pids[0], signal.SIGKILL)

    def slowly(request: Request) -> Behaviour:
        time.sleep(0.002)
        return good(request)

    batch = Batch(events(600))
    told = settled_of(batch)
    receipt, server, _, raised = during(slowly, kill, lambda server: len(server.requests) > 150, batch)
    why = "sender process 1 of 2 ended unexpectedly (killed by signal 9)"
    acknowledged = set(np.flatnonzero(receipt.fates == Fate.ACKNOWLEDGED).tolist())
    pending = set(np.flatnonzero(receipt.fates == Fate.PENDING).tolist())
    assert acknowledged | pending == set(range(600))
    assert pending == receipt.doubtful == set(receipt.reasons)
    assert 0 < len(pending) < 300, "the other sender finished its half"
    assert {receipt.reasons[index] for index in pending} == {f"{why}; it may have arrived"}
    assert {f"e-{index}" for index in acknowledged} <= set(server.taken)
    assert acknowledged == {index for index, _ in told}, "also what the lost sender had told before"
    assert any(index % 2 == 0 for index in acknowledged)
    assert raised == [why, why]
    assert not any(map(runs, pids))


def test_an_interruption_finishes_what_is_in_flight_and_keeps_the_rest() -> None:
    def slowly(request: Request) -> Behaviour:
        return Reply(200, takes=True, delay=0.02)

    receipt, server, _, raised = during(
        slowly, lambda d: d.interrupt(), lambda server: len(server.requests) > 20, Batch(events(500))
    )
    counts = tally(receipt)
    assert counts["ACKNOWLEDGED"] == len(server.taken) > 20
    assert counts["PENDING"] == 500 - len(server.taken) > 0
    assert set(server.taken.values()) == {1}
    assert not receipt.doubtful
    assert set(receipt.reasons.values()) == {"the run was interrupted before it was delivered"}
    assert raised == []


def test_senders_end_with_a_program_that_was_killed_whatever_they_wait_for() -> None:
    with MisbehavingServer(lambda request: Hang()) as server:
        with started_program(server.url, "200") as process:
            assert process.stdout is not None
            pids = [int(pid) for pid in process.stdout.readline().split()]
            deadline = time.monotonic() + 20.0
            while len(server.requests) < 6:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            process.kill()
        assert len(pids) == 2
        deadline = time.monotonic() + 5.0
        while any(map(runs, pids)):
            assert time.monotonic() < deadline, "senders outlived the program"
            time.sleep(0.02)


PROGRAM = """
import asyncio, sys
from simulator.delivery import Batch, make_destinations
from simulator.scenario.models import Destination
from tests.delivery.sending import events
from tests.delivery.senders import sender_pids

async def main():
    spec = Destination(to=sys.argv[1], connections=6, timeout=60)
    destination = make_destinations({"": spec}, lambda spec: None, senders=2)
    destination.start()
    await destination.open()
    print(*sender_pids(destination), flush=True)
    await destination.send(Batch(events(int(sys.argv[2]))))

asyncio.run(main())
"""


def started_program(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
