"""The seam for randomness: streams derived from (seed, person, purpose), without any state.

A draw is a hash of where it is used, not the next number of a generator: ``uniform(keys, day, index)``
for the stream keys of a whole cohort gives one number in (0, 1) per person. So a draw never depends on
who else exists, on the order of work or on the number of workers; it costs no memory per person; and
thousands of people are drawn for in one numpy call. The mixing function is the finaliser of SplitMix64
(Steele, Lea, Flood 2014).
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray

KeyArray = npt.NDArray[np.uint64]

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 divided by the golden ratio: the step of SplitMix64
_GOLDEN = np.uint64(GOLDEN)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_TO_UNIT = 2.0**-53
_PACK = Struct("<QQQ").pack


def key_of(*labels: object) -> int:
    """A 64-bit key for a path of labels, such as ``(seed, "people", "office workers")``."""
    text = "\x1f".join(str(label) for label in labels)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def _mix(x: KeyArray) -> KeyArray:
    x = (x ^ (x >> _S30)) * _MIX1
    x = (x ^ (x >> _S27)) * _MIX2
    return x ^ (x >> _S31)


def member_keys(parent: int, index: npt.NDArray[np.int64]) -> KeyArray:
    """Keys of the members ``index`` of a set (people of a group, places of a library)."""
    return _mix(np.uint64(parent) + (index.astype(np.uint64) + np.uint64(1)) * _GOLDEN)


def purpose_keys(keys: KeyArray, purpose: str) -> KeyArray:
    """Keys of one purpose's stream, for many people at once."""
    return _mix(keys ^ np.uint64(key_of("purpose", purpose)))


def bits(keys: KeyArray, counter: int | npt.NDArray[np.int64] = 0) -> KeyArray:
    """64 random bits per key at ``counter`` (a number or an array of them)."""
    if isinstance(counter, int):
        step: KeyArray | np.uint64 = np.uint64(((counter + 1) * GOLDEN) & _MASK)
    else:
        step = (counter.astype(np.uint64) + np.uint64(1)) * _GOLDEN
    return _mix(keys + step)


def uniform(keys: KeyArray, counter: int | npt.NDArray[np.int64] = 0) -> FloatArray:
    """One number in the open interval (0, 1) per key at ``counter``."""
    return ((bits(keys, counter) >> _S11).astype(np.float64) + 0.5) * _TO_UNIT


def mix_int(x: int) -> int:
    """The same mixing function on one Python integer."""
    x &= _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def bits_one(key: int, counter: int = 0) -> int:
    """``bits`` for one key as a Python integer: the same number."""
    x = (key + (counter + 1) * GOLDEN) & _MASK  # mix_int, without the call: there are millions of draws
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def uniform_one(key: int, counter: int = 0) -> float:
    """``uniform`` for one key as a Python float: the same number."""
    return ((bits_one(key, counter) >> 11) + 0.5) * _TO_UNIT


def hex_digits(key: int, counter: int, count: int) -> str:
    """``count`` random hexadecimal digits at ``counter``, in small letters; one hash gives 128 of them."""
    text = "".join([blake2b(_PACK(key, counter, block)).hexdigest() for block in range(-(-count // 128))])
    return text[:count]
