"""What waits for a slow destination while the simulation goes on: some of it in memory, the rest on disk."""

from __future__ import annotations

import asyncio
import pickle
import struct
from collections import deque
from pathlib import Path
from typing import BinaryIO, NamedTuple

from simulator.run.folder import writing
from simulator.run.window import Window

_LENGTH = struct.Struct("<Q")


class Held(NamedTuple):
    """A window on its way; ``timed`` says whether its events are to wait for their times."""

    window: Window
    timed: bool


class Outbox:
    """A queue of windows between the simulation and the destination, in order, of bounded memory.

    Beyond ``most`` events in memory, windows go to the file at ``path``, which is removed when all of them were
    taken. Raises DeliveryError when that file can't be written or read.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._most = most
        self._memory: deque[Held] = deque()
        self._in_memory = 0
        self._on_disk: deque[int] = deque()
        self._file: BinaryIO | None = None
        self._read_at = self._write_at = 0
        self._changed = asyncio.Event()
        self._closed = False
        self.spilled = 0
        """Events that went to disk so far."""
        self.largest_file = 0
        """Most bytes that were on disk at once."""

    @property
    def held(self) -> int:
        """Events that wait now."""
        return self._in_memory + sum(self._on_disk)

    @property
    def full(self) -> bool:
        """Whether the next window would go to disk."""
        return bool(self._on_disk) or self._in_memory >= self._most

    def put(self, held: Held) -> None:
        """Add a window."""
        if self.full:
            self._write(held)
        else:
            self._memory.append(held)
            self._in_memory += len(held.window)
        self._changed.set()

    async def room(self, stop: asyncio.Event) -> None:
        """Wait until a window fits into memory, until ``stop`` is set, or until nobody takes windows any more."""
        while self.full and not stop.is_set() and not self._closed:
            await self._change(0.2)

    async def drained(self) -> None:
        """Wait until all windows were taken, or nobody takes them any more."""
        while self.held and not self._closed:
            await self._change(0.2)

    async def get(self) -> Held | None:
        """The next window; None when there will be none."""
        while not self._memory and not self._on_disk:
            if self._closed:
                return None
            await self._change(None)
        if self._memory:
            held = self._memory.popleft()
            self._in_memory -= len(held.window)
        else:
            held = self._read()
        self._changed.set()
        return held

    def end(self) -> None:
        """No more windows will come, or none will be taken."""
        self._closed = True
        self._changed.set()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)

    async def _change(self, seconds: float | None) -> None:
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    def _write(self, held: Held) -> None:
        data = pickle.dumps(held, protocol=pickle.HIGHEST_PROTOCOL)
        with writing(self._path):
            if self._file is None:
                self._file = self._path.open("w+b")
            self._file.seek(self._write_at)
            self._file.write(_LENGTH.pack(len(data)) + data)
        self._write_at += _LENGTH.size + len(data)
        self._on_disk.append(len(held.window))
        self.spilled += len(held.window)
        self.largest_file = max(self.largest_file, self._write_at)

    def _read(self) -> Held:
        file = self._file
        if file is None:
            raise ValueError("nothing was written to disk")
        with writing(self._path):
            file.seek(self._read_at)
            (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
            held: Held = pickle.loads(file.read(length))
            self._read_at += _LENGTH.size + length
            self._on_disk.popleft()
            if not self._on_disk:
                file.truncate(0)
                self._read_at = self._write_at = 0
        return held
