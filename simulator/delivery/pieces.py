"""What is on its way to an endpoint, and what is known of the endpoint's health."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from simulator.delivery.base import Fate, Receipt
from simulator.delivery.sending_thread import Done


@dataclass(slots=True)
class Piece:
    """Events of a batch, by index, that share a request; ``due`` is 0 for those without a time."""

    work: Work
    indices: Sequence[int]
    due: float = 0.0
    first_try: float = -1.0
    started: float = 0.0
    tries: int = 0
    sync: bool = False
    uncertain: bool = False  # an earlier try may have arrived
    unsent: bool = False  # at the last try nobody was there
    token: str = ""
    token_renewed: bool = False

    def part(self, indices: Sequence[int]) -> Piece:
        """Some of the events, for a request of their own."""
        return Piece(self.work, indices, self.due, self.first_try)


@dataclass(slots=True)
class Endpoint:
    """What is known about the health of the other side.

    ``width`` requests may be in flight: one more after each good answer, half as many after each failure. ``silent``:
    nobody was there when it was asked last.
    """

    most: int
    width: int
    failing_since: float | None = None
    paused_until: float = 0.0
    dead: bool = False
    silent: bool = False
    reason: str = ""

    def good(self) -> None:
        """The endpoint took or refused something: it is there."""
        self.failing_since = None
        self.dead = False
        if self.width < self.most:
            self.width += 1

    def bad(self, piece: Piece, reason: str) -> float:
        """The last try of ``piece`` failed; since when there were failures only."""
        if self.failing_since is None:
            self.failing_since = piece.started
        if not piece.work.timed:
            self.width = max(1, self.width // 2)
        self.reason = reason
        return self.failing_since


@dataclass(slots=True)
class Work:
    """A batch on its way; ``left`` counts the events without a fate."""

    bodies: Sequence[bytes]
    receipt: Receipt
    done: Done
    left: int
    timed: bool
    on_settled: Callable[[Sequence[int], Fate], None] | None

    def settled(self, count: int) -> None:
        """So many events more have their fate."""
        self.left -= count
        if not self.left:
            self.done(self.receipt)

    def pending(self, indices: Sequence[int], reason: str, *, doubtful: bool) -> None:
        """Fates are pending from the start; only the reason is new."""
        if doubtful:
            self.receipt.doubtful.update(indices)
        self.receipt.reasons.update(dict.fromkeys(indices, reason))
        self.settled(len(indices))


@dataclass(slots=True)
class Queue:
    """What is not in flight: pieces that were never tried, in order, and those to be tried again, by time.

    Pieces of a new batch are made a few at a time (``refill``): to make all of them at once would hold up what is due
    meanwhile by a millisecond or two.
    """

    ready: deque[Piece] = field(default_factory=deque)
    coming: deque[Iterator[Piece]] = field(default_factory=deque)
    waiting: list[tuple[float, int, Piece]] = field(default_factory=list)
    pushed: int = 0

    def __bool__(self) -> bool:
        return bool(self.ready or self.coming or self.waiting)

    def refill(self, enough: int) -> None:
        """Have at least ``enough`` pieces ready, if there are so many."""
        while self.coming and len(self.ready) < enough:
            some = tuple(islice(self.coming[0], enough))
            if some:
                self.ready.extend(some)
            else:
                self.coming.popleft()

    def later(self, when: float, piece: Piece) -> None:
        self.pushed += 1
        heapq.heappush(self.waiting, (when, self.pushed, piece))

    def hasten(self) -> None:
        """Somebody is there again: what only waited for that can go at once."""
        self.waiting = [(0.0 if entry[2].unsent else entry[0], *entry[1:]) for entry in self.waiting]
        heapq.heapify(self.waiting)

    def drop(self, reason: str, until: float = float("inf")) -> None:
        """Everything that was tried, or is due ``until`` then, stays pending."""
        dropped = [entry[2] for entry in self.waiting]
        self.waiting.clear()
        for pieces in self.coming:
            self.ready.extend(pieces)
        self.coming.clear()
        while self.ready and self.ready[0].due <= until:
            dropped.append(self.ready.popleft())
        for piece in dropped:
            piece.work.pending(piece.indices, reason, doubtful=piece.uncertain)
