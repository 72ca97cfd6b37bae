"""Draws depend on where they are used and on nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.randomness import (
    bits,
    hex_digits,
    key_of,
    member_keys,
    purpose_keys,
    uniform,
    uniform_one,
)


def test_keys_of_different_labels_differ() -> None:
    assert len({key_of(1, "a"), key_of(2, "a"), key_of(1, "b"), key_of("1a")}) == 4


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40))
def test_one_draw_is_the_same_in_a_crowd_and_alone(parent: int, counter: int) -> None:
    crowd = member_keys(parent, np.arange(50, dtype=np.int64))
    alone = member_keys(parent, np.array([17], dtype=np.int64))
    assert uniform(crowd, counter)[17] == uniform(alone, counter)[0] == uniform_one(int(alone[0]), counter)


def test_an_array_of_counters_draws_as_each_counter_does() -> None:
    keys = member_keys(9, np.arange(5, dtype=np.int64))
    counters = np.array([0, 3, 1, 7, 2], dtype=np.int64)
    together = bits(keys, counters)
    assert together.tolist() == [int(bits(keys[i : i + 1], int(counters[i]))[0]) for i in range(5)]


def test_draws_are_evenly_spread_and_unrelated_between_people_purposes_and_counters() -> None:
    keys = member_keys(key_of(4, "people", "a"), np.arange(20_000, dtype=np.int64))
    streams = [uniform(purpose_keys(keys, purpose), n) for purpose in ("x", "y") for n in (0, 1)]
    for stream in streams:
        assert abs(stream.mean() - 0.5) < 0.01
        assert np.abs(np.histogram(stream, 20, (0.0, 1.0))[0] - 1000).max() < 150
        assert abs(np.corrcoef(stream[:-1], stream[1:])[0, 1]) < 0.03
    correlation = np.corrcoef(streams)
    assert np.abs(correlation[~np.eye(4, dtype=bool)]).max() < 0.03


def test_draws_never_reach_the_ends_of_the_interval() -> None:
    draws = uniform(member_keys(3, np.arange(100_000, dtype=np.int64)))
    assert draws.min() > 0.0 and draws.max() < 1.0


@given(key=st.integers(0, 2**64 - 1), counter=st.integers(0, 2**32), count=st.integers(0, 400))
def test_hexadecimal_digits_are_as_many_as_asked_for_and_longer_texts_go_on_from_shorter_ones(
    key: int, counter: int, count: int
) -> None:
    text = hex_digits(key, counter, count)
    assert len(text) == count
    assert set(text) <= set("0123456789abcdef")
    assert hex_digits(key, counter, 400).startswith(text)


def test_hexadecimal_digits_differ_from_key_to_key_and_from_counter_to_counter() -> None:
    texts = {hex_digits(key, counter, 64) for key in range(50) for counter in range(50)}
    assert len(texts) == 2500
    digits = "".join(sorted(texts))
    assert all(abs(digits.count(f"{digit:x}") / len(digits) - 1 / 16) < 0.003 for digit in range(16))
