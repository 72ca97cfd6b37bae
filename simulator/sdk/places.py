"""What the Places extension knows: where the phone is, where it was last, and which place counts (mobile_sdk.md 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from simulator.core.simtime import MS_PER_HOUR
from simulator.phone import Os

# `places.membershipttl` of both SDKs' PlacesConstants: what is known of the membership holds this long.
MEMBERSHIP_TTL_MS = MS_PER_HOUR


class Weights(NamedTuple):
    """What decides which place counts: ranks of libraries (lower wins) and radii, by place."""

    rank: Sequence[int]
    radius: Sequence[float]

    def prefers(self, new: int, current: int) -> bool:
        """Whether ``new`` has priority: lower rank, then the smaller circle; on a full tie the newcomer."""
        if self.rank[new] != self.rank[current]:
            return self.rank[new] < self.rank[current]
        return self.radius[new] <= self.radius[current]


class SharedState(NamedTuple):
    """What other parts of the app may know; places by index, None for none. ``valid_until`` is milliseconds."""

    current: int | None
    last_entered: int | None
    last_exited: int | None
    valid_until: int


class PlacesState:
    """The memory of the Places extension on one phone; it outlives the process."""

    __slots__ = (
        "_os",
        "_ttl",
        "_valid_until",
        "_weights",
        "current",
        "last_entered",
        "last_exited",
        "within",
    )

    def __init__(self, os: Os, weights: Weights, ttl_ms: int = MEMBERSHIP_TTL_MS) -> None:
        self._os = os
        self._weights = weights
        self._ttl = ttl_ms
        self._valid_until = 0
        self.within: dict[int, None] = {}
        self.current: int | None = None
        self.last_entered: int | None = None
        self.last_exited: int | None = None

    def region(self, now: int, place: int, entry: bool) -> None:
        """A region event that passed the gates; a repeated one counts like the first."""
        if entry:
            self.last_entered = place
            self.within[place] = None
            if self.current is None or self._weights.prefers(place, self.current):
                self.current = place
        else:
            self.last_exited = place
            self.within.pop(place, None)
            # Android keeps the current place unless it is the one that was left; iOS looks anew.
            if self._os == "ios" or self.current == place:
                self.current = None
            if self.within:
                self._recompute()
        self._valid_until = now + self._ttl

    def asked(self, now: int) -> None:
        """The places service was asked. iOS renews the membership at once, Android only with the answer."""
        if self._os == "ios":
            self._valid_until = now + self._ttl

    def nearby(self, now: int, within: Sequence[int]) -> None:
        """The places service answered: the phone is within these places, in the order of the answer."""
        self.within = dict.fromkeys(within)
        self.current = None
        if within:
            self.last_entered = within[0]
        if self._os == "ios":
            self._recompute()
        elif within:
            self.current = within[0]
        self._valid_until = now + self._ttl

    def shared(self, now: int) -> SharedState:
        """The state as it is shared; what has expired is forgotten only now, and no exit follows from it."""
        if self._valid_until and now > self._valid_until:
            self.current = self.last_entered = self.last_exited = None
            self._valid_until = 0
        return SharedState(self.current, self.last_entered, self.last_exited, self._valid_until)

    def _recompute(self) -> None:
        for place in self.within:
            if self.current is None or self._weights.prefers(place, self.current):
                self.current = place
