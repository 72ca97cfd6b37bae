"""Places that people consider, without memory: the nearest ones, by gravity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.core.numerics import FloatArray
from simulator.people.areas import BoolArray, Indices, Rows, picked


@dataclass(frozen=True, slots=True)
class Choices:
    """Places that each person considers for one kind of trip: (n, k) arrays, padded with -1."""

    places: Indices
    cumulative: FloatArray
    """Running totals of the weights; the last column is the whole weight, 0 where nothing is in reach."""

    def any(self) -> BoolArray:
        """Who has at least one place to go to."""
        return self.cumulative[:, -1] > 0.0

    def pick(self, rows: Rows, u: FloatArray, allowed: BoolArray | None = None) -> Indices:
        """A place for each of the people ``rows``, by the uniform numbers ``u``.

        ``allowed`` (n, k) leaves others out; who has no place left gets -1.
        """
        cumulative = self.cumulative[rows]
        if allowed is not None:
            weights = np.diff(cumulative, axis=1, prepend=0.0)
            column = picked(np.where(allowed, weights, 0.0), u)
            return np.where(column >= 0, self.places[rows, column], np.int32(-1))
        column = (cumulative <= (u * cumulative[:, -1])[:, None]).sum(axis=1)
        chosen: Indices = self.places[rows, np.minimum(column, cumulative.shape[1] - 1)]
        return chosen
