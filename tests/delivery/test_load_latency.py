"""Histograms of durations: what is read back is what was counted, within the promised error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.delivery.load import Histogram, LatencyRecord

DURATIONS = st.lists(st.floats(0.0, 5000.0), min_size=1, max_size=200)


def filled(values: list[float]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


@given(DURATIONS, st.sampled_from([0.1, 50.0, 90.0, 99.0, 100.0]))
def test_a_percentile_is_never_too_low_and_at_most_a_thousandth_too_high(
    values: list[float], percent: float
) -> None:
    exact = float(np.percentile(np.rint(np.array(values) * 1e6), percent, method="inverted_cdf")) / 1e6
    (found,) = filled(values).percentiles([percent])
    longest = max(values)
    assert found >= min(exact, longest) - 1e-9
    assert found <= exact * (1 + 1 / 1024) + 1e-9


@given(DURATIONS)
def test_count_mean_and_longest_are_exact(values: list[float]) -> None:
    histogram = filled(values)
    assert histogram.count == len(values)
    assert histogram.longest == max(values)
    assert histogram.mean == pytest.approx(sum(values) / len(values))


@given(DURATIONS, DURATIONS)
def test_merging_is_counting_together(one: list[float], other: list[float]) -> None:
    merged = filled(one)
    merged.merge(filled(other))
    assert merged.document() == pytest.approx(filled(one + other).document())


@given(DURATIONS, DURATIONS)
def test_a_part_of_the_time_can_be_looked_at_alone(before: list[float], after: list[float]) -> None:
    histogram = filled(before)
    earlier = histogram.copy()
    histogram.add_all(after)
    part = histogram.since(earlier)
    assert part.count == len(after)
    percents = [50.0, 99.0]
    assert part.percentiles(percents) == pytest.approx(
        filled(after).percentiles(percents), rel=2e-3, abs=2e-6
    )


def test_a_copy_does_not_see_what_comes_later() -> None:
    histogram = filled([1.0])
    copy = histogram.copy()
    histogram.add(2.0)
    assert (copy.count, histogram.count) == (1, 2)


def test_nothing_counted_reads_as_zero() -> None:
    document = Histogram().document()
    assert set(document.values()) == {0}


def test_what_is_longer_than_a_bound_can_be_counted() -> None:
    assert filled([0.001, 0.0101, 0.5]).longer_than(0.010) == 2


def test_a_record_keeps_statuses_apart_and_adds_them_up() -> None:
    record, other = LatencyRecord(), LatencyRecord()
    record.answered("200", 0.1)
    other.answered("200", 0.2)
    other.answered("timeout", 5.0)
    record.merge(other)
    assert {status: histogram.count for status, histogram in record.by_status.items()} == {
        "200": 2,
        "timeout": 1,
    }
    assert record.sent().longest == 5.0
