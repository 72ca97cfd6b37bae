"""Reading an Edge request: its body checked, its events ready to be kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.receiver.edge import identity
from simulator.receiver.edge.errors import EdgeError

Json = dict[str, Any]


@dataclass(slots=True)
class EdgeEvent:
    """One event: its merged XDM, and the dataset if the request names one."""

    xdm: Json
    dataset: str | None = None


@dataclass(slots=True)
class EdgeRequest:
    """What a request says, whatever its version.

    ``state`` are the entries that the client sends back, by key; ``fetch`` the namespaces it asks for;
    ``separators`` (record separator, line feed) are there when it wants a streamed answer.
    """

    events: list[EdgeEvent] = field(default_factory=list)
    identity_map: Json = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    fetch: tuple[str, ...] = ()
    separators: tuple[str, str] | None = None
    consent: list[Json] = field(default_factory=list)

    def state_ending(self, end: str) -> tuple[str, str] | None:
        """Key and value of the first entry whose key ends so."""
        return next(((key, value) for key, value in self.state.items() if key.endswith(end)), None)


def parse(body: bytes) -> Json:
    """The body as a JSON object; raises ``EdgeError``."""
    if not body.strip():
        raise EdgeError("0109-408", "the request has no body")
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise EdgeError("0101-400", f"the request is not valid JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise EdgeError("0102-400", "the request must be a JSON object")
    return parsed


def read_v1(body: Json) -> EdgeRequest:
    """A request with ``events``; its top-level ``xdm`` belongs to each of them (ingestion.md 2.2)."""
    request = _common(body)
    shared = _object(body, "xdm")
    identity.check_map(shared.get("identityMap"), "xdm.identityMap")
    request.events = _events(body, shared)
    maps = [shared.get("identityMap"), *(event.xdm.get("identityMap") for event in request.events)]
    request.identity_map = identity.merged(maps)
    return request


def read_v2_interact(body: Json) -> EdgeRequest:
    """A request with a single ``event`` (ingestion.md 2.3)."""
    request = _common(body)
    if "event" not in body:
        raise EdgeError("0103-400", "missing required value: event")
    request.events = [_event(_object(body, "event"), {}, "event")]
    request.identity_map = request.events[0].xdm.get("identityMap") or {}
    return request


def read_v2_collect(body: Json) -> EdgeRequest:
    """A request with ``events`` that may be about different people, each with its primary identity."""
    request = _common(body)
    request.events = _events(body, {})
    for number, event in enumerate(request.events):
        if not identity.has_primary(event.xdm.get("identityMap")):
            detail = f"events[{number}] has no primary identity"
            raise EdgeError("0306-400", detail, eventIndex=number)
    return request


def read_consent(body: Json) -> EdgeRequest:
    """A consent update: ``consent`` and ``identityMap``."""
    request = _common(body)
    consent = body.get("consent")
    if consent is None:
        raise EdgeError("0103-400", "missing required value: consent")
    if not isinstance(consent, list) or not consent or not all(isinstance(item, dict) for item in consent):
        raise EdgeError("0102-400", "consent must be an array of objects")
    for number, item in enumerate(consent):
        for name in ("standard", "version", "value"):
            if name not in item and not (name == "value" and "iabConsentString" in str(item)):
                raise EdgeError("0103-400", f"missing required value: consent[{number}].{name}")
    request.consent = consent
    identity.check_map(body.get("identityMap"), "identityMap")
    request.identity_map = body.get("identityMap") or {}
    return request


def read_identity(body: Json) -> EdgeRequest:
    """A request for identities alone."""
    request = _common(body)
    shared = _object(body, "xdm")
    identity.check_map(shared.get("identityMap"), "xdm.identityMap")
    request.identity_map = shared.get("identityMap") or {}
    request.fetch = request.fetch or ("ECID",)
    return request


def _common(body: Json) -> EdgeRequest:
    meta = _object(body, "meta")
    query = _object(_object(body, "query", "query"), "identity", "query.identity")
    fetch = query.get("fetch") or []
    if not isinstance(fetch, list) or not all(isinstance(name, str) for name in fetch):
        raise EdgeError("0102-400", "query.identity.fetch must be an array of strings")
    return EdgeRequest(state=_state(meta), fetch=tuple(fetch), separators=_separators(meta))


def _state(meta: Json) -> dict[str, str]:
    entries = _object(meta, "state", "meta.state").get("entries") or []
    if not isinstance(entries, list):
        raise EdgeError("0102-400", "meta.state.entries must be an array")
    return {
        entry["key"]: entry["value"]
        for entry in entries
        if isinstance(entry, dict)
        and isinstance(entry.get("key"), str)
        and isinstance(entry.get("value"), str)
    }


def _separators(meta: Json) -> tuple[str, str] | None:
    konductor = _object(meta, "konductorConfig", "meta.konductorConfig")
    streaming = _object(konductor, "streaming", "meta.konductorConfig.streaming")
    if streaming.get("enabled") is not True:
        return None
    record, line = streaming.get("recordSeparator", "\u0000"), streaming.get("lineFeed", "\n")
    if not isinstance(record, str) or not isinstance(line, str):
        raise EdgeError("0102-400", "meta.konductorConfig.streaming: separators must be strings")
    return record, line


def _events(body: Json, shared: Json) -> list[EdgeEvent]:
    events = body.get("events")
    if events is None:
        raise EdgeError("0103-400", "missing required value: events")
    if not isinstance(events, list):
        raise EdgeError("0102-400", "events must be an array")
    if not events:
        raise EdgeError("0103-400", "missing required value: events[0]")
    return [_event(event, shared, f"events[{number}]") for number, event in enumerate(events)]


def _event(event: Any, shared: Json, path: str) -> EdgeEvent:
    if not isinstance(event, dict):
        raise EdgeError("0102-400", f"{path} must be an object")
    xdm = _object(event, "xdm", f"{path}.xdm")
    identity.check_map(xdm.get("identityMap"), f"{path}.xdm.identityMap")
    collect = _object(_object(event, "meta", f"{path}.meta"), "collect", f"{path}.meta.collect")
    dataset = collect.get("datasetId")
    if dataset is not None and not isinstance(dataset, str):
        raise EdgeError("0102-400", f"{path}.meta.collect.datasetId must be a string")
    return EdgeEvent(_merge(shared, xdm), dataset)


def _object(holder: Json, name: str, path: str = "") -> Json:
    """A member that is an object where it is there; raises ``EdgeError`` for one of another type."""
    value = holder.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise EdgeError("0102-400", f"{path or name} must be an object")
    return value


def _merge(below: Json, above: Json) -> Json:
    """Two objects as one; where both have a member that is no object, that of ``above`` stays."""
    result = {**below, **above}
    for name in below.keys() & above.keys():
        lower, upper = below[name], above[name]
        if isinstance(lower, dict) and isinstance(upper, dict):
            result[name] = _merge(lower, upper)
    return result
