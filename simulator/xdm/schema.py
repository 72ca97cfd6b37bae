"""The JSON Schema of an event, and its list of fields, both made from the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from simulator.core.errors import UsageError
from simulator.xdm.catalogue import EVENT, Field

# Names that begin with an underscore but never are a tenant: see xdm.md 10.
TENANT_PATTERN = r"^_(?!exper|schema$|repo$|xdm$|type$)[a-z][a-z0-9]{2,}$"

_JSON_TYPE = {"map": "object", "open": "object"}


def event_schema(tenant: str | None = None) -> dict[str, Any]:
    """The strict schema of an event (JSON Schema 2020-12): unknown names are rejected.

    Without ``tenant`` any tenant's object may stand at the root; with it (``acme`` or ``_acme``) only that
    one. Raises ``UsageError`` when ``tenant`` can't be a tenant's name.
    """
    definitions: dict[str, Any] = {}
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "XDM experience event of a mobile app, wire form",
        **_node(EVENT, definitions),
    }
    if tenant is None:
        schema["patternProperties"] = {TENANT_PATTERN: {"type": "object"}}
    else:
        schema["properties"][tenant_key(tenant)] = {"type": "object"}
    schema["$defs"] = dict(sorted(definitions.items()))
    return schema


def tenant_key(tenant: str) -> str:
    """The root name of a tenant's fields: ``_acme`` for ``acme``; raises ``UsageError`` for other names."""
    key = "_" + tenant.removeprefix("_")
    if not re.fullmatch(TENANT_PATTERN.removeprefix("^").removesuffix("$"), key):
        raise UsageError(
            f"tenant: `{tenant}` can't be a tenant's name; expected a lower-case letter and two or more "
            "lower-case letters or digits, and none of the names that XDM keeps for itself"
        )
    return key


def node_schema(field: Field) -> dict[str, Any]:
    """The strict schema of one field that has no shared types inside."""
    return _node(field, {})


def _node(field: Field, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of ``field`` spelt out; shared types inside it go to ``definitions``."""
    keywords = {
        "type": _JSON_TYPE.get(field.kind, field.kind),
        "format": field.format,
        "pattern": field.pattern,
        "enum": list(field.choices) or None,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "maxLength": field.max_length,
        "minItems": field.min_items,
        "maxItems": field.max_items,
        "minProperties": field.min_members,
        "default": field.default,
        "description": field.note or None,
        "deprecated": field.deprecated or None,
    }
    node: dict[str, Any] = {keyword: value for keyword, value in keywords.items() if value is not None}
    if field.members is not None:
        node["properties"] = {name: _place(member, definitions) for name, member in field.members.items()}
        if needed := list(field.required_members()):
            node["required"] = needed
        node["additionalProperties"] = False
    if field.inner is not None:
        inside = "items" if field.kind == "array" else "additionalProperties"
        node[inside] = _place(field.inner, definitions)
    return node


def _place(field: Field, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of ``field`` where it is used: a reference when its type is shared."""
    if field.type_name is None:
        return _node(field, definitions)
    if field.type_name not in definitions:
        definitions[field.type_name] = None  # holds the place while its insides are made
        definitions[field.type_name] = _node(_as_type(field), definitions)
    reference: dict[str, Any] = {"$ref": f"#/$defs/{field.type_name}"}
    if field.deprecated:
        reference["deprecated"] = True
    return reference


def _as_type(field: Field) -> Field:
    """``field`` without what belongs to the place of its use."""
    return replace(field, deprecated=False, required=False)


@dataclass(frozen=True, slots=True)
class FieldPath:
    """One field of an event by its path: ``[]`` stands for a member of a list, ``{key}`` for one of a map.

    ``deprecated`` is true inside of deprecated objects too.
    """

    path: str
    field: Field
    deprecated: bool


def field_paths() -> Iterator[FieldPath]:
    """Every field that the catalogue describes, parents first; open objects are left out."""
    yield from _paths(EVENT, "", False)


def _paths(field: Field, path: str, outdated: bool) -> Iterator[FieldPath]:
    outdated = outdated or field.deprecated
    if path and field.kind != "open":
        yield FieldPath(path, field, outdated)
    for name, member in (field.members or {}).items():
        yield from _paths(member, f"{path}.{name}" if path else name, outdated)
    if field.inner is not None:
        yield from _paths(field.inner, path + ("[]" if field.kind == "array" else ".{key}"), outdated)
