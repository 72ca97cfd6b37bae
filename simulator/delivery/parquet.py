"""Parquet files as destinations (extra ``parquet``): one row per event.

Columns: ``_id``, ``timestamp`` (UTC, milliseconds), ``eventType``, ``identity`` (the sender's) to look for, and
``body``, the event as it is. A column per XDM field would be another schema for every event type; whoever needs
fields reads them out of the body.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from simulator.core.errors import DeliveryError, UsageError
from simulator.delivery.base import Batch, DeliveryStats, Fate, Receipt
from simulator.delivery.files import PART, in_words, why_not
from simulator.delivery.identity import identity_of

# Rows that are written together: small groups read slowly, large ones take memory.
_ROWS_PER_GROUP = 20_000
_COLUMNS = ("_id", "timestamp", "eventType", "identity", "body")


class ParquetDestination:
    """``file:PATH.parquet``: written beside its name and renamed when it is whole; ``size`` in bytes so far.

    The format ends with its table of contents, so of a file that was not finished nothing can be read.
    """

    def __init__(self, path: Path) -> None:
        """Raises ``UsageError`` if the extra isn't installed."""
        self.path = path
        self.description = f"file {path}"
        self.stats = DeliveryStats()
        self.size = 0
        self._arrow, self._parquet = parquet_library()
        self._part = path.with_name(path.name + PART)
        self._file: Any = None
        self._writer: Any = None
        self._waiting: list[bytes] = []
        self._failed = False

    async def open(self) -> None:
        """Create ``PATH.parquet.part``."""
        arrow = self._arrow
        kinds = (
            arrow.string(),
            arrow.timestamp("ms", tz="UTC"),
            arrow.dictionary(arrow.int16(), arrow.string()),
            arrow.string(),
            arrow.string(),
        )
        self._schema = arrow.schema(list(zip(_COLUMNS, kinds, strict=True)))
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            raise UsageError(f"cannot write {self.path}: {why_not(error, self.path)}") from error
        self._writer = self._parquet.ParquetWriter(self._file, self._schema, compression="zstd")

    async def send(self, batch: Batch) -> Receipt:
        """Take the batch; rows are written when there are enough of them."""
        self._waiting += batch.bodies
        if len(self._waiting) >= _ROWS_PER_GROUP:
            self._write()
        return Receipt.of(len(batch), Fate.ACKNOWLEDGED)

    async def close(self) -> None:
        """Write what waits and the table of contents, and give the file its final name."""
        if self._writer is None:
            return
        writer, self._writer = self._writer, None
        try:
            if not self._failed:
                self._write(writer)
            writer.close()
            self._file.close()
            if not self._failed:
                self._part.replace(self.path)
        except OSError as error:
            if not self._failed:
                raise self._failure(error) from error

    def _write(self, writer: Any = None) -> None:
        events, self._waiting = self._waiting, []
        if not events:
            return
        try:
            (writer or self._writer).write_table(self._table(events))
        except OSError as error:
            self._failed = True
            raise self._failure(error) from error
        written, self.size = self.size, self._file.tell()
        self.stats.bytes += self.size - written

    def _table(self, events: list[bytes]) -> Any:
        arrow = self._arrow
        documents = [orjson.loads(event) for event in events]
        columns = [
            [_text(document.get("_id")) for document in documents],
            self._times([_text(document.get("timestamp")) for document in documents]),
            [_text(document.get("eventType")) for document in documents],
            [identity_of(event).decode() or None for event in events],
            [event.decode() for event in events],
        ]
        arrays = [
            arrow.array(column, type=kind) if isinstance(column, list) else column
            for column, kind in zip(columns, self._schema.types, strict=True)
        ]
        return arrow.table(arrays, schema=self._schema)

    def _times(self, stamps: list[str | None]) -> Any:
        """Timestamps as such; None for what is none."""
        arrow = self._arrow
        kind = self._schema.field("timestamp").type
        try:
            return arrow.array(stamps, type=arrow.string()).cast(kind)
        except arrow.ArrowInvalid:
            return arrow.concat_arrays([self._time(stamp, kind) for stamp in stamps])

    def _time(self, stamp: str | None, kind: Any) -> Any:
        arrow = self._arrow
        try:
            return arrow.array([stamp], type=arrow.string()).cast(kind)
        except arrow.ArrowInvalid:
            return arrow.array([None], type=kind)

    def _failure(self, error: OSError) -> DeliveryError:
        return DeliveryError(
            f"cannot write {self.path}: {in_words(error)}; of a Parquet file that isn't whole nothing can be read"
        )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def parquet_library() -> tuple[Any, Any]:
    """pyarrow and its Parquet part; raises ``UsageError`` where the extra isn't installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            "Parquet files need the extra `parquet`: pip install 'journeysim[parquet]'"
        ) from None
    return pyarrow, pyarrow.parquet
