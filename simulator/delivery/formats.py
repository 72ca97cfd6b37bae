"""How events become the bodies of requests, and what the answers mean: one class per kind of endpoint."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Protocol

from simulator.delivery.answers import ALL_TAKEN, Reading, read_answer
from simulator.delivery.envelope import Envelope

_GZIP_LEVEL = 1  # events shrink to about an eighth with the fastest (libraries.md 2)
_GZIP_WBITS = 31


class Format(Protocol):
    """What a sender needs to know about its endpoint."""

    headers: tuple[str, ...]
    """Headers of every request."""

    def cut(self, bodies: Sequence[bytes]) -> list[range]:
        """Which consecutive events share a request."""

    def build(self, events: Sequence[bytes]) -> bytes:
        """The body of a request."""

    def read(self, status: int, body: bytes, count: int, *, sync: bool) -> Reading:
        """What an answer means for the ``count`` events of its request."""


class InletFormat:
    """Messages for a streaming inlet; ``batch_size`` of 2 and more means its batch form."""

    def __init__(
        self,
        envelope: Envelope,
        batch_size: int,
        *,
        gzip: bool = False,
        flow_id: str | None = None,
        sandbox: str | None = None,
    ) -> None:
        """``flow_id`` is what raw events need in a header (ingestion.md 1.3)."""
        self._envelope = envelope
        self._batch_size = batch_size
        self._compress = gzip_compressor() if gzip else None
        headers = ["Content-Type: application/json"]
        if gzip:
            headers.append("Content-Encoding: gzip")
        if flow_id is not None:
            headers.append(f"x-adobe-flow-id: {flow_id}")
        if sandbox is not None:
            headers.append(f"x-sandbox-name: {sandbox}")
        self.headers = tuple(headers)

    def cut(self, bodies: Sequence[bytes]) -> list[range]:
        """By number of events and by size: requests stay under the inlet's limit before compression."""
        return self._envelope.cut(bodies, self._batch_size)

    def build(self, events: Sequence[bytes]) -> bytes:
        """One message, or several."""
        envelope = self._envelope
        body = envelope.batch(events) if self._batch_size > 1 else envelope.single(events[0])
        return body if self._compress is None else self._compress(body)

    def read(self, status: int, body: bytes, count: int, *, sync: bool) -> Reading:
        """As the platform documents its answers."""
        return read_answer(status, body, count, batch=self._batch_size > 1, sync=sync)


def read_plain(status: int, body: bytes, count: int) -> Reading:
    """What a status means where no more is known of an endpoint: all or nothing of a request is taken."""
    if 200 <= status < 300:
        return ALL_TAKEN
    return read_answer(status, body, count, batch=False)


def gzip_compressor() -> Callable[[bytes], bytes]:
    """gzip through isal where it is installed (eight times as fast), else through zlib."""
    try:
        from isal import isal_zlib
    except ImportError:
        return lambda data: zlib.compress(data, _GZIP_LEVEL, _GZIP_WBITS)
    return lambda data: bytes(isal_zlib.compress(data, _GZIP_LEVEL, _GZIP_WBITS))
