"""The JSON Schema of scenario files, for editors: completion, hints and red lines while typing.

It is made from the models. What they can't say (references between parts, limits of quantities with units)
is left to the loader: every scenario that loads is valid by the schema, not the other way round.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from simulator.scenario import models, units
from simulator.scenario.models import Scenario
from simulator.scenario.overrides import default_data
from simulator.scenario.quantities import LOCAL_TIME_PATTERN, MARK
from simulator.scenario.shape import Shape
from simulator.scenario.units import CLOCK_PATTERN, Dimension

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FILE = "scenario.schema.json"
EDITOR_LINE = f"# yaml-language-server: $schema={SCHEMA_FILE}"

_POSITIVE = r"\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
Json = dict[str, Any]


def json_schema() -> Json:
    """The JSON Schema (draft 2020-12) of a scenario file, as a fresh dictionary."""
    raw = Scenario.model_json_schema(ref_template="#/$defs/{model}")
    definitions = raw.pop("$defs")
    for name, definition in (*definitions.items(), ("Scenario", raw)):
        _set_defaults(name, definition)
    definitions = {name: _referring(body) for name, body in definitions.items()} | _shared_definitions()
    schema = {"$schema": DIALECT, **_referring(raw), "title": "journeysim scenario"}
    used = _reachable(_references(schema), definitions)
    return schema | {"$defs": {name: definitions[name] for name in sorted(used)}}


def json_schema_text() -> str:
    """:func:`json_schema` as text, always the same for the same models."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _set_defaults(name: str, definition: Json) -> None:
    """Defaults as a file would say them, instead of pydantic's view of Python objects."""
    model: type[BaseModel] = getattr(models, name)
    shape = Shape(((model, ()),))
    for key, field in definition.get("properties", {}).items():
        field.pop("default", None)
        field.pop("title", None)
        default = default_data(shape, key)
        if default is not None and default != {} and not model.model_fields[key].is_required():
            field["default"] = default


