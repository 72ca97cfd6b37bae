"""Households: neighbours in a group who share a home."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.core.distributions import pick
from simulator.core.numerics import IntArray
from simulator.core.randomness import key_of, member_keys, uniform
from simulator.scenario.models import LARGEST_HOUSEHOLD

# Households are dealt out anew every so many people: so who lives with whom can be said of any person alone.
# The last household of a block may be smaller than drawn, one in about thirty.
BLOCK = LARGEST_HOUSEHOLD


def household_heads(
    seed: int, group: str, sizes: Mapping[str, float], first_index: int, count: int
) -> IntArray:
    """The index within the group of the first member of each person's household.

    ``sizes`` are whole numbers of people, as text, with their weights; the answer is for the people
    ``first_index`` to ``first_index + count``.
    """
    first_block = first_index // BLOCK
    blocks = -(-(first_index + count) // BLOCK) - first_block
    keys = member_keys(
        key_of(seed, "households", group), np.arange(first_block, first_block + blocks, dtype=np.int64)
    )
    # No block has more households than people: one draw for each that there may be.
    draws = uniform(np.repeat(keys, BLOCK), np.tile(np.arange(BLOCK, dtype=np.int64), blocks))
    number = np.array([int(size) for size in sizes], dtype=np.int64)
    drawn = number[pick(tuple(sizes.values()), draws)].reshape(blocks, BLOCK)
    start = np.cumsum(drawn, axis=1) - drawn  # where in its block each household begins
    begins = np.zeros((blocks, BLOCK), dtype=np.int64)
    row, household = np.nonzero(start < BLOCK)
    begins[row, start[row, household]] = start[row, household]
    heads = np.maximum.accumulate(begins, axis=1)
    heads += (first_block + np.arange(blocks))[:, None] * BLOCK
    offset = first_index - first_block * BLOCK
    members: IntArray = heads.ravel()[offset : offset + count]
    return members
