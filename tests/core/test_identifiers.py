"""Ids have the documented shape and depend only on what they name."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.identifiers import UUID_LENGTH, derived_uuid, ecid, ecids, uuid_block, uuid_one

KEYS = st.integers(0, 2**64 - 1)


@given(KEYS, st.integers(0, 2**32), st.booleans())
def test_an_id_is_the_same_made_in_a_block_or_alone_and_is_a_random_uuid(
    key: int, n: int, upper: bool
) -> None:
    block = uuid_block(np.array([1, key], dtype=np.uint64), np.array([0, n]), np.array([False, upper]))
    text = block[UUID_LENGTH:]
    assert text == uuid_one(key, n, upper=upper)
    assert UUID(text.decode()).version == 4
    assert str(UUID(text.decode())) == text.decode().lower()
    assert text == (text.upper() if upper else text.lower())


@given(KEYS)
def test_an_ecid_has_two_halves_of_nineteen_digits_in_the_documented_ranges(key: int) -> None:
    text = ecid(key)
    assert len(text) == 38 and text.isdecimal()
    assert 0 <= int(text[:19]) <= 9223372036854775808
    assert 4611686018427387905 <= int(text[19:]) <= 9223372036854775808  # mobile_sdk.md 6.1
    assert text == ecids(np.array([1, key], dtype=np.uint64))[1] != ecid(key, generation=1)


def test_derived_ids_repeat_and_tell_their_parts_apart() -> None:
    assert derived_uuid("a", "bc") == derived_uuid("a", "bc") != derived_uuid("ab", "c")
    assert UUID(derived_uuid("a")).version == 5
