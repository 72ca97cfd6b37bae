"""Who a request is about: the ECID from its identity map, from state it sends back, or a new one."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from simulator.receiver.edge.errors import EdgeError

ECID = re.compile(r"[0-9]{38}")
STATES = ("ambiguous", "authenticated", "loggedOut")

# The value of a client's identity state is a protocol buffer whose field 1 is the ECID: tag, length, 38 digits.
_FIELD_1 = b"\x0a\x26"


def state_value(ecid: str) -> str:
    """The opaque value that a client keeps as its identity."""
    return urlsafe_b64encode(_FIELD_1 + ecid.encode()).decode().rstrip("=")


def ecid_of_state(value: str) -> str | None:
    """The ECID of such a value, also of one that the platform made."""
    try:
        raw = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return None
    text = raw[2:40].decode("latin-1")
    return text if raw.startswith(_FIELD_1) and ECID.fullmatch(text) else None


def check_map(identity_map: Any, path: str) -> None:
    """Raise ``EdgeError`` for an identity map that cannot be one (ingestion.md 2.3)."""
    if identity_map is None:
        return
    if not isinstance(identity_map, dict):
        raise EdgeError("0102-400", f"{path} must be an object")
    for namespace, items in identity_map.items():
        if not isinstance(items, list):
            raise EdgeError("0102-400", f"{path}.{namespace} must be an array")
        for number, item in enumerate(items):
            where = f"{path}.{namespace}[{number}]"
            if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
                raise EdgeError("0305-400", f"{where} has no id")
            if item.get("authenticatedState", "ambiguous") not in STATES:
                raise EdgeError("0102-400", f"{where}.authenticatedState must be one of {', '.join(STATES)}")
            if namespace == "ECID" and not ECID.fullmatch(item["id"]):
                raise EdgeError("0308-400", f"{where}.id is no ECID: it must have 38 digits")


def ecid_of_map(identity_map: Any) -> str | None:
    """The first ECID of a checked identity map."""
    items = (identity_map or {}).get("ECID") or ()
    return next((item["id"] for item in items), None)


def has_primary(identity_map: Any) -> bool:
    """Whether one of the identities is the primary one."""
    return any(item.get("primary") is True for items in (identity_map or {}).values() for item in items)


def with_ecid(identity_map: Mapping[str, Any] | None, ecid: str) -> dict[str, Any]:
    """The map with the ECID; it is the primary identity where there is no other."""
    known = dict(identity_map or {})
    if not known.get("ECID"):
        primary = not has_primary(known)
        known["ECID"] = [{"id": ecid, "authenticatedState": "ambiguous", "primary": primary}]
    return known


def merged(maps: Iterable[Any]) -> dict[str, Any]:
    """One identity map out of several; of the same namespace the later wins."""
    result: dict[str, Any] = {}
    for one in maps:
        result.update(one or {})
    return result
