"""What the SDK keeps of the Edge Network's answers, to send it back: state entries and the location hint.

Times are milliseconds of whatever clock the caller lives by; it must be the same one throughout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from simulator.core.simtime import MS_PER_SECOND
from simulator.phone import Os

# EdgeConstants of both SDKs: what stands around each piece of a streamed answer.
RECORD_SEPARATOR = "\x00"
LINE_FEED = "\n"
# The scope of the location hint that goes into URLs; others (`Target`, `AAM`) are for other products.
HINT_SCOPE = "EdgeNetwork"
# How long a hint holds that the app itself sets, seconds (EdgeConstants of iOS).
LOCATION_HINT_TTL_S = 1800


@dataclass(frozen=True, slots=True)
class EdgeAnswer:
    """The body of an answer, its pieces put together."""

    handles: tuple[Mapping[str, Any], ...] = ()
    errors: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[Mapping[str, Any], ...] = ()
    unreadable: int = 0
    """Pieces that this SDK could not read."""


def read_answer(body: bytes, os: Os = "ios") -> EdgeAnswer:
    """Read an answer: pieces of ``\\0{...}\\n``, or one JSON object.

    As the SDKs do it (ingestion.md 2.4): lines are pieces; iOS takes the separator away where there is one, Android
    takes the first character away whatever it is. An endpoint that forgets the separator is not understood by Android.
    """
    handles: list[Mapping[str, Any]] = []
    errors: list[Mapping[str, Any]] = []
    warnings: list[Mapping[str, Any]] = []
    unreadable = 0
    for line in body.split(LINE_FEED.encode()):
        if not line.strip(b"\0 \t\r"):
            continue
        piece = line[1:] if os == "android" else line.strip(RECORD_SEPARATOR.encode())
        try:
            document = orjson.loads(piece)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            unreadable += 1
            continue
        for found, key in ((handles, "handle"), (errors, "errors"), (warnings, "warnings")):
            items = document.get(key)
            found += [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return EdgeAnswer(tuple(handles), tuple(errors), tuple(warnings), unreadable)


@dataclass(frozen=True, slots=True)
class StateEntry:
    """One entry of the state store: kept for ``max_age`` seconds, until ``expires`` milliseconds."""

    key: str
    value: str
    max_age: int
    expires: int

    def document(self) -> dict[str, Any]:
        """The entry as requests carry it."""
        return {"key": self.key, "value": self.value, "maxAge": self.max_age}


class EdgeState:
    """The state store and the location hint of one phone (mobile_sdk.md 4.5)."""

    __slots__ = ("_entries", "_hint", "_hint_expires", "_reset")

    def __init__(self) -> None:
        self._entries: dict[str, StateEntry] = {}
        self._hint = ""
        self._hint_expires = 0
        self._reset: int | None = None

    def entries(self, now: int) -> Sequence[StateEntry]:
        """What has not expired; what has is forgotten."""
        for entry in [entry for entry in self._entries.values() if entry.expires <= now]:
            del self._entries[entry.key]
        return list(self._entries.values())

    def hint(self, now: int) -> str:
        """The location hint for URLs; empty when there is none (any more)."""
        return self._hint if now < self._hint_expires else ""

    def set_hint(self, hint: str, now: int, ttl_s: float = LOCATION_HINT_TTL_S) -> None:
        """Put ``hint`` into the URLs of the next ``ttl_s`` seconds; an empty one ends that."""
        self._hint, self._hint_expires = hint, now + round(ttl_s * MS_PER_SECOND)

    def reset(self, now: int) -> None:
        """The identities were reset: the entries go, the hint stays.

        Answers to requests with older events change nothing any more (4.8).
        """
        self._entries.clear()
        self._reset = now

    def take(self, answer: EdgeAnswer, now: int, created: int | None = None) -> None:
        """Remember what ``answer`` asks for. ``created`` is when the event of its request was made."""
        if self._reset is not None and created is not None and created < self._reset:
            return
        for handle in answer.handles:
            payload = handle.get("payload")
            items = [item for item in payload if isinstance(item, dict)] if isinstance(payload, list) else []
            if handle.get("type") == "state:store":
                self._store(items, now)
            elif handle.get("type") == "locationHint:result":
                self._take_hint(items, now)

    def _store(self, items: Sequence[Mapping[str, Any]], now: int) -> None:
        for item in items:
            key, value, max_age = item.get("key"), item.get("value"), item.get("maxAge")
            if not isinstance(key, str) or not isinstance(max_age, int | float):
                continue
            if max_age <= 0:
                self._entries.pop(key, None)
            elif isinstance(value, str):
                expires = now + round(max_age * MS_PER_SECOND)
                self._entries[key] = StateEntry(key, value, int(max_age), expires)

    def _take_hint(self, items: Sequence[Mapping[str, Any]], now: int) -> None:
        for item in items:
            hint, ttl = item.get("hint"), item.get("ttlSeconds")
            if item.get("scope") == HINT_SCOPE and isinstance(hint, str) and isinstance(ttl, int | float):
                self.set_hint(hint, now, ttl)
