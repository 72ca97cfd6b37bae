"""What is known of the delivery of a run, on disk while it goes on: what a resumed run need not send again.

The same seed gives the same events, so it is enough to remember numbers of events. The file is a header line, which
names the destinations that are remembered, and blocks of rows ``(first, count, destination and state)``; each block has
a checksum, and one that a crash cut off is left out. A
thread of its own hands blocks to the operating system every 20 ms, which a killed process does not take back,
and to the disk every second, which bounds what a power cut does. What was acknowledged in between is sent again.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.core.errors import DeliveryError, UsageError
from simulator.delivery import Fate, Receipt

FORMAT = 2
_EVERY = 0.02  # seconds between blocks
_TO_DISK_EVERY = 50  # blocks, or looks without one
_BLOCK = np.dtype([("mark", "<u4"), ("rows", "<u4"), ("check", "<u4")])
_ROW = np.dtype([("first", "<u8"), ("count", "<u4"), ("code", "<u4")])  # code: state, destination << 8
_MARK = 0x4C4E524A
_STATE_BITS = 8
_STATE_MASK = (1 << _STATE_BITS) - 1

Numbers = npt.NDArray[np.int64]


class State(IntEnum):
    """What is known of an event."""

    NEW = 0
    HANDED_OVER = 1
    """The destination had it, but no answer is on record: it may have arrived."""
    KEPT = 2
    """It was not delivered, and certainly did not arrive."""
    ACKNOWLEDGED = 3
    REJECTED = 4


_STATE_OF_FATE = np.zeros(256, dtype=np.uint8)
_STATE_OF_FATE[Fate.PENDING] = State.KEPT
_STATE_OF_FATE[Fate.ACKNOWLEDGED] = State.ACKNOWLEDGED
_STATE_OF_FATE[Fate.REJECTED] = State.REJECTED

States = npt.NDArray[np.uint8]


class Remembered(NamedTuple):
    """A destination in a delivery log: its name in the scenario, and its address without anything secret."""

    name: str
    address: str


class DeliveryLog:
    """Writes down what becomes of events at each destination; every method may be called from any thread."""

    def __init__(
        self,
        path: Path,
        identity: Mapping[str, object],
        destinations: Sequence[Remembered] = (Remembered("", ""),),
    ) -> None:
        """Begin a delivery log, or go on with the one at ``path``.

        ``identity`` says whose events these are; ``destinations`` are those of the log at ``path``, in its order, and
        then new ones.
        """
        self._path = path
        self._lock = threading.Lock()
        self._rows: deque[tuple[int, int, int]] = deque()
        self._failure: OSError | None = None
        self._ended = threading.Event()
        try:
            self._file: BinaryIO = _begun(path, identity, destinations)
        except OSError as error:
            raise self._error(error) from error
        self._thread = threading.Thread(target=self._write_on, name="delivery log", daemon=True)
        self._thread.start()

    def handed_over(self, numbers: Numbers, at: int = 0) -> None:
        """Destination ``at`` is to get these events; doubt must be known too, so ``flush`` before it does."""
        states = np.full(len(numbers), State.HANDED_OVER, dtype=np.uint8)
        self._rows.extend(_runs(numbers, states, at << _STATE_BITS))

    def settled(self, first: int, indices: Sequence[int], fate: Fate, at: int = 0) -> None:
        """Destination ``at`` acknowledged or rejected events of the batch that begins with event ``first``."""
        code = int(_STATE_OF_FATE[fate]) | at << _STATE_BITS
        if isinstance(indices, range):
            self._rows.append((first + indices.start, len(indices), code))
        else:
            self._rows.extend([(first + index, 1, code) for index in indices])

    def receipt(self, numbers: Numbers, receipt: Receipt, at: int = 0) -> None:
        """All that became of events at destination ``at``; what may have arrived without an answer stays in doubt."""
        states = _STATE_OF_FATE[receipt.fates]
        states[list(receipt.doubtful)] = State.HANDED_OVER
        self._rows.extend(_runs(numbers, states, at << _STATE_BITS))

    def flush(self) -> None:
        """Hand everything to the operating system. Raises DeliveryError where that fails."""
        with self._lock:
            if self._failure is None and self._rows:
                # Others append meanwhile: what is taken here is exactly what is removed.
                rows = [self._rows.popleft() for _ in range(len(self._rows))]
                try:
                    self._file.write(_block(rows))
                    self._file.flush()
                except OSError as error:
                    self._failure = error
        if self._failure is not None:
            raise self._error(self._failure)

    def close(self) -> None:
        """Write everything out, to the disk."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        try:
            self.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._error(error) from error
        finally:
            self._file.close()

    def _write_on(self) -> None:
        looks = 0
        while not self._ended.wait(_EVERY):
            looks += 1
            try:
                self.flush()
                if looks % _TO_DISK_EVERY == 0:
                    os.fsync(self._file.fileno())
            except (OSError, DeliveryError):
                return  # the next call of flush says it where it is heard

    def _error(self, error: OSError) -> DeliveryError:
        return DeliveryError(
            f"cannot write {self._path}, the delivery log: {(error.strerror or str(error)).lower()}"
        )


