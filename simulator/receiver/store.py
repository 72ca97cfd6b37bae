"""The receiver's memory: a SQLite file that is written in bulk and can be read at the same time.

Records are collected by :meth:`EventStore.add` and :meth:`EventStore.add_failed` and reach the file together,
in one transaction, with :meth:`EventStore.commit`; from then on a killed process loses none of them, and a
transaction that was not finished leaves nothing behind (SQLite's write-ahead log, libraries.md 9). Readers
use a connection of their own and see whole transactions only.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from threading import RLock

from simulator.core.errors import UsageError
from simulator.receiver.documents import SCHEMA as DOCUMENTS_SCHEMA
from simulator.receiver.documents import Documents
from simulator.receiver.records import AcceptedRecord, Counts, FailedRecord, Query

_FORMAT = 2  # PRAGMA user_version of the files that this module writes
_BUFFERED_RECORDS = 10_000  # add() commits by itself beyond this, so that memory stays bounded
_BUFFERED_BYTES = 32 << 20
_CHUNK = 500  # rows per read while iterating: no read transaction is held open in between
_CACHE_KIB = 16_384

_SCHEMA = """
CREATE TABLE accepted (
    sequence INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL, inlet TEXT NOT NULL, xaction_id TEXT NOT NULL,
    dataset TEXT NOT NULL, event_id TEXT NOT NULL, event_type TEXT NOT NULL, timestamp_ms INTEGER, place TEXT,
    body BLOB NOT NULL);
CREATE INDEX accepted_by_type ON accepted (event_type);
CREATE INDEX accepted_by_time ON accepted (timestamp_ms);
CREATE TABLE identities (value TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (value, sequence))
    WITHOUT ROWID;
