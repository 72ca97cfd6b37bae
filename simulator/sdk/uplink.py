"""The seam between the SDK and the network: hits go out through an object with one method.

In its first form the network is ideal: a hit is sent at the moment it is queued, and what the endpoint
answers is known to the ledger but not to the phone.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from simulator.ledger import CrossingRow


class Hit(NamedTuple):
    """One event on its way out of one phone."""

    sent: int
    """Virtual time at which it leaves the phone, milliseconds."""
    person: int
    """Ordinal of the person."""
    event_type: int
    """Index into ``simulator.sdk.EVENT_TYPES``."""
    body: bytes
    """The event in XDM wire form, as JSON."""
    crossing: CrossingRow | None
    """The crossing that caused it, if one did."""


class Uplink(Protocol):
    """Takes hits."""

    def post(self, hit: Hit) -> None:
        """Send ``hit`` now."""


class IdealUplink:
    """Every hit leaves at once; ``hits`` holds them in order until the window is collected."""

    __slots__ = ("hits", "post")

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.post = self.hits.append

    def collect(self) -> list[Hit]:
        """The hits since the last call, in the order of sending."""
        taken = self.hits[:]
        self.hits.clear()
        return taken
