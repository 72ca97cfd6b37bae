"""The one notation of distributions: what each form means, and which nonsense is refused."""

# ruff: noqa: E501  the tables of messages read better unbroken

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from simulator.core.distributions import (
    Choice,
    Constant,
    Distribution,
    Exponential,
    LogNormal,
    Normal,
    PowerLaw,
    Uniform,
)
from simulator.scenario import quantities as q
from simulator.scenario import units
from simulator.scenario.notation import BadValuesError, read_distribution, write_distribution
from simulator.scenario.units import Dimension

DAY = 86_400.0


@pytest.mark.parametrize(
    ("dimension", "value", "distribution"),
    [
        (units.DURATION, "25 min", Constant(1500.0)),
        (units.DURATION, {"constant": "25 min"}, Constant(1500.0)),
        (units.LENGTH, {"uniform": ["100 m", "1 km"]}, Uniform(100.0, 1000.0)),
        (units.LENGTH, {"uniform": {"low": 0, "high": "1 km"}}, Uniform(0.0, 1000.0)),
        (units.DURATION, {"normal": {"mean": "5 min", "sd": "30 s"}}, Normal(300.0, 30.0, 0.0, math.inf)),
        (units.DURATION, {"normal": {"mean": "5 min", "sd": 0, "min": "1 min", "max": "9 min"}},
         Normal(300.0, 0.0, 60.0, 540.0)),
        (units.SPEED, {"normal": {"mean": "1.4 m/s", "sd": "0.2 m/s"}}, Normal(1.4, 0.2, 0.1, math.inf)),
        (units.TIME, {"normal": {"mean": "12:30", "sd": "30 min"}}, Normal(45_000.0, 1800.0, 0.0, DAY)),
        (units.TIME, "90 min", Constant(5400.0)),
        (units.TIME, {"uniform": ["08:00:30", "24:00"]}, Uniform(28_830.0, DAY)),
        (units.DURATION, {"lognormal": {"median": "25 min", "sigma": 0.5}}, LogNormal(1500.0, 0.5, 0.0, math.inf)),
        (units.DURATION, {"exponential": {"mean": "25 min", "max": "2 h"}}, Exponential(1500.0, 0.0, 7200.0)),
        (units.DURATION, {"power_law": {"exponent": 1.8, "min": "20 min", "max": "8 h", "cutoff": "17 h"}},
         PowerLaw(1.8, 1200.0, 28_800.0, 61_200.0)),
        (units.LENGTH, {"power_law": {"exponent": 0, "min": "1 m", "max": "1 km"}}, PowerLaw(0.0, 1.0, 1000.0)),
        (units.AMOUNT, {"choice": {"0": 5, "1": 4}}, Choice((0.0, 1.0), (5.0, 4.0))),
        (units.AMOUNT, {"choice": [1, 2]}, Choice((1.0, 2.0), (1.0, 1.0))),
        (units.LENGTH, {"choice": [{"value": "1 m", "weight": 3}, "2 m", {"value": "3 m"}]},
         Choice((1.0, 2.0, 3.0), (3.0, 1.0, 1.0))),
        (units.COUNT, {"normal": {"mean": 100.5, "sd": 2.5}}, Normal(100.5, 2.5, 0.0, math.inf)),
        (units.SHARE, {"uniform": ["10 %", 0.5]}, Uniform(0.1, 0.5)),
    ],
)  # fmt: skip
def test_a_distribution_is_read_in_si_units(
    dimension: Dimension, value: object, distribution: Distribution
) -> None:
    assert read_distribution(value, dimension) == distribution


def test_a_lognormal_may_be_given_by_its_mean() -> None:
    read = read_distribution({"lognormal": {"mean": "100 m", "sigma": 0.5}}, units.LENGTH)
    draws = read.ppf((np.arange(100_000) + 0.5) / 100_000)
    assert draws.mean() == pytest.approx(100.0, rel=1e-3)


