"""Distributions of numbers, all drawn through their quantile function.

One uniform number gives one draw, so draws can be made for a whole cohort in one call and never depend
on how many numbers somebody else took. Values are plain floats in SI units (metres, seconds, metres per
second, per second); units belong to the scenario file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from simulator.core import numerics
from simulator.core.numerics import FloatArray


class Distribution(Protocol):
    """Something that a number can be drawn from."""

    def ppf(self, u: FloatArray) -> FloatArray:
        """The quantiles for ``u`` in (0, 1), same shape."""

    def bounds(self) -> tuple[float, float]:
        """The smallest and largest value that can come out (infinite where there is none)."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Always ``value``."""

    value: float

    def ppf(self, u: FloatArray) -> FloatArray:
        return np.full(np.shape(u), self.value, dtype=np.float64)

    def bounds(self) -> tuple[float, float]:
        return self.value, self.value


@dataclass(frozen=True, slots=True)
class Uniform:
    """Evenly between ``low`` and ``high``."""

    low: float
    high: float

    def ppf(self, u: FloatArray) -> FloatArray:
        return self.low + (self.high - self.low) * u

    def bounds(self) -> tuple[float, float]:
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal with ``mean`` and standard deviation ``sd``, values beyond ``low``/``high`` moved to them."""

    mean: float
    sd: float
    low: float = -np.inf
    high: float = np.inf

    def ppf(self, u: FloatArray) -> FloatArray:
        return np.clip(self.mean + self.sd * numerics.normal_ppf(u), self.low, self.high)

    def bounds(self) -> tuple[float, float]:
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Log-normal by its ``median`` and ``sigma`` (of the logarithm), clipped as :class:`Normal` is."""

    median: float
    sigma: float
    low: float = 0.0
    high: float = np.inf

    def ppf(self, u: FloatArray) -> FloatArray:
        values: FloatArray = self.median * numerics.exp(self.sigma * numerics.normal_ppf(u))
        return np.clip(values, self.low, self.high)

    def bounds(self) -> tuple[float, float]:
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Exponential:
    """Exponential with ``mean``, clipped as :class:`Normal` is."""

    mean: float
    low: float = 0.0
    high: float = np.inf

    def ppf(self, u: FloatArray) -> FloatArray:
        values: FloatArray = -self.mean * numerics.log(1.0 - u)
        return np.clip(values, self.low, self.high)

    def bounds(self) -> tuple[float, float]:
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """Between ``low`` > 0 and ``high`` with density x^-``exponent`` e^(-x/``cutoff``): many small values, few large."""

    exponent: float
    low: float
    high: float
    cutoff: float = np.inf

    def ppf(self, u: FloatArray) -> FloatArray:
        values, edges = _power_law_table(self.exponent, self.low, self.high, self.cutoff)
        u = np.asarray(u, dtype=np.float64)
        above = np.clip(np.searchsorted(edges, u, side="right"), 1, len(edges) - 1)
        share = (u - edges[above - 1]) / (edges[above] - edges[above - 1])
        return np.clip(values[above - 1] + share * (values[above] - values[above - 1]), self.low, self.high)

    def bounds(self) -> tuple[float, float]:
        return self.low, self.high


# Points at which the quantiles of a power law are known; between them they are interpolated.
_POWER_LAW_POINTS = 1025


@lru_cache(maxsize=64)
def _power_law_table(
    exponent: float, low: float, high: float, cutoff: float
) -> tuple[FloatArray, FloatArray]:
    """Values evenly spaced in the logarithm, and the share of draws up to each."""
    span = float(numerics.log(high / low))
    logarithm = span * np.arange(_POWER_LAW_POINTS) / (_POWER_LAW_POINTS - 1)  # of the value over ``low``
    ratio = numerics.exp(logarithm)
    # The density times the value, over what it is at ``low``: the integrand over the logarithm.
    height = numerics.exp(np.maximum((1.0 - exponent) * logarithm - (ratio - 1.0) * (low / cutoff), -700.0))
    edges = np.concatenate([[0.0], np.cumsum(height[1:] + height[:-1])])
    edges /= edges[-1]
    # Where the tail is too thin to tell its points apart, the last of them are dropped.
    kept = np.concatenate([[True], np.diff(edges) > 0.0])
    return low * ratio[kept], edges[kept]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of ``values`` with the given ``weights`` (which need not add up to one)."""

    values: tuple[float, ...]
    weights: tuple[float, ...]

    def ppf(self, u: FloatArray) -> FloatArray:
        return np.asarray(self.values, dtype=np.float64)[pick(self.weights, u)]

    def bounds(self) -> tuple[float, float]:
        return min(self.values), max(self.values)


def ppf_of_each(
    distributions: Sequence[Distribution],
    which: np.ndarray[tuple[int, ...], np.dtype[np.intp]],
    u: FloatArray,
) -> FloatArray:
    """The quantiles for ``u``, each by the distribution whose index is in ``which``."""
    normal = [one for one in distributions if isinstance(one, Normal)]
    if len(normal) == len(distributions):  # one call for all instead of one for each
        mean, sd, low, high = np.array([(one.mean, one.sd, one.low, one.high) for one in normal]).T[:, which]
        values: FloatArray = mean + sd * numerics.normal_ppf(u)
        return np.clip(values, low, high)
    result = np.empty(len(u))
    for number, one in enumerate(distributions):
        rows = np.flatnonzero(which == number)
        result[rows] = one.ppf(u[rows])
    return result


def pick(weights: tuple[float, ...], u: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """Indices chosen by ``weights`` for uniform numbers ``u``."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    indices: np.ndarray[tuple[int, ...], np.dtype[np.intp]]
    indices = np.searchsorted(edges, u * edges[-1], side="right")
    return np.minimum(indices, len(weights) - 1)
