"""Distributions as tables of equally likely values, for draws that are made one at a time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.core.distributions import Distribution
from simulator.core.simtime import MS_PER_SECOND

# A power of two, so that the upper bits of a draw are an index.
QUANTILES = 1 << 14
TO_QUANTILE = 64 - 14


def quantile_table(duration: Distribution, shortest: float = 0.0) -> Sequence[int]:
    """``QUANTILES`` equally likely values of a time, milliseconds; none is below ``shortest`` (seconds)."""
    shares = (np.arange(QUANTILES, dtype=np.float64) + 0.5) / QUANTILES
    seconds = np.maximum(duration.ppf(shares), shortest)
    milliseconds: npt.NDArray[np.int64] = np.rint(seconds * MS_PER_SECOND).astype(np.int64)
    return array("q", milliseconds.tobytes())
