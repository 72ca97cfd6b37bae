"""The seam for identifiers: every id is derived from the seed and from what it names."""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt

from simulator.core.randomness import GOLDEN, KeyArray, bits, mix_int

# The root of ids for things that a source leaves without one (places of a CSV, libraries); any fixed UUID.
_NAMESPACE = UUID("6f1f3c52-0b1e-5f0a-9a53-2f6d8f7c4e11")
_TOP = 1 << 63


def derived_uuid(*parts: object) -> str:
    """A name-based UUID (version 5) of ``parts``: the same parts give the same id in every run."""
    return str(uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts)))


# The two hexadecimal digits of every byte, as one 16-bit number each: row 0 in lower case, row 1 in capitals.
_HEX = np.array(
    [[int.from_bytes((form % byte).encode(), "little") for byte in range(256)] for form in ("%02x", "%02X")],
    dtype="<u2",
)
# Where the groups of a UUID stand: (first byte, last byte, first character).
_GROUPS = ((0, 4, 0), (4, 6, 9), (6, 8, 14), (8, 10, 19), (10, 16, 24))
UUID_LENGTH = 36


def uuid_block(keys: KeyArray, counters: npt.NDArray[np.int64], upper: npt.NDArray[np.bool_]) -> bytes:
    """Random UUIDs (version 4) as text, 36 bytes each, one after the other.

    The n-th id of a phone is a hash of the phone's key and n, so a block may be made for many phones at
    once and holds the same ids as :class:`IdStream` gives one by one. ``upper``: iOS writes capitals.
    """
    high = bits(keys, counters * 2)
    low = bits(keys, counters * 2 + 1)
    high = (high & ~np.uint64(0xF000)) | np.uint64(0x4000)  # version 4
    low = (low & np.uint64((1 << 62) - 1)) | np.uint64(1 << 63)  # variant 10
    raw = np.stack([high, low], axis=1).astype(">u8").view(np.uint8)
    digits = _HEX[upper.astype(np.intp)[:, None], raw].view(np.uint8)
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


class IdStream:
    """Random UUIDs of one phone, in order: the n-th is always the same, prefetched or not."""

    __slots__ = ("_block", "_block_start", "_key", "_upper", "count")

    def __init__(self, key: int, *, upper: bool) -> None:
        self._key = key
        self._upper = upper
        self._block = b""
        self._block_start = 0
        self.count = 0

    def prefetch(self, block: bytes) -> None:
        """Take ids made by :func:`uuid_block` for the counters from ``count`` on."""
        self._block = block
        self._block_start = self.count

    def next_uuid(self) -> bytes:
        """The next id in canonical form."""
        n = self.count
        self.count = n + 1
        at = (n - self._block_start) * UUID_LENGTH
        text = self._block[at : at + UUID_LENGTH]
        if text:
            return text
        return uuid_one(self._key, n, upper=self._upper)


def ecid(key: int, generation: int = 0) -> str:
    """An Experience Cloud id: 38 digits, the two halves of a random UUIDv4 as absolute values.

    ``mobile_sdk.md`` 6.1: each signed half is zero-padded to 19 digits. ``generation`` counts identity
    resets and reinstalls of the same phone.
    """
    h = blake2b(generation.to_bytes(8, "little"), digest_size=16, key=key.to_bytes(8, "little"), person=b"ecid")
    value = int.from_bytes(h.digest(), "big")
    high = ((value >> 64) & ~(0xF << 12)) | (0x4 << 12)  # version 4
    low = (value & ((1 << 62) - 1)) | (0b10 << 62)  # variant 10
    halves = ((half - (1 << 64) if half >= _TOP else half) for half in (high & ((1 << 64) - 1), low))
    return "".join(f"{abs(half):019d}" for half in halves)
