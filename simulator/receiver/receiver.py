"""The receiver as one object: its inlets, its store, its clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from simulator.receiver.inlet import Inlet, InletOptions
from simulator.receiver.store import EventStore
from simulator.receiver.validation import Validator
from simulator.xdm import EventValidator

EMBEDDED = "embedded"  # the inlet and the dataset of events that come from the same process


def wall_clock_ms() -> int:
    """Milliseconds since the epoch: the clock of a receiver that serves real clients."""
    return time.time_ns() // 1_000_000


class Receiver:
    """The embedded stand-in for the platform.

    ``validator`` judges events; by default our own schema does. ``inlets`` are the names that exist; None
    lets every name be an inlet. ``now_ms`` is the receiver's only clock: milliseconds since the epoch.
    """

    def __init__(
        self,
        store: EventStore,
        validator: Validator | None = None,
        *,
        options: InletOptions | None = None,
        inlets: Collection[str] | None = None,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.store = store
        self.options = options or InletOptions()
        self._validator: Validator = validator if validator is not None else EventValidator()
        self._known = None if inlets is None else frozenset(inlets)
        self._now_ms = now_ms
        self._inlets: dict[str, Inlet] = {}

    def inlet(self, name: str) -> Inlet | None:
        """The inlet of that name, or None if there is none."""
        if self._known is not None and name not in self._known:
            return None
        return self._inlets.get(name) or self._new_inlet(name)

    def _new_inlet(self, name: str) -> Inlet:
        inlet = Inlet(name, self.store, self._validator, self._now_ms, self.options)
        self._inlets[name] = inlet
        return inlet

    def accept_events(self, events: Sequence[bytes], *, dataset: str = EMBEDDED) -> dict[int, str]:
        """Events of the same process, without envelopes: index and reason of those not accepted.

        They are on disk when this returns.
        """
        inlet = self._inlets.get(EMBEDDED) or self._new_inlet(EMBEDDED)
        reasons = inlet.accept_events(events, dataset=dataset)
        self.store.commit()
        return reasons

    def close(self) -> None:
        """Commit and close the store."""
        self.store.close()