@pytest.mark.parametrize(
    ("value", "issues"),
    [
        ({}, [((), "is empty", "give one of constant, uniform, normal, lognormal, exponential, power_law or choice")]),
        ({"uniform": ["1 m", "2 m"], "constant": "1 m"},
         [((), "gives 2 distributions at once", "give one of constant, uniform, normal, lognormal, exponential, power_law or choice")]),
        ({"unifrom": ["1 m", "2 m"]}, [(("unifrom",), "unknown distribution 'unifrom'", "did you mean 'uniform'?")]),
        (["1 m", "2 m"], [((), "a list is not a length",
          "expected a length such as 120 m or 2 mi, or a distribution such as {uniform: [low, high]}")]),
        ({"uniform": ["2 m", "1 m"]},
         [(("uniform",), "the low end is greater than the high end", "write the smaller one first")]),
        ({"uniform": ["2 m"]}, [(("uniform",), "has 1 value", "write uniform: [LOW, HIGH]")]),
        ({"uniform": ["-2 m", 5]}, [
            (("uniform", 0), "'-2 m' is out of range", "must be 0 or more"),
            (("uniform", 1), "5 has no unit", "expected a length in m, km, mi, ft or yd, such as 5 m")]),
        ({"normal": "5 m"}, [(("normal",), "'5 m' is not enough", "write normal: {mean: M, sd: S}")]),
        ({"normal": {"mean": "5 m"}}, [(("normal", "sd"), "is missing", "write normal: {mean: M, sd: S}")]),
        ({"normal": {"mean": "5 m", "sd": "-1 m"}}, [(("normal", "sd"), "'-1 m' is out of range", "must be 0 or more")]),
        ({"normal": {"mean": "5 m", "sd": 0, "std": 0}}, [(("normal", "std"), "unknown key", "did you mean 'sd'?")]),
        ({"normal": {"mean": "5 m", "sd": 0, "min": "2 m", "max": "1 m"}},
         [(("normal",), "min is greater than max", "the smaller one is `min`")]),
        ({"lognormal": {"median": "5 m", "mean": "5 m", "sigma": 1}},
         [(("lognormal",), "gives both median and mean", "write lognormal: {median: M, sigma: S}")]),
        ({"lognormal": {"sigma": 1}}, [(("lognormal",), "has no median", "write lognormal: {median: M, sigma: S}")]),
        ({"lognormal": {"median": 0, "sigma": 1}},
         [(("lognormal", "median"), "0 is out of range", "must be greater than 0")]),
        ({"lognormal": {"median": "1 m", "sigma": 50}},
         [(("lognormal", "sigma"), "50 is out of range", "must be at most 10")]),
        ({"exponential": {"mean": 0}}, [(("exponential", "mean"), "0 is out of range", "must be greater than 0")]),
        ({"power_law": {"exponent": 11, "min": 0, "max": "1 m", "cutoff": 0}}, [
            (("power_law", "exponent"), "11 is out of range", "must be at most 10"),
            (("power_law", "min"), "0 is out of range", "must be greater than 0"),
            (("power_law", "cutoff"), "0 is out of range", "must be greater than 0")]),
        ({"power_law": {"exponent": 2, "min": "1 m", "max": "1 m"}},
         [(("power_law",), "min is not less than max", "the smaller one is `min`")]),
        ({"choice": {"1 m": 0, "2 m": 0}},
         [(("choice",), "all weights are 0", "give at least one a weight greater than 0")]),
        ({"choice": []}, [(("choice",), "has no values", "give at least one")]),
        ({"choice": {"1 m": -1, "2 m": 1}}, [(("choice", "1 m"), "-1 is out of range", "must be 0 or more")]),
        ({"choice": [{"valeu": "1 m"}]}, [
            (("choice", 0), "null is not a length", "expected a length such as 120 m or 2 mi"),
            (("choice", 0, "valeu"), "unknown key", "did you mean 'value'?")]),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_every_reason(value: object, issues: list[object]) -> None:
    with pytest.raises(BadValuesError) as caught:
        read_distribution(value, units.LENGTH)
    assert [(issue.path, issue.what, issue.expected) for issue in caught.value.issues] == issues


def test_times_of_day_don_t_go_over_midnight() -> None:
    with pytest.raises(BadValuesError) as caught:
        read_distribution({"uniform": ["22:00", "02:00"]}, units.TIME)
    (issue,) = caught.value.issues
    assert issue.expected == "write the smaller one first; times of day end at 24:00"


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    """Distributions of lengths as a file can give them."""
    size = st.floats(0.001, 1e6)
    low, high = sorted((draw(size), draw(size)))
    limits = draw(st.sampled_from([(0.0, math.inf), (low, math.inf), (low, high), (0.0, high)]))
    middle, spread, sigma = draw(size), draw(size), draw(st.floats(0, 10))
    values = draw(st.lists(size, min_size=1, max_size=4))
    weights = draw(st.lists(st.floats(0.01, 100), min_size=len(values), max_size=len(values)))
    return draw(
        st.sampled_from(
            [
                Constant(middle),
                Uniform(low, high),
                Normal(middle, spread, *limits),
                LogNormal(middle, sigma, *limits),
                Exponential(middle, *limits),
                PowerLaw(draw(st.floats(0, 10)), low, high + 0.001, draw(st.just(math.inf) | size)),
                Choice(tuple(values), tuple(weights)),
            ]
        )
    )


@given(distributions())
def test_a_written_distribution_reads_back_exactly(distribution: Distribution) -> None:
    assert read_distribution(write_distribution(distribution, units.LENGTH), units.LENGTH) == distribution


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("5 m"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["constant", "uniform", "normal", "lognormal", "exponential", "choice",
                 "mean", "median", "sd", "sigma", "min", "max", "low", "high", "value", "weight", "5 m"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_no_data_makes_reading_a_distribution_fail_in_any_other_way(value: object) -> None:
    try:
        low, high = read_distribution(value, units.LENGTH).bounds()
    except BadValuesError as bad:
        assert bad.issues
    else:
        assert 0.0 <= low <= high


def test_a_distribution_made_in_python_gets_the_limits_of_its_field() -> None:
    adapter: TypeAdapter[Distribution] = TypeAdapter(q.RandomDuration)
    assert adapter.validate_python(Normal(60.0, 30.0)) == Normal(60.0, 30.0, 0.0, math.inf)
    for wrong in (Constant(-1.0), Uniform(-5.0, 5.0), Normal(5.0, 1.0, -3.0), Constant(math.nan)):
        with pytest.raises(ValidationError, match=r"out of range|finite"):
            adapter.validate_python(wrong)
