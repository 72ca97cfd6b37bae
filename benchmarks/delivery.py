"""Sending over HTTP: this program, Locust's FastHttpUser and wrk, against one server in one run.

The server is ``benchmarks/endpoint.py``. All send the same bodies, messages of 1.4 KB alone or a hundred in a
request, over 16 connections (the default of a destination). A client's figure is per second of its own processor
time, so that what the server costs, and who else uses the machine, weighs little. A rate and the closed loop that it
is a share of are measured in turns; only those turns count in which nobody else wanted the machine. This program
keeps its full latency records, with time-outs and retries on; Locust keeps its own statistics.

Locust comes with ``pip install 'journeysim[bench]'``, wrk with the system (``apt-get install wrk``); what is not
there is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from simulator.delivery import (
    Batch,
    Destination,
    InletDestination,
    InProcesses,
    MessageHeader,
    make_destination,
    make_destinations,
)
from simulator.delivery.envelope import Envelope
from simulator.scenario import Destination as DestinationSpec

CONNECTIONS = 16
BATCH = 100
SECONDS = 4.0
ROUNDS = 3
SHARE = 0.95
SLICES = 60
SLICE_S = 0.25
CALM = 0.1
WAITED = 0.01
HEADER = MessageHeader(
    organization="0123456789ABCDEF01234567@AdobeOrg",
    schema_id="https://ns.example.com/schemas/bench",
    dataset_id="6650f2a1c3d4e5f601234567",
    source_name="bench",
)
EVENT = json.dumps(
    {
        "_id": "a1f0c7a2-9d36-4a56-9f1e-0c0b8d0f1a22",
        "timestamp": "2025-03-04T10:15:30.250Z",
        "eventType": "location.entry",
        "padding": "x" * 900,
    }
).encode()

LOCUSTFILE = """
import atexit, json, sys, time
from pathlib import Path
from locust import FastHttpUser, constant, events, task

BODY = Path({body!r}).read_bytes()

class Client(FastHttpUser):
    wait_time = constant(0)

    @task
    def post(self):
        self.client.post({path!r}, data=BODY, headers={{"Content-Type": "application/json"}}, name="post")

@events.spawning_complete.add_listener
def begin(user_count, **_):
    Client.environment_stats_at = time.process_time()

@events.test_start.add_listener
def start(environment, **_):
    global began
    began = time.process_time()

@events.test_stop.add_listener
def stop(environment, **_):
    took = time.process_time() - began
    Path({out!r}).write_text(json.dumps([environment.stats.total.num_requests, took]))
"""

WRK = """
wrk.method = "POST"
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"
"""


@contextlib.contextmanager
def endpoint() -> Iterator[int]:
    """The server, in a process of its own; its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.endpoint", str(BATCH)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()


def path(batch: int) -> str:
    """The inlet's address for requests of ``batch`` events."""
    return "/collection/bench" if batch == 1 else "/collection/batch/bench"


# --- this program -------------------------------------------------------------------------------------------


def destination_to(port: int, batch: int) -> InletDestination:
    """This program's destination, as a scenario would have it."""
    spec = DestinationSpec(
        to=f"http://127.0.0.1:{port}/collection/bench", batch_size=batch, connections=CONNECTIONS
    )
    destination = make_destination(spec)
    assert isinstance(destination, InletDestination)
    return destination


async def send(
    destination: Destination, batch: int, seconds: float, rate: float | None = None
) -> tuple[int, float]:
    """Send for so long, in a closed loop or at a rate of events; how many events, and the seconds they took."""
    bodies = [EVENT] * (2000 if batch == 1 else 100 * batch)
    began = time.monotonic()
    # Events with times begin a little later, so that the first has a chance.
    first = began + 0.1 if rate else began
    sent, out = 0, set()
    while time.monotonic() - began < seconds:
        due = None
        if rate is not None:
            due = first + (sent + np.arange(len(bodies))) // batch * batch / rate
            await asyncio.sleep(max(0.0, float(due[0]) - time.monotonic() - 0.4))
        out.add(asyncio.create_task(destination.send(Batch(bodies, due=due))))
        sent += len(bodies)
        if len(out) > 3:
            _, out = await asyncio.wait(out, return_when=asyncio.FIRST_COMPLETED)
    if out:
        await asyncio.wait(out)
    return sent, time.monotonic() - first


