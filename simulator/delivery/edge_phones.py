"""Phones as an Edge Network destination knows them: a queue for each, and what it keeps of answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.delivery.base import Batch, Fate, Receipt
from simulator.delivery.sending_thread import Done
from simulator.scenario.models import SOURCES
from simulator.sdk import EdgeState

_PHONE = SOURCES.index("phone")
# What the first event of an app says that was installed afresh.
_INSTALLED = b'"isInstall":true'


@dataclass(slots=True)
class Work:
    """A batch on its way; ``left`` counts the events without a fate."""

    bodies: Sequence[bytes]
    receipt: Receipt
    done: Done
    left: int
    on_settled: Callable[[Sequence[int], Fate], None] | None = None

    def settle(self, index: int, fate: Fate, reason: str = "") -> None:
        self.receipt.fates[index] = fate
        if reason:
            self.receipt.reasons[index] = reason
        self.left -= 1
        if not self.left:
            self.done(self.receipt)


@dataclass(slots=True)
class Lane:
    """One phone: what it remembers of answers, and its queue."""

    state: EdgeState = field(default_factory=EdgeState)
    queue: list[Hit] = field(default_factory=list)
    """Short as a rule; a list takes a tenth of the memory of a deque, and there may be a million phones."""
    busy: bool = False
    """It is in flight, or waits, or stands in line for a connection."""
    identities: tuple[bytes, ...] = ()
    """Those that its events had, the newest last."""
    newest: int = 0
    """The number of the identity that the phone has now, as far as its events have come."""
    remembers: int = 0
    """The number of the identity to which what it remembers belongs."""

    def number_of(self, identity: bytes) -> int:
        """The number of an identity; a new one follows all others. Events without any go along."""
        if identity and identity not in self.identities:
            self.identities = (*self.identities, identity)
        return self.identities.index(identity) if identity else max(len(self.identities) - 1, 0)

    def renew(self, hit: Hit, elapsed: int) -> None:
        """``hit``, the first with a new identity, is first in the queue: what is remembered belongs to the old one."""
        self.remembers, self.newest = hit.identity, max(self.newest, hit.identity)
        if _INSTALLED in hit.work.bodies[hit.index]:
            self.state = EdgeState()
        else:
            self.state.reset(elapsed)


@dataclass(slots=True, eq=False)
class Hit:
    """One event in the queue of its phone; ``due`` is 0 for one without a time, ``identity`` a number of the lane's."""

    lane: Lane
    work: Work
    index: int
    identity: int = 0
    due: float = 0.0
    first_try: float = -1.0
    started: float = 0.0
    tries: int = 0
    uncertain: bool = False
    token: str = ""
    token_renewed: bool = False


def phones_of(batch: Batch) -> list[int] | None:
    """Whose phone each event comes from, -1 where it comes from elsewhere; None where that is not known."""
    if batch.person is None:
        return None
    from_phones = True if batch.sources is None else batch.sources == _PHONE
    phones: list[int] = np.where(from_phones, batch.person, -1).tolist()
    return phones
