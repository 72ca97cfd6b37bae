"""The true crossings of a cohort, counted where the world computes them, before anything comes of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LongArray = npt.NDArray[np.int64]


class Expected:
    """Times of crossings that will come or came, in virtual milliseconds."""

    def __init__(self) -> None:
        self._past = 0
        self._ahead: list[LongArray] = []

    def add(self, times: LongArray) -> None:
        """More crossings will come; ``times`` are sorted."""
        self._ahead.append(times)

    def remove(self, times: LongArray) -> None:
        """Crossings that were to come don't. Raises ValueError for one that nobody expected."""
        for time in times.tolist():
            for number, ahead in enumerate(self._ahead):
                at = int(np.searchsorted(ahead, time))
                if at < len(ahead) and ahead[at] == time:
                    self._ahead[number] = np.delete(ahead, at)
                    break
            else:
                raise ValueError(f"no crossing is expected at {time}")

    def before(self, until: int) -> int:
        """Crossings before ``until``, which must not decrease from call to call."""
        while self._ahead and self._ahead[0][-1:].max(initial=-1) < until:
            self._past += len(self._ahead.pop(0))
        return self._past + sum(int(np.searchsorted(times, until)) for times in self._ahead)
