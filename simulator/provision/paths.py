"""Where the platform's services are, and the ids of theirs that never change (ingestion.md 0 and 4.5)."""

from __future__ import annotations

from urllib.parse import quote

REGISTRY = "/data/foundation/schemaregistry"
CATALOG = "/data/foundation/catalog"
FLOW = "/data/foundation/flowservice"

CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"
LISTING = {"Accept": "application/vnd.adobe.xed+json"}
DESCRIPTORS = {"Accept": "application/vnd.adobe.xdm+json"}

HTTP_SOURCE = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
DATA_LAKE = {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"}
FLOW_AS_IS = {"id": "d8a6f005-7eaf-4153-983e-e8574508b877", "version": "1.0"}


def encoded(text: str) -> str:
    """``text`` as one segment or value of a URL."""
    return quote(text, safe="")
