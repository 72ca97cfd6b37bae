"""Serving a listener on a socket: in this thread until a signal, or in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from simulator.core.errors import DeliveryError
from simulator.core.serving import LOOPBACK, Server, ServingThread, bind, run, serve_until_signal, url_of
from simulator.listener.incoming import Incoming
from simulator.listener.listener import CallListener

MOST_BYTES = 1 << 20
"""Of a body; larger ones are refused."""
_GRACE_SECONDS = 2  # how long answers under way may take after a stop
Scope = dict[str, Any]


class ListenerApp:
    """The ASGI application: any path and method."""

    def __init__(self, listener: CallListener) -> None:
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if body is None:
            await _answer(send, 413, {}, b'{"error":"the body is too large"}')
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        tls = "tls" if scope.get("scheme") == "https" else headers.get("x-forwarded-proto", "")
        incoming = Incoming(scope["method"], scope["path"], query, headers, body, tls)
        try:
            said = self._listener.hear(incoming)
        except DeliveryError:
            await _answer(send, 500, {}, b'{"error":"the call can\'t be put on record"}')
            return
        if said.delay:
            await asyncio.sleep(said.delay)
        await _answer(send, said.status, dict(said.headers), said.body)


async def _body(receive: Any) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _answer(send: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    empty = status in (204, 304)
    own = {"content-type": "application/json", "content-length": str(0 if empty else len(body))}
    merged = own | {name.lower(): value for name, value in headers.items()}
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in merged.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if empty else body})


def listen(
    listener: CallListener, *, host: str = LOOPBACK, port: int, on_ready: Callable[[str], None]
) -> None:
    """Listen until SIGINT or SIGTERM. To be called in the main thread; raises UsageError for a bad address."""
    sock = bind(host, port)
    url = url_of(sock)
    server = Server(ListenerApp(listener), grace=_GRACE_SECONDS, on_ready=lambda: on_ready(url))

    try:
        run(serve_until_signal(server, sock))
    finally:
        sock.close()


class ListenerThread:
    """A listener in a thread of its own. The address is taken at once; calls wait until :meth:`start`.

    ``url`` is the base of the address. Raises UsageError where it can't be used.
    """

    def __init__(self, listener: CallListener, *, port: int = 0) -> None:
        sock = bind(LOOPBACK, port)
        self.url = url_of(sock)
        self._serving = ServingThread(
            lambda on_ready: Server(ListenerApp(listener), grace=_GRACE_SECONDS, on_ready=on_ready),
            sock,
            "listener",
        )

    def start(self) -> None:
        """Return when calls are taken. Raises UsageError where that can't be."""
        self._serving.start()

    def stop(self) -> None:
        """Answer what is under way, for a moment, and end; may be called more than once."""
        self._serving.stop()
