"""Counting while a run goes on, and the summary document at its end."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.errors import ConservationError
from simulator.delivery import Fate, Receipt
from simulator.ledger import Outcome, Rows
from simulator.run.simulation import World
from simulator.run.window import Census, Window
from simulator.sdk import KINDS

TIMELINE_BUCKETS = 48
BUSIEST_PLACES = 5
TOP_REASONS = 10

OUTCOME_OF_FATE = np.zeros(256, dtype=np.uint8)
OUTCOME_OF_FATE[Fate.PENDING] = Outcome.UNDELIVERED
OUTCOME_OF_FATE[Fate.ACKNOWLEDGED] = Outcome.DELIVERED
OUTCOME_OF_FATE[Fate.REJECTED] = Outcome.REJECTED
OUTCOME_OF_FATE[Fate.NOT_DUE] = Outcome.NOT_DUE


def settled(outcomes: npt.NDArray[np.uint8], fates: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The outcomes of crossings whose events have these fates; they say so far which of them are late."""
    late = (outcomes == Outcome.DELIVERED_LATE) & (fates == Fate.ACKNOWLEDGED)
    return np.where(late, Outcome.DELIVERED_LATE, OUTCOME_OF_FATE[fates]).astype(np.uint8)


class Tally:
    """Running counts of one run."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sent = 0
        self.fates = np.zeros(len(Fate), dtype=np.int64)
        self.duplicates = 0
        self.census = Census()
        self.simulated_ms = 0
        self.entries = 0
        self.exits = 0
        self.noticed = 0
        self._types = np.zeros(len(KINDS), dtype=np.int64)
        self._bucket_ms = max(1, -(-world.duration_ms // TIMELINE_BUCKETS))
        self._timeline = np.zeros(-(-world.duration_ms // self._bucket_ms), dtype=np.int64)
        self._visits = np.zeros((2, len(world.places.places)), dtype=np.int64)
        self._reasons: Counter[str] = Counter()
        self._fates_at: dict[str, npt.NDArray[np.int64]] = {}

    def add(self, window: Window, receipt: Receipt) -> None:
        """Count a window's events and what became of them."""
        self.sent += len(window)
        # What was sent again is the same event: only the first time counts.
        self.fates += np.bincount(receipt.fates[~window.repeat], minlength=len(Fate))
        self.duplicates += int(window.repeat.sum())
        self._types += np.bincount(window.event_type, minlength=len(KINDS))
        bucket = np.minimum(window.sent // self._bucket_ms, len(self._timeline) - 1)
        self._timeline += np.bincount(bucket, minlength=len(self._timeline))
        self.add_crossings(window.rows)
        self.add_crossings(window.lost)
        self._reasons.update(receipt.reasons.values())
        for name, (_, part) in receipt.parts.items():
            counts = np.bincount(part.fates, minlength=3)
            self._fates_at[name] = self._fates_at.get(name, np.zeros(3, dtype=np.int64)) + counts

    def at(self, destination: str) -> dict[str, int]:
        """What became of the events that went to one of several destinations."""
        fates = self._fates_at.get(destination, np.zeros(3, dtype=np.int64))
        return {
            "sent": int(fates.sum()),
            "acknowledged": int(fates[Fate.ACKNOWLEDGED]),
            "rejected": int(fates[Fate.REJECTED]),
            "pending": int(fates[Fate.PENDING]),
        }

    def add_crossings(self, crossings: Rows) -> None:
        """Count true crossings, noticed or not."""
        if not len(crossings):
            return
        self.noticed += int((crossings["noticed"] >= 0).sum())
        entry = crossings["entry"].astype(bool)
        self.entries += int(entry.sum())
        self.exits += int((~entry).sum())
        # Not a count over all places: there may be far more of them than crossings in a piece.
        np.add.at(self._visits, (entry.astype(np.intp), crossings["place"]), 1)

    def reached(self, census: Census, until_ms: int) -> None:
        """The simulation got to ``until_ms``."""
        self.census = census
        self.simulated_ms = until_ms

    def check_conservation(self, outcomes: dict[str, int]) -> None:
        """Raise ConservationError unless the outcomes add up to the crossings."""
        decided = sum(outcomes.values())
        if decided != self.census.crossings or outcomes.get(Outcome.OPEN.label):
            raise ConservationError(
                f"the outcomes don't add up: {self.census.crossings} crossings, but {decided} outcomes {outcomes}. "
                "This is a fault of journeysim; please report it with the run folder"
            )

    def document(self) -> dict[str, Any]:
        """The counted part of the summary document."""
        types = {name: int(n) for name, n in zip(KINDS, self._types, strict=True) if n}
        order = np.lexsort((np.arange(len(self._visits[1])), -self._visits[1]))[:BUSIEST_PLACES]
        places = self._world.places.places
        busiest = [
            {
                "id": places[i].id,
                "name": places[i].name,
                "entries": int(self._visits[1, i]),
                "exits": int(self._visits[0, i]),
            }
            for i in order.tolist()
            if self._visits[:, i].any()
        ]
        return {
            "crossings": self.census.crossings,
            "entries": self.entries,
            "exits": self.exits,
            "inside_at_start": self.census.inside_at_start,
            "noticed": self.noticed,
            "events": types,
            "sent": self.sent,
            "acknowledged": int(self.fates[Fate.ACKNOWLEDGED]),
            "rejected": int(self.fates[Fate.REJECTED]),
            "pending": int(self.fates[Fate.PENDING]),
            "not_due": int(self.fates[Fate.NOT_DUE]),
            "duplicates": self.duplicates,
            "edge_only": self.census.left_out,
            "failed_attempts": self.census.failed_attempts,
            "region_events_without_crossing": self.census.stray_regions,
            "script_steps": self.census.script_steps,
            "waits_in_vain": self.census.waits_in_vain,
            "platforms": self.census.phones,
            "simulated_seconds": self.simulated_ms / 1000.0,
            "timeline": {"bucket_seconds": self._bucket_ms / 1000.0, "events": self._timeline.tolist()},
            "busiest_places": busiest,
            "reasons": [
                {"reason": reason, "events": count}
                for reason, count in self._reasons.most_common(TOP_REASONS)
            ],
        }
