"""Small JSON documents in the receiver's store: what the platform's APIs create, and what must outlive a restart.

Each change is a transaction of its own and on disk when the call returns.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from threading import RLock
from typing import Any

import orjson

SCHEMA = """
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (kind, id));
"""
_COLUMNS = "kind, id, revision, created_ms, updated_ms, body"


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object with a name of its ``kind``. ``revision`` counts its changes from 1; times are epoch ms."""

    kind: str
    id: str
    revision: int
    created_ms: int
    updated_ms: int
    body: dict[str, Any]


class RevisionError(Exception):
    """The document has changed since it was read, or is gone."""


class Documents:
    """The documents of one store; may be used from any thread. Raises ``sqlite3.Error`` when the disk fails."""

    def __init__(self, writer: sqlite3.Connection, lock: RLock) -> None:
        """``writer`` commits each statement by itself, ``lock`` is held around its use."""
        self._writer = writer
        self._lock = lock

    def get(self, kind: str, id: str) -> Document | None:
        """The document of that name, or None."""
        with self._lock:
            row = self._writer.execute(
                f"SELECT {_COLUMNS} FROM documents WHERE kind = ? AND id = ?", (kind, id)
            ).fetchone()
        return None if row is None else _document(row)

    def all(self, kind: str) -> list[Document]:
        """All documents of a kind in the order in which they were created."""
        with self._lock:
            rows = self._writer.execute(
                f"SELECT {_COLUMNS} FROM documents WHERE kind = ? ORDER BY number", (kind,)
            ).fetchall()
        return [_document(row) for row in rows]

    def put(
        self, kind: str, id: str, body: dict[str, Any], *, now_ms: int, revision: int | None = None
    ) -> Document:
        """Create or replace a document.

        With ``revision`` it is replaced only if that is its revision (0: only if there is none); otherwise
        ``RevisionError``.
        """
        with self._lock:
            before = self.get(kind, id)
            known = before.revision if before else 0
            if revision is not None and revision != known:
                raise RevisionError(f"{kind} {id} has revision {known}, not {revision}")
            created = before.created_ms if before else now_ms
            document = Document(kind, id, known + 1, created, now_ms, body)
            self._writer.execute(
                f"INSERT INTO documents ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE "
                "SET revision = excluded.revision, updated_ms = excluded.updated_ms, body = excluded.body",
                (kind, id, document.revision, created, now_ms, orjson.dumps(body)),
            )
        return document

    def delete(self, kind: str, id: str) -> bool:
        """Remove a document; whether there was one."""
        with self._lock:
            sql = "DELETE FROM documents WHERE kind = ? AND id = ?"
            return self._writer.execute(sql, (kind, id)).rowcount > 0


def _document(row: tuple[Any, ...]) -> Document:
    kind, id, revision, created_ms, updated_ms, body = row
    return Document(kind, id, revision, created_ms, updated_ms, orjson.loads(body))
