"""What an inlet's answer means for the events of the request (ingestion.md 1.4-1.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import orjson

# May be tried again as they are: nothing of the request was taken.
BUSY = frozenset({408, 429, 503})
# May be tried again, but the request may have been taken before it went wrong.
UNCERTAIN = frozenset({500, 502, 504})
_REASON_LENGTH = 300
_INDEX = re.compile(r"[-:](\d+)$")


class Action(Enum):
    """What to do after an answer."""

    SETTLED = "every event has its fate"
    RETRY = "try the request again later"
    RETRY_FEW = "try the request again, a few times only"
    SPLIT = "send the two halves on their own"
    WITHOUT_SYNC = "send again without synchronous validation"
    REFUSED = "the request is refused for good"


@dataclass(slots=True)
class Reading:
    """An answer, understood. Indices count messages of the request from 0.

    After SETTLED all messages are acknowledged but those in ``rejected`` (refused for good), ``again`` (may
    be sent again) and ``unknown`` (the answer says nothing about them), each with its reason. After any other
    action ``reason`` holds for the whole request.
    """

    action: Action
    reason: str = ""
    rejected: dict[int, str] = field(default_factory=dict)
    again: dict[int, str] = field(default_factory=dict)
    unknown: dict[int, str] = field(default_factory=dict)


ALL_TAKEN = Reading(Action.SETTLED)
"""Every message is acknowledged: what most answers mean."""


def read_answer(status: int, body: bytes, count: int, *, batch: bool, sync: bool = False) -> Reading:
    """Understand the answer to a request of ``count`` messages.

    ``batch``: it went to the batch address; ``sync``: it asked for synchronous validation.
    """
    if 200 <= status < 300:
        if not batch and status != 207:
            return ALL_TAKEN
        return _read_entries(status, body, count)
    if status in BUSY:
        return Reading(Action.RETRY, _reason(status, body))
    if status == 500:  # transient on one page, a fault of the payload on another (ingestion.md 7, item 5)
        return Reading(Action.RETRY_FEW, _reason(status, body))
    if status in UNCERTAIN:
        return Reading(Action.RETRY, _reason(status, body))
    if status == 501 and sync:
        return Reading(Action.WITHOUT_SYNC, _reason(status, body))
    if status == 413 and count > 1:
        return Reading(Action.SPLIT, _reason(status, body))
    return Reading(Action.REFUSED, _reason(status, body))


def _read_entries(status: int, body: bytes, count: int) -> Reading:
    """The ``responses`` of a batch: an entry has failed when it carries a status of 400 or more (1.5)."""
    answer = _json(body)
    entries = answer.get("responses") if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        if status != 207:
            return ALL_TAKEN  # some other 2xx without entries takes the request as a whole
        reason = "207: the answer has no readable `responses`; the event may have arrived"
        return Reading(Action.SETTLED, unknown=dict.fromkeys(range(count), reason))
    reading = Reading(Action.SETTLED)
    if len(entries) == count and not any(map(_failed_status, entries)):
        return ALL_TAKEN
    settled: set[int] = set()
    for position, entry in enumerate(entries):
        index = _index_of(entry, position, count, same_length=len(entries) == count)
        if index is None or index in settled:
            continue
        settled.add(index)
        failed = _failed_status(entry)
        if failed in BUSY or failed in UNCERTAIN:
            reading.again[index] = _entry_reason(entry, failed)
        elif failed:
            reading.rejected[index] = _entry_reason(entry, failed)
    for index in range(count):
        if index not in settled:
            reading.unknown[index] = "207: the answer says nothing about this message; it may have arrived"
    return reading


def _index_of(entry: Any, position: int, count: int, *, same_length: bool) -> int | None:
    """Which message an entry is about: by the end of its ``xactionId``, else by a position to be trusted."""
    if not isinstance(entry, dict):
        return None
    text = entry.get("xactionId")
    match = _INDEX.search(text) if isinstance(text, str) else None
    if match and int(match[1]) < count:
        return int(match[1])
    return position if same_length else None


def _failed_status(entry: Any) -> int:
    """The entry's status if it says that the message failed, else 0; -1 for what is no entry."""
    if not isinstance(entry, dict):
        return -1
    for name in ("status", "statusCode"):
        value = entry.get(name)
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if isinstance(value, int) and value >= 400:
            return value
    return 0


def _entry_reason(entry: dict[str, Any], status: int) -> str:
    message = entry.get("message")
    return f"{status}: {message or 'no message'}"[:_REASON_LENGTH]


def _reason(status: int, body: bytes) -> str:
    """Status and what the body says; bodies of most errors are undocumented, so anything may come."""
    answer = _json(body)
    text = ""
    if isinstance(answer, dict):
        report = answer.get("report")
        if isinstance(report, dict):
            text = str(report.get("message") or "") + _violations(report.get("cause"))
        text = text or str(answer.get("detail") or answer.get("title") or "")
    text = text or " ".join(body[:_REASON_LENGTH].decode("utf-8", "replace").split())
    return f"{status}: {text}"[:_REASON_LENGTH] if text else str(status)


def _violations(cause: Any) -> str:
    """Messages of the violations in a synchronous report (1.7), after a colon."""
    found = cause.get("_streamingValidation") if isinstance(cause, dict) else None
    texts: list[str] = []
    for item in found if isinstance(found, list) else []:
        if isinstance(item, dict):
            parts = item.get("causingExceptions") or [item]
            texts += [
                f"{part.get('pointerToViolation', '')} {part.get('message', '')}".strip()
                for part in parts
                if isinstance(part, dict)
            ]
    return ": " + "; ".join(texts) if texts else ""


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
