"""Schemas put together from a class and field groups, as a schema registry does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from simulator.xdm.catalogue import Field
from simulator.xdm.catalogue.library import CLASSES, EXPERIENCE_EVENT, FIELD_GROUPS, PRODUCT, XDM
from simulator.xdm.schema import node_schema

Node = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_EVENT = f"{XDM}/context/experienceevent-"
_CJM = f"{PRODUCT}/customerJourneyManagement"
# What every event of an app carries, and the id by which it may start a journey.
_ALWAYS = (
    f"{_EVENT}environment-details",
    f"{_EVENT}implementation-details",
    f"{PRODUCT}/aep-mobile-lifecycle-details",
    f"{PRODUCT}/campaign/orchestration/eventid",
)
_PUSH = (
    f"{_EVENT}pushtracking",
    f"{_EVENT}application",
    f"{_CJM}/messageexecution",
    f"{_CJM}/messageprofile",
)
# Groups by the first part of an event's type (xdm.md 8 and 9).
_BY_KIND: dict[str, tuple[str, ...]] = {
    "application": (f"{_EVENT}application",),
    "commerce": (f"{_EVENT}commerce",),
    "pushTracking": _PUSH,
    "decisioning": (f"{PRODUCT}/decisioning/proposition-interaction",),
    "inappmessageTracking": (f"{_EVENT}inappmessage-tracking", f"{_CJM}/messageexecution"),
    "web": (f"{_EVENT}web",),
}


def library_node(id: str) -> Node:
    """The fields of a global class or field group as strict JSON Schema; ``KeyError`` for an unknown id."""
    part = CLASSES.get(id) or FIELD_GROUPS[id]
    return node_schema(_inline(part.fields))


def groups_for(event_types: Iterable[str]) -> list[str]:
    """Ids of the global field groups that events of these types need besides their class, each once."""
    wanted = list(_ALWAYS)
    for event_type in event_types:
        wanted += _BY_KIND.get(event_type.partition(".")[0], ())
    return list(dict.fromkeys(wanted))


def compiled_schema(nodes: Iterable[Node], title: str) -> Node:
    """One JSON Schema (2020-12) of an object that may have the fields of all ``nodes`` and no others.

    Raises ``ValueError`` where two nodes disagree on what a field is.
    """
    whole: Node = {"type": "object"}
    for node in nodes:
        whole = merged_nodes(whole, node)
    properties = {"properties": {}, **whole}
    return {"$schema": DIALECT, "title": title, **properties, "additionalProperties": False}


def merged_nodes(one: Node, other: Node, path: str = "") -> Node:
    """Both objects in one: members of either; where both have a member, it is merged the same way.

    Raises ``ValueError`` when a field is of different types. Limits of ``one`` win over those of ``other``.
    """
    if one.get("type") != other.get("type"):
        raise ValueError(
            f"{path or '/'} is {one.get('type')} in one place and {other.get('type')} in another"
        )
    result = {**other, **one}
    if "properties" in one and "properties" in other:
        result["properties"] = dict(one["properties"])
        for name, node in other["properties"].items():
            known = one["properties"].get(name)
            result["properties"][name] = (
                node if known is None else merged_nodes(known, node, f"{path}/{name}")
            )
    if "items" in one and "items" in other:
        result["items"] = merged_nodes(one["items"], other["items"], f"{path}[]")
    required = dict.fromkeys([*one.get("required", ()), *other.get("required", ())])
    if required:
        result["required"] = list(required)
    return result


def event_type_schema(event_types: Iterable[str]) -> Node:
    """The schema of events of these types: the ExperienceEvent class and the groups that they need."""
    ids = [EXPERIENCE_EVENT, *groups_for(event_types)]
    return compiled_schema(map(library_node, ids), "Events")


def _inline(field: Field) -> Field:
    """``field`` without shared types: everything is spelt out where it stands."""
    members = field.members
    return replace(
        field,
        type_name=None,
        members=None if members is None else {name: _inline(member) for name, member in members.items()},
        inner=None if field.inner is None else _inline(field.inner),
    )
