"""Serving a receiver on a socket: in this thread until a signal, or in a thread of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType

from simulator.core.errors import UsageError
from simulator.core.serving import LOOPBACK, Server, ServingThread, bind, run, serve_until_signal, url_of
from simulator.receiver.app import create_app
from simulator.receiver.protocol import BoundedProtocol
from simulator.receiver.receiver import Receiver

DEFAULT_PORT = 8080
_GRACE_SECONDS = 5  # how long requests under way may take to finish after a stop
MAX_CONNECTIONS = 4_000
"""Connections and requests at the same time; beyond, new requests are answered 503."""


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files of a server's certificate (with its chain) and key."""

    certificate: Path
    key: Path


def serve(
    receiver: Receiver,
    *,
    host: str = LOOPBACK,
    port: int = DEFAULT_PORT,
    tls: Tls | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, finish the requests under way, commit, and return.

    ``port`` 0 takes any free one; ``on_ready`` is called with the base URL once requests are taken. To be
    called in the main thread. Raises ``UsageError`` when the address or the certificate cannot be used, or when the
    address is not on loopback and the receiver has no access token.
    """
    sock = _bind_safely(receiver, host, port)
    url = url_of(sock, _scheme(tls))
    try:
        server = _new_server(receiver, lambda: on_ready(url) if on_ready else None, tls)
    except UsageError:
        sock.close()
        raise

    def stop() -> None:
        receiver.stopping = True

    try:
        run(serve_until_signal(server, sock, stop))
    finally:
        sock.close()
        receiver.store.commit()


class ServerThread:
    """A receiver served by a thread of its own, as a context manager; ``url`` is its base URL."""

    def __init__(
        self, receiver: Receiver, *, port: int = 0, host: str = LOOPBACK, tls: Tls | None = None
    ) -> None:
        self._receiver = receiver
        self._socket = _bind_safely(receiver, host, port)
        self.url = url_of(self._socket, _scheme(tls))
        try:
            self._serving = ServingThread(
                lambda on_ready: _new_server(receiver, on_ready, tls), self._socket, "receiver"
            )
        except UsageError:
            self._socket.close()
            raise

    def inlet_url(self, inlet: str) -> str:
        """Where single messages for ``inlet`` go."""
        return f"{self.url}/collection/{inlet}"

    def start(self) -> ServerThread:
        """Return when requests are taken. Raises UsageError where that can't be."""
        self._serving.start()
        return self

    def stop(self) -> None:
        """Finish the requests under way, commit, and end the thread."""
        self._receiver.stopping = True
        self._serving.stop()
        self._receiver.store.commit()

    def __enter__(self) -> ServerThread:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _bind_safely(receiver: Receiver, host: str, port: int) -> socket.socket:
    """:func:`bind`, but beyond loopback only for a receiver with an access token."""
    sock = bind(host, port)
    if not _is_loopback(sock) and receiver.access_token is None:
        sock.close()
        raise UsageError(f"cannot serve on {host}: others can reach it, and there is no access token")
    return sock


def _is_loopback(sock: socket.socket) -> bool:
    return ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


def _scheme(tls: Tls | None) -> str:
    return "https" if tls else "http"


def _new_server(receiver: Receiver, on_ready: Callable[[], None], tls: Tls | None) -> Server:
    server = Server(
        create_app(receiver),
        grace=_GRACE_SECONDS,
        on_ready=on_ready,
        http=BoundedProtocol,
        limit_concurrency=MAX_CONNECTIONS,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    try:
        server.config.load()
    except OSError as error:  # ssl.SSLError is one
        raise UsageError(f"cannot serve with this certificate and key: {error}") from error
    return server
