"""Distributions of numbers, all drawn through their quantile function.

One uniform number gives one draw, so draws can be made for a whole cohort in one call and never depend
on how many numbers somebody else took. Values are plain floats in SI units (metres, seconds, metres per
second, per second); units belong to the scenario file.
"""

from __future__ import annotations

from dataclasses import dataclass
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
class Choice:
    """One of ``values`` with the given ``weights`` (which need not add up to one)."""

    values: tuple[float, ...]
    weights: tuple[float, ...]

    def ppf(self, u: FloatArray) -> FloatArray:
        return np.asarray(self.values, dtype=np.float64)[pick(self.weights, u)]

    def bounds(self) -> tuple[float, float]:
        return min(self.values), max(self.values)


def pick(weights: tuple[float, ...], u: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """Indices chosen by ``weights`` for uniform numbers ``u``."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    indices: np.ndarray[tuple[int, ...], np.dtype[np.intp]]
    indices = np.searchsorted(edges, u * edges[-1], side="right")
    return np.minimum(indices, len(weights) - 1)
