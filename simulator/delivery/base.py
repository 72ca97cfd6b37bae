"""The seam between the run and wherever its events go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from simulator.delivery.load.latency import LatencyRecord

FateArray = npt.NDArray[np.uint8]
SourceArray = npt.NDArray[np.uint8]
TimeArray = npt.NDArray[np.int64]
Indices = npt.NDArray[np.intp]


class Fate(IntEnum):
    """What became of an event; one byte per event in arrays.

    PENDING: not delivered and not refused, or not known: keep it, a later run can send it.
    ACKNOWLEDGED: the destination has taken it. REJECTED: it refused the event for good.
    NOT_DUE: it was never to be sent, because the load ended before its time.
    """

    PENDING = 0
    ACKNOWLEDGED = 1
    REJECTED = 2
    NOT_DUE = 3


@dataclass(slots=True)
class Batch:
    """Consecutive events of the stream as flat XDM JSON; ``first_number`` is that of the first.

    ``sources`` says where each comes from (position in ``scenario.models.SOURCES``; None: all from phones),
    ``edge_only`` marks what only the Edge Network understands (None: nothing is), ``times`` says when each left, in
    virtual milliseconds since the start of the run (None: not known), ``person`` whose each is (None: not known).
    ``due`` says when each event is to be sent, in seconds of the monotonic clock and never falling; None for
    all of them at once. ``on_settled``, if given, is told as soon as it is certain that events (by index) are
    acknowledged or rejected, in any thread; the receipt says the same again.

    For several destinations at once: ``shares`` has by name which events (by index) each is to get, None for all that
    it takes; ``on_settled_at`` is as ``on_settled``, with the destination's name first.
    """

    bodies: Sequence[bytes]
    first_number: int = 0
    sources: SourceArray | None = None
    edge_only: npt.NDArray[np.bool_] | None = None
    times: TimeArray | None = None
    person: npt.NDArray[np.int32] | None = None
    due: npt.NDArray[np.float64] | None = None
    on_settled: Callable[[Sequence[int], Fate], None] | None = None
    shares: Mapping[str, Indices] | None = None
    on_settled_at: Callable[[str, Sequence[int], Fate], None] | None = None

    def __len__(self) -> int:
        return len(self.bodies)

    def pick(self, indices: Indices) -> Batch:
        """Some of the events, in their order, as a batch of its own that nobody listens to."""
        return Batch(
            [self.bodies[index] for index in indices.tolist()],
            self.first_number,
            None if self.sources is None else self.sources[indices],
            None if self.edge_only is None else self.edge_only[indices],
            None if self.times is None else self.times[indices],
            None if self.person is None else self.person[indices],
            None if self.due is None else self.due[indices],
        )


@dataclass(slots=True)
class Receipt:
    """The fate of each event of a batch, and why (by index) for those that were not acknowledged.

    ``doubtful`` are pending events that may have arrived all the same. Where a batch went to several
    destinations, ``parts`` has by name which of its events each got, and their fates there.
    """

    fates: FateArray
    reasons: dict[int, str] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)
    parts: dict[str, tuple[Indices, Receipt]] = field(default_factory=dict)

    @classmethod
    def of(cls, count: int, fate: Fate, reason: str = "") -> Receipt:
        """The same fate for ``count`` events, with ``reason`` unless it is the good one."""
        reasons = {} if fate is Fate.ACKNOWLEDGED else dict.fromkeys(range(count), reason)
        return cls(np.full(count, fate, dtype=np.uint8), reasons)


@dataclass(slots=True)
class DeliveryStats:
    """What a destination did so far.

    ``statuses`` counts answers by their status code, and failures without an answer by their kind.
    ``bytes`` are bytes of request bodies, or of the file as written. ``resent`` counts events that were
    sent again although an earlier try may have arrived: those are the ones that the other side may hold
    twice. ``events`` were sent at least once, the last of them at ``last_sent`` (seconds of
    the monotonic clock); ``in_flight`` are requests that wait for their answer now.
    """

    requests: int = 0
    retries: int = 0
    resent: int = 0
    connects: int = 0
    bytes: int = 0
    events: int = 0
    last_sent: float = 0.0
    in_flight: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    latency: LatencyRecord = field(default_factory=LatencyRecord)

    def answered(self, status: str, seconds: float) -> None:
        """Count an answer, or a failure by its kind, that came so long after the request was sent."""
        self.statuses[status] += 1
        self.latency.answered(status, seconds)

    def copy(self) -> DeliveryStats:
        """The state of this moment, of a destination whose own thread goes on counting."""
        return replace(self, statuses=Counter(self.statuses), latency=self.latency.copy())

    def merge(self, other: DeliveryStats) -> None:
        """Take in what another process or destination did with other events; ``other`` must be at rest."""
        for name in ("requests", "retries", "resent", "connects", "bytes", "events", "in_flight"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.last_sent = max(self.last_sent, other.last_sent)
        self.statuses.update(other.statuses)
        self.latency.merge(other.latency)


class Destination(Protocol):
    """Somewhere events can be sent.

    ``send`` returns when every event of the batch has its fate, in bounded time. Batches are sent one after
    the other. ``open`` raises ``UsageError`` when the destination cannot be used as asked; ``send`` and
    ``close`` raise ``DeliveryError`` when nothing more can be delivered at all (a full disk).
    """

    description: str

    @property
    def stats(self) -> DeliveryStats:
        """What was done so far."""

    async def open(self) -> None:
        """Get ready to send."""

    async def send(self, batch: Batch) -> Receipt:
        """Send every event of the batch and say what became of each."""

    async def close(self) -> None:
        """Finish what was written and let go of it; also after an interruption."""


@runtime_checkable
class Pipelined(Protocol):
    """A destination that may be given the next batches while it sends the first, and that heeds ``Batch.due``.

    Others are given one batch after the other, each when it is due.
    """

    pipelined: bool


@runtime_checkable
class Bulk(Protocol):
    """A destination that only writes down the text of its batches: it takes large ones, and is done with one when
    ``send`` returns."""

    bulk: bool


@runtime_checkable
class InProcesses(Protocol):
    """A destination that sends from ``senders`` processes of its own."""

    senders: int

    def start(self) -> None:
        """Begin the processes, before anything starts a thread: then they can be forked. `close` ends them."""
