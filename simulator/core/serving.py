"""Serving an ASGI application on a socket of this machine, quietly: no log, no signal handling of its own."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from simulator.core.errors import UsageError

LOOPBACK = "127.0.0.1"
_BACKLOG = 2048


class Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would raise the signal again after a graceful stop."""

    def __init__(
        self,
        app: Any,
        *,
        grace: int,
        on_ready: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> None:
        """``grace``: seconds that requests under way may take to finish after a stop; ``options`` are uvicorn's."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=grace,
            **options,
        )
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_until_signal(
    server: Server, sock: socket.socket, on_signal: Callable[[], None] = lambda: None
) -> None:
    """Serve until SIGINT or SIGTERM, and finish the requests under way. In the main thread only."""

    def stop(*_: object) -> None:
        on_signal()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, stop)
    await server.serve(sockets=[sock])


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises ``UsageError`` that says what is wrong with the address."""
    if not 0 <= port <= 65_535:  # the C library would quietly take the lower 16 bits
        raise UsageError(f"cannot serve on {host}:{port}: expected a port from 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise UsageError(f"cannot serve on {host}:{port}: the host name is not known ({error})") from error
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise UsageError(f"cannot serve on {host}:{port}: {_why_not(error, port)}") from error
    sock.setblocking(False)
    return sock


def url_of(sock: socket.socket, scheme: str = "http") -> str:
    """``http://host:port`` of a bound socket."""
    host, port = sock.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _why_not(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use already; choose another one with --port, or 0 for any free one"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights; choose one above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    return str(error)
