"""Serving an ASGI application on a socket of this machine, quietly: no log, no signal handling of its own."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
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


class ServingThread:
    """Serves on a socket that listens, in a thread of its own; calls wait there until :meth:`start`."""

    def __init__(self, make: Callable[[Callable[[], None]], Server], sock: socket.socket, name: str) -> None:
        """``make`` gets what its server is to call when it is ready; the socket is closed by :meth:`stop`."""
        self._socket = sock
        self._name = name
        self._ready = threading.Event()
        self._server = make(self._ready.set)
        self._thread: threading.Thread | None = None
        self._failure: str | None = None

    def start(self) -> None:
        """Return when calls are taken. Raises UsageError where that can't be."""
        self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise UsageError(f"the {self._name} can't begin: {self._failure}")

    def stop(self) -> None:
        """Answer what is under way, as long as the server's grace, and end; may be called more than once."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._socket.close()

    def _serve(self) -> None:
        try:
            with suppress(asyncio.CancelledError):
                run(self._server.serve(sockets=[self._socket]))
        except (OSError, SystemExit) as error:  # the latter is uvicorn's way to give up
            self._failure = str(error)
        finally:
            if not self._ready.is_set() and self._failure is None:
                self._failure = "it ended at once"
            self._ready.set()  # a start that failed must not be waited for


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run ``main`` to its end, on uvloop where there is one (not on Windows)."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


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
