"""The spatial index and the sorting that goes with it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.world.index import _BATCH, BoxIndex, neighbours, order_by

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans()), max_size=30)


@given(ROWS)
def test_rows_are_ordered_by_one_column_after_the_other(rows: list[tuple[int, int, bool]]) -> None:
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    order = order_by(table[:, 0], table[:, 1], table[:, 2])
    assert sorted(order.tolist()) == list(range(len(rows)))
    assert table[order].tolist() == sorted(table.tolist())


@given(st.lists(st.tuples(st.floats(-90.0, 90.0), st.floats(-540.0, 540.0)), max_size=30))
def test_neighbours_are_all_points_once(points: list[tuple[float, float]]) -> None:
    latitude, longitude = np.array(points).reshape(-1, 2).T
    rows = [row for chunk in neighbours(latitude, longitude) for row in chunk.tolist()]
    assert sorted(rows) == list(range(len(points)))


def test_pairs_come_in_bounded_batches_that_hold_all_of_a_leg() -> None:
    size = np.full(2_000, 0.001)
    index = BoxIndex(np.full(2_000, 50.0), np.full(2_000, 8.0), size, size)
    # Every fourth leg passes the crowd on a long way that is cut up, the others stay in it.
    far = np.where(np.arange(400) % 4 == 0, 0.5, 0.0001)
    batches = list(index.along(50.0 - far, 8.0 - far, 50.0 + far, 8.0 + far))
    assert len(batches) >= 400 * 2_000 // _BATCH
    assert max(len(leg) for leg, _ in batches) <= _BATCH
    legs = [set(leg.tolist()) for leg, _ in batches]
    assert sum(len(some) for some in legs) == len(set().union(*legs)) == 400
    pairs = {pair for leg, box in batches for pair in zip(leg.tolist(), box.tolist(), strict=True)}
    assert len(pairs) == sum(len(leg) for leg, _ in batches) == 400 * 2_000
