"""What the page is told, kept for a while so that a page that was away can catch up: server-sent events."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Iterator
from typing import Any

import orjson

# So much of the past is kept for pages that come back.
_MOST_MESSAGES, _MOST_BYTES = 5_000, 32_000_000


def encode(event: str, data: Any, identifier: str) -> bytes:
    """One server-sent event. JSON has no line breaks, so it is one line."""
    return b"event: %b\nid: %b\ndata: %b\n\n" % (event.encode(), identifier.encode(), orjson.dumps(data))


class Hub:
    """The messages of one run in their order; belongs to one event loop."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._kept: deque[bytes] = deque()
        self._bytes = 0
        self._last = 0
        self._changed = asyncio.Event()
        self.closed = False

    @property
    def last(self) -> int:
        """Number of the last message."""
        return self._last

    def identifier(self, number: int) -> str:
        """The id of a message, unlike those of other runs."""
        return f"{self._run}-{number}"

    def number_of(self, identifier: str | None) -> int | None:
        """The number behind an id that a page sent; None if what came after it is no longer known."""
        run, _, digits = (identifier or "").partition("-")
        if run != self._run or not digits.isdecimal():
            return None
        number = int(digits)
        return number if self._last - len(self._kept) <= number <= self._last else None

    def publish(self, event: str, data: Any) -> None:
        """Tell all pages."""
        self._last += 1
        message = encode(event, data, self.identifier(self._last))
        self._kept.append(message)
        self._bytes += len(message)
        while len(self._kept) > _MOST_MESSAGES or (self._bytes > _MOST_BYTES and len(self._kept) > 1):
            self._bytes -= len(self._kept.popleft())
        self._wake()

    def since(self, number: int) -> list[bytes] | None:
        """The messages after ``number``; None if some of them are gone."""
        missing = self._last - number
        if missing > len(self._kept):
            return None
        return list(_last(self._kept, missing))

    async def wait(self, seconds: float) -> bool:
        """Wait for the next message, but not longer than this; whether there is one."""
        changed = self._changed
        try:
            await asyncio.wait_for(changed.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Nothing more will come."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _last(kept: deque[bytes], count: int) -> Iterator[bytes]:
    start = len(kept) - count
    return (kept[index] for index in range(start, len(kept)))
