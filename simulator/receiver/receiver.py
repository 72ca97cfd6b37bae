"""The receiver as one object: what its parts share."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Collection

from simulator.receiver.commits import GroupCommit
from simulator.receiver.datasets import Datasets
from simulator.receiver.edge.options import EdgeOptions
from simulator.receiver.faults.plan import FaultPlan
from simulator.receiver.http import BodyBudget
from simulator.receiver.inlet import Inlet
from simulator.receiver.inlet_spec import InletSpec
from simulator.receiver.inlets import Inlets
from simulator.receiver.journey_rows import JourneyEvaluation
from simulator.receiver.options import InletOptions
from simulator.receiver.store import EventStore
from simulator.receiver.tokens import Tokens
from simulator.receiver.validation import Validator
from simulator.world import PlaceSet
from simulator.xdm import EventValidator


def wall_clock_ms() -> int:
    """Milliseconds since the epoch: the clock of a receiver that serves real clients."""
    return time.time_ns() // 1_000_000


class Receiver:
    """The embedded stand-in for the platform: its store, clock, inlets, datasets and tokens.

    ``validator`` judges the events of datasets of which no schema is known; by default our own schema does.
    ``inlets`` are the names that exist; None lets every name of letters, digits, ``.``, ``_`` and ``-`` be an
    inlet. ``now_ms`` is the receiver's only clock: milliseconds since the epoch. With ``access_token`` nobody is
    served who does not know it; tokens are then signed with a key made of it, otherwise with one that dies with this
    object. ``places`` are those that the places query service knows. ``journeys`` is told of every
    event that is kept. ``nonce`` keeps ids that it makes up apart from
    those of other receivers; by default it is random.
    """

    def __init__(
        self,
        store: EventStore,
        validator: Validator | None = None,
        *,
        options: InletOptions | None = None,
        inlets: Collection[str] | None = None,
        tokens: Tokens | None = None,
        access_token: str | None = None,
        edge: EdgeOptions | None = None,
        places: PlaceSet | None = None,
        journeys: JourneyEvaluation | None = None,
        nonce: str = "",
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.store = store
        self.commits = GroupCommit(store)
        self.bodies = BodyBudget()
        self.options = options or InletOptions()
        self.datasets = Datasets(validator if validator is not None else EventValidator())
        self.inlets = Inlets(self._make_inlet, inlets)
        self.access_token = access_token
        self.tokens = tokens or _tokens(access_token)
        self.faults = FaultPlan()
        self.stopping = False  # long answers look at it and end
        self.places = places or PlaceSet([])
        self.journeys = journeys
        if journeys is not None:
            store.on_kept = journeys.take
        self.now_ms = now_ms
        self.edge = edge or EdgeOptions()
        self.nonce = nonce or secrets.token_hex(16)

    def inlet(self, name: str) -> Inlet | None:
        """The inlet of that name, or None if there is none."""
        return self.inlets.get(name)

    def _make_inlet(self, spec: InletSpec) -> Inlet:
        return Inlet(spec, self.store, self.datasets, self.now_ms, self.options)


def _tokens(access_token: str | None) -> Tokens:
    """Signed with a key made of the access token, so that they outlive a restart; without one, of chance."""
    if access_token is None:
        return Tokens(secrets.token_bytes(32))
    key = hashlib.sha256(b"journeysim tokens\x1f" + access_token.encode()).digest()
    return Tokens(key, client_secret=access_token, accepted=frozenset({access_token}))
