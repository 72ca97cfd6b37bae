"""Opening hours of places, for whole-cohort questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray

# (day of the week with Monday 0, opens, closes), seconds since midnight; none at all means always open.
Week = tuple[tuple[int, float, float], ...]

_DAY_S = 86_400.0
_ALWAYS: Week = tuple((day, 0.0, _DAY_S) for day in range(7))


class OpeningTable:
    """When each of some places is open: places with the same hours share a pattern."""

    def __init__(self, weeks: Sequence[Week]) -> None:
        """``weeks`` are those of the places in their order."""
        joined = {week: _joined(week) for week in dict.fromkeys(weeks)}
        patterns = {week: number for number, week in enumerate(dict.fromkeys(joined.values()))}
        self._pattern = np.array([patterns[joined[week]] for week in weeks], dtype=np.int32)
        most = max(
            (sum(1 for d, _, _ in week if d == day) for week in patterns for day in range(7)), default=0
        )
        # An interval that is not there opens when it closes.
        self._opens = np.zeros((len(patterns), 7, max(most, 1)))
        self._closes = np.zeros_like(self._opens)
        for week, number in patterns.items():
            used = [0] * 7
            for day, opens, closes in week or _ALWAYS:
                self._opens[number, day, used[day]], self._closes[number, day, used[day]] = opens, closes
                used[day] += 1

    def closes(self, place: npt.NDArray[np.integer[Any]], weekday: int, time: FloatArray) -> FloatArray:
        """When the places that are open at ``time`` close; -inf for those that are closed.

        Times are seconds since the midnight of ``weekday`` (Monday 0) and may lie beyond its end; ``time`` has
        the shape of ``place`` or one that fits. Who is open until midnight and from then on does not close.
        """
        place, time = np.broadcast_arrays(place, time)
        later = np.floor(time / _DAY_S).astype(np.intp)
        closes = self._on(place, weekday + later, time - later * _DAY_S) + later * _DAY_S
        for day in range(1, 8):  # open through the night
            on = closes == (later + day) * _DAY_S
            if not on.any():
                break
            following = self._on(place[on], weekday + later[on] + day, np.zeros(int(on.sum())))
            closes[on] = np.maximum(closes[on], following + (later[on] + day) * _DAY_S)
        return closes

    def _on(
        self, place: npt.NDArray[np.integer[Any]], weekday: npt.NDArray[np.intp], time: FloatArray
    ) -> FloatArray:
        pattern, day = self._pattern[place], weekday % 7
        opens, closes = self._opens[pattern, day], self._closes[pattern, day]
        is_open = (opens <= time[..., None]) & (time[..., None] < closes)
        last: FloatArray = np.where(is_open, closes, -np.inf).max(axis=-1)
        return last


def _joined(week: Week) -> Week:
    """The same hours, with one interval where several overlap or follow one another on a day."""
    found: list[tuple[int, float, float]] = []
    for day, opens, closes in sorted(week):
        if found and found[-1][0] == day and opens <= found[-1][2]:
            found[-1] = (day, found[-1][1], max(closes, found[-1][2]))
        else:
            found.append((day, opens, closes))
    return tuple(found)
