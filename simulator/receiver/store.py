"""The receiver's memory: a SQLite file that is written in bulk and can be read at the same time.

Records are collected by :meth:`EventStore.add` and :meth:`EventStore.add_failed` and reach the file together,
in one transaction, with :meth:`EventStore.commit`; from then on a killed process loses none of them, and a
transaction that was not finished leaves nothing behind (SQLite's write-ahead log, libraries.md 9). Readers
use a connection of their own and see whole transactions only.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import RLock

from simulator.core.errors import UsageError
from simulator.receiver.documents import Documents
from simulator.receiver.journey_rows import JourneyRows
from simulator.receiver.records import BATCH_MS, AcceptedRecord, Counts, FailedBatch, FailedRecord, Query
from simulator.receiver.tables import (
    ACCEPTED_COLUMNS,
    FAILED_COLUMNS,
    condition,
    connect,
    insert,
    prepare,
    transaction,
)

_BUFFERED_RECORDS = 10_000  # add() commits by itself beyond this, so that memory stays bounded
_BUFFERED_BYTES = 32 << 20
TALLIED = ("event_type", "inlet", "dataset", "place")
_CHUNK = 500  # rows per read while iterating: no read transaction is held open in between


class EventStore:
    """Accepted and failed records in one file; ``path`` None keeps them in a private temporary file.

    Every method may be called from any thread. Raises ``UsageError`` when the file cannot be opened or
    belongs to something else, ``sqlite3.Error`` when the disk refuses a commit (what was added since the
    last commit is then forgotten, nothing of it is stored).

    ``idempotent``: an event whose dataset and ``_id`` were seen before is not stored again. It counts as a duplicate
    either way.
    """

    def __init__(self, path: Path | None = None, *, idempotent: bool = False) -> None:
        self._private: tempfile.TemporaryDirectory[str] | None = None
        if path is None:
            self._private = tempfile.TemporaryDirectory(prefix="journeysim-")
            path = Path(self._private.name) / "received.sqlite"
        self.path = path
        self.version = 0  # grows with each change, so that watchers need not ask the disk
        self._idempotent = idempotent
        self._write_lock = RLock()
        self._read_lock = RLock()
        self._accepted: list[AcceptedRecord] = []
        self._failed: list[FailedRecord] = []
        self._buffered_bytes = 0
        opened: list[sqlite3.Connection] = []
        try:
            self._writer = connect(path, opened)
            prepare(self._writer, path)
            self._reader = connect(path, opened)
            self._reader.execute("PRAGMA query_only = ON")
        except (sqlite3.Error, OSError) as error:
            for connection in opened:
                connection.close()
            raise UsageError(f"{path}: cannot be used as the receiver's store: {error}") from error
        self.documents = Documents(self._writer, self._write_lock)
        self.journeys = JourneyRows(self._writer, self._write_lock, self._reader, self._read_lock)
        self.on_kept: Callable[[Sequence[AcceptedRecord]], None] = lambda records: None
        """Told of events when they are on disk, with the store locked; repeats that are not kept are left out."""

    # --- writing ------------------------------------------------------------------------------------------

    def add(self, record: AcceptedRecord) -> None:
        """Keep an accepted record; it is on disk after the next commit."""
        with self._write_lock:
            self._accepted.append(record)
            self._grow(len(record.body))

    def add_failed(self, record: FailedRecord) -> None:
        """Keep a failed record; it is on disk after the next commit."""
        with self._write_lock:
            self._failed.append(record)
            self._grow(len(record.body))

    def _grow(self, size: int) -> None:
        self._buffered_bytes += size
        if (
            self._buffered_bytes > _BUFFERED_BYTES
            or len(self._accepted) + len(self._failed) > _BUFFERED_RECORDS
        ):
            self.commit()

    def commit(self) -> None:
        """Write everything added so far, in one transaction."""
        with self._write_lock:
            if not self._accepted and not self._failed:
                return
            accepted, failed = self._accepted, self._failed
            self._accepted, self._failed, self._buffered_bytes = [], [], 0
            with transaction(self._writer):
                kept = insert(self._writer, accepted, failed, idempotent=self._idempotent)
            self.version += 1
            if kept:
                self.on_kept(kept)

    def clear(self) -> int:
        """Forget all accepted records, and with them which ids were seen; how many records there were."""
        with self._write_lock:
            self.commit()
            with transaction(self._writer):
                (count,) = self._writer.execute("SELECT accepted FROM totals").fetchone()
                for table in ("accepted", "identities", "seen"):
                    self._writer.execute(f"DELETE FROM {table}")
                self._writer.execute("UPDATE totals SET accepted = 0, duplicates = 0")
            self.version += 1
        return int(count)

    def clear_failed(self) -> int:
        """Forget all failed records; how many there were."""
        with self._write_lock:
            self.commit()
            with transaction(self._writer):
                (count,) = self._writer.execute("SELECT failed FROM totals").fetchone()
                self._writer.execute("DELETE FROM failed")
                self._writer.execute("UPDATE totals SET failed = 0")
            self.version += 1
        return int(count)

    def close(self) -> None:
        """Commit and close; a private temporary file is removed."""
        with self._write_lock, self._read_lock:
            try:
                self.commit()
            finally:
                self._reader.close()
                self._writer.close()
                if self._private is not None:
                    self._private.cleanup()

    def __enter__(self) -> EventStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- reading (committed records only) -------------------------------------------------------------------

    def counts(self) -> Counts:
        """Totals of what is committed."""
        with self._read_lock:
            row = self._reader.execute("SELECT accepted, failed, duplicates FROM totals").fetchone()
        return Counts(*row)

    def count(self, query: Query | None = None) -> int:
        """How many accepted records match ``query``."""
        if query is None or query == Query():
            return self.counts().accepted
        where, values = condition(query)
        with self._read_lock:
            (n,) = self._reader.execute(f"SELECT count(*) FROM accepted WHERE {where}", values).fetchone()
        return int(n)

    def query(self, query: Query | None = None, *, after: int = 0, limit: int = 100) -> list[AcceptedRecord]:
        """Accepted records that match, in the order they came, from the one after sequence ``after`` on."""
        where, values = condition(query or Query())
        where += " AND sequence > ? ORDER BY sequence LIMIT ?"
        sql = f"SELECT {ACCEPTED_COLUMNS} FROM accepted WHERE {where}"
        with self._read_lock:
            rows = self._reader.execute(sql, [*values, after, limit]).fetchall()
        return [AcceptedRecord(*row) for row in rows]

    def last_sequence(self) -> int:
        """The highest sequence that an accepted record ever had; 0 before the first."""
        with self._read_lock:
            (last,) = self._reader.execute("SELECT last_accepted FROM totals").fetchone()
        return int(last)

    def tally(self, by: str, query: Query | None = None) -> dict[str, int]:
        """How many matching accepted records there are of each event_type, inlet, dataset or place."""
        if by not in TALLIED:
            raise ValueError(f"{by!r} is none of {', '.join(TALLIED)}")
        where, values = condition(query or Query())
        sql = f"SELECT coalesce({by}, ''), count(*) FROM accepted WHERE {where} GROUP BY 1 ORDER BY 1"
        with self._read_lock:
            return dict(self._reader.execute(sql, values).fetchall())

    def failed(
        self, *, after: int = 0, limit: int = 100, batch: FailedBatch | None = None
    ) -> list[FailedRecord]:
        """Failed records in the order they came: those whose sequence is above ``after``, of one batch if given."""
        where = "sequence > ?"
        values: list[str | int] = [after]
        if batch is not None:
            where += " AND dataset = ? AND received_ms >= ? AND received_ms < ?"
            values += [batch.dataset, batch.start_ms, batch.start_ms + BATCH_MS]
        sql = f"SELECT {FAILED_COLUMNS} FROM failed WHERE {where} ORDER BY sequence LIMIT ?"
        with self._read_lock:
            rows = self._reader.execute(sql, (*values, limit)).fetchall()
        return [FailedRecord(*row) for row in rows]

    def failed_batches(self, dataset: str | None = None) -> list[FailedBatch]:
        """The failed records as batches, those of one dataset and minute together; the oldest first."""
        where, values = ("1", []) if dataset is None else ("dataset = ?", [dataset])
        sql = (
            "SELECT dataset, received_ms / ? * ?, count(*), sum(length(body)) FROM failed "
            f"WHERE {where} GROUP BY 1, 2 ORDER BY min(sequence)"
        )
        with self._read_lock:
            rows = self._reader.execute(sql, (BATCH_MS, BATCH_MS, *values)).fetchall()
        return [FailedBatch(*row) for row in rows]

    def records(self, query: Query | None = None) -> Iterator[AcceptedRecord]:
        """All accepted records that match in order, read in small steps."""
        after = 0
        while page := self.query(query, after=after, limit=_CHUNK):
            yield from page
            after = page[-1].sequence
