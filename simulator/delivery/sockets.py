"""Many requests at the same time over plain sockets, for endpoints that are addressed by number and without TLS.

It does what ``curl.py`` does for everything else, in less than half of the time: one system call to send a request,
one to read its answer, and one now and then to see which answers are there.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic
from urllib.parse import urlsplit

from simulator.delivery.http_answer import HEAD_END, AnswerError, AnswerReader, Head, read_head
from simulator.delivery.readiness import Readiness
from simulator.delivery.transport import ASK_TO_WAIT, Finished, Tag

_FIRST_READ = 8192  # most answers are smaller
_NEXT_READS = 256 << 10
_HEADS = 256  # heads of answers that are known by heart
_EXPIRE_EVERY = 0.02  # seconds between looks at time-outs
_LOOPBACKS = ("127.0.0.1", "::1")  # what `localhost` means (RFC 6761), whatever a list of hosts has forgotten


class _Connection(Generic[Tag]):
    """A connection, and the request that it carries."""

    __slots__ = (
        *("address", "connecting", "connects", "deadline", "fd", "out", "reader", "request"),
        *("served", "sock", "tag", "tries"),
    )

    def __init__(self) -> None:
        self.sock: socket.socket | None = None
        self.fd = -1
        self.tag: Tag | None = None  # of the request in flight
        self.address = 0
        self.connecting = False
        self.served = False
        """It was good for an answer already."""
        self.request = b""
        self.out: memoryview | None = None  # what could not be sent at once
        self.reader: AnswerReader | None = None
        self.tries = self.connects = 0
        self.deadline = 0.0


class SocketPool(Generic[Tag]):
    """Up to ``size`` requests in flight on kept connections to one endpoint.

    ``timeout`` (seconds) bounds connecting and the whole request.
    """

    def __init__(
        self,
        url: str,
        size: int,
        timeout: float,
        headers: Sequence[str],
        *,
        method: str = "POST",
        wall: Callable[[], float] = time.time,
    ) -> None:
        """``url`` is any address at the endpoint, ``headers`` are those of all requests.

        ``wall`` is the time in seconds since 1970, for answers that name a moment.
        """
        parts = urlsplit(url)
        self.size = size
        self.in_flight = 0
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._where = f"{parts.hostname}:{self._port}"
        self._timeout = timeout
        self._method = method
        self._wall = wall
        given = {header.partition(":")[0].lower() for header in headers}
        accept = [] if "accept" in given else ["Accept: */*"]
        self._headers = [f"Host: {parts.netloc}", *accept, *headers]
        self._known_start: tuple[str, tuple[str, ...]] | None = None
        self._start = b""
        self._addresses: list[tuple[int, Any]] = []
        self._readiness = Readiness()
        self._all: dict[int, _Connection[Tag]] = {}
        self._idle: list[_Connection[Tag]] = []
        self._finished: list[Finished[Tag]] = []
        self._heads: dict[bytes, Head] = {}
        self._expire_at = 0.0

    def start(self, url: str, body: bytes, tag: Tag, more_headers: tuple[str, ...] = ()) -> None:
        """Begin a request; there must be room for it."""
        if not self.in_flight and self._idle:
            self._look(0.0)  # nobody has looked for a while: which of the connections are still there?
        connection = self._idle.pop() if self._idle else _Connection()
        connection.tag = tag
        if self._known_start != (url, more_headers):
            self._known_start = url, more_headers
            self._start = self._beginning(url, more_headers)
        connection.request = b"%b%d\r\n\r\n%b" % (self._start, len(body), body)
        connection.deadline = time.monotonic() + self._timeout
        self.in_flight += 1
        if connection.sock is None:
            self._connect(connection)
        else:
            self._send(connection)

    def wait(self, seconds: float) -> list[Finished[Tag]]:
        """Requests that have finished; returns after ``seconds`` at the latest, or earlier with some."""
        self._look(0.0 if self._finished else seconds)
        if (now := time.monotonic()) >= self._expire_at:
            self._expire_at = now + min(_EXPIRE_EVERY, self._timeout / 10.0)
            self._expire(now)
        finished, self._finished = self._finished, []
        return finished

    def close(self) -> None:
        """Drop all connections."""
        for connection in list(self._all.values()):
            self._drop(connection)
        self._idle.clear()
        self._readiness.close()

    # --- sending --------------------------------------------------------------------------------------------

    def _beginning(self, url: str, more_headers: Sequence[str]) -> bytes:
        """The head of a request up to its length."""
        path = url.removeprefix(self._origin)
        path = path if path.startswith("/") else f"/{path}"
        lines = [f"{self._method} {path} HTTP/1.1", *self._headers, *more_headers, "Content-Length: "]
        return "\r\n".join(lines).encode()

    def _connect(self, connection: _Connection[Tag]) -> None:
        """Begin to connect to the first address that doesn't refuse at once."""
        if not self._addresses and not self._find_addresses(connection):
            return
        while True:
            sock, number = _connecting(*self._addresses[connection.address % len(self._addresses)])
            if sock is not None:
                break
            if not self._next_address(connection):
                self._fail_to_connect(connection, number)
                return
        connection.sock, connection.fd = sock, sock.fileno()
        connection.connecting, connection.served = True, False
        self._all[connection.fd] = connection
        self._readiness.watch(connection.fd, write=True, new=True)

    def _find_addresses(self, connection: _Connection[Tag]) -> bool:
        try:
            for host in _LOOPBACKS if self._host == "localhost" else (self._host,):
                found = socket.getaddrinfo(host, self._port, type=socket.SOCK_STREAM)
                self._addresses += [(family, address) for family, _, _, _, address in found]
        except OSError:
            self._fail(connection, "unknown host", f"the host name {self._host} is not known")
        return bool(self._addresses)

    def _next_address(self, connection: _Connection[Tag]) -> bool:
        """Go on to the next address; False once all were tried."""
        connection.address = (connection.address + 1) % len(self._addresses)
        return connection.address != 0

    def _connected(self, connection: _Connection[Tag]) -> None:
        """The connection is made, or can't be made."""
        assert connection.sock is not None  # noqa: S101  it is being made
        number = connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._drop(connection)
            if self._next_address(connection):
                self._connect(connection)
            else:
                self._fail_to_connect(connection, number)
            return
        connection.connecting = False
        connection.connects += 1
        self._readiness.watch(connection.fd, write=False)
        self._send(connection)

    def _send(self, connection: _Connection[Tag]) -> None:
        """Send the request of a connection that is there."""
        connection.tries += 1
        request = connection.request
        try:
            sent = connection.sock.send(request)  # type: ignore[union-attr]
        except BlockingIOError:
            sent = 0
        except OSError:
            self._lost(connection)
            return
        if sent < len(request):
            connection.out = memoryview(request)[sent:]
            self._readiness.watch(connection.fd, write=True)

    def _send_more(self, connection: _Connection[Tag]) -> None:
        out = connection.out
        assert out is not None  # noqa: S101
        assert connection.sock is not None  # noqa: S101
        try:
            connection.out = out[connection.sock.send(out) :]
        except BlockingIOError:
            return
        except OSError:
            # It may have answered before it cut the connection: a body that is too large, for instance.
            connection.out = None
            self._readiness.watch(connection.fd, write=False)
            return
        if not connection.out:
            connection.out = None
            self._readiness.watch(connection.fd, write=False)

    # --- receiving ------------------------------------------------------------------------------------------

    def _look(self, seconds: float) -> None:
        """Read what is there, or comes within ``seconds``."""
        everything = self._all
        for fd, _ in self._readiness.ready(seconds):
            connection = everything[fd]
            if connection.connecting:
                self._connected(connection)
                continue
            if connection.out is not None:
                self._send_more(connection)
            self._receive(connection)

    def _receive(self, connection: _Connection[Tag]) -> None:
        reader = connection.reader
        try:
            data = connection.sock.recv(_FIRST_READ if reader is None else _NEXT_READS)  # type: ignore[union-attr]
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or connection.tag is None:
            self._closed(connection)
            return
        try:
            if reader is None:
                end = data.find(HEAD_END)
                if end > 0:
                    head = self._heads.get(data[:end]) or self._learn(data[:end])
                    if head.length == len(data) - end - 4 and head.status >= 200 and connection.out is None:
                        self._answered(connection, head, data[end + 4 :], head.keep)
                        return
                reader = connection.reader = AnswerReader()
            if reader.feed(data):
                self._complete(connection, reader)
        except AnswerError as error:
            self._drop(connection)
            self._fail(connection, "failed", f"request to {self._where} failed: {error}")

    def _learn(self, data: bytes) -> Head:
        """Understand a head, and remember it: an endpoint's heads differ in little but the second of their date."""
        if len(self._heads) >= _HEADS:
            self._heads.clear()
        head = self._heads[data] = read_head(data)
        return head

    def _complete(self, connection: _Connection[Tag], reader: AnswerReader) -> None:
        assert reader.head is not None  # noqa: S101  complete answers have one
        keep = reader.head.keep and reader.clean and connection.out is None
        self._answered(connection, reader.head, reader.body, keep)

    def _answered(self, connection: _Connection[Tag], head: Head, body: bytes, keep: bool) -> None:
        retry_after = head.wait(self._wall()) if head.retry_after and head.status in ASK_TO_WAIT else 0
        self._finished.append(
            Finished(
                connection.tag,  # type: ignore[arg-type]
                head.status,
                body,
                retry_after,
                head.retry_after,
                tries=connection.tries,
                connects=connection.connects,
            )
        )
        self.in_flight -= 1
        connection.tag = None
        if not keep:
            self._drop(connection)
            return
        connection.served = True
        connection.reader = None
        connection.tries = connection.connects = 0
        self._idle.append(connection)

    def _closed(self, connection: _Connection[Tag]) -> None:
        """The other side closed the connection."""
        if connection.tag is None:
            self._idle.remove(connection)
            self._drop(connection)
        elif connection.reader is not None and connection.reader.ended():
            self._complete(connection, connection.reader)
        else:
            self._lost(connection)

    def _lost(self, connection: _Connection[Tag]) -> None:
        """A request is without an answer. On a kept connection that may be chance: it is sent once more."""
        again = connection.served and connection.reader is None
        self._drop(connection)
        if again:
            self._connect(connection)
        else:
            self._fail(
                connection, "connection cut", f"connection cut by {self._where} before the whole answer"
            )

    # --- failures -------------------------------------------------------------------------------------------

    def _expire(self, now: float) -> None:
        """End what has taken too long."""
        for connection in [one for one in self._all.values() if one.tag is not None and one.deadline <= now]:
            what = "connection to" if connection.connecting and not connection.tries else "answer from"
            self._drop(connection)
            self._fail(connection, "timeout", f"no {what} {self._where} within {self._timeout:g} s")

    def _fail_to_connect(self, connection: _Connection[Tag], number: int) -> None:
        if number == errno.ECONNREFUSED:
            self._fail(connection, "connection refused", f"connection refused by {self._where}")
        else:
            why = os.strerror(number).lower()
            self._fail(connection, "no connection", f"no connection to {self._where}: {why}")

    def _fail(self, connection: _Connection[Tag], kind: str, error: str) -> None:
        """The request of a connection that is no more ends without an answer."""
        self._finished.append(
            Finished(
                connection.tag,  # type: ignore[arg-type]
                0,
                kind=kind,
                error=error,
                sent=connection.tries > 0,
                tries=connection.tries,
                connects=connection.connects,
            )
        )
        self.in_flight -= 1
        connection.tag = None

    def _drop(self, connection: _Connection[Tag]) -> None:
        """Close a connection."""
        sock, connection.sock = connection.sock, None
        connection.out = connection.reader = None
        connection.served = connection.connecting = False
        if sock is not None:
            del self._all[connection.fd]
            self._readiness.forget(connection.fd)
            sock.close()


def _connecting(family: int, address: Any) -> tuple[socket.socket | None, int]:
    """A socket that is being connected; None, and the number of the error, if that is refused at once."""
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:  # this machine doesn't speak IPv6, for instance
        return None, error.errno or errno.EAFNOSUPPORT
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    number = sock.connect_ex(address)
    if number in (0, errno.EINPROGRESS):
        return sock, 0
    sock.close()
    return None, number
