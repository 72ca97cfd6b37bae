"""What senders need of that which carries their requests; ``pools.py`` chooses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

# A batch of the largest size is answered with about 600 KB; more than this is no inlet's answer.
MAX_ANSWER_BYTES = 16 << 20
ASK_TO_WAIT = (429, 503)
"""Statuses whose `Retry-After` servers heed (RFC 9110 10.2.3, RFC 6585 4)."""

Tag = TypeVar("Tag")


@dataclass(slots=True)
class Finished(Generic[Tag]):
    """A request that came to its end, with what ``start`` was given to recognise it.

    ``status`` is 0 when there was no answer: ``kind`` then names the failure for counting and ``error`` says
    it in words. ``retry_after`` are the seconds that an answer that asks to wait names, ``retry_text`` is what any
    answer says of that, as it says it. ``sent`` tells whether anything of the request went out (so it may have
    arrived), ``tries`` how often it was sent (a kept connection that turns out to be closed is replaced once without
    asking). ``fatal``: no second try can mend it.
    """

    tag: Tag
    status: int
    body: bytes = b""
    retry_after: int = 0
    retry_text: str = ""
    kind: str = ""
    error: str = ""
    sent: bool = True
    fatal: bool = False
    tries: int = 1
    connects: int = 0


class Transport(Protocol[Tag]):
    """Up to ``size`` requests in flight, on kept connections. All of it belongs to one thread."""

    size: int
    in_flight: int

    def start(self, url: str, body: bytes, tag: Tag, more_headers: tuple[str, ...] = ()) -> None:
        """Begin a request; there must be room for it."""

    def wait(self, seconds: float) -> list[Finished[Tag]]:
        """Requests that have finished; returns after ``seconds`` at the latest, or earlier with some."""

    def close(self) -> None:
        """Drop all connections."""
