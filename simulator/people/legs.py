"""The legs of a cohort's day, whoever planned them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from simulator.core.ordering import order_by
from simulator.world import Legs


@dataclass(frozen=True, slots=True)
class DayLegs:
    """The legs of a cohort's day, by person and time: ``person`` holds indices within the cohort."""

    person: npt.NDArray[np.int64]
    legs: Legs

    @classmethod
    def joined(cls, *days: DayLegs) -> DayLegs:
        """Several days' legs as one, in the same order."""
        if len(days) == 1:
            return days[0]
        person = np.concatenate([day.person for day in days])
        columns = [np.concatenate(column) for column in zip(*(day.columns() for day in days), strict=True)]
        order = order_by(person, columns[4])
        return cls(person[order], Legs(*(column[order] for column in columns)))

    def without(self, people: Collection[int]) -> DayLegs:
        """The legs of all but some people (indices within the cohort)."""
        if not people:
            return self
        kept = ~np.isin(self.person, list(people))
        return DayLegs(self.person[kept], Legs(*(column[kept] for column in self.columns())))

    def ending_after(self, time: int) -> DayLegs:
        """Only the legs that are not over at virtual time ``time``."""
        kept = self.legs.t1 > time
        return DayLegs(self.person[kept], Legs(*(column[kept] for column in self.columns())))

    def starting_before(self, time: float) -> DayLegs:
        """Only the legs that begin before virtual time ``time``."""
        kept = self.legs.t0 < time
        return (
            self
            if kept.all()
            else DayLegs(self.person[kept], Legs(*(column[kept] for column in self.columns())))
        )

    def columns(self) -> tuple[npt.NDArray[Any], ...]:
        """The columns of the legs: where from, where to, when."""
        legs = self.legs
        return legs.lat0, legs.lon0, legs.lat1, legs.lon1, legs.t0, legs.t1


class Planner(Protocol):
    """Plans the days of one cohort, one after the other."""

    def plan(self, day: int, midnight_ms: int) -> DayLegs:
        """The legs of the local date with ordinal ``day`` whose midnight is virtual time ``midnight_ms``."""
