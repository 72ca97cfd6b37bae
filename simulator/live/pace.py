"""The clock of a live run: virtual time beside the wall's, which can be stopped, hurried and made to jump."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from simulator.core.errors import UsageError
from simulator.run import Pacer, WallClock

SLOWEST, FASTEST = 0.1, 3600.0
SPEEDS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600)
"""Speeds that the page offers."""
TICK_S = 0.1
"""About so often a live run goes on, in seconds of the wall."""
# Further behind than this many seconds of the wall counts as being behind: less is the length of a tick.
_BEHIND_S = 0.3
# The speed that was reached is measured over this many seconds of the wall.
_MEASURED_S = 1.5


class Pace:
    """How far virtual time ought to be, and how far behind a simulation is that has got to ``at``."""

    def __init__(self, clock: WallClock, speed: float, duration_ms: int) -> None:
        self._clock = clock
        self._duration = duration_ms
        self.speed = checked_speed(speed)
        self.paused = False
        self.jumping = False
        self._origin = clock.monotonic()
        self._from = 0
        self._reached: deque[tuple[float, int]] = deque()
        self.followers: list[Pacer] = []
        """Told of every change of the speed."""

    def go_on(self, at: int) -> None:
        """From now on virtual time goes on from ``at``."""
        self._origin, self._from = self._clock.monotonic(), at
        self._reached.clear()

    def play(self, at: int) -> None:
        """Time goes on."""
        self.paused = self.jumping = False
        self.go_on(at)

    def pause(self, at: int) -> None:
        """Time stands still."""
        self.paused, self.jumping = True, False
        self.go_on(at)

    def set_speed(self, at: int, speed: float) -> None:
        """Another speed; UsageError for one that is not possible."""
        self.speed = checked_speed(speed)
        for follower in self.followers:
            follower.speed = self.speed
        self.jumping = False
        self.go_on(at)

    def due(self, at: int) -> int:
        """Where virtual time ought to be now, for a simulation that is at ``at``."""
        if self.paused:
            return at
        elapsed = self._clock.monotonic() - self._origin
        return min(max(at, self._from + int(elapsed * self.speed * 1000.0)), self._duration)

    def next_end(self, at: int) -> int:
        """The end of the next window: what is due, but not so much at once that nobody could interfere."""
        return min(self.due(at), at + max(1, round(self.speed * TICK_S * 1000.0)))

    def reached(self, at: int) -> None:
        """The simulation has got to ``at``."""
        now = self._clock.monotonic()
        self._reached.append((now, at))
        while now - self._reached[0][0] > _MEASURED_S:
            self._reached.popleft()

    def document(self, at: int) -> dict[str, Any]:
        """The `clock` of the protocol."""
        behind = 0 if self.paused or self.jumping else self.due(at) - at
        return {
            "t": at,
            "speed": self.speed,
            "paused": self.paused,
            "behind": behind if behind > _BEHIND_S * 1000.0 * self.speed else 0,
            "ended": at >= self._duration,
            "jumping": self.jumping,
            "achieved": self._achieved(),
        }

    def _achieved(self) -> float | None:
        if self.paused or len(self._reached) < 2:
            return None
        (began, first), (ended, last) = self._reached[0], self._reached[-1]
        return None if ended <= began else round((last - first) / 1000.0 / (ended - began), 2)


class Beside(Pacer):
    """The same clock for what goes on beside the simulation: calls of journeys that really go out."""

    def __init__(self, clock: WallClock, pace: Pace, reached: Callable[[], int]) -> None:
        """``reached`` says how far the simulation has got."""
        super().__init__(clock, pace.speed)
        self._simulated = reached
        pace.followers.append(self)

    def now(self) -> int:
        """Virtual time."""
        return self._simulated()

    def ahead(self, virtual_ms: int) -> float:
        """Nothing is simulated ahead of this clock."""
        return 0.0


def checked_speed(speed: float) -> float:
    """A speed that is possible; UsageError for others."""
    if not SLOWEST <= speed <= FASTEST:
        raise UsageError(f"speed {speed:g}: expected {SLOWEST:g} to {FASTEST:g} times real time")
    return float(speed)
