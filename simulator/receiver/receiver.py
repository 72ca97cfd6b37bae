"""The receiver as one object: its inlets, its store, its clock."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection

from simulator.receiver.inlet import Inlet, InletOptions
from simulator.receiver.store import EventStore
from simulator.receiver.validation import Validator
from simulator.xdm import EventValidator

_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MOST_INLETS = 10_000  # a client that makes names up must not fill the memory


def wall_clock_ms() -> int:
    """Milliseconds since the epoch: the clock of a receiver that serves real clients."""
    return time.time_ns() // 1_000_000


class Receiver:
    """The embedded stand-in for the platform.

    ``validator`` judges events; by default our own schema does. ``inlets`` are the names that exist; None
    lets every name of letters, digits, ``.``, ``_`` and ``-`` be an inlet. ``now_ms`` is the receiver's only
    clock: milliseconds since the epoch.
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
        inlet = self._inlets.get(name)
        if inlet is None and self._may_exist(name):
            inlet = Inlet(name, self.store, self._validator, self._now_ms, self.options)
            self._inlets[name] = inlet
        return inlet

    def _may_exist(self, name: str) -> bool:
        if self._known is not None:
            return name in self._known
        return _NAME.fullmatch(name) is not None and len(self._inlets) < _MOST_INLETS
