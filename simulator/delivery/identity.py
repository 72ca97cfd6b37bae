"""Whose an event is, read from its bytes."""

from __future__ import annotations

import re
from typing import Any

import orjson

# As the simulation writes it: compact, the ECID first, its id first. In a text the quotes would be escaped.
_ECID = re.compile(rb'"identityMap":\{"ECID":\[\{"id":"([^"\\]+)"')


def identity_of(body: bytes) -> bytes:
    """The id that stays with the sender: the ECID, else the id that is marked as primary, else any.

    Empty for an event without identities.
    """
    match = _ECID.search(body)
    if match is not None:
        return match[1]
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return b""
    identities = event.get("identityMap") if isinstance(event, dict) else None
    return _best(identities).encode() if isinstance(identities, dict) else b""


def _best(identities: dict[str, Any]) -> str:
    entries = [
        (namespace == "ECID", item.get("primary") is True, item["id"])
        for namespace, items in identities.items()
        if isinstance(items, list)
        for item in items
        if isinstance(item, dict) and isinstance(item.get("id"), str)
    ]
    return max(entries, key=lambda entry: entry[:2])[2] if entries else ""
