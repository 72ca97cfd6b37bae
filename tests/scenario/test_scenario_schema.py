"""The JSON Schema: complete, current, and in agreement with the loader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from simulator.scenario import json_schema, json_schema_text, load_scenario
from simulator.scenario.positions import read_yaml
from simulator.scenario.schema import EDITOR_LINE, SCHEMA_FILE
from tests.scenario.texts import MINIMAL, RICH

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
GALLERY = sorted(SCENARIOS.glob("*.yaml"))
VALIDATOR = jsonschema_rs.validator_for(json_schema())


def complaints(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(read_yaml(text, "s.yaml").data)]


def test_the_committed_copy_is_current() -> None:
    committed = (SCENARIOS / SCHEMA_FILE).read_text(encoding="utf-8")
    assert committed == json_schema_text(), "run: python -m simulator.scenario.docs"


def test_the_schema_is_a_valid_schema_without_an_address() -> None:
    schema = json_schema()
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$id" not in schema


def properties(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, definition in {"Scenario": schema, **schema["$defs"]}.items():
        for key, field in definition.get("properties", {}).items():
            yield f"{name}.{key}", field


def test_every_field_has_a_description() -> None:
    schema = json_schema()
    for name, field in properties(schema):
        described = schema["$defs"].get(field.get("$ref", "").rpartition("/")[2], {})
        assert field.get("description") or described.get("description"), name


def test_references_lead_somewhere_and_no_definition_is_left_over() -> None:
    schema = json_schema()
    text = json.dumps(schema)
    for name in schema["$defs"]:
        assert f'"#/$defs/{name}"' in text
    assert text.count('"$ref"') == text.count('"$ref": "#/$defs/')
    assert "x-scenario-type" not in text


def test_defaults_are_written_as_a_file_would_say_them() -> None:
    definitions = json_schema()["$defs"]
    assert definitions["Library"]["properties"]["radius"]["default"] == "100 m"
    assert definitions["Work"]["properties"]["leave_home"]["default"] == {"uniform": ["08:00", "10:00"]}
    assert definitions["Destination"]["properties"]["batch_size"]["default"] == 1
    for _, field in properties(json_schema()):
        if "default" in field:
            wrapped = {**field, "$defs": definitions}
            assert jsonschema_rs.is_valid(wrapped, field["default"]), field


@pytest.mark.parametrize("text", [MINIMAL, RICH], ids=["minimal", "rich"])
def test_what_loads_is_valid(text: str) -> None:
    assert complaints(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("duration: 2 h", "duration: 2"),
        ("duration: 2 h", "duration: 2 parsec"),
        ("radius: 100 m", "radius: {unifrom: [1 m, 2 m]}"),
        ("radius: 100 m", "radius: {uniform: [1 m]}"),
        ("radius: 100 m", "raduis: 100 m"),
        ("size: 50", "size: -1"),
        ("size: 50", "size: {normal: {mean: 5}}"),
        ("size: 50", "size: 50\n    schedule: {evening: {days: [funday]}}"),
        ("[52.52, 13.405]", "[52.52]"),
        ("[52.52, 13.405]", "[152.52, 13]"),
        ("app:\n", "destination: {batch_size: 0}\napp:\n"),
        ("2026-03-02T11:00", "noon"),
        ("version: 1", "version: 2"),
    ],
)
def test_an_editor_marks_what_the_loader_refuses(old: str, new: str) -> None:
    assert old in MINIMAL
    assert complaints(MINIMAL.replace(old, new, 1))


def test_there_is_a_gallery() -> None:
    assert GALLERY


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.name)
def test_a_scenario_of_the_gallery_names_the_schema_is_valid_by_it_and_loads(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.splitlines()[0] == EDITOR_LINE
    assert complaints(text) == []
    loaded = load_scenario(path)
    assert loaded.warnings == ()
    assert loaded.scenario.description.endswith(".")
