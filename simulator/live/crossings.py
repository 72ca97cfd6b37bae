"""What became of crossings, counted while the run goes on: the four truths with the losses between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.ledger import Outcome, Rows
from simulator.run.window import Window

_ACCEPTED = (Outcome.DELIVERED, Outcome.DELIVERED_LATE)


class CrossingCounts:
    """Counts crossings as windows come and as their events are settled."""

    def __init__(self) -> None:
        self.crossed = 0
        self._noticed = 0
        self._sent = 0
        self._accepted = 0
        self._losses: Counter[str] = Counter()
        self._open = {"noticing": 0, "queued": 0}
        self._noticed_and_open = 0

    def window(self, window: Window) -> None:
        """A window was simulated."""
        self.crossed = window.census.crossings
        self._noticed += len(window.rows) + int((window.lost["noticed"] >= 0).sum())
        self._sent += len(window.rows)
        for outcome, count in _by_outcome(window.lost):
            self._losses[outcome.label] += count
        noticing = int((window.open["outcome"] == Outcome.PENDING_DETECTION).sum())
        self._open = {"noticing": noticing, "queued": len(window.open) - noticing}
        self._noticed_and_open = int((window.open["noticed"] >= 0).sum())

    def recorded(self, rows: Rows) -> None:
        """The events behind these crossings were settled."""
        for outcome, count in _by_outcome(rows):
            if outcome in _ACCEPTED:
                self._accepted += count
            else:
                self._losses[outcome.label] += count

    def document(self) -> dict[str, Any]:
        """The part of `counters` that is about crossings."""
        return {
            "crossed": self.crossed,
            "noticed": self._noticed + self._noticed_and_open,
            "sent": self._sent,
            "accepted": self._accepted,
            "losses": dict(self._losses),
            "waiting": {
                **self._open,
                "in_flight": self.crossed - self._accepted - self._losses.total() - sum(self._open.values()),
            },
        }


def _by_outcome(rows: Rows) -> Iterator[tuple[Outcome, int]]:
    counts = np.bincount(rows["outcome"], minlength=len(Outcome))
    return ((outcome, int(count)) for outcome, count in zip(Outcome, counts.tolist(), strict=True) if count)
