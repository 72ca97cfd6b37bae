"""The receiver as one object: what its parts share."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection

from simulator.receiver.datasets import Datasets
from simulator.receiver.inlet import Inlet
from simulator.receiver.inlet_spec import InletSpec
from simulator.receiver.inlets import Inlets
from simulator.receiver.options import InletOptions
from simulator.receiver.store import EventStore
from simulator.receiver.tokens import Tokens
from simulator.receiver.validation import Validator
from simulator.xdm import EventValidator


def wall_clock_ms() -> int:
    """Milliseconds since the epoch: the clock of a receiver that serves real clients."""
    return time.time_ns() // 1_000_000


class Receiver:
    """The embedded stand-in for the platform: its store, clock, inlets, datasets and tokens.

    ``validator`` judges the events of datasets of which no schema is known; by default our own schema does.
    ``inlets`` are the names that exist; None lets every name of letters, digits, ``.``, ``_`` and ``-`` be an
    inlet. ``now_ms`` is the receiver's only clock: milliseconds since the epoch. ``tokens`` are by default signed
    with a key that dies with this object.
    """

    def __init__(
        self,
        store: EventStore,
        validator: Validator | None = None,
        *,
        options: InletOptions | None = None,
        inlets: Collection[str] | None = None,
        tokens: Tokens | None = None,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.store = store
        self.options = options or InletOptions()
        self.datasets = Datasets(validator if validator is not None else EventValidator())
        self.inlets = Inlets(self._make_inlet, inlets)
        self.tokens = tokens or Tokens(secrets.token_bytes(32))
        self.now_ms = now_ms

    def inlet(self, name: str) -> Inlet | None:
        """The inlet of that name, or None if there is none."""
        return self.inlets.get(name)

    def _make_inlet(self, spec: InletSpec) -> Inlet:
        return Inlet(spec, self.store, self.datasets, self.now_ms, self.options)
