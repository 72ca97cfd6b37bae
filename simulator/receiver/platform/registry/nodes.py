"""From the JSON Schema that a client posts to the strict one that events are validated against.

Only keywords that are known here, with values of the right kind, find their way into the result: whatever is
posted, the result can be compiled, refers to nothing outside and is of bounded depth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs

from simulator.xdm import merged_nodes

Node = dict[str, Any]
FindResource = Callable[[str], Node]
"""The strict node of a resource by its ``$id``; raises ``SchemaError`` if there is none."""

MOST_LEVELS = 40  # a reference counts as one
MOST_NODES = 20_000  # a few references to references can stand for millions of fields
_TYPES = ("string", "number", "integer", "boolean", "object", "array")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_pattern(value: Any) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": value})
    except (jsonschema_rs.ValidationError, TypeError):
        return False
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


# The keywords without nodes inside that are passed on, and what their values must be.
_RULES: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("title", "description", "format", "meta:xdmType", "meta:status"), _is_text),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
    **dict.fromkeys(("minProperties", "maxProperties"), _is_count),
    "pattern": _is_pattern,
}
_UNSUPPORTED = ("oneOf", "anyOf", "not", "if", "patternProperties")


class SchemaError(ValueError):
    """What is posted is no schema that this registry understands; the text is for the client."""


class Budget:
    """How many fields a resource may still stand for, together with all that it refers to."""

    __slots__ = ("_left",)

    def __init__(self, fields: int = MOST_NODES) -> None:
        self._left = fields

    def spend(self) -> None:
        """One field more; raises ``SchemaError`` when there are too many."""
        self._left -= 1
        if self._left < 0:
            raise SchemaError(f"the resource stands for more than {MOST_NODES:,} fields")


class NodeReader:
    """Reads the nodes of one resource; ``definitions`` are its own, ``find`` gives those of others."""

    def __init__(self, resource: Mapping[str, Any], find: FindResource, budget: Budget) -> None:
        definitions = resource.get("definitions")
        self._definitions = definitions if isinstance(definitions, dict) else {}
        self._find = find
        self._budget = budget

    def read(self, node: Any, path: str = "", level: int = 0) -> Node:
        """The strict form of ``node``: references followed, ``allOf`` merged, unknown members forbidden."""
        where = path or "/"
        if not isinstance(node, dict):
            raise SchemaError(f"{where}: expected an object")
        if level > MOST_LEVELS:
            raise SchemaError(
                f"{where}: fields are nested more than {MOST_LEVELS} levels deep, or in a circle"
            )
        self._budget.spend()
        for keyword in _UNSUPPORTED:
            if keyword in node:
                raise SchemaError(f"{where}: `{keyword}` is not supported by this registry")
        result = self._plain(node, where)
        parts = [self._reference(node["$ref"], path, level)] if "$ref" in node else []
        every = node.get("allOf", [])
        if not isinstance(every, list):
            raise SchemaError(f"{where}: allOf must be a list")
        parts += [self.read(part, path, level + 1) for part in every]
        for part in parts:
            try:
                result = merged_nodes({"type": part.get("type"), **result}, part, path)
            except ValueError as error:
                raise SchemaError(str(error)) from error
        if "type" not in result:
            raise SchemaError(f"{where}: `type` is missing")
        self._inside(node, result, path, level)
        if result["type"] == "object" and "properties" in result:
            result.setdefault("additionalProperties", False)
        return result

    def _plain(self, node: Mapping[str, Any], where: str) -> Node:
        """The keywords that hold no other nodes."""
        result: Node = {}
        kind = node.get("type", _implied_type(node))
        if kind is not None:
            if kind not in _TYPES:
                raise SchemaError(f"{where}: type must be one of {', '.join(_TYPES)}")
            result["type"] = kind
        for keyword, right in _RULES.items():
            if keyword in node:
                if not right(node[keyword]):
                    raise SchemaError(f"{where}: `{keyword}` has a value of the wrong kind")
                result[keyword] = node[keyword]
        if "enum" in node:
            if not isinstance(node["enum"], list) or not node["enum"]:
                raise SchemaError(f"{where}: `enum` must be a list of values")
            result["enum"] = node["enum"]
        required = node.get("required")
        if isinstance(
            required, list
        ):  # standard drafts write `required: true` inside a field; that is no rule
            if not all(isinstance(name, str) for name in required):
                raise SchemaError(f"{where}: `required` must be a list of names")
            result["required"] = list(dict.fromkeys(required))
        return result

    def _reference(self, target: Any, path: str, level: int) -> Node:
        where = path or "/"
        if not isinstance(target, str):
            raise SchemaError(f"{where}: `$ref` must be a text")
        if target.startswith("#"):
            name = target.removeprefix("#/definitions/")
            if name == target or name not in self._definitions:
                raise SchemaError(f"{where}: `{target}` leads nowhere; expected `#/definitions/NAME`")
            return self.read(self._definitions[name], path, level + 1)
        return self._find(target)

    def _inside(self, node: Mapping[str, Any], result: Node, path: str, level: int) -> None:
        """Members of an object, of a list, of a map."""
        properties = node.get("properties")
        if properties is not None:
            if not isinstance(properties, dict):
                raise SchemaError(f"{path or '/'}: `properties` must be an object")
            own = {name: self.read(inner, f"{path}/{name}", level + 1) for name, inner in properties.items()}
            known = result.setdefault("properties", {})
            try:
                for name, inner in own.items():
                    known[name] = (
                        merged_nodes(inner, known[name], f"{path}/{name}") if name in known else inner
                    )
            except ValueError as error:
                raise SchemaError(str(error)) from error
        if isinstance(node.get("items"), dict):
            result["items"] = self.read(node["items"], f"{path}[]", level + 1)
        values = node.get("additionalProperties")
        if isinstance(values, dict):
            result["additionalProperties"] = self.read(values, f"{path}/*", level + 1)
        elif isinstance(values, bool):
            result["additionalProperties"] = values


def _implied_type(node: Mapping[str, Any]) -> str | None:
    if "properties" in node:
        return "object"
    return "array" if "items" in node else None


def at_path(node: Node, path: str) -> Node | None:
    """The node of a field by a path of names (``/_acme/deviceId``), or None."""
    found: Any = node
    for step in path.strip("/").split("/"):
        found = found.get("properties", {}).get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def require_path(node: Node, path: str) -> Node:
    """A copy of ``node`` in which the field at ``path`` must be there."""
    first, _, rest = path.strip("/").partition("/")
    properties = dict(node.get("properties", {}))
    if rest and first in properties:
        properties[first] = require_path(properties[first], rest)
    required = dict.fromkeys([*node.get("required", ()), first])
    return {**node, "properties": properties, "required": list(required)}
