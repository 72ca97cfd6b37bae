"""The page on a socket, beside a run in the same event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

from starlette.types import ASGIApp

from simulator.core.serving import LOOPBACK, Server, bind, url_of

DEFAULT_PORT = 8765
_GRACE_S = 2


def open_port(port: int) -> socket.socket:
    """A socket of the loopback; UsageError when the port can't be used. Port 0 takes a free one."""
    return bind(LOOPBACK, port)


@contextlib.asynccontextmanager
async def serving(sock: socket.socket, app: ASGIApp, on_ready: Callable[[str], None]) -> AsyncIterator[None]:
    """Serve ``app`` on a bound socket; ``on_ready`` is told the address."""
    server = Server(app, grace=_GRACE_S)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    on_ready(url_of(sock))
    try:
        yield
    finally:
        server.should_exit = True
        await task
