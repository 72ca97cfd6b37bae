"""The exact (Clopper-Pearson) confidence interval of a share.

All p for which what was found is not improbable: with p as the true share, neither as few nor as many would have
been found with a probability below (1 - confidence) / 2. Exact means that the interval holds the true share at
least as often as it says, for every number of people, which approximations by the normal distribution do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

_STEPS = 60  # halvings of an interval of length 1: below the resolution of a float near 1


def share_interval(found: int, people: int, confidence: float) -> tuple[float, float]:
    """The interval of the true share where ``found`` of ``people`` were counted; (0, 1) for nobody.

    Raises ValueError unless 0 <= found <= people.
    """
    if not 0 <= found <= people:
        raise ValueError(f"{found} of {people} is no share")
    if not people:
        return 0.0, 1.0
    tail = (1.0 - confidence) / 2.0
    ways = _log_ways(people)
    upper_counts = np.arange(found, people + 1)
    lower_counts = np.arange(0, found + 1)
    # P(at least `found`) grows with p, P(at most `found`) falls.
    low = _where(lambda p: _probability(ways, upper_counts, people, p) >= tail) if found else 0.0
    high = _where(lambda p: _probability(ways, lower_counts, people, p) < tail) if found < people else 1.0
    return low, high


def _where(turns: Callable[[float], bool]) -> float:
    """Where a condition that is false for small p turns true."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if turns(middle) else (middle, high)
    return (low + high) / 2.0


def _log_ways(people: int) -> npt.NDArray[np.float64]:
    """Logarithms of the binomial coefficients "k of people"."""
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, people + 1)))])
    ways: npt.NDArray[np.float64] = factorials[-1] - factorials - factorials[::-1]
    return ways


def _probability(
    ways: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], people: int, p: float
) -> float:
    if p in (0.0, 1.0):
        return float((counts == people * p).any())
    logs = ways[counts] + counts * math.log(p) + (people - counts) * math.log1p(-p)
    return float(np.exp(logs).sum())
