"""The field catalogue and the schema made from it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jsonschema_rs
import pytest

from simulator.core.errors import UsageError
from simulator.xdm import EventValidator, event_schema, field_paths
from simulator.xdm.catalogue import EVENT, Field
from tests.shared_files import shared_path

MINIMAL = {"_id": "1", "timestamp": "2026-03-02T08:15:30.125Z"}


def _all_fields(field: Field) -> Iterator[Field]:
    yield field
    for member in (field.members or {}).values():
        yield from _all_fields(member)
    if field.inner is not None:
        yield from _all_fields(field.inner)


def _as_row(field: Field, deprecated: bool) -> dict[str, object]:
    """A field in the form of the reference list; order of choices doesn't matter."""
    row = {
        "type": field.kind,
        "format": field.format,
        "pattern": field.pattern,
        "enum": sorted(field.choices) or None,
        "suggested": sorted(field.suggested) or None,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "maxLength": field.max_length,
        "minItems": field.min_items,
        "maxItems": field.max_items,
        "default": field.default,
        "required": field.required or None,
        "deprecated": deprecated or None,
    }
    return {key: value for key, value in row.items() if value is not None}


def test_the_catalogue_has_the_paths_types_and_limits_of_the_reference() -> None:
    rows = json.loads(shared_path("xdm/compiled/fields.experienceevent.json").read_text())
    reference: dict[str, dict[str, object]] = {}
    for row in rows:
        known = {key: value for key, value in row.items() if key not in ("path", "xdm")}
        for key in ("enum", "suggested"):
            if key in known:
                known[key] = sorted(known[key])
        reference[row["path"]] = known
    ours = {found.path: _as_row(found.field, found.deprecated) for found in field_paths()}
    for table in (ours, reference):
        for path, known in table.items():
            if path.rstrip("[]").endswith("_dc.language"):
                known.pop("pattern", None)  # written differently; the agreement tests compare what it accepts

    assert ours.keys() - reference.keys() == set()
    assert reference.keys() - ours.keys() == set()
    assert {path: (ours[path], row) for path, row in reference.items() if ours[path] != row} == {}


def test_a_shared_type_is_the_same_wherever_it_is_used() -> None:
    by_name: dict[str, dict[str, object]] = {}
    for field in _all_fields(EVENT):
        if field.type_name is not None:
            content = {"members": field.members, "inner": field.inner, "kind": field.kind}
            assert by_name.setdefault(field.type_name, content) == content, field.type_name


def test_the_schema_is_valid_and_every_definition_is_used() -> None:
    schema = event_schema()
    text = json.dumps(schema)

    assert jsonschema_rs.meta.is_valid(schema)
    assert [name for name in schema["$defs"] if f'"#/$defs/{name}"' not in text] == []


def test_notes_do_not_repeat_the_name_of_their_field() -> None:
    for found in field_paths():
        name = found.path.rpartition(".")[2].strip("[]").casefold()
        assert found.field.note.rstrip(".").casefold() != name


def test_any_tenant_may_have_an_object_at_the_root() -> None:
    validator = EventValidator()

    assert validator.is_valid(MINIMAL | {"_acme": {"loyaltyTier": "gold"}})
    assert not validator.is_valid(MINIMAL | {"_acme": "gold"})
    for reserved in ("_schema", "_repo", "_xdm", "_type", "_experiance", "_ab", "_Acme", "_1ab", "acme"):
        assert not validator.is_valid(MINIMAL | {reserved: {}}), reserved


@pytest.mark.parametrize("spelling", ["acme", "_acme"])
def test_a_named_tenant_is_the_only_one(spelling: str) -> None:
    validator = EventValidator(event_schema(spelling))

    assert validator.is_valid(MINIMAL | {"_acme": {"loyaltyTier": "gold"}})
    assert not validator.is_valid(MINIMAL | {"_other": {}})


@pytest.mark.parametrize("name", ["", "_", "ab", "Acme", "experience", "schema", "a-b-c", "acme\n"])
def test_a_name_that_cannot_be_a_tenants_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="tenant"):
        event_schema(name)
