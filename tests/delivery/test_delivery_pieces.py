"""The queue of a sender: pieces in their order, made when they are needed, and tried again when it makes sense."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np

from simulator.delivery.base import Receipt
from simulator.delivery.pieces import Piece, Queue, Work


def work(count: int) -> Work:
    return Work(
        [b"{}"] * count, Receipt(np.zeros(count, dtype=np.uint8)), lambda result: None, count, True, None
    )


def pieces_of(one: Work, made: list[int]) -> Iterator[Piece]:
    for index in range(len(one.bodies)):
        made.append(index)
        yield Piece(one, range(index, index + 1), due=float(index))


def test_pieces_are_made_a_few_at_a_time_and_in_the_order_of_their_batches() -> None:
    queue, made, one, two = Queue(), list[int](), work(10), work(3)
    queue.coming += [pieces_of(one, made), pieces_of(two, [])]
    queue.refill(4)
    assert made == [0, 1, 2, 3]
    taken = []
    while queue:
        queue.refill(4)
        piece = queue.ready.popleft()
        taken.append((piece.work is one, piece.indices[0]))
    assert taken == [(True, index) for index in range(10)] + [(False, index) for index in range(3)]


def test_what_is_dropped_includes_what_was_not_made_yet() -> None:
    queue, one = Queue(), work(10)
    queue.coming.append(pieces_of(one, []))
    queue.refill(2)
    queue.drop("the endpoint is dead", until=6.0)
    assert one.left == 3
    assert sorted(one.receipt.reasons) == list(range(7))
    assert [piece.due for piece in queue.ready] == [7.0, 8.0, 9.0]


def test_only_what_waited_for_an_endpoint_to_be_there_goes_at_once_when_it_is() -> None:
    queue, one = Queue(), work(4)
    pieces = list(pieces_of(one, []))
    for number, (piece, unsent) in enumerate(zip(pieces, (False, True, False, True), strict=True)):
        piece.unsent = unsent
        queue.later(10.0 - number, piece)
    queue.hasten()
    order = [heapq.heappop(queue.waiting) for _ in range(4)]
    assert [entry[2].indices[0] for entry in order] == [1, 3, 2, 0]
    assert [entry[0] for entry in order] == [0.0, 0.0, 8.0, 10.0]
