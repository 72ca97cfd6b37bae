"""Rows in the order of two columns."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simulator.core.ordering import order_by

small = st.integers(-3, 3)
wide = st.integers(-(2**62), 2**62)


@given(st.data(), st.integers(0, 40), st.sampled_from([small, wide]), st.sampled_from([small, wide]))
def test_the_order_is_that_of_a_sort_by_both_columns_that_keeps_equal_rows_in_place(
    data: st.DataObject, count: int, first: st.SearchStrategy[int], second: st.SearchStrategy[int]
) -> None:
    one = data.draw(arrays(np.int64, count, elements=first))
    two = data.draw(arrays(np.int64, count, elements=second))
    assert order_by(one, two).tolist() == np.lexsort((two, one)).tolist()


def test_columns_of_several_widths_are_taken() -> None:
    people, times = np.array([2, 1, 2], dtype=np.int32), np.array([5, 5, 4], dtype=np.int64)
    assert order_by(times, people).tolist() == [2, 1, 0]
    assert order_by(people, times).tolist() == [1, 2, 0]
