"""Files and standard output as destinations: one event per line.

A file is written beside its final name (``PATH.part``) and renamed when it is closed, so a file under its
final name is complete. Each batch is one write of whole lines; in compressed files it is a member (gzip) or
frame (zstd) of its own, so what is on disk can be read up to the last batch whatever happens next.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import zstandard

from simulator.core.errors import DeliveryError, UsageError
from simulator.core.lines import Lines, text_of, write_lines, write_text
from simulator.delivery.base import Batch, DeliveryStats, Fate, Receipt
from simulator.delivery.formats import gzip_compressor

SUFFIXES = (".ndjson", ".jsonl")
COMPRESSIONS = (".gz", ".zst")
PARQUET = ".parquet"
PART = ".part"
# Fast levels: batches of events shrink to about an eighth with each of them (libraries.md 2).
_ZSTD_LEVEL = 1
# Events joined into one write: so many that the joined bytes stay in the processor's cache (a third of the time of
# joining thousands). What is compressed, or need not be joined, is written at once.
JOINED_LINES = 128

Compress = Callable[[bytes], bytes]


class FileDestination:
    """``file:PATH``: events as lines of a file, ``plain`` or compressed as its name says.

    ``size`` is what was written so far, in bytes.
    """

    bulk = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.description = f"file {path}"
        self.stats = DeliveryStats()
        self._compress = _compressor(path)
        self.plain = self._compress is bytes
        self._part = path
        self._fd = -1
        self.size = 0
        self._events = 0
        self._failure: DeliveryError | None = None

    async def open(self) -> None:
        """Create ``PATH.part``; a pipe or device that exists already is written to directly."""
        if is_regular(self.path):
            self._part = self.path.with_name(self.path.name + PART)
        try:
            self._fd = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        except OSError as error:
            raise UsageError(f"cannot write {self.path}: {why_not(error, self.path)}") from error

    async def send(self, batch: Batch) -> Receipt:
        """Write the batch; every event is acknowledged, or ``DeliveryError`` is raised."""
        if self._failure is not None:
            raise self._failure
        whole = self.size, self._events
        at_once = JOINED_LINES if self.plain and not isinstance(batch.bodies, Lines) else len(batch) or 1
        try:
            for first in range(0, len(batch), at_once):
                bodies = batch.bodies[first : first + at_once]
                size = self._write(bodies)
                self.size += size
                self._events += len(bodies)
                self.stats.bytes += size
        except OSError as error:
            self.size, self._events = whole  # all of the batch counts as pending
            self._failure = self._give_up(error)
            raise self._failure from error
        return Receipt.of(len(batch), Fate.ACKNOWLEDGED)

    def _write(self, bodies: Sequence[bytes]) -> int:
        """Write events and say how many bytes they became."""
        if self.plain and isinstance(bodies, Lines):
            return write_lines(self._fd, bodies)
        data = self._compress(text_of(bodies))
        write_text(self._fd, data)
        return len(data)

    def _give_up(self, error: OSError) -> DeliveryError:
        """Cut off the batch that was not written whole; the rest stays readable."""
        with suppress(OSError):  # devices and pipes cannot be cut
            os.ftruncate(self._fd, self.size)
        return DeliveryError(
            f"cannot write {self.path}: {in_words(error)}; the first {self._events:,} events "
            f"are in {self._part}"
        )

    async def close(self) -> None:
        """Give the file its final name, unless writing it failed: then it stays ``PATH.part``."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        try:
            os.close(fd)
            if self._failure is None and self._part != self.path:
                self._part.replace(self.path)
        except OSError as error:
            raise DeliveryError(f"cannot finish {self.path}: {in_words(error)}; see {self._part}") from error


class StandardOutput:
    """``-``: events as lines on standard output.

    When the reader goes away (``| head``), the batch that met the closed pipe and all later ones are pending.
    """

    description = "standard output"
    bulk = True

    def __init__(self, fd: int | None = None) -> None:
        """``fd`` is the file descriptor to write to, by default that of standard output."""
        self.stats = DeliveryStats()
        self._given = fd
        self._fd = -1
        self._closed_by_reader = False

    async def open(self) -> None:
        """Find standard output; what the program printed before comes first."""
        if self._given is not None:
            self._fd = self._given
            return
        try:
            sys.stdout.flush()
            self._fd = sys.stdout.fileno()
        except (OSError, ValueError, AttributeError) as error:
            raise UsageError("standard output is closed; events cannot be written to it") from error

    async def send(self, batch: Batch) -> Receipt:
        """Write the batch."""
        if batch.bodies and not self._closed_by_reader:
            data = text_of(batch.bodies)
            try:
                write_text(self._fd, data)
            except BrokenPipeError:
                self._closed_by_reader = True
            except OSError as error:
                raise DeliveryError(f"cannot write to standard output: {in_words(error)}") from error
            else:
                self.stats.bytes += len(data)
        if self._closed_by_reader:
            return Receipt.of(len(batch.bodies), Fate.PENDING, "standard output was closed by its reader")
        return Receipt.of(len(batch.bodies), Fate.ACKNOWLEDGED)

    async def close(self) -> None:
        """Nothing to finish: lines were written without a buffer."""


def check_name(path: Path) -> None:
    """Raise ``UsageError`` unless the name says how to write; devices and pipes that exist may have any."""
    name = path.name
    if name.endswith(PARQUET):
        return
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    if not name.endswith(SUFFIXES) and is_regular(path):
        raise UsageError(
            f"file:{path}: unknown kind of file; "
            "expected a name that ends in .ndjson, .ndjson.gz, .ndjson.zst or .parquet"
        )


def _compressor(path: Path) -> Compress:
    if path.name.endswith(".zst"):
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_content_size=True).compress
    if path.name.endswith(".gz"):
        return gzip_compressor()
    return bytes


def is_regular(path: Path) -> bool:
    """Whether ``path`` is a regular file or free to become one."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return True
    return not (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISBLK(mode))


def in_words(error: OSError) -> str:
    """What the operating system says."""
    return (error.strerror or str(error)).lower()


def why_not(error: OSError, path: Path) -> str:
    """Why ``path`` cannot be written, in words."""
    if error.errno == errno.ENOENT:
        return f"the folder {path.parent} does not exist"
    if path.is_dir():
        return "it is a folder"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"no permission to write in {path.parent}"
    return in_words(error)
