"""Requests to the Edge Network of both versions, and what answers to those of servers mean (ingestion.md 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import orjson

from simulator.delivery.answers import Action, Reading, read_answer
from simulator.sdk import EdgeEndpoint, EdgeRequest, StateEntry, edge_request

MAX_BODY_BYTES = 64 * 1024  # 8 fragments of 8 KB (ingestion.md 2.7)
# Members of an event that stand beside its `xdm`.
_BESIDE_XDM = ("data", "query", "meta")
_REASON_LENGTH = 300
_RETRIED = (408, 429, 502, 503, 504)


def interact_v1(
    event: bytes, endpoint: EdgeEndpoint, request_id: str, entries: Sequence[StateEntry], hint: str
) -> EdgeRequest:
    """One event as the Mobile SDK sends it."""
    return edge_request(event, endpoint, request_id, entries=entries, hint=hint)


def interact_v2(
    event: bytes, endpoint: EdgeEndpoint, request_id: str, entries: Sequence[StateEntry], hint: str
) -> EdgeRequest:
    """One event as a server sends it: the identities stand in the event, one of them as primary (2.3)."""
    body: dict[str, Any] = {"event": _v2_event(event)}
    if entries:
        body["meta"] = {"state": {"entries": [entry.document() for entry in entries]}}
    where = f"/{quote(hint, safe='')}" if hint else ""
    query = f"datastreamId={quote(endpoint.datastream_id, safe='')}&requestId={quote(request_id, safe='')}"
    url = f"{endpoint.base}{endpoint.prefix}{where}/v2/interact?{query}"
    return EdgeRequest(url, orjson.dumps(body))


def _v2_event(event: bytes) -> dict[str, Any]:
    """Raises ValueError for what is no event."""
    document = orjson.loads(event)
    if not isinstance(document, dict):
        raise ValueError("not an event: expected a JSON object")
    beside = {key: document.pop(key) for key in _BESIDE_XDM if key in document}
    _mark_primary(document.get("identityMap"))
    return {"xdm": document, **beside}


def _mark_primary(identities: Any) -> None:
    """Servers' events need a primary identity; phones' have none that is marked, so the ECID becomes it."""
    if not isinstance(identities, dict):
        return
    items = [item for found in identities.values() if isinstance(found, list) for item in found]
    items = [item for item in items if isinstance(item, dict)]
    if any(item.get("primary") is True for item in items):
        return
    first = identities.get("ECID")
    chosen = first[0] if isinstance(first, list) and first and isinstance(first[0], dict) else None
    for item in [chosen] if chosen is not None else items[:1]:
        item["primary"] = True


class CollectFormat:
    """Requests to `v2/collect`: events of many phones together."""

    headers: tuple[str, ...] = ()

    def __init__(self, batch_size: int) -> None:
        self._batch_size = batch_size

    def cut(self, bodies: Sequence[bytes]) -> list[range]:
        """By number of events, and by size: a request stays under the Edge Network's limit."""
        room = MAX_BODY_BYTES - len(b'{"events":[]}')
        pieces: list[range] = []
        start = size = 0
        for index, body in enumerate(bodies):
            needed = len(body) + len(b'{"xdm":},') + len(b"true")  # `false` may become `true`
            if index > start and (index - start == self._batch_size or size + needed > room):
                pieces.append(range(start, index))
                start, size = index, 0
            size += needed
        if start < len(bodies):
            pieces.append(range(start, len(bodies)))
        return pieces

    def build(self, events: Sequence[bytes]) -> bytes:
        """The body of a request."""
        return orjson.dumps({"events": [_v2_event(event) for event in events]})

    def read(self, status: int, body: bytes, count: int, *, sync: bool) -> Reading:
        """All events of a request are taken, also with 207, whose errors are those of services behind it.

        500 is not tried again (2.6).
        """
        if 200 <= status < 300:
            return Reading(Action.SETTLED)
        reading = read_answer(status, body, count, batch=False)
        if status not in _RETRIED and status != 413:
            reading.action = Action.REFUSED
        return reading


def reason_of(status: int, body: bytes) -> str:
    """Status and title of a problem document, or what else the body says (ingestion.md 2.6)."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    text = ""
    if isinstance(document, dict):
        parts = [document.get("title"), document.get("detail")]
        text = ": ".join(part for part in parts if isinstance(part, str) and part)
    text = text or " ".join(body[:_REASON_LENGTH].decode("utf-8", "replace").split())
    return f"{status}: {text}"[:_REASON_LENGTH] if text else str(status)
