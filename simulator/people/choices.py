"""Places that people choose among without memory: by gravity alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray

Indices = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choices:
    """Places that each person considers for one kind of trip: (n, k) arrays, padded with -1."""

    places: Indices
    cumulative: FloatArray
    """Running totals of the weights; the last column is the whole weight, 0 where nothing is in reach."""

    def any(self) -> BoolArray:
        """Who has at least one place to go to."""
        return self.cumulative[:, -1] > 0.0

    def pick(self, rows: npt.NDArray[np.intp], u: FloatArray) -> Indices:
        """A place for each of the people ``rows``, by the uniform numbers ``u``."""
        cumulative = self.cumulative[rows]
        column = (cumulative <= (u * cumulative[:, -1])[:, None]).sum(axis=1)
        chosen: Indices = self.places[rows, np.minimum(column, cumulative.shape[1] - 1)]
        return chosen
