"""The seam for identifiers: every id is derived from the seed and from what it names."""

from __future__ import annotations

from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt

from simulator.core.randomness import GOLDEN, KeyArray, bits, mix_int, purpose_keys

# The root of ids for things that a source leaves without one (places of a CSV, libraries); any fixed UUID.
_NAMESPACE = UUID("6f1f3c52-0b1e-5f0a-9a53-2f6d8f7c4e11")
_TOP = np.uint64(1 << 63)


def derived_uuid(*parts: object) -> str:
    """A name-based UUID (version 5) of ``parts``: the same parts give the same id in every run."""
    return str(uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts)))


# The two hexadecimal digits of every byte, as one 16-bit number each.
_HEX = np.array([int.from_bytes(b"%02x" % byte, "little") for byte in range(256)], dtype="<u2")
# Where the groups of a UUID stand: (first byte, last byte, first character).
_GROUPS = ((0, 4, 0), (4, 6, 9), (6, 8, 14), (8, 10, 19), (10, 16, 24))
UUID_LENGTH = 36


def uuid_block(keys: KeyArray, counters: npt.NDArray[np.int64], upper: npt.NDArray[np.bool_]) -> bytes:
    """Random UUIDs (version 4) as text, 36 bytes each, one after the other.

    The n-th id of a phone is a hash of the phone's key and n, so a block may be made for many phones at
    once and gives the same ids as one by one. ``upper``: iOS writes capitals.
    """
    high = bits(keys, counters * 2)
    low = bits(keys, counters * 2 + 1)
    high = (high & ~np.uint64(0xF000)) | np.uint64(0x4000)  # version 4
    low = (low & np.uint64((1 << 62) - 1)) | np.uint64(1 << 63)  # variant 10
    raw = np.stack([high, low], axis=1).byteswap().view(np.uint8)
    digits = _HEX.take(raw).view(np.uint8)
    capitals = digits[upper]
    digits[upper] = capitals - (capitals > ord("9")) * np.uint8(ord("a") - ord("A"))
    text = np.full((len(keys), UUID_LENGTH), ord("-"), dtype=np.uint8)
    for first, last, at in _GROUPS:
        text[:, at : at + 2 * (last - first)] = digits[:, 2 * first : 2 * last]
    return text.tobytes()


def uuid_one(key: int, counter: int, *, upper: bool = False) -> bytes:
    """One id of :func:`uuid_block`."""
    high = mix_int(key + (2 * counter + 1) * GOLDEN)
    low = mix_int(key + (2 * counter + 2) * GOLDEN)
    high = (high & ~0xF000) | 0x4000
    low = (low & ((1 << 62) - 1)) | (1 << 63)
    h = f"{high:016X}{low:016X}" if upper else f"{high:016x}{low:016x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}".encode()


ECID_DIGITS = 38
# Four decimal digits of every number that has no more, as one 32-bit number each.
_FOUR_DIGITS = np.array([int.from_bytes(b"%04d" % n, "little") for n in range(10_000)], dtype="<u4")


def ecid(key: int, generation: int = 0) -> str:
    """An Experience Cloud id: 38 digits, the two halves of a random UUIDv4 as absolute values.

    ``mobile_sdk.md`` 6.1: each signed half is zero-padded to 19 digits. ``generation`` counts identity
    resets and reinstalls of the same phone.
    """
    return ecids(np.array([key], dtype=np.uint64), generation)[0]


def ecid_block(keys: KeyArray, generation: int = 0) -> bytes:
    """:func:`ecid` of many keys as text, one after the other."""
    streams = purpose_keys(keys, "ecid")
    high = (bits(streams, 2 * generation) & ~np.uint64(0xF000)) | np.uint64(0x4000)  # version 4
    low = (bits(streams, 2 * generation + 1) & np.uint64((1 << 62) - 1)) | _TOP  # variant 10
    # The sign bit of a half makes it negative; two's complement gives its absolute value.
    high = np.where(high >= _TOP, ~high + np.uint64(1), high)
    low = ~low + np.uint64(1)  # the variant sets the sign bit
    rest = np.stack([high, low], axis=1)
    digits = np.empty((len(keys), 2, 5), dtype="<u4")  # twenty for each half, of which the first is 0
    for column in range(4, -1, -1):
        rest, last = rest // np.uint64(10_000), rest
        digits[:, :, column] = _FOUR_DIGITS[last - rest * np.uint64(10_000)]
    return digits.view(np.uint8)[:, :, 1:].tobytes()


def ecids(keys: KeyArray, generation: int = 0) -> list[str]:
    """:func:`ecid` of many keys."""
    text = ecid_block(keys, generation).decode()
    return [text[at : at + ECID_DIGITS] for at in range(0, len(text), ECID_DIGITS)]
