"""``calls.ndjson``: what a listener heard, one line for each attempt, after a line that says who listened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from simulator.core.errors import DeliveryError, UsageError
from simulator.listener.listener import HeardCall, stamp
from simulator.scenario.models import ListenerRoute

CALLS_FILE = "calls.ndjson"
FORMAT = 1


class CallRecord:
    """Writes what is heard. Raises DeliveryError when the file can't be written."""

    def __init__(self, path: Path, actions: Mapping[str, str]) -> None:
        """``actions`` are those that the listener stands for, each with what its calls become (empty: nothing)."""
        self._path = path
        with _writing(path):
            self._file: BinaryIO = path.open("wb")
        self._write({"kind": "listener", "format": FORMAT, "actions": dict(actions)})

    def append(self, call: HeardCall) -> None:
        """Add one call."""
        self._write(call.document())

    def _write(self, document: Mapping[str, Any]) -> None:
        with _writing(self._path):
            self._file.write(orjson.dumps(document, default=str) + b"\n")
            self._file.flush()

    def close(self, now_ms: int) -> None:
        """Write no more but that it ends now."""
        self._write({"kind": "stopped", "received": stamp(now_ms)})
        self._file.close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeliveryError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error


def actions_of(routes: Mapping[str, ListenerRoute]) -> dict[str, str]:
    """The actions that routes stand for, each with what its calls become (empty: nothing)."""
    return {
        route.action or name: route.becomes or "" for name, route in routes.items() if route.token is None
    }


def read_calls(path: Path) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The actions that the listener stood for, and its rows. Raises UsageError for a file that is none of its."""
    try:
        lines = list(_documents(path))
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    if not lines or lines[0].get("kind") != "listener":
        raise UsageError(
            f"{path}: is no record of a listener; expected what `journeysim listen --out` writes"
        )
    actions = lines[0].get("actions")
    return dict(actions) if isinstance(actions, dict) else {}, lines[1:]


def _documents(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        document = _document(line)
        if document is None and not line.endswith(b"\n"):
            return  # it is being written, or was when the listener was killed
        if document is None:
            raise UsageError(f"{path}:{number}: is damaged: not a row of the record of a listener")
        yield document


def _document(line: bytes) -> dict[str, Any] | None:
    """What a line of the record says; None if it is no row of it."""
    try:
        document = orjson.loads(line)
        if document["kind"] == "call":
            datetime.fromisoformat(document["received"])
            whole = (document["delivery"], document["status"], document["at"] or 0, document["person"] or 0)
            if not all(isinstance(number, int) for number in whole):
                return None
    except (ValueError, KeyError, TypeError):
        return None
    return document if isinstance(document, dict) else None
