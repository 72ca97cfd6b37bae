"""The seam for identifiers: every id is derived from the seed and from what it names."""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID, uuid5

# The root of ids for things that a source leaves without one (places of a CSV, libraries); any fixed UUID.
_NAMESPACE = UUID("6f1f3c52-0b1e-5f0a-9a53-2f6d8f7c4e11")
_TOP = 1 << 63


def derived_uuid(*parts: object) -> str:
    """A name-based UUID (version 5) of ``parts``: the same parts give the same id in every run."""
    return str(uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts)))


class IdStream:
    """Random UUIDs (version 4) of one phone, in order: the n-th is always the same."""

    __slots__ = ("_count", "_key")

    def __init__(self, key: int) -> None:
        self._key = key.to_bytes(8, "little")
        self._count = 0

    def next_uuid(self) -> bytes:
        """The next id, in lower-case canonical form."""
        n = self._count
        self._count = n + 1
        h = blake2b(n.to_bytes(8, "little"), digest_size=16, key=self._key).hexdigest()
        variant = "89ab"[int(h[16], 16) & 3]
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{variant}{h[17:20]}-{h[20:]}".encode()


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
