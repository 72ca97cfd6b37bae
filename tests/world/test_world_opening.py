"""When places are open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.world.opening import OpeningTable, Week

H = 3600.0
OFFICE: Week = tuple((day, 9 * H, 17 * H) for day in range(5))
NOON_BREAK: Week = ((0, 8 * H, 12 * H), (0, 14 * H, 18 * H))
IN_PIECES: Week = ((0, 15 * H, 18 * H), (0, 8 * H, 12 * H), (0, 12 * H, 16 * H))
NIGHT_BAR: Week = ((4, 20 * H, 24 * H), (5, 0.0, 3 * H), (5, 20 * H, 24 * H), (6, 0.0, 3 * H))


def closes(week: Week, weekday: int, hour: float) -> float:
    return float(OpeningTable([(), week]).closes(np.array([1]), weekday, np.array([hour * H]))[0]) / H


@pytest.mark.parametrize(
    ("week", "weekday", "hour", "expected"),
    [
        (OFFICE, 0, 9.0, 17.0),
        (OFFICE, 0, 8.99, -np.inf),
        (OFFICE, 0, 17.0, -np.inf),
        (OFFICE, 5, 12.0, -np.inf),
        (OFFICE, 4, 36.0, -np.inf),  # Saturday noon, seen from Friday
        (OFFICE, 6, 36.0, 41.0),  # Monday noon, seen from Sunday
        (NOON_BREAK, 0, 11.0, 12.0),
        (NOON_BREAK, 0, 13.0, -np.inf),
        (NOON_BREAK, 0, 15.0, 18.0),
        (IN_PIECES, 0, 9.0, 18.0),
        (NIGHT_BAR, 4, 23.0, 27.0),
        (NIGHT_BAR, 5, 1.0, 3.0),
        (NIGHT_BAR, 3, 23.0, -np.inf),
    ],
)
def test_a_place_is_open_from_opening_until_closing(
    week: Week, weekday: int, hour: float, expected: float
) -> None:
    assert closes(week, weekday, hour) == pytest.approx(expected)


def test_without_hours_a_place_is_always_open() -> None:
    table = OpeningTable([(), OFFICE])
    found = table.closes(np.array([[0, 1], [0, 1]]), 6, np.array([[3 * H], [12 * H]]))
    assert (found[:, 0] > 7 * 24 * H).all()
    assert (found[:, 1] == -np.inf).all()


intervals = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 23), st.integers(1, 24)).filter(lambda one: one[1] < one[2]),
    max_size=8,
)


@given(st.lists(intervals, min_size=1, max_size=4), st.integers(0, 6), st.integers(0, 100))
def test_open_means_that_some_interval_holds_the_moment(
    weeks: list[list[tuple[int, int, int]]], weekday: int, quarter: int
) -> None:
    hour = quarter / 4
    table = OpeningTable([tuple((d, a * H, b * H) for d, a, b in week) for week in weeks])
    found = table.closes(np.arange(len(weeks)), weekday, np.full(len(weeks), hour * H))
    day, of_day = (weekday + int(hour // 24)) % 7, hour % 24
    for week, until in zip(weeks, found.tolist(), strict=True):
        expected = not week or any(d == day and a <= of_day < b for d, a, b in week)
        assert (until > hour * H) == expected
