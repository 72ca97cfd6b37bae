"""Schemas of the tester's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.core.errors import JourneysimError
from simulator.receiver import load_schema
from simulator.receiver.schema_file import close
from tests.shared_files import shared_path


def write(folder: Path, schema: Any) -> Path:
    path = folder / "schema.json"
    path.write_text(schema if isinstance(schema, str) else json.dumps(schema))
    return path


def test_names_that_an_export_does_not_list_are_violations_on_every_level(tmp_path: Path) -> None:
    inner = {"type": "object", "properties": {"a": {"type": "integer"}}}
    schema = {
        "$schema": "http://json-schema.org/draft-06/schema#",
        "$id": "https://ns.adobe.com/acmeco/schemas/1f",
        "meta:altId": "_acmeco.schemas.1f",
        "type": "object",
        "properties": {
            "_id": {"type": "string"},
            "_acmeco": inner,
            "many": {"type": "array", "items": inner},
        },
    }
    validator = load_schema(write(tmp_path, schema))
    assert validator.is_valid({"_id": "x", "_acmeco": {"a": 1}, "many": [{"a": 2}]})
    found = validator.violations({"_acmeco": {"b": 1}, "many": [{"c": 1}], "d": 1})
    assert [(one.pointer, one.message) for one in found] == [
        ("#", "extraneous key [d] is not permitted"),
        ("#/_acmeco", "extraneous key [b] is not permitted"),
        ("#/many/0", "extraneous key [c] is not permitted"),
    ]


def test_maps_and_objects_that_say_so_stay_open() -> None:
    schema = {
        "properties": {
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "open": {"type": "object", "properties": {"a": {}}, "additionalProperties": True},
            "free": {"type": "object"},
            "choice": {"properties": {"a": {}}, "anyOf": [{"required": ["a"]}]},
            "properties": {"type": "string", "enum": [{"properties": {}}]},
        }
    }
    closed = close(schema)
    assert closed == {**schema, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("{", ":1:2: is not valid JSON"),
        ("[]", "is no JSON Schema"),
        ({"title": "x"}, "is no JSON Schema"),
        (
            {"type": "object", "allOf": [{"$ref": "https://ns.example.com/other"}]},
            "without references to others",
        ),
        ({"type": "nonsense", "properties": {}}, "cannot be used"),
    ],
)
def test_a_file_that_is_no_usable_schema_is_said(tmp_path: Path, schema: Any, said: str) -> None:
    with pytest.raises(JourneysimError) as caught:
        load_schema(write(tmp_path, schema))
    assert said in str(caught.value)


def test_a_schema_compiled_from_the_vendors_sources_takes_its_examples() -> None:
    validator = load_schema(shared_path("xdm/compiled/experienceevent.mobile.schema.json"))
    examples = sorted(shared_path("xdm/examples/events").glob("*.json"))
    assert examples
    for path in examples:
        assert validator.violations(json.loads(path.read_bytes())) == [], path.name
