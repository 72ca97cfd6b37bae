"""How accurate positions are: a mixture of satellites, Wi-Fi and cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.core import numerics
from simulator.core.distributions import LogNormal
from simulator.core.numerics import FloatArray
from simulator.core.randomness import KeyArray
from simulator.phone.os_profiles import OsProfile

# Median error of positions by their source, metres (realism.md 2, Zandbergen 2009 [v]).
MEDIAN_ERROR = {"gnss": 8.0, "wifi": 74.0, "cell": 600.0}
# How much phones and surroundings differ: sigma of the log-normal accuracy of a source [a].
_SIGMA = 0.5
# No position is worse, metres (mobile_sdk.md 3.3).
_WORST = 2000.0
# Errors are two-dimensional normal (Rayleigh) within the claimed radius, which holds 68 % of them, as Android
# defines it: P(error > r) = exp(-SHARP * (r / claimed)^2).
_SHARP = 1.1394
_MEDIAN_TO_CLAIM = 1.2821  # claimed radius over median error: sqrt(SHARP / ln 2)

# Draws choose from this many equally likely values: powers of two, so that bits of a hash are an index.
_CLAIMS, _CLAIM_BITS = 1 << 12, 12
_ERRORS, _ERROR_BITS = 1 << 10, 10
_DIRECTIONS, _DIRECTION_BITS = 1 << 10, 10


class Positions:
    """Draws position fixes as one operating system gets them."""

    __slots__ = ("_claims", "_table")

    def __init__(self, profile: OsProfile) -> None:
        self._table = _claims(dict(profile.positions))
        self._claims: Sequence[float] = self._table.tolist()

    def fix(self, drawn: int) -> tuple[float, float, float]:
        """Claimed accuracy of a position and its error to the east and to the north, metres, from 64 random bits."""
        claim = self._claims[drawn & (_CLAIMS - 1)]
        error = claim * _RAYLEIGH[(drawn >> _CLAIM_BITS) & (_ERRORS - 1)]
        east, north = _CIRCLE[(drawn >> (_CLAIM_BITS + _ERROR_BITS)) & (_DIRECTIONS - 1)]
        return claim, error * east, error * north

    def fixes(self, drawn: KeyArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """:meth:`fix` of many draws, as columns."""
        digits = drawn.astype(np.int64) & ((1 << (_CLAIM_BITS + _ERROR_BITS + _DIRECTION_BITS)) - 1)
        claim = self._table[digits & (_CLAIMS - 1)]
        error = claim * _RAYLEIGH_TABLE[(digits >> _CLAIM_BITS) & (_ERRORS - 1)]
        direction = digits >> (_CLAIM_BITS + _ERROR_BITS)
        return claim, error * _EAST[direction], error * _NORTH[direction]


def _claims(weights: dict[str, float]) -> FloatArray:
    """Equally likely accuracies of the mixture, whole decimetres: each source has its share of them."""
    total = sum(weights.values())
    edges = np.rint(np.cumsum(list(weights.values())) / total * _CLAIMS).astype(np.int64).tolist()
    values: list[float] = []
    for source, edge in zip(weights, edges, strict=True):
        count = edge - len(values)
        shares = (np.arange(count, dtype=np.float64) + 0.5) / max(count, 1)
        spread = LogNormal(MEDIAN_ERROR[source] * _MEDIAN_TO_CLAIM, _SIGMA, 1.0, _WORST)
        values += np.round(spread.ppf(shares), 1).tolist()
    return np.array(values)


def _rayleigh() -> FloatArray:
    shares = (np.arange(_ERRORS, dtype=np.float64) + 0.5) / _ERRORS
    squares: FloatArray = -numerics.log(1.0 - shares) / _SHARP
    return np.sqrt(squares)


def _circle() -> tuple[FloatArray, FloatArray]:
    angles = np.arange(_DIRECTIONS, dtype=np.float64) * (2.0 * np.pi / _DIRECTIONS)
    return numerics.sin(angles), numerics.cos(angles)


_RAYLEIGH_TABLE = _rayleigh()
_RAYLEIGH: Sequence[float] = _RAYLEIGH_TABLE.tolist()
_EAST, _NORTH = _circle()
_CIRCLE: Sequence[tuple[float, float]] = list(zip(_EAST.tolist(), _NORTH.tolist(), strict=True))
