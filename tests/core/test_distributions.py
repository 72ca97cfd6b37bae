"""Quantile functions have the moments and bounds that their names promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.distributions import (
    Choice,
    Constant,
    Distribution,
    Exponential,
    LogNormal,
    Normal,
    PowerLaw,
    Uniform,
    pick,
    ppf_of_each,
)

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
        PowerLaw(1.8, 1.0, 30.0, 17.0),
        PowerLaw(0.0, 2.0, 3.0),
        PowerLaw(10.0, 1e-9, 1e9, 1e-3),
        Choice((4.0, 2.0), (1.0, 1.0)),
    ):
        low, high = distribution.bounds()
        assert low <= distribution.ppf(np.array([u]))[0] <= high


@pytest.mark.parametrize("other", [Normal(-3.0, 1.5, low=-4.0), Exponential(2.0)])
def test_draws_of_each_are_those_of_its_own_distribution(other: Distribution) -> None:
    mine = Normal(10.0, 2.0, high=11.0)
    which = np.arange(1000) % 3 // 2
    found = ppf_of_each([mine, other], which, U[::100])
    np.testing.assert_array_equal(found, np.where(which == 0, mine.ppf(U[::100]), other.ppf(U[::100])))


def test_a_choice_follows_its_weights_and_skips_weightless_values() -> None:
    chosen = np.bincount(pick((1.0, 0.0, 3.0), U), minlength=3)
    assert chosen.tolist() == pytest.approx([25_000, 0, 75_000], abs=2)


@pytest.mark.parametrize(("exponent", "cutoff"), [(1.8, 17.0), (0.5, np.inf), (2.5, np.inf), (1.0, 3.0)])
def test_a_power_law_has_the_density_of_its_name(exponent: float, cutoff: float) -> None:
    draws = PowerLaw(exponent, 0.5, 40.0, cutoff).ppf(U)
    edges = np.geomspace(0.5, 40.0, 12)
    fine = np.geomspace(0.5, 40.0, 110_001)
    density = fine**-exponent * np.exp(-fine / cutoff)
    mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) * np.diff(fine))])
    expected = np.diff(np.interp(edges, fine, mass)) / mass[-1]
    found = np.histogram(draws, edges)[0] / len(U)
    assert found == pytest.approx(expected, abs=2e-4)
    assert (np.diff(draws) >= 0.0).all()
