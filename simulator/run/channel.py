"""How windows get from a worker process to the one that merges them.

Columns go through a connection. The events themselves, most of the bytes, go through memory that both processes
see where workers are forked, and through the connection elsewhere or when a window is too large for it. The
memory has two slots, so a worker may be up to two windows ahead; the receiver says when a slot is free again.
"""

from __future__ import annotations

import contextlib
import mmap
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.ledger import ROW
from simulator.run.window import Window

SLOTS = 2
# Address space only: memory is taken as far as windows reach into it.
SLOT_BYTES = 64 << 20
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
        """Hand a window over; waits while both slots are taken.

        Raises OSError or EOFError when nobody receives any more.
        """
        events = b"".join(window.bodies)
        lengths = np.fromiter(map(len, window.bodies), dtype="<i4", count=len(window.bodies))
        slot = self._put(events)
        columns = (
            *(window.sent, window.person, window.event_type, window.route, window.source, window.repeat),
            *(window.crossing, window.rows, window.lost, window.open, lengths),
        )
        counts = tuple(len(column) for column in columns)
        head = (window.start, window.end, window.census, slot, counts, window.journal)
        self._connection.send(head)
        self._connection.send_bytes(b"".join(column.tobytes() for column in columns))
        if slot == _THROUGH_CONNECTION:
            self._connection.send_bytes(events)

    def fail(self, error: Exception) -> None:
        """Hand over what ended the worker."""
        self._connection.send(error)

    def _put(self, events: bytes) -> int:
        """Put ``events`` into a free slot and say which."""
        if self._memory is None or len(events) > SLOT_BYTES:
            return _THROUGH_CONNECTION
        if self._taken == SLOTS:
            self._connection.recv_bytes()
            self._taken -= 1
        slot = self._sent % SLOTS
        self._memory[slot * SLOT_BYTES : slot * SLOT_BYTES + len(events)] = events
        self._sent += 1
        self._taken += 1
        return slot


class WindowReceiver:
    """The end of the process that merges."""

    def __init__(self, connection: Connection, memory: mmap.mmap | None) -> None:
        self.connection = connection
        self._memory = memory

    def receive(self) -> Window | Exception:
        """The next window of the worker, or the error that ended it.

        Raises OSError or EOFError when the worker is gone.
        """
        head = self.connection.recv()
        if isinstance(head, Exception):
            return head
        start, end, census, slot, counts, journal = head
        data, at = self.connection.recv_bytes(), 0
        columns: list[Any] = []
        for kind, count in zip(_COLUMNS, counts, strict=True):
            columns.append(np.frombuffer(data, dtype=kind, count=count, offset=at))
            at += kind.itemsize * count
        sent, person, event_type, route, source, repeat, crossing, rows, lost, open_rows, lengths = columns
        return Window(
            *(start, end, sent, person, event_type, route, source, repeat, crossing),
            *(self._bodies(slot, lengths), rows, lost, open_rows, census, journal),
        )

    def _bodies(self, slot: int, lengths: npt.NDArray[np.int32]) -> list[bytes]:
        """The events, cut out of the memory that they are in."""
        if slot == _THROUGH_CONNECTION or self._memory is None:
            memory: bytes | mmap.mmap = self.connection.recv_bytes()
            start = 0
        else:
            memory, start = self._memory, slot * SLOT_BYTES
        ends = (start + np.cumsum(lengths, dtype=np.int64)).tolist()
        bodies = [memory[first:last] for first, last in pairwise([start, *ends])]
        if memory is self._memory:
            # After its last window a worker is gone and needs no word.
            with contextlib.suppress(OSError):
                self.connection.send_bytes(b"free")
        return bodies

    def close(self) -> None:
        """Receive no more; a worker that still sends ends."""
        self.connection.close()