async def closed_loop(port: int, batch: int) -> float:
    """Requests per second of this program's processor time."""
    destination = destination_to(port, batch)
    await destination.open()
    cpu = time.process_time()
    await send(destination, batch, SECONDS)
    cpu = time.process_time() - cpu
    await destination.close()
    stats = destination.stats
    assert stats.statuses.total() == stats.requests == stats.latency.intended.count
    return stats.requests / cpu


async def by_senders(port: int, senders: int) -> tuple[float, float]:
    """Single events per second, and requests per second of processor time of all processes that send them."""
    spec = DestinationSpec(to=f"http://127.0.0.1:{port}/collection/bench", connections=CONNECTIONS)
    destination = make_destinations({"": spec}, lambda spec: destination_to(port, 1), senders=senders)
    before = _processor_time()
    if isinstance(destination, InProcesses):
        destination.start()
    await destination.open()
    sent, took = await send(destination, 1, SECONDS)
    await destination.close()
    stats = destination.stats
    assert stats.statuses.total() == stats.requests == stats.latency.intended.count == sent
    return sent / took, stats.requests / (_processor_time() - before)


def _processor_time() -> float:
    """Of this process and of those that it has begun and that have ended, in seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@dataclass(frozen=True)
class Slice:
    """A moment at a rate, between two in a closed loop; rates are events/s, ``error`` is the median in seconds,
    ``waited`` the share of the time for which others had the processors."""

    before: float
    intended: float
    achieved: float
    after: float
    error: float
    waited: float

    @property
    def calm(self) -> bool:
        """Whether the machine was ours: as fast after as before, and no waiting for others to leave a processor.

        Otherwise nobody knows what 95 % are; and with a twentieth to spare, what others take is not made up for.
        """
        return abs(self.after / self.before - 1.0) <= CALM and self.waited <= WAITED


def waiting() -> float:
    """Seconds for which threads of this process were ready but had no processor, in all (Linux; 0 elsewhere)."""
    total = 0
    for each in Path("/proc/self/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(each.read_text().split()[1])
    return total / 1e9


async def slices(port: int, batch: int) -> list[Slice]:
    """In turns at 95 % of the closed loop's rate and in the closed loop, on the same connections."""
    destination = destination_to(port, batch)
    await destination.open()

    async def rate_of(seconds: float, rate: float | None = None) -> float:
        sent, took = await send(destination, batch, seconds, rate)
        return sent / took

    await rate_of(SLICE_S)
    before = await rate_of(SLICE_S)
    found = []
    for _ in range(SLICES):
        late = destination.stats.latency.late.copy()
        intended, waited, began = SHARE * before, waiting(), time.monotonic()
        achieved = await rate_of(SLICE_S, intended)
        waited = (waiting() - waited) / (time.monotonic() - began)
        error = destination.stats.latency.late.copy().since(late).percentiles([50.0])[0]
        after = await rate_of(SLICE_S)
        found.append(Slice(before, intended, achieved, after, error, waited))
        before = after
    await destination.close()
    assert destination.stats.retries == 0
    return found


def ours(port: int, batch: int, measure: str) -> Any:
    """One measurement of this program, in a process of its own."""
    arguments = [sys.executable, "-m", "benchmarks.delivery", measure, str(port), str(batch)]
    finished = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(finished.stdout)


# --- the others ---------------------------------------------------------------------------------------------


def locust(port: int, batch: int, folder: Path, body: Path) -> float | None:
    """Requests per processor second of FastHttpUser."""
    if shutil.which("locust") is None and not Path(sys.executable).with_name("locust").exists():
        return None
    out = folder / "locust.json"
    file = folder / "locustfile.py"
    file.write_text(LOCUSTFILE.format(body=str(body), path=path(batch), out=str(out)))
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--only-summary"]
    command += ["-u", str(CONNECTIONS), "-r", str(CONNECTIONS), "-t", f"{SECONDS:.0f}s"]
    command += ["-H", f"http://127.0.0.1:{port}", "--loglevel", "ERROR"]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    requests, cpu = json.loads(out.read_text())
    return requests / cpu


