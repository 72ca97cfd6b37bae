"""Requests to the Edge Network as the Mobile SDK sends them: URL, headers and body, version 1 of the protocol.

They are made from events of the event stream, which carry what the request says once for all (identities, SDK)
inside; here it is taken out again (mobile_sdk.md 4.2, 4.3 and 4.6; ingestion.md 2.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

import orjson

from simulator.phone import Os
from simulator.sdk.edge_state import LINE_FEED, RECORD_SEPARATOR, StateEntry

# EdgeConstants of iOS.
DEFAULT_HOST = "edge.adobedc.net"
INTEGRATION_HOST = "edge-int.adobedc.net"
INTERACT_PATH = "/v1/interact"
CONSENT_PATH = "/v1/privacy/set-consent"
HEADERS: Mapping[str, str] = {"accept": "application/json", "Content-Type": "application/json"}

Environment = Literal["prod", "pre-prod", "int"]
_PREFIXES: Mapping[Environment, str] = {"prod": "/ee", "pre-prod": "/ee-pre-prd", "int": "/ee"}
# A path that an event may bring instead of the usual one.
_OWN_PATH = re.compile(r"/[/.a-zA-Z0-9~_-]+")
_META = {
    "konductorConfig": {
        "streaming": {"enabled": True, "recordSeparator": RECORD_SEPARATOR, "lineFeed": LINE_FEED}
    }
}
# Members of an event of the stream that stand beside its `xdm` in the request.
_BESIDE_XDM = ("data", "query", "meta")
_PUSH_TRACKING = "pushTracking."


@dataclass(frozen=True, slots=True)
class EdgeEndpoint:
    """Where requests go. ``base`` is scheme and host, ``prefix`` what stands before the location hint."""

    base: str
    datastream_id: str
    prefix: str = "/ee"

    @classmethod
    def of(
        cls, datastream_id: str, environment: Environment = "prod", domain: str = DEFAULT_HOST
    ) -> EdgeEndpoint:
        """The endpoint of the SDK's configuration: `edge.configId`, `edge.environment` and `edge.domain`."""
        host = INTEGRATION_HOST if environment == "int" else domain
        return cls(f"https://{host}", datastream_id, _PREFIXES[environment])

    def url(self, path: str, request_id: str, hint: str = "") -> str:
        """The address of one request; ValueError for a ``path`` that the SDK does not take."""
        if not _OWN_PATH.fullmatch(path) or "//" in path:
            raise ValueError(f"path {path!r}: expected something like {INTERACT_PATH}")
        where = f"/{quote(hint, safe='')}" if hint else ""
        query = f"configId={quote(self.datastream_id, safe='')}&requestId={quote(request_id, safe='')}"
        return f"{self.base}{self.prefix}{where}{path}?{query}"


class EdgeRequest(NamedTuple):
    """One request, ready to be posted."""

    url: str
    body: bytes


def edge_request(
    event: bytes,
    endpoint: EdgeEndpoint,
    request_id: str,
    *,
    entries: Sequence[StateEntry] = (),
    hint: str = "",
    push_dataset: str | None = None,
) -> EdgeRequest:
    """The request for one event of the event stream; every attempt gets a ``request_id`` of its own.

    ``entries`` and ``hint`` are what :class:`EdgeState` holds at the moment of sending. ``push_dataset`` is the dataset
    that the app names for push tracking (`messaging.eventDataset`). ValueError for what is not an event.
    """
    try:
        document = orjson.loads(event)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not an event: {error}") from error
    if not isinstance(document, dict):
        raise ValueError("not an event: expected a JSON object")
    if "consent" in document:
        return EdgeRequest(endpoint.url(CONSENT_PATH, request_id, hint), _consent_body(document))
    body = _interact_body(document, entries, push_dataset)
    return EdgeRequest(endpoint.url(INTERACT_PATH, request_id, hint), body)


def _interact_body(event: dict[str, Any], entries: Sequence[StateEntry], push_dataset: str | None) -> bytes:
    shared = {key: event.pop(key) for key in ("identityMap", "implementationDetails") if key in event}
    beside = {key: event.pop(key) for key in _BESIDE_XDM if key in event}
    if push_dataset and str(event.get("eventType", "")).startswith(_PUSH_TRACKING):
        beside["meta"] = {"collect": {"datasetId": push_dataset}}
    meta: dict[str, Any] = dict(_META)
    if entries:
        meta["state"] = {"entries": [entry.document() for entry in entries]}
    return orjson.dumps({"meta": meta, "xdm": shared, "events": [{"xdm": event, **beside}]})


def _consent_body(event: Mapping[str, Any]) -> bytes:
    """No `xdm`, no state, no word about the SDK (4.6)."""
    return orjson.dumps(
        {
            "meta": _META,
            "query": {"consent": {"operation": "update"}},
            "identityMap": event["identityMap"],
            "consent": event["consent"],
        }
    )


def edge_headers(agent: str, language: str) -> dict[str, str]:
    """The headers of every request; ``language`` is a tag such as ``en-US``."""
    return {**HEADERS, "Accept-Language": language, "User-Agent": agent}


def user_agent(os: Os, version: str, language: str, model: str = "", build: str = "") -> str:
    """How the SDK calls itself; ``model`` and ``build`` are Android's `Build.MODEL` and `Build.ID`."""
    if os == "ios":
        return f"Mozilla/5.0 (iPhone; CPU OS {version.replace('.', '_')} like Mac OS X; {language})"
    return f"Mozilla/5.0 (Linux; U; Android {version}; {language}; {model} Build/{build})"
