"""Validated events that the receiver takes over HTTP, beside the same server without validation and nginx.

The events are rich ones of a run, each with an id of its own, in messages as servers send them. One process sends
over 64 connections as fast as answers come; the servers take the same bytes in turn, several rounds. Events are on
disk before they are answered. nginx returns a constant of the same kind of answer without looking at the body; it shows
what client and network allow.

The ratios are of events per CPU second of the server (where the system tells it, in /proc; per second elsewhere), and
the median over the rounds is given: on a shared machine seconds say more about the neighbours.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import NamedTuple, cast

import httptools
import httpx
import orjson
import uvloop

from simulator.run import RunOptions, prepare, run

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "lunch_rush.yaml"
CONNECTIONS = 64
SECONDS = 1.5
ROUNDS = 5
EVENTS = 20_000
SCHEMA = {
    "id": "https://ns.example.com/schemas/bench",
    "contentType": "application/vnd.adobe.xed-full+json;version=1",
}
HEADER = {
    "schemaRef": SCHEMA,
    "imsOrgId": "0123456789ABCDEF01234567@AdobeOrg",
    "datasetId": "6650f2a1c3d4e5f601234567",
    "source": {"name": "bench"},
}
NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
    access_log off; client_body_temp_path {folder}/body; client_max_body_size 2m; client_body_buffer_size 2m;
    proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    keepalive_requests 1000000000;
    server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200
        '{{"inletId":"demo","xactionId":"1741083330250:0:1","receivedTimeMs":1741083330250,"syncValidation":{{"skipped":true}}}}'; }} }}
}}
"""  # noqa: E501


def events() -> list[bytes]:
    """Events of a run, as it writes them."""
    with tempfile.TemporaryDirectory() as name:
        target = Path(name) / "events.ndjson"
        overrides = [f"destination.to=file:{target}", "app.location_events=rich"]
        run(prepare(SCENARIO, overrides=overrides, people=EVENTS), RunOptions(out=Path(name) / "run"))
        with target.open("rb") as lines:
            return [line.rstrip() for line, _ in zip(lines, range(EVENTS), strict=False)]


def requests(found: list[bytes], size: int) -> list[bytes]:
    """Whole HTTP requests of ``size`` messages each."""
    made = []
    for at in range(0, len(found) - size + 1, size):
        messages = [
            {"header": HEADER, "body": {"xdmMeta": {"schemaRef": SCHEMA}, "xdmEntity": orjson.Fragment(one)}}
            for one in found[at : at + size]
        ]
        path = "/collection/demo" if size == 1 else "/collection/batch/demo"
        body = orjson.dumps(messages[0] if size == 1 else {"messages": messages})
        fields = f"host: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        made.append(f"POST {path} HTTP/1.1\r\n{fields}\r\n\r\n".encode() + body)
    return made


class Client(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the last has come."""

    def __init__(self, source: Iterator[bytes], counts: list[int]) -> None:
        self._source = source
        self._counts = counts
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(next(self._source))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() not in (200, 207):
            raise RuntimeError(f"answered {self._parser.get_status_code()}")
        self._counts[0] += 1
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(next(self._source))


class Served(NamedTuple):
    """A running server."""

    port: int
    pid: int


class Rate(NamedTuple):
    """How fast it was."""

    per_second: float
    per_cpu_second: float


async def _drive(server: Served, made: list[bytes]) -> Rate:
    counts = [0]
    source = cycle(made)
    loop = asyncio.get_running_loop()
    clients = [
        await loop.create_connection(lambda: Client(source, counts), "127.0.0.1", server.port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(0.3)
    before, began, cpu = counts[0], time.perf_counter(), _cpu_seconds(server.pid)
    await asyncio.sleep(SECONDS)
    done = counts[0] - before
    elapsed = time.perf_counter() - began
    used = _cpu_seconds(server.pid) - cpu
    for transport, _ in clients:
        transport.close()
    return Rate(done / elapsed, done / (used or elapsed))


def _cpu_seconds(pid: int) -> float:
    """What a process has used of the processors; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def receiver(folder: Path, *options: str) -> Iterator[Served]:
    """A receiver in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "simulator",
        "serve",
        "--port",
        "0",
        "--store",
        str(folder / "store.sqlite"),
    ]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Served(int(process.stdout.readline().rpartition(":")[2]), process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextmanager
def nginx(folder: Path, program: str) -> Iterator[Served]:
    """nginx as a single process."""
    port = 18_977
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        for _ in range(100):
            try:
                httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield Served(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _round(servers: list[Served], made: list[bytes], *, backwards: bool) -> list[Rate]:
    """The rate of each server, one after the other; every second round from the last to the first."""
    order = list(reversed(servers)) if backwards else servers
    rates = {server: uvloop.run(_drive(server, made)) for server in order}
    return [rates[server] for server in servers]


def _measured(made: list[bytes], program: str | None) -> list[list[Rate]]:
    """Rounds of rates: validating, not validating, and nginx if there is one."""
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(3)]
        servers = [
            stack.enter_context(receiver(folders[0])),
            stack.enter_context(receiver(folders[1], "--no-validation")),
        ]
        if program is not None:
            servers.append(stack.enter_context(nginx(folders[2], program)))
        return [_round(servers, made, backwards=number % 2 == 1) for number in range(ROUNDS)]


def _row(figure: str, rounds: list[list[Rate]], peer: int, note: str) -> dict[str, str]:
    ratio = median(one[0].per_cpu_second / one[peer].per_cpu_second for one in rounds)
    return {"figure": figure, "value": f"{ratio:.2f}", "note": note}


def main() -> None:
    """Print the rows of the table as JSON."""
    found = events()
    rows = []
    program = shutil.which("nginx")
    for size, label in ((1, "single"), (100, "batches of 100")):
        rounds = _measured(requests(found, size), program)

        def said(server: int, rounds: list[list[Rate]] = rounds, size: int = size) -> str:
            seconds = median(one[server].per_second for one in rounds) * size
            busy = median(one[server].per_cpu_second for one in rounds) * size
            return f"{seconds:,.0f} events/s, {busy:,.0f} per CPU second"

        figure = f"receiver, {label}, validated"
        length = sum(map(len, found)) / len(found)
        rows.append(_row(f"{figure} / not validated", rounds, 1, f"{said(0)}; events of {length:,.0f} bytes"))
        figure += " / nginx returning a constant"
        if program is None:
            rows.append({"figure": figure, "value": "not measured", "note": "nginx is not installed"})
        else:
            rows.append(_row(figure, rounds, 2, f"nginx {said(2)}"))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
