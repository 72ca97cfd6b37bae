"""The handles of an Edge answer (ingestion.md 2.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator.receiver.edge import identity
from simulator.receiver.edge.options import REGIONS
from simulator.receiver.edge.reading import EdgeRequest

Json = dict[str, Any]

# Seconds: 395 days, 30 minutes, 180 days.
IDENTITY_AGE_S = 34_128_000
CLUSTER_AGE_S = 1_800
CONSENT_AGE_S = 15_552_000


def state_prefix(organization: str) -> str:
    """How the keys of a client's state begin: ``kndctr_{organization with _ for @}``."""
    return "kndctr_" + organization.replace("@", "_")


def identity_result(request: EdgeRequest, ecid: str) -> Json:
    """The ECID, and what else the request asked for and brought along."""
    payload = [{"id": ecid, "namespace": {"code": "ECID"}}]
    for namespace in request.fetch:
        if namespace != "ECID":
            payload += [
                {"id": item["id"], "namespace": {"code": namespace}}
                for item in request.identity_map.get(namespace, ())[:1]
            ]
    return {"type": "identity:result", "payload": payload}


def location_hint(hint: str) -> Json:
    """Where the client's next request should go."""
    payload = [{"scope": "EdgeNetwork", "hint": hint, "ttlSeconds": CLUSTER_AGE_S}]
    return {"type": "locationHint:result", "payload": payload}


def state_store(entries: Iterable[Json]) -> Json:
    """What the client is to keep."""
    return {"type": "state:store", "payload": list(entries)}


def state_entry(prefix: str, name: str, value: str, age_s: int) -> Json:
    """One entry of it."""
    return {"key": f"{prefix}_{name}", "value": value, "maxAge": age_s}


def consent_preferences(request: EdgeRequest, time: str) -> Json:
    """The preferences as the service now knows them; ``time`` in RFC 3339."""
    payload: list[Json] = []
    for item in request.consent:
        value = item.get("value")
        if isinstance(value, dict):
            payload.append({**value, "metadata": {"time": time}} if "collect" in value else value)
    return {"type": "consent:preferences", "payload": payload}


def consent_state(request: EdgeRequest) -> str | None:
    """``general=in`` or ``general=out`` for the client's state, or None when the update says nothing of it."""
    for item in request.consent:
        value = item.get("value")
        if not isinstance(value, dict):
            continue
        general, collect = value.get("general"), value.get("collect")
        said = general if general is not None else collect.get("val") if isinstance(collect, dict) else None
        if said in ("in", "y"):
            return "general=in"
        if said in ("out", "n"):
            return "general=out"
    return None


def common(
    request: EdgeRequest,
    *,
    prefix: str,
    ecid: str,
    hint: str,
    minted: bool,
    always: bool,
    extra: Iterable[Json] = (),
) -> list[Json]:
    """The handles that every answer has.

    ``identity:result`` is there when the request asks for it or the ECID is new, or ``always``; the identity is
    given to keep unless the client sent it back (ingestion.md 2.5).
    """
    found: list[Json] = []
    if always or minted or request.fetch:
        found.append(identity_result(request, ecid))
    found += extra
    found.append(location_hint(hint))
    entries = []
    kept = request.state_ending("_identity")
    if kept is None or identity.ecid_of_state(kept[1]) != ecid:
        entries.append(state_entry(prefix, "identity", identity.state_value(ecid), IDENTITY_AGE_S))
    if (consent := consent_state(request)) is not None:
        entries.append(state_entry(prefix, "consent", consent, CONSENT_AGE_S))
    entries.append(state_entry(prefix, "cluster", hint, CLUSTER_AGE_S))
    found.append(state_store(entries))
    return found


def edge_header(hint: str) -> str:
    """The value of ``x-adobe-edge``."""
    return f"{hint.upper()};{REGIONS.get(hint, 9)}"