def _referring(node: Any) -> Any:
    """Marks of scenario types become references to their shared definitions."""
    if isinstance(node, list):
        return [_referring(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    result = {key: _referring(value) for key, value in node.items() if key != MARK}
    return {"$ref": f"#/$defs/{node[MARK]}", **result} if MARK in node else result


def _reachable(names: set[str], definitions: Mapping[str, Json]) -> set[str]:
    """``names`` and all definitions that they lead to."""
    reached = names.union(*(_references(definitions[name]) for name in names))
    return reached if reached == names else _reachable(reached, definitions)


def _references(node: Any) -> set[str]:
    """Names of the definitions that a schema refers to."""
    if isinstance(node, list):
        return set().union(*map(_references, node)) if node else set()
    if not isinstance(node, Mapping):
        return set()
    found = set().union(*map(_references, node.values())) if node else set()
    reference = node.get("$ref")
    return found | {reference.rpartition("/")[2]} if isinstance(reference, str) else found


# --- definitions of the scenario's own types --------------------------------------------------------------

_DIMENSIONS = (
    units.LENGTH,
    units.DURATION,
    units.SPEED,
    units.RATE,
    units.SHARE,
    units.NUMBER,
    units.AMOUNT,
    units.BOUND,
    units.COUNT,
    units.SIZE,
    units.TIME,
)


def _shared_definitions() -> dict[str, Json]:
    definitions: dict[str, Json] = {}
    for dimension in _DIMENSIONS:
        definitions[dimension.name] = _quantity(dimension)
        definitions[f"Random{dimension.name}"] = _distribution(dimension)
    pair = {"type": "array", "prefixItems": [_degrees(90), _degrees(180)], "items": False, "minItems": 2}
    latitude, longitude = _degrees(90), _degrees(180)
    definitions["Position"] = {
        "description": "A point on Earth: [latitude, longitude] in degrees.",
        "examples": [[52.52, 13.405]],
        "anyOf": [
            pair,
            _object(lat=latitude, lon=longitude),
            _object(latitude=latitude, longitude=longitude),
        ],
    }
    definitions["FilePath"] = {
        "description": "Path of a file; relative to the folder of the scenario file.",
        "type": "string",
        "minLength": 1,
    }
    definitions["LocalDateTime"] = {
        "description": "A local date and time such as 2026-03-02T11:00.",
        "type": "string",
        "pattern": f"^{LOCAL_TIME_PATTERN}$",
    }
    definitions["TimeZone"] = {
        "description": "A name of the tz database.",
        "type": "string",
        "examples": ["Europe/Berlin", "America/New_York", "UTC"],
    }
    definitions["Weights"] = _weights()
    definitions["LoadProfile"] = {
        "description": "How many events or requests a second, and how that changes.",
        "type": "string",
        "minLength": 1,
        "examples": ["500/s", "20 requests/s for 5 min", "ramp 10/s to 500/s over 5 min"],
    }
    elsewhere = _object(file={"$ref": "#/$defs/FilePath"})
    definitions["ReferenceText"] = {
        "description": "Text; `${env:NAME}` in it comes from the environment, `{file: PATH}` from a file.",
        "anyOf": [{"type": ["string", "number"]}, elsewhere],
    }
    definitions["SecretText"] = {
        "description": "A secret: `${env:NAME}` from the environment, or `{file: PATH}` from a file.",
        "anyOf": [{"type": "string", "pattern": r"^\s*\$\{env:[A-Za-z_][A-Za-z0-9_]*\}\s*$"}, elsewhere],
    }
    return definitions


def _quantity(dimension: Dimension) -> Json:
    named = [unit for unit in dimension.units if unit]
    number = _POSITIVE if dimension.low >= 0 else units.NUMBER_PATTERN
    alternatives: list[Json] = []
    if "" in dimension.units:
        plain: Json = {"type": "integer" if dimension.whole else "number"}
        for keyword, limit in (("minimum", dimension.low), ("maximum", dimension.high)):
            if abs(limit) < float("inf"):
                plain[keyword] = int(limit)
        alternatives.append(plain)
    elif not dimension.positive:
        alternatives.append({"const": 0})
    suffix = rf"\s*(?:{'|'.join(named)})" if named else ""
    pattern = number + (suffix + "?" if "" in dimension.units and named else suffix)
    if dimension.clock:
        pattern = f"{CLOCK_PATTERN}|{pattern}"
    alternatives.append({"type": "string", "pattern": rf"^\s*(?:{pattern})\s*$"})
    noun = dimension.noun[:1].upper() + dimension.noun[1:]
    return {
        "description": f"{noun}, such as {' or '.join(dimension.examples)}."
        + (f" Units: {', '.join(named)}." if named else ""),
        "anyOf": alternatives,
    }


def _distribution(dimension: Dimension) -> Json:
    value: Json = {"$ref": f"#/$defs/{dimension.name}"}
    spread: Json = {"$ref": "#/$defs/Duration"} if dimension.clock else value
    # Means and standard deviations of whole numbers need not be whole.
    if dimension.whole:
        spread = {"$ref": "#/$defs/Amount"}
    centre = spread if dimension.whole else value
    amount: Json = {"$ref": "#/$defs/Amount"}
    limits = {"min": value, "max": value}
    lognormal = {"sigma": amount, **limits}
    forms: Json = {
        "constant": value,
        "uniform": {
            "description": "Evenly between two values: [low, high].",
            "anyOf": [
                {"type": "array", "items": value, "minItems": 2, "maxItems": 2},
                _object(low=value, high=value),
            ],
        },
        "normal": {
            "description": "Normal with mean and standard deviation; values beyond min and max move to them.",
            **_object({"mean": centre, "sd": spread}, limits),
        },
        "lognormal": {
            "description": "Log-normal with its median (or mean) and sigma, the spread of the logarithm.",
            "anyOf": [_object({"median": centre}, lognormal), _object({"mean": centre}, lognormal)],
        },
        "exponential": {
            "description": "Exponential with a mean.",
            **_object({"mean": spread}, limits),
        },
        "power_law": {
            "description": "Many small values, few large ones: density x^-exponent, times e^(-x/cutoff).",
            **_object({"exponent": amount, "min": value, "max": value}, {"cutoff": spread}),
        },
        "choice": {
            "description": "One of several values: {value: weight, ...}, or a list.",
            "anyOf": [
                {"type": "object", "additionalProperties": amount, "minProperties": 1},
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {"anyOf": [value, _object({"value": value}, {"weight": amount})]},
                },
            ],
        },
    }
    noun = dimension.noun[:1].upper() + dimension.noun[1:]
    return {
        "description": f"{noun}, or a distribution to draw it from.",
        "anyOf": [
            value,
            {
                "type": "object",
                "properties": forms,
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            },
        ],
    }


def _weights() -> Json:
    percent = {"type": "string", "pattern": rf"^\s*{_POSITIVE}\s*%?\s*$"}
    weight = {"anyOf": [{"type": "number", "minimum": 0}, percent]}
    return {
        "description": "One name, a list of names (equally likely), or names with their weights.",
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            {"type": "object", "additionalProperties": weight, "minProperties": 1},
        ],
    }


def _degrees(limit: int) -> Json:
    return {"type": "number", "minimum": -limit, "maximum": limit}


def _object(required: Json | None = None, optional: Json | None = None, **more: Any) -> Json:
    """An object with just these properties; those of ``required`` and ``more`` must be there."""
    needed = (required or {}) | more
    return {
        "type": "object",
        "properties": needed | (optional or {}),
        "required": list(needed),
        "additionalProperties": False,
    }
