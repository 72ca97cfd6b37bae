"""What happened in journeys, in the receiver's store: rows of a log, and step events as the product has them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from threading import RLock
from typing import Any, Literal, NamedTuple, Protocol

from simulator.receiver.records import AcceptedRecord

Stream = Literal["log", "step_events"]
SCHEMA = "".join(
    f"CREATE TABLE IF NOT EXISTS journey_{stream} (sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, "
    "journey TEXT NOT NULL, identity TEXT NOT NULL, body BLOB NOT NULL);\n"
    for stream in ("log", "step_events")
)
_PAGE = 500  # rows per read while iterating: no read transaction is held open in between


class JourneyRow(NamedTuple):
    """One row: ``body`` is JSON; ``journey`` and ``identity`` are empty where it concerns none.

    ``sequence`` counts from 1 and is given by the store.
    """

    kind: str
    journey: str
    identity: str
    body: bytes
    sequence: int = 0


class JourneyEvaluation(Protocol):
    """Leads people through journeys by the events that a receiver accepts.

    What happens is put into ``EventStore.journeys``.
    """

    def take(self, records: Sequence[AcceptedRecord]) -> None:
        """Events were kept just now. Called in any thread, with the store locked: return at once."""

    def summary(self) -> Mapping[str, Any]:
        """Where things stand: the clock, and the counts of journeys, actions and discards."""

    def reset(self) -> int:
        """Forget all instances, and what is on record; the clock begins anew. How many rows of the log are gone."""


class JourneyRows:
    """The rows of one store; may be used from any thread. Raises ``sqlite3.Error`` when the disk fails."""

    def __init__(
        self, writer: sqlite3.Connection, write_lock: RLock, reader: sqlite3.Connection, read_lock: RLock
    ) -> None:
        """``writer`` commits each statement by itself; the locks are held around the use of the connections."""
        self._writer, self._write_lock = writer, write_lock
        self._reader, self._read_lock = reader, read_lock

    def add(self, rows: Mapping[Stream, Sequence[JourneyRow]]) -> None:
        """Keep rows of both streams; they are on disk when the call returns."""
        with self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                for stream, new in rows.items():
                    self._writer.executemany(
                        f"INSERT INTO journey_{stream} (kind, journey, identity, body) VALUES (?, ?, ?, ?)",
                        (row[:4] for row in new),
                    )
                self._writer.execute("COMMIT")
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise

    def clear(self) -> int:
        """Forget everything; how many rows of the log there were."""
        with self._write_lock:
            gone = self._writer.execute("DELETE FROM journey_log").rowcount
            self._writer.execute("DELETE FROM journey_step_events")
        return gone

    def count(self, stream: Stream, wanted: Mapping[str, str]) -> int:
        """How many rows match: ``wanted`` has values of kind, journey and identity."""
        where, values = _condition(wanted)
        with self._read_lock:
            (n,) = self._reader.execute(
                f"SELECT count(*) FROM journey_{stream} WHERE {where}", values
            ).fetchone()
        return int(n)

    def query(
        self, stream: Stream, wanted: Mapping[str, str], *, after: int = 0, limit: int = 100
    ) -> list[JourneyRow]:
        """Rows that match, in the order in which they were added, from the one after sequence ``after`` on."""
        where, values = _condition(wanted)
        sql = (
            f"SELECT kind, journey, identity, body, sequence FROM journey_{stream} "
            f"WHERE {where} AND sequence > ? ORDER BY sequence LIMIT ?"
        )
        with self._read_lock:
            rows = self._reader.execute(sql, [*values, after, limit]).fetchall()
        return [JourneyRow(*row) for row in rows]

    def all(self, stream: Stream, wanted: Mapping[str, str]) -> Iterator[JourneyRow]:
        """All rows that match, read in small steps."""
        after = 0
        while page := self.query(stream, wanted, after=after, limit=_PAGE):
            yield from page
            after = page[-1].sequence


def _condition(wanted: Mapping[str, str]) -> tuple[str, list[str | int]]:
    parts = ["1", *(f"{column} = ?" for column in wanted)]
    return " AND ".join(parts), list(wanted.values())
