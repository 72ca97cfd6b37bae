"""How windows get from a worker process to the one that merges them.

Columns and events go through memory that both processes see where workers are forked, and through a connection
elsewhere or when a window is too large for it; a few words about each window always go through the connection. The
memory has slots, so a worker may be some windows ahead, as far as they are not too much to hold, and waits for nobody
until then; the receiver says when a slot is free again.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.lines import Lines, text_of
from simulator.ledger import ROW
from simulator.run.window import Window

# Enough of them for a night: its windows are small, and nobody should wait for word on each.
SLOTS = 16
# Address space only: memory is taken as far as windows reach into it.
SLOT_BYTES = 32 << 20
# A worker whose windows take more than this stays where it is.
MOST_AHEAD_BYTES = 64 << 20
# Events made and joined at once: so many that their bytes stay in the processor's cache.
_JOINED = 64
_THROUGH_CONNECTION = -1

_COLUMNS = tuple(
    np.dtype(kind) for kind in ("<i8", "<i4", "u1", "u1", "u1", "?", "<i4", ROW, ROW, ROW, "<i4")
)
_LENGTH = _COLUMNS[-1]


def shared_memory() -> mmap.mmap | None:
    """Memory for one worker's events, to be made before the worker is forked; None where there isn't as much."""
    try:
        return mmap.mmap(-1, SLOTS * SLOT_BYTES)
    except OSError:
        return None


class WindowSender:
    """The worker's end."""

    def __init__(self, connection: Connection, memory: mmap.mmap | None) -> None:
        self._connection = connection
        self._memory = memory
        self._free = list(range(SLOTS))
        self._taken: dict[int, int] = {}  # bytes by slot

    def send(self, window: Window) -> None:
        """Hand a window over; waits while all slots are taken.

        Raises OSError or EOFError when nobody receives any more.
        """
        columns: list[npt.NDArray[Any]] = [
            *(window.sent, window.person, window.event_type, window.route, window.source, window.repeat),
            *(window.crossing, window.rows, window.lost, window.open),
        ]
        bodies, memory = window.bodies, self._memory
        text, size = b"", sum(column.nbytes for column in columns) + len(bodies) * _LENGTH.itemsize
        slot, lengths = _THROUGH_CONNECTION, None
        if memory is not None:
            slot = self._slot()
            lengths = _put(bodies, memory, slot * SLOT_BYTES + size, (slot + 1) * SLOT_BYTES)
        if lengths is None:
            bodies = list(bodies)
            slot, lengths, text = _THROUGH_CONNECTION, list(map(len, bodies)), text_of(bodies)
        columns.append(np.array(lengths, dtype=_LENGTH))
        table = b"".join(column.tobytes() for column in columns)
        counts = tuple(map(len, columns))
        if memory is not None and slot != _THROUGH_CONNECTION:
            memory[slot * SLOT_BYTES : slot * SLOT_BYTES + size] = table
            self._free.remove(slot)
            self._taken[slot] = size + sum(lengths) + len(lengths)
        self._connection.send((window.start, window.end, window.census, slot, size, counts, window.journal))
        if slot == _THROUGH_CONNECTION:
            self._connection.send_bytes(table)
            self._connection.send_bytes(text)

    def fail(self, error: Exception) -> None:
        """Hand over what ended the worker."""
        self._connection.send(error)

    def _slot(self) -> int:
        """The first slot that is free: memory that was used before is at hand."""
        while not self._free or sum(self._taken.values()) > MOST_AHEAD_BYTES or self._connection.poll():
            for slot in self._connection.recv_bytes():
                self._free.append(slot)
                del self._taken[slot]
        return min(self._free)


def _put(bodies: Sequence[bytes], memory: mmap.mmap, at: int, end: int) -> list[int] | None:
    """Put the text of events into memory from ``at`` on, and say how long each is; None if it goes beyond ``end``."""
    lengths: list[int] = []
    for first in range(0, len(bodies), _JOINED):
        few = list(bodies[first : first + _JOINED])
        joined = text_of(few)
        if at + len(joined) > end:
            return None
        memory[at : at + len(joined)] = joined
        at += len(joined)
        lengths += map(len, few)
    return lengths


class WindowReceiver:
    """The end of the process that merges."""

    def __init__(self, connection: Connection, memory: mmap.mmap | None, *, fleeting: bool = False) -> None:
        """The events of ``fleeting`` windows stay where they are, and are good until the next one is asked for."""
        self.connection = connection
        self._memory = memory
        self._fleeting = fleeting
        self._held: int | None = None

    def receive(self) -> Window | Exception:
        """The next window of the worker, or the error that ended it.

        Raises OSError or EOFError when the worker is gone.
        """
        self._let_go()
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
            self._held = slot
        if not self._fleeting:
            bodies = list(bodies)
            self._let_go()
        sent, person, event_type, route, source, repeat, crossing, rows, lost, open_rows, _ = columns
        return Window(
            *(start, end, sent, person, event_type, route, source, repeat, crossing),
            *(bodies, rows, lost, open_rows, census, journal),
        )

    def _let_go(self) -> None:
        """The worker may use the slot again."""
        if self._held is not None:
            # After its last window a worker is gone and needs no word.
            with contextlib.suppress(OSError):
                self.connection.send_bytes(bytes([self._held]))
            self._held = None

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
