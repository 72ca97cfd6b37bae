"""The forms in which a resource is shown: as it was posted, with everything resolved, without texts."""

from __future__ import annotations

from typing import Any

from simulator.receiver.platform.registry.records import Records

Json = dict[str, Any]

_TEXTS = ("title", "description")
_RESOLVED = ("allOf", "definitions", "refs")


def represented(resource: Json, form: str, records: Records) -> Json:
    """``resource`` in one of the forms of the Accept header (ingestion.md 4.1)."""
    shown = resource
    if form in ("xed-full", "xed-full-notext", "xed-full-desc", "xed-deprecatefield"):
        node = records.node(resource)
        fields = {key: _open(node[key]) for key in ("properties", "required") if key in node}
        shown = {key: value for key, value in resource.items() if key not in _RESOLVED} | fields
    if form == "xed-full-desc":
        shown = {**shown, "meta:descriptors": records.descriptors(resource["$id"])}
    if form.endswith("notext"):
        shown = _without_texts(shown)
    return shown


def _open(node: Any) -> Any:
    """A node as the registry shows it: with its XDM type, and without saying that nothing else is allowed."""
    if isinstance(node, list):
        return [_open(item) for item in node]
    if not isinstance(node, dict):
        return node
    shown = {
        key: _open(value) for key, value in node.items() if (key, value) != ("additionalProperties", False)
    }
    if isinstance(node.get("type"), str) and "meta:xdmType" not in node:
        shown["meta:xdmType"] = _xdm_type(node)
    return shown


def _xdm_type(node: Json) -> str:
    if node["type"] == "object" and isinstance(node.get("additionalProperties"), dict):
        return "map"
    if node["type"] == "integer":
        return "int"
    if node["type"] == "string" and node.get("format") in ("date-time", "date"):
        return str(node["format"])
    return str(node["type"])


def _without_texts(node: Any, is_names: bool = False) -> Any:
    """Without titles and descriptions; a field may itself be called `title`."""
    if isinstance(node, list):
        return [_without_texts(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_texts(value, key in ("properties", "definitions") and not is_names)
        for key, value in node.items()
        if is_names or key not in _TEXTS
    }
