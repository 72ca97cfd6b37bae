"""Reading event files back: lines, plain or as gzip or zstd, and Parquet; whatever their name."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Protocol

import zstandard

from simulator.core.errors import InputError, Problem
from simulator.delivery.parquet import parquet_library

_CHUNK = 1 << 18
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_PARQUET_MAGIC = b"PAR1"
_ROWS = 2000


def read_events(path: Path, on_damage: Callable[[Problem], None] | None = None) -> Iterator[bytes]:
    """The events of a file, one per line, without their line ends; empty lines are left out.

    A file may end in the middle of an event (its writer was killed). All whole events are yielded first, then
    the damage is handed to ``on_damage``, or raised as ``InputError`` if there is none. A file that cannot be
    read raises ``InputError`` at once.
    """
    line = 0
    rest = b""
    trouble = ""
    try:
        with path.open("rb") as file:
            if file.peek(4)[:4] == _PARQUET_MAGIC:
                yield from _parquet_bodies(path)
                return
            for block in _decoded(file):
                lines = (rest + block).split(b"\n")
                rest = lines.pop()
                for text in lines:
                    line += 1
                    if text.strip():
                        yield text
    except OSError as error:
        raise InputError([_problem(path, 0, f"cannot be read: {error.strerror or error}")]) from error
    except _DamagedError as error:
        trouble = str(error)
    if rest.strip() and not trouble:
        trouble = "the last line has no end"
    if trouble:
        left = " and what follows it" if rest.strip() else ""
        problem = _problem(
            path,
            line + 1,
            f"the file is cut off or damaged: {trouble}; this line{left} was left out",
            f"the {line:,} lines before it are whole",
        )
        if on_damage is None:
            raise InputError([problem])
        on_damage(problem)


def _parquet_bodies(path: Path) -> Iterator[bytes]:
    """The column ``body`` of a Parquet file that this program wrote."""
    arrow, parquet = parquet_library()
    try:
        with parquet.ParquetFile(path) as file:
            if "body" not in file.schema_arrow.names:
                raise InputError([_problem(path, 0, "has no column `body`", "expected a file of events")])
            for rows in file.iter_batches(_ROWS, columns=["body"]):
                yield from (body.encode() for body in rows.column(0).to_pylist())
    except arrow.ArrowInvalid as error:
        raise InputError([_problem(path, 0, f"is not a whole Parquet file: {error}")]) from error


class _DamagedError(Exception):
    """Compressed data that does not end as it should."""


def _decoded(file: BufferedReader) -> Iterator[bytes]:
    magic = file.peek(len(_ZSTD_MAGIC))[: len(_ZSTD_MAGIC)]
    if magic.startswith(_GZIP_MAGIC):
        return _members(file, lambda: zlib.decompressobj(wbits=31), "gzip member")
    if magic == _ZSTD_MAGIC:
        return _members(file, lambda: zstandard.ZstdDecompressor().decompressobj(), "zstd frame")
    return iter(lambda: file.read(_CHUNK), b"")


class _Decoder(Protocol):
    """The part that the decoders of zlib and zstandard have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def _members(file: BufferedReader, new_decoder: Callable[[], _Decoder], what: str) -> Iterator[bytes]:
    """Decode members or frames one after the other; the last must be whole.

    Both libraries take a file that ends inside a member for a clean end, so the decoder's own word is asked.
    """
    decoder = None
    data = b""
    while data or (data := file.read(_CHUNK)):
        decoder = decoder or new_decoder()
        try:
            yield decoder.decompress(data)
        except (zlib.error, zstandard.ZstdError) as error:
            raise _DamagedError(f"{what}: {error}") from error
        data = b""
        if decoder.eof:
            data, decoder = decoder.unused_data, None
    if decoder is not None:
        raise _DamagedError(f"the last {what} is not complete")


def _problem(path: Path, line: int, what: str, expected: str = "") -> Problem:
    return Problem(str(path), line, 0, "", what, expected)
