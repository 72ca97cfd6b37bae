"""uvicorn's HTTP protocol with bounds on the head of a request, and the connection within reach of faults."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator.receiver.faults.layer import EXTENSION

MAX_HEAD_BYTES = 65_536
"""Of request line and headers together."""
HEAD_SECONDS = 30.0
"""How long a client may take for them, from the first byte of a connection or a request."""


class BoundedProtocol(HttpToolsProtocol):
    """Refuses heads that are too large (431) and drops connections whose head does not come."""

    _head_bytes = 0
    _in_head = True
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and self._head_only(data):
                self._refuse_head()
                return
        super().data_received(data)
        if self._in_head and self._head_bytes and self._head_timer is None:
            self._wait_for_head()

    def _head_only(self, data: bytes) -> bool:
        """Whether the end of the head is not among the bytes that are still allowed."""
        allowed = MAX_HEAD_BYTES - (self._head_bytes - len(data))
        return b"\r\n\r\n" not in data[: max(allowed, 0) + 4]

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"transport": self.transport}}

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_came()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
            self.transport.close()
