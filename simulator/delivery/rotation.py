"""A row of files instead of one: the next one begins when the present one is large enough or its time is over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from simulator.core.errors import DeliveryError, UsageError
from simulator.core.simtime import MS_PER_SECOND
from simulator.delivery.base import Batch, DeliveryStats, Receipt, TimeArray
from simulator.delivery.files import COMPRESSIONS, PARQUET, PART, SUFFIXES, FileDestination

_TIMESTAMP = re.compile(rb'"timestamp":\s*"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+)Z"')
_NUMBER = re.compile(r"-[0-9]{5,}")


class File(Protocol):
    """A file as a destination, which knows its size."""

    stats: DeliveryStats
    size: int

    async def open(self) -> None:
        """Begin the file."""

    async def send(self, batch: Batch) -> Receipt:
        """Write the batch."""

    async def close(self) -> None:
        """Finish the file."""


class RotatingFiles:
    """Files ``NAME-00001.ndjson`` and so on; each is finished, and renamed, before the next one begins."""

    def __init__(
        self,
        path: Path,
        make: Callable[[Path], File],
        *,
        size: float | None,
        every_s: float | None,
        replace: bool = False,
    ) -> None:
        """``size`` in bytes, ``every_s`` in seconds of the events' own time.

        ``replace``: files of an earlier run under the same names are removed, because this run is the same.
        """
        self.path = path
        self.description = f"files {self._name(path, 0, '*')}"
        self.stats = DeliveryStats()
        self._make = make
        self._limit = size
        self._every_ms = None if every_s is None else max(1, round(every_s * MS_PER_SECOND))
        self._file: File | None = None
        self._number = 0
        self._replace = replace
        self._period: int | None = None
        self._begin: int | None = None

    @staticmethod
    def _name(path: Path, number: int, shown: str = "") -> Path:
        name = path.name
        stem = name
        for ending in (*COMPRESSIONS, PARQUET, *SUFFIXES):
            stem = stem.removesuffix(ending)
        return path.with_name(f"{stem}-{shown or f'{number:05d}'}{name[len(stem) :]}")

    async def open(self) -> None:
        """Begin the first file. Files of an earlier run under the same names would mix with ours."""
        first = self._name(self.path, 1)
        stem, ending = first.name.rpartition("-00001")[0], first.name.rpartition("-00001")[2]
        with_numbers = re.compile(
            re.escape(stem) + _NUMBER.pattern + re.escape(ending) + rf"(?:{re.escape(PART)})?"
        )
        if self.path.parent.is_dir():
            for name in sorted(entry.name for entry in self.path.parent.iterdir()):
                if not with_numbers.fullmatch(name):
                    continue
                if not self._replace:
                    raise UsageError(
                        f"{self.path.with_name(name)} is there from an earlier run; remove its files, or name others"
                    )
                self.path.with_name(name).unlink()
        await self._next()

    async def send(self, batch: Batch) -> Receipt:
        """Write the batch, into several files where its time or the size says so."""
        receipts = []
        for period, piece in self._periods(batch):
            if period != self._period and self._period is not None:
                await self._begin_next()
            self._period = period
            first = 0
            while first < len(piece):
                count = await self._room_for(piece, first)
                receipts.append(await self._write(piece.pick(np.arange(first, first + count))))
                first += count
        return _joined(receipts)

    async def close(self) -> None:
        """Finish the last file."""
        file, self._file = self._file, None
        if file is not None:
            before = file.stats.bytes
            await file.close()
            self.stats.bytes += file.stats.bytes - before

    async def _room_for(self, batch: Batch, first: int) -> int:
        """How many events from ``first`` on still fit into the present file; a new one is begun if none does.

        Plain files never grow beyond the size, unless a single event does; others by what a piece of the size
        shrinks to.
        """
        if self._limit is None or self._file is None:
            return len(batch) - first
        size = self._file.size
        plain = isinstance(self._file, FileDestination) and self._file.plain
        ends = np.cumsum([len(body) + 1 for body in batch.bodies[first:]])
        room = self._limit - size if plain else self._limit
        fitting = int(np.searchsorted(ends, room, side="right"))
        if size and (size >= self._limit or (plain and not fitting)):
            await self._begin_next()
            return await self._room_for(batch, first)
        return max(1, fitting)

    async def _write(self, batch: Batch) -> Receipt:
        if self._file is None:
            raise RuntimeError("send() without open()")
        before = self._file.stats.bytes
        receipt = await self._file.send(batch)
        self.stats.bytes += self._file.stats.bytes - before
        return receipt

    async def _begin_next(self) -> None:
        try:
            await self._next()
        except UsageError as error:
            raise DeliveryError(str(error)) from error

    async def _next(self) -> None:
        await self.close()
        self._number += 1
        file = self._make(self._name(self.path, self._number))
        await file.open()
        self._file = file

    def _periods(self, batch: Batch) -> Iterator[tuple[int, Batch]]:
        """The parts of a batch that lie in one period each, with the period's number."""
        if not len(batch):
            return
        if self._every_ms is None:
            yield 0, batch
            return
        periods = self._times(batch) // self._every_ms
        # Times never go back in a run; should they do so elsewhere, the file simply changes more often.
        starts = [0, *(np.flatnonzero(np.diff(periods)) + 1).tolist(), len(batch)]
        for first, last in pairwise(starts):
            yield int(periods[first]), batch.pick(np.arange(first, last))

    def _times(self, batch: Batch) -> TimeArray:
        """Virtual milliseconds; without a run those of the events' timestamps, from the first one on."""
        if batch.times is not None:
            return batch.times
        stamps = [_TIMESTAMP.search(body) for body in batch.bodies]
        found = np.array([match[1].decode() if match else "NaT" for match in stamps], dtype="datetime64[ms]")
        times = found.astype(np.int64)
        known = ~np.isnat(found)
        if self._begin is None and known.any():
            self._begin = int(times[known][0])
        times = times - (self._begin or 0)
        # An event without a time goes with the one before it.
        last_known = np.maximum.accumulate(np.where(known, np.arange(len(times)), 0))
        return np.where(known[last_known], times[last_known], 0)


def _joined(receipts: list[Receipt]) -> Receipt:
    """One receipt for pieces that followed each other."""
    reasons: dict[int, str] = {}
    first = 0
    for receipt in receipts:
        reasons.update({first + index: reason for index, reason in receipt.reasons.items()})
        first += len(receipt.fates)
    fates = np.concatenate([receipt.fates for receipt in receipts]) if receipts else np.empty(0, np.uint8)
    return Receipt(fates, reasons)