def wrk(port: int, batch: int, folder: Path, body: Path) -> float | None:
    """Requests per processor second of wrk."""
    if shutil.which("wrk") is None:
        return None
    script = folder / "post.lua"
    script.write_text(WRK.format(body=body))
    before = os.times()
    finished = subprocess.run(
        [
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{SECONDS:.0f}s",
            "-s",
            str(script),
            f"http://127.0.0.1:{port}{path(batch)}",
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    found = re.search(r"(\d+) requests in", finished.stdout)
    assert found is not None
    return int(found[1]) / cpu


def compare(port: int, batch: int, folder: Path) -> tuple[list[dict[str, str]], float, float]:
    """Rows for requests of ``batch`` events: this program against each of the others, in turns.

    Also the events per processor second of this program and of FastHttpUser (0 if it is not there).
    """
    envelope = Envelope(HEADER)
    body = folder / f"body-{batch}"
    body.write_bytes(envelope.single(EVENT) if batch == 1 else envelope.batch([EVENT] * batch))
    rounds = [
        (ours(port, batch, "closed"), locust(port, batch, folder, body), wrk(port, batch, folder, body))
        for _ in range(ROUNDS)
    ]
    what = "single events" if batch == 1 else f"batches of {batch}"
    mine = median(one[0] for one in rounds)
    rows = []
    for number, name in ((1, "FastHttpUser"), (2, "wrk")):
        ratios = [one[0] / one[number] for one in rounds if one[number]]
        if ratios:
            other = median(one[number] or 0.0 for one in rounds)
            rows.append(
                {
                    "figure": f"{what} over HTTP, journeysim / {name}",
                    "value": f"{median(ratios):.2f}",
                    "note": f"{mine * batch:,.0f} against {other * batch:,.0f} events per processor second; "
                    f"{body.stat().st_size / 1000:,.1f} KB a request, {CONNECTIONS} connections, own endpoint",
                }
            )
    return rows, mine * batch, median(one[1] or 0.0 for one in rounds) * batch


def constant_rate(port: int, batch: int) -> dict[str, str]:
    """One row: how exactly a rate is kept at 95 % of what the closed loop reaches, in turns with it."""
    found = [Slice(**one) for one in ours(port, batch, "slices")]
    calm = [one for one in found if one.calm]
    counted = calm or found
    what = "single events" if batch == 1 else f"batches of {batch}"
    kept = median(one.achieved / one.intended for one in counted)
    error = median(one.error for one in counted)
    rate = median(one.intended for one in counted)
    those = ", those in which no other program wanted the processors"
    those = those if calm else ": other programs wanted the processors in all of them"
    return {
        "figure": f"{what} at {SHARE:.0%} of the closed loop's rate: median send-time error",
        "value": f"{error * 1000:.2f} ms",
        "note": f"{rate:,.0f} events/s intended, {kept:.1%} of that achieved; median of {len(counted)} of "
        f"{len(found)} slices of {SLICE_S:g} s{those}",
    }


def senders(port: int) -> dict[str, str]:
    """One row: what a second sender is worth, in turns with one, and what it costs."""
    rounds = [(ours(port, 1, "senders"), ours(port, 2, "senders")) for _ in range(ROUNDS)]
    (rate, work), (rate_of_two, work_of_two) = (
        (median(one[at][0] for one in rounds), median(one[at][1] for one in rounds)) for at in (0, 1)
    )
    return {
        "figure": "single events over HTTP, two senders / one",
        "value": f"{median(two[0] / one[0] for one, two in rounds):.2f}",
        "note": f"{rate_of_two:,.0f} against {rate:,.0f} events/s; {work_of_two:,.0f} against {work:,.0f} requests per "
        f"second of processor time of all that send; {os.cpu_count()} processors, the endpoint takes up to one",
    }


def main() -> None:
    """Print the rows of the table as JSON."""
    match sys.argv[1:]:
        case ["closed", port, batch]:
            print(json.dumps(asyncio.run(closed_loop(int(port), int(batch)))))
            return
        case ["senders", port, count]:
            print(json.dumps(asyncio.run(by_senders(int(port), int(count)))))
            return
        case ["slices", port, batch]:
            print(json.dumps([asdict(one) for one in asyncio.run(slices(int(port), int(batch)))]))
            return
    with endpoint() as port, tempfile.TemporaryDirectory() as name:
        rows, _, theirs = compare(port, 1, Path(name))
        more, ours_in_batches, _ = compare(port, BATCH, Path(name))
        rows += more
        if theirs:
            rows.append(
                {
                    "figure": f"batches of {BATCH} over HTTP, journeysim / FastHttpUser with single events",
                    "value": f"{ours_in_batches / theirs:.1f}",
                    "note": f"{ours_in_batches:,.0f} against {theirs:,.0f} events per processor second",
                }
            )
        rows += [constant_rate(port, batch) for batch in (1, BATCH)]
        rows.append(senders(port))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
