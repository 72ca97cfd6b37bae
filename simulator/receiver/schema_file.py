"""A JSON Schema of the tester's own, such as one exported from their sandbox's schema registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from simulator.core.errors import InputError, Problem, UsageError
from simulator.xdm import EventValidator

# Keywords whose values are data, and those whose values are schemas by name.
_DATA = ("enum", "const", "default", "examples", "meta:enum")
_NAMED = ("properties", "patternProperties", "$defs", "definitions")
_COMBINERS = ("allOf", "anyOf", "oneOf", "$ref")


def load_schema(path: Path) -> EventValidator:
    """A validator for the schema in ``path``; raises ``UsageError`` or ``InputError`` that says what is wrong.

    Objects that list their properties and say nothing of others take no others: the platform's validation refuses
    unknown names (ingestion.md 1.7), and its exports do not say so.
    """
    try:
        schema = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"--schema: {path}: can't be read: {error.strerror or error}") from error
    except orjson.JSONDecodeError as error:
        problem = Problem(str(path), error.lineno, error.colno, "", f"is not valid JSON: {error.msg}")
        raise InputError([problem]) from error
    if not isinstance(schema, dict) or not ({"properties", "allOf", "$ref", "type"} & schema.keys()):
        raise UsageError(f"--schema: {path}: is no JSON Schema; expected an object with `properties`")
    closed = close(schema)
    closed.pop("$schema", None)  # exports name an old draft; what they use means the same in 2020-12
    try:
        return EventValidator(closed)
    except ValueError as error:
        raise UsageError(
            f"--schema: {path}: cannot be used: {error}; expected a schema without references to others, as the "
            "registry gives it for `Accept: application/vnd.adobe.xed-full+json; version=1`"
        ) from error


def close(schema: Any) -> Any:
    """A copy in which objects take no members beyond those they list, unless they say otherwise."""
    if isinstance(schema, list):
        return [close(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {name: _close_keyword(name, value) for name, value in schema.items()}
    lists = isinstance(schema.get("properties"), dict) and not any(name in schema for name in _COMBINERS)
    if lists and "additionalProperties" not in schema and "patternProperties" not in schema:
        copy["additionalProperties"] = False
    return copy


def _close_keyword(name: str, value: Any) -> Any:
    if name in _DATA:
        return value
    if name in _NAMED and isinstance(value, dict):
        return {key: close(inner) for key, inner in value.items()}
    return close(value)
