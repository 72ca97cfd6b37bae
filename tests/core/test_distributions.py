"""Quantile functions have the moments and bounds that their names promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.distributions import Choice, Constant, Exponential, LogNormal, Normal, Uniform, pick

U = (np.arange(100_000) + 0.5) / 100_000


@pytest.mark.parametrize(
    ("distribution", "mean", "sd"),
    [
        (Constant(3.0), 3.0, 0.0),
        (Uniform(2.0, 8.0), 5.0, 6.0 / 12**0.5),
        (Normal(10.0, 2.0), 10.0, 2.0),
        (LogNormal(4.0, 0.5), 4.0 * np.exp(0.125), 4.0 * np.exp(0.125) * (np.exp(0.25) - 1) ** 0.5),
        (Exponential(7.0), 7.0, 7.0),
        (Choice((1.0, 5.0), (3.0, 1.0)), 2.0, 3.0**0.5),
    ],
)
def test_the_moments_are_right(distribution: Normal, mean: float, sd: float) -> None:
    draws = distribution.ppf(U)
    assert draws.mean() == pytest.approx(mean, rel=0.005)
    assert draws.std() == pytest.approx(sd, rel=0.02, abs=1e-12)


@given(st.floats(1e-9, 1 - 1e-9))
def test_no_draw_leaves_the_bounds(u: float) -> None:
    for distribution in (
        Uniform(-1.0, 4.0),
        Normal(0.0, 3.0, -2.0, 1.0),
        LogNormal(5.0, 2.0, 1.0, 9.0),
        Exponential(1.0, 0.5, 2.0),
        Choice((4.0, 2.0), (1.0, 1.0)),
    ):
        low, high = distribution.bounds()
        assert low <= distribution.ppf(np.array([u]))[0] <= high


def test_a_choice_follows_its_weights_and_skips_weightless_values() -> None:
    chosen = np.bincount(pick((1.0, 0.0, 3.0), U), minlength=3)
    assert chosen.tolist() == pytest.approx([25_000, 0, 75_000], abs=2)
