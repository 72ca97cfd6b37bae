"""Which calls are attempts of one and the same: the product tries again, and each try arrives (journeys.md 6.2)."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from simulator.listener.incoming import Incoming, Keys

# All attempts of a call lie within the longest time-out of a journey's activity.
LONGEST_MS = 30_000
# A call that says nothing of itself and was answered well within this is not tried again: an equal one is another.
PROMPT_MS = 1_000
# Deliveries that are remembered.
_MOST = 200_000


@dataclass(slots=True)
class _Delivery:
    number: int
    attempts: int
    first_ms: int
    settled: bool
    """The last attempt was answered with success, and in good time."""


class Attempts:
    """Numbers deliveries and their attempts, both from 1."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, ...], _Delivery] = OrderedDict()
        self.deliveries = 0

    def number(self, route: str, incoming: Incoming, keys: Keys, now_ms: int) -> tuple[int, int]:
        """The number of the delivery, and of the attempt at it."""
        key = self._key(route, incoming, keys)
        known = self._known.get(key)
        if known is not None and key[0] == "like":
            over = now_ms - known.first_ms > LONGEST_MS
            known = None if over or known.settled else known
        if known is None:
            self.deliveries += 1
            known = _Delivery(self.deliveries, 0, now_ms, settled=False)
            self._known[key] = known
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        known.attempts += 1
        return known.number, known.attempts

    def answered(self, route: str, incoming: Incoming, keys: Keys, status: int, delay_ms: float) -> None:
        """How the attempt that was numbered last is answered."""
        known = self._known.get(self._key(route, incoming, keys))
        if known is not None:
            known.settled = status < 400 and delay_ms < PROMPT_MS

    @staticmethod
    def _key(route: str, incoming: Incoming, keys: Keys) -> tuple[str, ...]:
        """An instance does a step once; an event leads to a step once; else calls must be the same in all."""
        if keys.instance:
            return "instance", route, incoming.path, keys.instance, keys.step
        if keys.event:
            return "event", route, incoming.path, keys.event, keys.step, keys.person
        query = "&".join(f"{name}={value}" for name, value in sorted(incoming.query.items()))
        digest = hashlib.blake2b(incoming.body, digest_size=16).hexdigest()
        return "like", route, incoming.method, incoming.path, query, digest
