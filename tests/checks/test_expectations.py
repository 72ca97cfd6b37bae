"""Expectations: paths into the summary, bounds, and reasons that help."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.checks import Verdict, evaluate, metric_problem
from simulator.scenario.models import Expectation

SUMMARY: dict[str, Any] = {
    "scenario": "lunch_rush",
    "people": 1000,
    "crossings": 30,
    "rejected": 0,
    "events_per_second": 1504.25,
    "interrupted": False,
    "undelivered_file": None,
    "outcomes": {"acknowledged": 28, "too_short": 2},
    "events": {"location.entry": 20, "location": {"exit": 3}, "application.launch": 7},
    "delivery": {"requests": 30, "statuses": {"200": 29, "503": 1}},
}


def verdict(metric: str, **bounds: float) -> Verdict:
    return evaluate([Expectation(metric=metric, **bounds)], SUMMARY)[0]


@pytest.mark.parametrize(
    ("metric", "found"),
    [
        ("people", 1000),
        ("events_per_second", 1504.25),
        ("outcomes.too_short", 2),
        ("events.location.entry", 20),
        ("events.location.exit", 3),
        ("delivery.requests", 30),
        ("delivery.statuses.503", 1),
    ],
)
def test_a_dotted_path_finds_its_number_though_keys_hold_dots(metric: str, found: float) -> None:
    judged = verdict(metric, equals=found)
    assert (judged.metric, judged.found, judged.ok) == (metric, found, True)


@pytest.mark.parametrize(
    ("metric", "bound", "said"),
    [
        ("latency.p99", 0.5, "at most 500 ms"),
        ("latency.sent.max", 30.0, "at most 30 s"),
        ("load.latest", 0.0125, "at most 12.5 ms"),
        ("delivery.error_share", 0.01, "at most 1 %"),
        ("load.gap", 0.005, "at most 0.5 %"),
        ("load.achieved_rate", 1990.0, "at most 1,990/s"),
        ("events_per_second", 1504.25, "at most 1,504.25/s"),
        ("latency.count", 30.0, "at most 30"),
        ("outcomes.too_short", 2.0, "at most 2"),
    ],
)
def test_bounds_have_the_unit_of_their_number(metric: str, bound: float, said: str) -> None:
    assert verdict(metric, at_most=bound).expected == said


@pytest.mark.parametrize(
    ("bounds", "ok", "expected"),
    [
        ({"equals": 1000}, True, "exactly 1,000"),
        ({"equals": 999}, False, "exactly 999"),
        ({"at_least": 1000}, True, "at least 1,000"),
        ({"at_least": 1000.5}, False, "at least 1,000.5"),
        ({"at_most": 1000}, True, "at most 1,000"),
        ({"at_most": 999}, False, "at most 999"),
        ({"at_least": 1, "at_most": 10}, False, "at least 1 and at most 10"),
    ],
)
def test_bounds_are_inclusive_and_named_in_the_verdict(
    bounds: dict[str, float], ok: bool, expected: str
) -> None:
    answer = verdict("people", **bounds)

    assert (answer.ok, answer.expected, answer.found) == (ok, expected, 1000)
    assert answer.reason == ("" if ok else f"found 1,000, expected {expected}")


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_range_holds_exactly_for_the_numbers_in_it(value: int, low: int, high: int) -> None:
    expectation = Expectation(metric="sent", at_least=low, at_most=high)

    assert evaluate([expectation], {"sent": value})[0].ok == (low <= value <= high)


@pytest.mark.parametrize("metric", ["events.commerce.purchases", "outcomes.stale", "delivery.statuses.404"])
def test_what_did_not_happen_counts_as_zero_and_the_verdict_says_so(metric: str) -> None:
    absent = verdict(metric, equals=0)
    wanted = verdict(metric, at_least=1)

    assert absent.ok and absent.found == 0
    assert not wanted.ok and wanted.found == 0
    assert "none in this run" in absent.reason and "none in this run" in wanted.reason


def test_an_unknown_metric_never_holds_and_names_the_nearest_ones() -> None:
    answer = verdict("rejectd", at_most=1e9)

    assert not answer.ok
    assert answer.found is None
    assert answer.reason.startswith("unknown metric; did you mean rejected")


def test_a_metric_that_resembles_nothing_is_unknown_without_a_guess() -> None:
    assert verdict("zzzzzz", equals=0).reason == "unknown metric"


def test_a_group_is_not_a_number_and_its_numbers_are_named() -> None:
    answer = verdict("outcomes", at_least=1)

    assert not answer.ok
    assert answer.reason.endswith("name one of its numbers: outcomes.acknowledged, outcomes.too_short")


@pytest.mark.parametrize("metric", ["scenario", "interrupted"])
def test_text_and_flags_are_not_numbers(metric: str) -> None:
    assert verdict(metric, equals=0) == Verdict(
        metric, "exactly 0", None, False, f"`{metric}` is not a number"
    )


def test_verdicts_keep_the_order_of_the_expectations() -> None:
    expectations = [Expectation(metric=name, at_least=0) for name in ("rejected", "people", "crossings")]

    assert [answer.metric for answer in evaluate(expectations, SUMMARY)] == [
        "rejected",
        "people",
        "crossings",
    ]


@pytest.mark.parametrize(
    "metric", ["rejected", "events.location.entry", "outcomes.anything", "delivery.statuses.503"]
)
def test_before_the_run_a_metric_that_may_be_right_has_no_problem(metric: str) -> None:
    assert metric_problem(metric) == ""


@pytest.mark.parametrize(
    ("metric", "problem"),
    [
        ("rejectd", "unknown metric; did you mean `rejected`?"),
        ("event.location.entry", "unknown metric; did you mean `events.location.entry`?"),
        ("people.office", "`people` is a number and has nothing below it"),
        ("events", "`events` is a group of numbers; name one of them, as in `events.NAME`"),
    ],
)
def test_before_the_run_a_metric_that_cannot_be_right_is_told(metric: str, problem: str) -> None:
    assert metric_problem(metric) == problem


def test_before_the_run_a_metric_that_resembles_nothing_is_answered_with_the_valid_names() -> None:
    assert metric_problem("zzzzzz").startswith("unknown metric; expected one of people, places, crossings")
