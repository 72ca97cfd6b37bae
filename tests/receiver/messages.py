"""Messages for the receiver's tests."""

from __future__ import annotations

from typing import Any

import orjson

SCHEMA = {
    "id": "https://ns.example.com/schemas/test",
    "contentType": "application/vnd.adobe.xed-full+json;version=1",
}
ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
NOW = 1_741_083_330_250  # 2025-03-04T10:15:30.250Z


def ecid(number: int) -> str:
    return f"{number:038d}"


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A valid event; a change to None leaves the member out."""
    members = {
        "_id": f"00000000-0000-4000-8000-{number:012d}",
        "timestamp": "2025-03-04T10:15:30.250Z",
        "eventType": "location.entry",
        "identityMap": {"ECID": [{"id": ecid(number), "authenticatedState": "ambiguous", "primary": True}]},
        **changes,
    }
    return {key: value for key, value in members.items() if value is not None}


def message(entity: Any = None, **header: Any) -> dict[str, Any]:
    """A message of the inlet around ``entity``; header members can be changed, None leaves one out."""
    head = {
        "schemaRef": SCHEMA,
        "imsOrgId": ORGANIZATION,
        "datasetId": "6650f2a1c3d4e5f601234567",
        "source": {"name": "test"},
        **header,
    }
    return {
        "header": {key: value for key, value in head.items() if value is not None},
        "body": {
            "xdmMeta": {"schemaRef": SCHEMA},
            "xdmEntity": event() if entity is None else entity,
        },
    }


def batch(*messages: Any) -> bytes:
    return orjson.dumps({"messages": list(messages)})
