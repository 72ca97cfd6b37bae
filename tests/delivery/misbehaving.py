"""A real HTTP server that misbehaves as told, and remembers what it took."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

# For 127.0.0.1 and signed by itself, made for these tests only: certificate and key.
CERTIFICATE = Path(__file__).with_name("localhost.pem")


@dataclass(frozen=True)
class Reply:
    """An answer after ``delay`` seconds; ``takes`` says whether the messages of the request count as taken."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    takes: bool = False
    delay: float = 0.0


@dataclass(frozen=True)
class Cut:
    """Close the connection without an answer, after taking the request or not."""

    takes: bool = False


@dataclass(frozen=True)
class Hang:
    """Never answer."""


Behaviour = Reply | Cut | Hang


@dataclass
class Request:
    number: int
    path: str
    events: list[Any]
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Script = Callable[[Request], Behaviour]


class MisbehavingServer:
    """Serves ``script(request)`` on a free port of the loopback, in a thread; a context manager."""

    def __init__(self, script: Script, *, tls: bool = False, address: str = "127.0.0.1") -> None:
        self._script = script
        self._address = address
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if tls else None
        if self._tls is not None:
            self._tls.load_cert_chain(CERTIFICATE)
        self.requests: list[Request] = []
        self.taken: Counter[str] = Counter()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    @property
    def url(self) -> str:
        return f"{self.base}/collection/demo"

    @property
    def base(self) -> str:
        host = f"[{self._address}]" if ":" in self._address else self._address
        return f"http{'s' if self._tls else ''}://{host}:{self.port}"

    def __enter__(self) -> MisbehavingServer:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._connections: set[asyncio.StreamWriter] = set()
        server = await asyncio.start_server(self._connection, self._address, 0, limit=1 << 22, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for writer in self._connections:
            writer.transport.abort()
        await asyncio.sleep(0.01)  # let the handlers see the end of their connections

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields if f)}
        body = await reader.readexactly(int(headers["content-length"]))
        method, path, _ = line.split(" ")
        request = Request(len(self.requests), path, _events(body, headers), method, headers, body)
        self.requests.append(request)
        behaviour = self._script(request)
        if not isinstance(behaviour, Hang) and behaviour.takes:
            self.taken.update(event["_id"] for event in request.events)
        if isinstance(behaviour, Cut):
            return False
        if isinstance(behaviour, Hang):
            await self._stop.wait()
            return False
        if behaviour.delay:
            await asyncio.sleep(behaviour.delay)
        extra = "".join(f"{name}: {value}\r\n" for name, value in behaviour.headers.items())
        head = f"HTTP/1.1 {behaviour.status} Status\r\ncontent-length: {len(behaviour.body)}\r\n{extra}\r\n"
        writer.write(head.encode() + behaviour.body)
        await writer.drain()
        return True


def _events(body: bytes, headers: dict[str, str]) -> list[Any]:
    """The events of an inlet's request; none for what isn't one."""
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    try:
        content = orjson.loads(body)
        messages = content.get("messages", [content])
        return [message["body"]["xdmEntity"] for message in messages]
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return []


def good(request: Request) -> Reply:
    """What an inlet answers to a request it takes."""
    if "/batch/" not in request.path:
        return Reply(200, b'{"inletId":"demo","xactionId":"1:1:1"}', takes=True)
    return entries([{"xactionId": f"u-{index}"} for index in range(len(request.events))], takes=True)


def entries(responses: Sequence[Any], *, takes: bool = False) -> Reply:
    """A 207 with these entries."""
    return Reply(207, orjson.dumps({"inletId": "demo", "responses": list(responses)}), takes=takes)


def first(count: int, behaviour: Behaviour) -> Script:
    """``behaviour`` for the first ``count`` requests, then good answers."""
    return lambda request: behaviour if request.number < count else good(request)