class Known:
    """What earlier parts of a run left on record about its events at one destination, by number."""

    def __init__(self, states: States | None = None) -> None:
        self._states = np.zeros(0, dtype=np.uint8) if states is None else states

    def of(self, first: int, count: int) -> States:
        """The states of ``count`` events from ``first`` on."""
        part = self._states[first : first + count]
        return np.pad(part, (0, count - len(part))) if len(part) < count else part

    @property
    def ends(self) -> int:
        """From this number on all events are new."""
        return len(self._states)


@dataclass(frozen=True, slots=True)
class Past:
    """What a delivery log knows of each of its destinations, in its order."""

    destinations: tuple[Remembered, ...] = ()
    known: tuple[Known, ...] = ()


def read_delivery_log(path: Path, identity: Mapping[str, object]) -> Past:
    """What a delivery log knows. Raises UsageError if it is of other events than those of ``identity``."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Past()
    except OSError as error:
        raise UsageError(f"{path}: the delivery log cannot be read: {error.strerror or error}") from error
    head, newline, _ = data.partition(b"\n")
    if not newline:
        return Past()  # killed while it was begun
    try:
        found = json.loads(head)
        destinations = tuple(Remembered(*pair) for pair in found.get("destinations", ()))
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: is no delivery log, or is damaged") from error
    if found.get("format") != FORMAT:
        raise UsageError(
            f"{path}: is a delivery log of format {found.get('format')}, and this version of journeysim reads format "
            f"{FORMAT}: go on with the version that began the run, or start a new run"
        )
    for name, value in identity.items():
        if found.get(name) != value:
            raise UsageError(
                f"{path}: the run was made with {name} {found.get(name)}, this is {value}: "
                "the events would be others; start a new run"
            )
    rows = np.concatenate([np.zeros(0, dtype=_ROW), *_blocks(data, len(head) + 1)])
    of = rows["code"] >> _STATE_BITS
    return Past(destinations, tuple(_known(rows[of == at]) for at in range(len(destinations))))


def _known(rows: npt.NDArray[np.void]) -> Known:
    """What the rows of one destination say."""
    ends = int((rows["first"] + rows["count"]).max()) if len(rows) else 0
    states = np.zeros(ends, dtype=np.uint8)
    for first, count, code in rows.tolist():
        part = states[first : first + count]
        part[part < State.ACKNOWLEDGED] = code & _STATE_MASK  # an answer is final
    return Known(states)


def _begun(path: Path, identity: Mapping[str, object], destinations: Sequence[Remembered]) -> BinaryIO:
    """The log at ``path``, open where the next block goes.

    A log that has fewer destinations gets a new header: it is written anew beside its name, then renamed.
    """
    header = json.dumps({"format": FORMAT, **identity, "destinations": [list(d) for d in destinations]})
    begin = f"{header}\n".encode()
    data = path.read_bytes() if path.exists() else b""
    whole = data[: _whole_length(data)]
    if not whole.startswith(begin):
        aside = path.with_name(f"{path.name}.part")
        with aside.open("wb") as anew:
            anew.write(begin + whole.partition(b"\n")[2])
            anew.flush()
            os.fsync(anew.fileno())
        aside.replace(path)
        return path.open("ab")
    file = path.open("r+b")
    file.truncate(len(whole))
    file.seek(len(whole))
    return file


def _block(rows: list[tuple[int, int, int]]) -> bytes:
    body = np.array(_merged(rows), dtype=_ROW).tobytes()
    head = np.array((_MARK, len(body) // _ROW.itemsize, zlib.crc32(body)), dtype=_BLOCK)
    return head.tobytes() + body


def _merged(rows: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The same rows with neighbours as one; an event's rows keep their order, for all that follow say more."""
    if len(rows) < 2:
        return rows
    rows = sorted(rows, key=lambda row: (row[2], row[0]))
    merged = [rows[0]]
    for first, count, state in rows[1:]:
        before, length, same = merged[-1]
        if state == same and first <= before + length:
            merged[-1] = (before, max(length, first + count - before), state)
        else:
            merged.append((first, count, state))
    return merged


def _blocks(data: bytes, at: int) -> list[npt.NDArray[np.void]]:
    """The rows of all whole blocks from byte ``at`` on."""
    found = []
    while at + _BLOCK.itemsize <= len(data):
        mark, count, check = np.frombuffer(data, dtype=_BLOCK, count=1, offset=at)[0].item()
        begin, end = at + _BLOCK.itemsize, at + _BLOCK.itemsize + count * _ROW.itemsize
        if mark != _MARK or end > len(data) or zlib.crc32(data[begin:end]) != check:
            break
        found.append(np.frombuffer(data, dtype=_ROW, count=count, offset=begin))
        at = end
    return found


def _whole_length(data: bytes) -> int:
    """How much of a delivery log is whole; 0 if not even its header is."""
    head, newline, _ = data.partition(b"\n")
    if not newline:
        return 0
    at = len(head) + 1
    return at + sum(_BLOCK.itemsize + block.nbytes for block in _blocks(data, at))


def _runs(numbers: Numbers, states: States, code: int) -> list[tuple[int, int, int]]:
    """Neighbouring events in the same state as ``(first, count, state and code)``."""
    if not len(numbers):
        return []
    breaks = np.flatnonzero((np.diff(numbers) != 1) | (np.diff(states) != 0)) + 1
    starts = np.concatenate([[0], breaks])
    ends = np.concatenate([breaks, [len(numbers)]])
    return [
        (int(numbers[a]), int(b - a), int(states[a]) | code)
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
