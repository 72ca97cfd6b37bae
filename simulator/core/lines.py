"""Lines of text in memory that belongs to somebody else, in any order, without a copy of each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
Memory = memoryview | bytes

# Pieces of text that one call of the operating system writes; Linux takes 1,024.
_PIECES_PER_WRITE = 512


class Lines(Sequence[bytes]):
    """Lines, each with a newline behind it in one of ``memories``; a line taken out is a copy without it.

    Good as long as the memories are what they were: whoever keeps lines longer takes them out.
    """

    __slots__ = ("_ends", "_memories", "_starts", "_where")

    def __init__(
        self, memories: Sequence[Memory], where: npt.NDArray[np.intp], starts: Positions, ends: Positions
    ) -> None:
        """Line ``i`` is ``memories[where[i]][starts[i] : ends[i]]``."""
        self._memories = tuple(memoryview(memory) for memory in memories)
        self._where = where
        self._starts = starts
        self._ends = ends

    @classmethod
    def of(cls, memory: Memory, lengths: npt.NDArray[np.integer]) -> Lines:
        """Lines that lie one behind the other; lengths are without the newlines."""
        ends = np.cumsum(lengths.astype(np.int64) + 1) - 1
        return cls((memory,), np.zeros(len(ends), dtype=np.intp), ends - lengths, ends)

    @classmethod
    def merged(cls, lines: Sequence[Lines], order: npt.NDArray[np.intp]) -> Lines:
        """Lines of several, in ``order`` of their positions in all of them."""
        memories: list[memoryview] = []
        wheres = []
        for one in lines:
            wheres.append(one._where + len(memories))
            memories += one._memories
        return cls(
            memories,
            np.concatenate(wheres)[order],
            np.concatenate([one._starts for one in lines])[order],
            np.concatenate([one._ends for one in lines])[order],
        )

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> Lines: ...

    def __getitem__(self, index: int | slice) -> bytes | Lines:
        if isinstance(index, slice):
            return Lines(self._memories, self._where[index], self._starts[index], self._ends[index])
        return bytes(self._memories[self._where[index]][self._starts[index] : self._ends[index]])

    def __iter__(self) -> Iterator[bytes]:
        memories = self._memories
        places = zip(self._where.tolist(), self._starts.tolist(), self._ends.tolist(), strict=True)
        return (bytes(memories[where][start:end]) for where, start, end in places)

    def text(self) -> list[memoryview]:
        """All lines with their newlines, in as few pieces as there are."""
        if not len(self):
            return []
        where, starts, after = self._where, self._starts, self._ends + 1
        breaks = np.flatnonzero((where[1:] != where[:-1]) | (starts[1:] != after[:-1]))
        first, last = np.append(0, breaks + 1), np.append(breaks, len(self) - 1)
        places = zip(where[first].tolist(), starts[first].tolist(), after[last].tolist(), strict=True)
        memories = self._memories
        return [memories[here][start:end] for here, start, end in places]


def text_of(lines: Sequence[bytes]) -> bytes:
    """The lines with their newlines, as one."""
    return b"".join(lines.text()) if isinstance(lines, Lines) else b"\n".join([*lines, b""])


def write_text(fd: int, data: bytes | memoryview) -> None:
    """Write all of ``data``; a short write goes on where it stopped."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def write_lines(fd: int, lines: Lines) -> int:
    """Write lines from where they lie; the number of bytes."""
    pieces = lines.text()
    size = 0
    for first in range(0, len(pieces), _PIECES_PER_WRITE):
        group = pieces[first : first + _PIECES_PER_WRITE]
        wanted = sum(map(len, group))
        written = os.writev(fd, group) if hasattr(os, "writev") else 0  # Windows has none
        if written < wanted:
            write_text(fd, memoryview(b"".join(group))[written:])
        size += wanted
    return size
