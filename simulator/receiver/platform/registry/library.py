"""The global container: behaviours, classes and field groups as the schema library shows them."""

from __future__ import annotations

from typing import Any

from simulator.xdm import BEHAVIORS, CLASSES, FIELD_GROUPS, IDENTITY_MAP, TIME_SERIES, library_node

Json = dict[str, Any]

_NAMESPACE = "https://ns.adobe.com/"
_NODES: dict[str, Json] = {
    TIME_SERIES: {
        "type": "object",
        "properties": {
            "_id": {"type": "string", "format": "uri-reference"},
            "timestamp": {"type": "string", "format": "date-time"},
            "eventType": {"type": "string"},
        },
        "required": ["_id", "timestamp"],
        "additionalProperties": False,
    },
}
_RECORD_NODE: Json = {
    "type": "object",
    "properties": {"_id": {"type": "string", "format": "uri-reference"}},
    "additionalProperties": False,
}


def alt_id(id: str) -> str:
    """The short name of a global ``$id``: ``_xdm.context.profile`` for ``https://ns.adobe.com/xdm/context/profile``."""
    return "_" + id.removeprefix(_NAMESPACE).replace("/", ".")


def global_node(id: str) -> Json | None:
    """The strict node of a global resource, or None if there is none of that ``$id``."""
    if id in CLASSES or id in FIELD_GROUPS:
        return library_node(id)
    return _NODES.get(id, _RECORD_NODE) if id in BEHAVIORS else None


def global_resources() -> dict[str, list[Json]]:
    """Every global resource by its kind (``behaviors``, ``classes``, ``mixins``)."""
    behaviors = [_resource("behaviors", id, title, "") for id, title in BEHAVIORS.items()]
    classes = [
        _resource("classes", made.id, made.title, made.note)
        | {"meta:extends": list(made.extends), "meta:extensible": True, "meta:abstract": True}
        for made in CLASSES.values()
    ]
    groups = [
        _resource("mixins", group.id, group.title, "")
        | {
            "meta:intendedToExtend": [*group.extends, *([TIME_SERIES] if group.id == IDENTITY_MAP else [])],
            "meta:extensible": True,
            "meta:abstract": True,
        }
        for group in FIELD_GROUPS.values()
    ]
    return {"behaviors": behaviors, "classes": classes, "mixins": groups, "datatypes": [], "schemas": []}


def _resource(kind: str, id: str, title: str, note: str) -> Json:
    name = alt_id(id).strip("_")
    return {
        "$id": id,
        "meta:altId": alt_id(id),
        "meta:resourceType": kind,
        "version": "1",
        "title": title,
        "type": "object",
        "description": note,
        "definitions": {name: {"properties": (global_node(id) or {}).get("properties", {})}},
        "allOf": [{"$ref": f"#/definitions/{name}", "type": "object", "meta:xdmType": "object"}],
        "meta:xdmType": "object",
        "meta:containerId": "global",
        "meta:tenantNamespace": "_xdm",
    }
