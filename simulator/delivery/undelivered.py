"""The file of events that were not delivered, for a later run to send."""

from __future__ import annotations

from contextlib import suppress
from io import FileIO
from pathlib import Path

import numpy as np

from simulator.core.errors import DeliveryError
from simulator.delivery.base import Batch, Fate, Receipt


class UndeliveredWriter:
    """Collects pending events, one per line, in stream order; the file exists only if there are any.

    Written at once and directly under its name, whole lines at a time: it must be there after a crash. ``read_events``
    reads it. Raises ``DeliveryError`` when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: FileIO | None = None

    def write(self, body: bytes) -> None:
        """Keep one event."""
        self._append(body + b"\n", 1)

    def write_pending(self, batch: Batch, receipt: Receipt) -> int:
        """Keep the events of ``batch`` whose fate is PENDING; how many they are."""
        pending = np.flatnonzero(receipt.fates == Fate.PENDING).tolist()
        if pending:
            self._append(b"".join(batch.bodies[index] + b"\n" for index in pending), len(pending))
        return len(pending)

    def _append(self, lines: bytes, count: int) -> None:
        left = memoryview(lines)
        try:
            if self._file is None:
                self._file = self.path.open("wb", buffering=0)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._cut(lines, len(lines) - len(left))
            raise self._failure(error) from error
        self.count += count

    def _cut(self, lines: bytes, written: int) -> None:
        """What a full disk has taken of ``lines`` ends with a whole one."""
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(self._file.tell() - written + lines.rfind(b"\n", 0, written) + 1)

    def close(self) -> None:
        """Finish the file."""
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            file.close()
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> DeliveryError:
        why = (error.strerror or str(error)).lower()
        return DeliveryError(f"cannot write {self.path}, the file of undelivered events: {why}")


class UndeliveredFiles:
    """The file of pending events; with several destinations one for each, so that none gets an event again.

    ``count`` is the number of events that are pending anywhere. With several destinations, ``path`` itself then
    holds them too: the events that have not arrived everywhere.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._all = UndeliveredWriter(path)
        self._of: dict[str, UndeliveredWriter] = {}

    @property
    def count(self) -> int:
        """Events that are pending."""
        return self._all.count

    def keep(self, batch: Batch, receipt: Receipt) -> None:
        """Keep the pending events of ``batch``."""
        if not self._all.write_pending(batch, receipt):
            return
        for name, (indices, part) in receipt.parts.items():
            if not name or not (part.fates == Fate.PENDING).any():
                continue  # without a name it is the only destination, and its file the one above
            if name not in self._of:
                self._of[name] = UndeliveredWriter(
                    self.path.with_name(f"{self.path.stem}.{name}{self.path.suffix}")
                )
            self._of[name].write_pending(batch.pick(indices), part)

    def file_of(self, name: str) -> str | None:
        """The file with what one of several destinations hasn't got; None if it has everything."""
        writer = self._of.get(name)
        return str(writer.path) if writer is not None else None

    def close(self) -> None:
        """Finish the files."""
        for writer in (self._all, *self._of.values()):
            writer.close()