CREATE TABLE seen (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE failed (
    sequence INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL, inlet TEXT NOT NULL, xaction_id TEXT NOT NULL,
    dataset TEXT NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE totals (
    last_accepted INTEGER NOT NULL, last_failed INTEGER NOT NULL,
    accepted INTEGER NOT NULL, failed INTEGER NOT NULL, duplicates INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0, 0, 0, 0);
"""
_SCHEMA += DOCUMENTS_SCHEMA
_ACCEPTED_COLUMNS = (
    "received_ms, inlet, xaction_id, dataset, event_id, event_type, timestamp_ms, place, body, sequence"
)
_FAILED_COLUMNS = "received_ms, inlet, xaction_id, dataset, reason, body, sequence"


class EventStore:
    """Accepted and failed records in one file; ``path`` None keeps them in a private temporary file.

    Every method may be called from any thread. Raises ``UsageError`` when the file cannot be opened or
    belongs to something else, ``sqlite3.Error`` when the disk refuses a commit (what was added since the
    last commit is then forgotten, nothing of it is stored).
    """

    def __init__(self, path: Path | None = None) -> None:
        self._private: tempfile.TemporaryDirectory[str] | None = None
        if path is None:
            self._private = tempfile.TemporaryDirectory(prefix="journeysim-")
            path = Path(self._private.name) / "received.sqlite"
        self.path = path
        self._write_lock = RLock()
        self._read_lock = RLock()
        self._accepted: list[AcceptedRecord] = []
        self._failed: list[FailedRecord] = []
        self._buffered_bytes = 0
        opened: list[sqlite3.Connection] = []
        try:
            self._writer = _connect(path, opened)
            _prepare(self._writer, path)
            self._reader = _connect(path, opened)
            self._reader.execute("PRAGMA query_only = ON")
        except (sqlite3.Error, OSError) as error:
            for connection in opened:
                connection.close()
            raise UsageError(f"{path}: cannot be used as the receiver's store: {error}") from error
        self.documents = Documents(self._writer, self._write_lock)

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
            with _transaction(self._writer):
                _insert(self._writer, accepted, failed)

    def clear(self) -> int:
        """Forget all accepted records, and with them which ids were seen; how many records there were."""
        with self._write_lock:
            self.commit()
            with _transaction(self._writer):
                (count,) = self._writer.execute("SELECT accepted FROM totals").fetchone()
                for table in ("accepted", "identities", "seen"):
                    self._writer.execute(f"DELETE FROM {table}")
                self._writer.execute("UPDATE totals SET accepted = 0, duplicates = 0")
        return int(count)

    def clear_failed(self) -> int:
        """Forget all failed records; how many there were."""
        with self._write_lock:
            self.commit()
            with _transaction(self._writer):
                (count,) = self._writer.execute("SELECT failed FROM totals").fetchone()
                self._writer.execute("DELETE FROM failed")
                self._writer.execute("UPDATE totals SET failed = 0")
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
        where, values = _where(query)
        with self._read_lock:
            (n,) = self._reader.execute(f"SELECT count(*) FROM accepted WHERE {where}", values).fetchone()
        return int(n)

    def query(self, query: Query | None = None, *, after: int = 0, limit: int = 100) -> list[AcceptedRecord]:
        """Accepted records that match, in the order they came, from the one after sequence ``after`` on."""
        where, values = _where(query or Query())
        where += " AND sequence > ? ORDER BY sequence LIMIT ?"
        sql = f"SELECT {_ACCEPTED_COLUMNS} FROM accepted WHERE {where}"
        with self._read_lock:
            rows = self._reader.execute(sql, [*values, after, limit]).fetchall()
        return [AcceptedRecord(*row) for row in rows]

    def failed(self, *, after: int = 0, limit: int = 100) -> list[FailedRecord]:
        """Failed records in the order they were received: those whose sequence is above ``after``."""
        sql = f"SELECT {_FAILED_COLUMNS} FROM failed WHERE sequence > ? ORDER BY sequence LIMIT ?"
        with self._read_lock:
            rows = self._reader.execute(sql, (after, limit)).fetchall()
        return [FailedRecord(*row) for row in rows]

    def records(self) -> Iterator[AcceptedRecord]:
        """All accepted records in order, read in small steps."""
        after = 0
        while page := self.query(after=after, limit=_CHUNK):
            yield from page
            after = page[-1].sequence


def _connect(path: Path, opened: list[sqlite3.Connection]) -> sqlite3.Connection:
    """A connection to ``path``, which is also put among those ``opened``."""
    connection = sqlite3.connect(path, timeout=10.0, isolation_level=None, check_same_thread=False)
    opened.append(connection)
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make an empty file a store; refuse any other file that is not one already."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and version != _FORMAT:
        raise sqlite3.DatabaseError(
            f"it is a database of another kind (format {version}, expected {_FORMAT})"
        )
    if not tables:
        connection.execute("PRAGMA page_size = 8192")  # events are about 2 KB: fewer overflow pages
    connection.execute("PRAGMA journal_mode = WAL")
    # The log is handed to the operating system at every commit and survives a killed process; only a power
    # cut may take the last transactions, and even then whole ones.
    connection.execute("PRAGMA synchronous = NORMAL")
    if not tables:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_FORMAT}; COMMIT;")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk may have rolled back already
            connection.execute("ROLLBACK")
        raise


def _insert(
    connection: sqlite3.Connection, accepted: list[AcceptedRecord], failed: list[FailedRecord]
) -> None:
    last_accepted, last_failed = connection.execute(
        "SELECT last_accepted, last_failed FROM totals"
    ).fetchone()
    for sequence, record in enumerate(accepted, start=last_accepted + 1):
        record.sequence = sequence
    for sequence, failure in enumerate(failed, start=last_failed + 1):
        failure.sequence = sequence
    connection.executemany(
        f"INSERT INTO accepted ({_ACCEPTED_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        map(_accepted_row, accepted),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO identities (value, sequence) VALUES (?, ?)",
        ((value, record.sequence) for record in accepted for value in record.identities),
    )
    keys = [_seen_key(record) for record in accepted if record.event_id]
    new = connection.executemany(
        "INSERT OR IGNORE INTO seen (key) VALUES (?)", ((key,) for key in keys)
    ).rowcount
    connection.executemany(
        f"INSERT INTO failed ({_FAILED_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((f.received_ms, f.inlet, f.xaction_id, f.dataset, f.reason, f.body, f.sequence) for f in failed),
    )
    connection.execute(
        "UPDATE totals SET last_accepted = ?, last_failed = ?, "
        "accepted = accepted + ?, failed = failed + ?, duplicates = duplicates + ?",
        (
            last_accepted + len(accepted),
            last_failed + len(failed),
            len(accepted),
            len(failed),
            len(keys) - max(new, 0),
        ),
    )


def _accepted_row(r: AcceptedRecord) -> tuple[object, ...]:
    """Values in the order of ``_ACCEPTED_COLUMNS``."""
    what = (r.event_id, r.event_type, r.timestamp_ms, r.place, r.body)
    return r.received_ms, r.inlet, r.xaction_id, r.dataset, *what, r.sequence


def _seen_key(record: AcceptedRecord) -> bytes:
    """Dataset and ``_id`` as 16 bytes; among 10^9 events two share a key with a chance of 10^-21."""
    return blake2b(f"{record.dataset}\x1f{record.event_id}".encode(), digest_size=16).digest()


def _where(query: Query) -> tuple[str, list[str | int]]:
    """SQL condition and its values."""
    parts: list[str] = ["1"]
    values: list[str | int] = []
    for condition, value in (
        ("event_type = ?", query.event_type),
        ("sequence IN (SELECT sequence FROM identities WHERE value = ?)", query.identity),
        ("place = ?", query.place),
        ("inlet = ?", query.inlet),
        ("timestamp_ms >= ?", query.from_ms),
        ("timestamp_ms < ?", query.to_ms),
    ):
        if value is not None:
            parts.append(condition)
            values.append(value)
    return " AND ".join(parts), values
