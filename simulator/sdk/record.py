"""What the SDKs of many phones leave on record: what they sent, what they lost, and what they still hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.ledger import CrossingRow, Outcome
from simulator.sdk.uplink import Hit

if TYPE_CHECKING:
    from simulator.sdk.edge_queue import EdgeQueue, QueuedHit

_UNCONFIRMED = int(Outcome.UNCONFIRMED)


@dataclass(slots=True)
class SdkRecord:
    """The record of one worker."""

    post: Callable[[Hit], None]
    """Takes what leaves the phones."""
    late_after_ms: int = 60_000
    """A crossing whose event is acknowledged longer than this after it was queued is late."""
    lost: list[CrossingRow] = field(default_factory=list)
    """Crossings whose events will not be sent any more."""
    queues: dict[EdgeQueue, None] = field(default_factory=dict)
    """The queues that are not empty."""
    failed: int = 0
    """Attempts to send that did not reach the endpoint."""
    stray: int = 0
    """Region events without a crossing that the SDK was told of."""

    def collect(self) -> list[CrossingRow]:
        """The lost crossings since the last call."""
        taken = self.lost[:]
        self.lost.clear()
        return taken

    def pending(self) -> list[CrossingRow]:
        """The crossings in queues, as they stand in the ledger if the run ends now."""
        return [row for queue in self.queues for row in queue.rows()]

    def lose(self, person: int, hit: QueuedHit, outcome: int) -> None:
        """A queued hit will not be sent (again)."""
        if not hit.settled:
            hit.settled = True
            self.lost.append(self.lost_row(person, hit, outcome))

    def lost_row(self, person: int, hit: QueuedHit, outcome: int) -> CrossingRow:
        """What the ledger says of a crossing whose event is not acknowledged."""
        return hit.row(person, -1, -1, _UNCONFIRMED if hit.requests else outcome)
