"""The page on a socket, beside a run in the same event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from simulator.receiver.server import LOOPBACK, bind, url_of

DEFAULT_PORT = 8765
_GRACE_S = 2


class _Server(uvicorn.Server):
    """uvicorn without signal handling of its own: the run decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_port(port: int) -> socket.socket:
    """A socket of the loopback; UsageError when the port can't be used. Port 0 takes a free one."""
    return bind(LOOPBACK, port)


@contextlib.asynccontextmanager
async def serving(sock: socket.socket, app: ASGIApp, on_ready: Callable[[str], None]) -> AsyncIterator[None]:
    """Serve ``app`` on a bound socket; ``on_ready`` is told the address."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    on_ready(url_of(sock))
    try:
        yield
    finally:
        server.should_exit = True
        await task
