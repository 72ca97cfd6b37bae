"""How windows get from a worker process to the one that merges them.

Columns and events go through memory that both processes see where workers are forked, and through a connection
elsewhere or when a window is too large for it; a few words about each window always go through the connection. The
memory has slots, so a worker may be some windows ahead and waits for nobody until then; the receiver says when a
slot is free again.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from simulator.core.lines import Lines, text_of
from simulator.ledger import ROW
from simulator.run.window import Window

SLOTS = 4
# Address space only: memory is taken as far as windows reach into it.
SLOT_BYTES = 64 << 20
# Events joined at once: so many that the joined bytes stay in the processor's cache.
_JOINED = 64
_THROUGH_CONNECTION = -1

_COLUMNS = tuple(
    np.dtype(kind) for kind in ("<i8", "<i4", "u1", "u1", "u1", "?", "<i4", ROW, ROW, ROW, "<i4")
)


def shared_memory() -> mmap.mmap:
    """Memory for one worker's events, to be made before the worker is forked."""
    return mmap.mmap(-1, SLOTS * SLOT_BYTES)


class WindowSender:
    """The worker's end."""

    def __init__(self, connection: Connection, memory: mmap.mmap | None) -> None:
        self._connection = connection
        self._memory = memory
        self._sent = 0
        self._taken = 0

    def send(self, window: Window) -> None:
        """Hand a window over; waits while all slots are taken.

        Raises OSError or EOFError when nobody receives any more.
        """
        bodies = window.bodies
        lengths = np.fromiter(map(len, bodies), dtype="<i4", count=len(bodies))
        columns = (
            *(window.sent, window.person, window.event_type, window.route, window.source, window.repeat),
            *(window.crossing, window.rows, window.lost, window.open, lengths),
        )
        counts = tuple(len(column) for column in columns)
        table = b"".join(column.tobytes() for column in columns)
        slot = self._put(table, bodies, int(lengths.sum()) + len(bodies))
        head = (window.start, window.end, window.census, slot, len(table), counts, window.journal)
        self._connection.send(head)
        if slot == _THROUGH_CONNECTION:
            self._connection.send_bytes(table)
            self._connection.send_bytes(text_of(bodies))

    def fail(self, error: Exception) -> None:
        """Hand over what ended the worker."""
        self._connection.send(error)

    def _put(self, table: bytes, bodies: Sequence[bytes], text: int) -> int:
        """Put a window into a free slot and say which; its events make so many bytes of ``text``."""
        memory = self._memory
        if memory is None or len(table) + text > SLOT_BYTES:
            return _THROUGH_CONNECTION
        if self._taken == SLOTS:
            self._connection.recv_bytes()
            self._taken -= 1
        slot = self._sent % SLOTS
        start = slot * SLOT_BYTES
        memory[start : start + len(table)] = table
        start += len(table)
        for first in range(0, len(bodies), _JOINED):
            joined = text_of(bodies[first : first + _JOINED])
            memory[start : start + len(joined)] = joined
            start += len(joined)
        self._sent += 1
        self._taken += 1
        return slot


class WindowReceiver:
    """The end of the process that merges."""

    def __init__(self, connection: Connection, memory: mmap.mmap | None, *, fleeting: bool = False) -> None:
        """The events of ``fleeting`` windows stay where they are, and are good until the next one is asked for."""
        self.connection = connection
        self._memory = memory
        self._fleeting = fleeting
        self._holds = False

    def receive(self) -> Window | Exception:
        """The next window of the worker, or the error that ended it.

        Raises OSError or EOFError when the worker is gone.
        """
        if self._holds:
            self._free()
        head = self.connection.recv()
        if isinstance(head, Exception):
            return head
        start, end, census, slot, size, counts, journal = head
        if slot == _THROUGH_CONNECTION or self._memory is None:
            columns = _columns_of(self.connection.recv_bytes(), counts)
            bodies: Sequence[bytes] = Lines.of(self.connection.recv_bytes(), columns[-1])
        else:
            first = slot * SLOT_BYTES
            columns = _columns_of(self._memory[first : first + size], counts)
            bodies = Lines.of(memoryview(self._memory)[first + size : first + SLOT_BYTES], columns[-1])
            self._holds = True
        if not self._fleeting:
            bodies = list(bodies)
            if self._holds:
                self._free()
        sent, person, event_type, route, source, repeat, crossing, rows, lost, open_rows, _ = columns
        return Window(
            *(start, end, sent, person, event_type, route, source, repeat, crossing),
            *(bodies, rows, lost, open_rows, census, journal),
        )

    def _free(self) -> None:
        """The worker may use the slot again."""
        self._holds = False
        # After its last window a worker is gone and needs no word.
        with contextlib.suppress(OSError):
            self.connection.send_bytes(b"free")

    def close(self) -> None:
        """Receive no more; a worker that still sends ends."""
        self.connection.close()


def _columns_of(table: bytes, counts: Sequence[int]) -> list[Any]:
    """The columns of a window, as arrays that can't be written to."""
    columns: list[Any] = []
    at = 0
    for kind, count in zip(_COLUMNS, counts, strict=True):
        columns.append(np.frombuffer(table, dtype=kind, count=count, offset=at))
        at += kind.itemsize * count
    return columns
