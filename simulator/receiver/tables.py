"""The tables of the receiver's store, and the rows that go into them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from simulator.receiver.documents import SCHEMA as DOCUMENTS_SCHEMA
from simulator.receiver.journey_rows import SCHEMA as JOURNEYS_SCHEMA
from simulator.receiver.records import AcceptedRecord, FailedRecord, Query

_FORMAT = 2  # PRAGMA user_version of the files that this module writes
_SEE = "INSERT OR IGNORE INTO seen (key) VALUES (?)"
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
CREATE INDEX failed_by_dataset ON failed (dataset, received_ms);
CREATE TABLE totals (
    last_accepted INTEGER NOT NULL, last_failed INTEGER NOT NULL,
    accepted INTEGER NOT NULL, failed INTEGER NOT NULL, duplicates INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0, 0, 0, 0);
"""
_SCHEMA += DOCUMENTS_SCHEMA
ACCEPTED_COLUMNS = (
    "received_ms, inlet, xaction_id, dataset, event_id, event_type, timestamp_ms, place, body, sequence"
)
FAILED_COLUMNS = "received_ms, inlet, xaction_id, dataset, reason, body, sequence"


def connect(path: Path, opened: list[sqlite3.Connection]) -> sqlite3.Connection:
    """A connection to ``path``, which is also put among those ``opened``."""
    connection = sqlite3.connect(path, timeout=10.0, isolation_level=None, check_same_thread=False)
    opened.append(connection)
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def prepare(connection: sqlite3.Connection, path: Path) -> None:
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
    connection.executescript(JOURNEYS_SCHEMA)  # files of earlier versions have no such tables


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk may have rolled back already
            connection.execute("ROLLBACK")
        raise


def insert(
    connection: sqlite3.Connection,
    accepted: list[AcceptedRecord],
    failed: list[FailedRecord],
    *,
    idempotent: bool = False,
) -> list[AcceptedRecord]:
    """Write the records, number them and count; the accepted ones that were kept.

    ``idempotent`` leaves out events that were seen before.
    """
    last_accepted, last_failed = connection.execute(
        "SELECT last_accepted, last_failed FROM totals"
    ).fetchone()
    duplicates, accepted = (
        _without_seen(connection, accepted) if idempotent else (_see(connection, accepted), accepted)
    )
    for sequence, record in enumerate(accepted, start=last_accepted + 1):
        record.sequence = sequence
    for sequence, failure in enumerate(failed, start=last_failed + 1):
        failure.sequence = sequence
    connection.executemany(
        f"INSERT INTO accepted ({ACCEPTED_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        map(_accepted_row, accepted),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO identities (value, sequence) VALUES (?, ?)",
        ((value, record.sequence) for record in accepted for value in record.identities),
    )
    connection.executemany(
        f"INSERT INTO failed ({FAILED_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((f.received_ms, f.inlet, f.xaction_id, f.dataset, f.reason, f.body, f.sequence) for f in failed),
    )
    connection.execute(
        "UPDATE totals SET last_accepted = ?, last_failed = ?, "
        "accepted = accepted + ?, failed = failed + ?, duplicates = duplicates + ?",
        (last_accepted + len(accepted), last_failed + len(failed), len(accepted), len(failed), duplicates),
    )
    return accepted


def _see(connection: sqlite3.Connection, accepted: list[AcceptedRecord]) -> int:
    """Remember the ids of these events; how many of them were known."""
    keys = [_seen_key(record) for record in accepted if record.event_id]
    new = connection.executemany(_SEE, ((key,) for key in keys)).rowcount
    return len(keys) - max(new, 0)


def _without_seen(
    connection: sqlite3.Connection, accepted: list[AcceptedRecord]
) -> tuple[int, list[AcceptedRecord]]:
    """Remember the ids; how many events were known, and those that were not."""
    new = [
        record
        for record in accepted
        if not record.event_id or connection.execute(_SEE, (_seen_key(record),)).rowcount > 0
    ]
    return len(accepted) - len(new), new


def _accepted_row(r: AcceptedRecord) -> tuple[object, ...]:
    """Values in the order of ``ACCEPTED_COLUMNS``."""
    what = (r.event_id, r.event_type, r.timestamp_ms, r.place, r.body)
    return r.received_ms, r.inlet, r.xaction_id, r.dataset, *what, r.sequence


def _seen_key(record: AcceptedRecord) -> bytes:
    """Dataset and ``_id`` as 16 bytes; among 10^9 events two share a key with a chance of 10^-21."""
    return blake2b(f"{record.dataset}\x1f{record.event_id}".encode(), digest_size=16).digest()


def condition(query: Query) -> tuple[str, list[str | int]]:
    """SQL condition and its values."""
    parts: list[str] = ["1"]
    values: list[str | int] = []
    for part, value in (
        ("event_type = ?", query.event_type),
        ("sequence IN (SELECT sequence FROM identities WHERE value = ?)", query.identity),
        ("place = ?", query.place),
        ("inlet = ?", query.inlet),
        ("dataset = ?", query.dataset),
        ("event_id = ?", query.event_id),
        ("timestamp_ms >= ?", query.from_ms),
        ("timestamp_ms < ?", query.to_ms),
    ):
        if value is not None:
            parts.append(part)
            values.append(value)
    return " AND ".join(parts), values
