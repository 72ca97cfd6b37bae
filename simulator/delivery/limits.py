"""What the platform documents as the most that it takes, and how sending stays below (ingestion.md 1.8, 2.7)."""

from __future__ import annotations

from dataclasses import dataclass

# How much earlier than evenly spaced a request may start, seconds: processes don't wake up to the microsecond.
_BURST = 0.02


@dataclass(frozen=True, slots=True)
class ServiceLimit:
    """The most a service takes per second, in all; ``source`` says what it is the limit of."""

    requests: float
    events: float
    source: str

    def part(self, of: int) -> ServiceLimit:
        """What each of so many senders may ask for, so that all of them together keep to it."""
        return ServiceLimit(self.requests / of, self.events / of, self.source)


INLET = ServiceLimit(1000.0, 10_000.0, "a streaming inlet")
INLET_SYNC = ServiceLimit(1.0, 1.0, "an inlet with synchronous validation (60 requests a minute)")
# Request units of 8 KB; an event is one unit for one upstream service.
EDGE_INTERACT = ServiceLimit(4000.0, 4000.0, "interact of the Edge Network (4,000 request units/s)")
EDGE_COLLECT = ServiceLimit(6000.0, 6000.0, "collect of the Edge Network (6,000 request units/s)")


class RateCap:
    """Holds requests back so that the service sees no more of them, or of their events, than ``limit`` says."""

    def __init__(self, limit: ServiceLimit) -> None:
        self.limit = limit
        self._next = 0.0

    def wait(self, now: float) -> float:
        """Seconds from ``now`` (of a monotonic clock) until one more request may start; 0 if it may."""
        return max(0.0, self._next - _BURST - now)

    def take(self, now: float, events: int) -> None:
        """A request with ``events`` starts at ``now``: the next one must leave room for it."""
        room = max(1.0 / self.limit.requests, events / self.limit.events)
        self._next = max(self._next, now) + room
