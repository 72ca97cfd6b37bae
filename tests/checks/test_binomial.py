"""The exact interval of a share: published values, and what makes it exact."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.checks.binomial import share_interval


@pytest.mark.parametrize(
    ("found", "people", "confidence", "low", "high"),
    [
        (0, 10, 0.95, 0.0, 0.3085),  # the rule of three, exactly
        (5, 10, 0.95, 0.1871, 0.8129),
        (10, 10, 0.95, 0.6915, 1.0),
        (1, 100, 0.95, 0.0003, 0.0545),
        (30, 100, 0.99, 0.1890, 0.4306),
    ],
)
def test_agrees_with_published_tables(
    found: int, people: int, confidence: float, low: float, high: float
) -> None:
    assert share_interval(found, people, confidence) == pytest.approx((low, high), abs=6e-4)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_at_its_ends_what_was_found_is_as_improbable_as_the_confidence_allows(
    counts: tuple[int, int], confidence: float
) -> None:
    found, people = counts
    low, high = share_interval(found, people, confidence)
    tail = (1 - confidence) / 2

    def probability(which: range, p: float) -> float:
        return sum(math.comb(people, k) * p**k * (1 - p) ** (people - k) for k in which)

    assert 0 <= low <= found / people <= high <= 1
    if found:
        assert probability(range(found, people + 1), low) == pytest.approx(tail, rel=1e-6)
    if found < people:
        assert probability(range(found + 1), high) == pytest.approx(tail, rel=1e-6)


def test_many_people_make_it_narrow_and_nobody_leaves_it_open() -> None:
    low, high = share_interval(300_000, 1_000_000, 0.99)
    assert 0.2988 < low < 0.3 < high < 0.3012
    assert share_interval(0, 0, 0.99) == (0.0, 1.0)
    with pytest.raises(ValueError, match="11 of 10"):
        share_interval(11, 10, 0.9)
