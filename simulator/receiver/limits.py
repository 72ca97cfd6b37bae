"""Rate limits as fixed windows of the receiver's clock."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Window:
    """At most ``most`` units in each window of ``length_ms``; 0 has no limit."""

    most: int
    length_ms: int
    _number: int = field(default=-1, init=False)
    _used: int = field(default=0, init=False)

    def wait_s(self, now_ms: int, units: int = 1) -> int:
        """Take ``units``: 0, or the seconds until the next window when they no longer fit (nothing is taken).

        More units than a window has fit into one that is empty: otherwise they would never pass.
        """
        if not self.most:
            return 0
        number = now_ms // self.length_ms
        if number != self._number:
            self._number, self._used = number, 0
        if self._used and self._used + units > self.most:
            return -(-((number + 1) * self.length_ms - now_ms) // 1000)
        self._used += units
        return 0
