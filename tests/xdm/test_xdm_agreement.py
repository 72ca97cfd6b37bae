"""Our schema and the reference schema give the same verdicts.

Fragments among the published examples are placed where the reference index says that their type belongs
(its ``mount``: a path, with ``[]`` for a member of a list) in an event that has nothing else but ``_id``
and ``timestamp``. Fragments without a mount are field groups and are laid over that event.

The two differ on purpose only in what is a date-time: ours is the narrower rule of the ingestion endpoint.
The events mutated here keep to dates on which both agree; test_xdm_validator.py has the others.
"""

from __future__ import annotations

import copy
import json
import os
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.xdm import EventValidator, event_schema
from simulator.xdm.schema import TENANT_PATTERN
from tests.shared_files import SHARED, shared_path

EVENT_FILES = sorted(SHARED.glob("xdm/examples/events/*.json"))
BASE = {"_id": "6b1d0c52-7f0e-4a53-9c1e-0000000000ff", "timestamp": "2024-05-14T17:03:20.482Z"}
OURS = EventValidator()


@cache
def reference() -> jsonschema_rs.Draft202012Validator:
    schema = json.loads(shared_path("xdm/compiled/experienceevent.mobile.strict.schema.json").read_text())
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(shared_path(f"xdm/examples/events/{name}.json").read_text())
    return event


def set_at(event: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    for name in parents:
        event = event.setdefault(name, {})
    event[last] = value


def remove_at(event: dict[str, Any], path: str) -> None:
    *parents, last = path.split(".")
    for name in parents:
        event = event[name]
    del event[last]


def placed(fragment: Any, mount: str | None) -> dict[str, Any]:
    """An event with a published example in it."""
    event = copy.deepcopy(BASE)
    if mount is None:
        return event | fragment if isinstance(fragment, dict) else fragment
    set_at(event, mount.removesuffix("[]"), [fragment] if mount.endswith("[]") else fragment)
    return event


def test_every_sample_event_is_valid_for_both() -> None:
    shared_path("xdm/examples/events")
    assert len(EVENT_FILES) == 14
    for path in EVENT_FILES:
        event = json.loads(path.read_text())
        assert reference().is_valid(event), path.name
        assert OURS.violations(event) == [], path.name


def test_every_invalid_variant_is_rejected_by_both() -> None:
    variants = json.loads(shared_path("xdm/examples/invalid.json").read_text())
    assert len(variants) > 40
    for variant in variants:
        event = sample(variant["base"])
        for path, value in variant.get("set", {}).items():
            set_at(event, path, value)
        for path in variant.get("remove", ()):
            remove_at(event, path)
        assert not reference().is_valid(event), variant["name"]
        assert not OURS.is_valid(event), variant["name"]
        assert OURS.violations(event), variant["name"]


def published_examples() -> list[dict[str, Any]]:
    index = json.loads(shared_path("xdm/INDEX.json").read_text())
    return [row for row in index["examples"] if row["class"] == "experienceevent.mobile"]


@pytest.mark.parametrize("row", published_examples() if EVENT_FILES else [], ids=lambda row: row["wire"])
@pytest.mark.parametrize("form", ["wire", "original"])
def test_a_published_example_gets_the_verdict_of_the_reference(row: dict[str, Any], form: str) -> None:
    event = placed(json.loads(shared_path(f"xdm/{row[form]}").read_text()), row["mount"])
    verdict = reference().is_valid(event)

    assert OURS.is_valid(event) == verdict
    assert (OURS.violations(event) == []) == verdict


def test_wire_examples_pass_where_the_index_says_so_and_prefixed_names_never_do() -> None:
    for row in published_examples():
        wire, original = (
            placed(json.loads(shared_path(f"xdm/{row[form]}").read_text()), row["mount"])
            for form in ("wire", "original")
        )
        assert OURS.is_valid(wire) == (row["strict"] == "pass"), row["wire"]
        assert not OURS.is_valid(original), row["original"]


def rules_of(node: Any, definitions: dict[str, Any]) -> Any:
    """A schema with its references followed, without what only describes, and without order in lists."""
    if isinstance(node, list):
        return sorted(node)
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return rules_of(definitions[node["$ref"].rpartition("/")[2]], definitions)
    words = {"$schema", "$id", "$comment", "$defs", "title", "description", "default", "deprecated"}
    rules = {
        keyword: {name: rules_of(member, definitions) for name, member in value.items()}
        if keyword in ("properties", "patternProperties")
        else rules_of(value, definitions)
        for keyword, value in node.items()
        if keyword not in words
    }
    if "en-GB-oed" in rules.get("pattern", ""):
        rules["pattern"] = "a language tag"  # written differently; what it accepts is compared below
    return rules


def test_the_two_schemas_have_the_same_rules() -> None:
    theirs = json.loads(shared_path("xdm/compiled/experienceevent.mobile.strict.schema.json").read_text())
    ours = event_schema()

    assert rules_of(ours, ours["$defs"]) == rules_of(theirs, theirs["$defs"])


# --- mutations ----------------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**53), max_value=2**53),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from([-181, -180.0, -90.5, -90, 0, 0.5, 90, 90.01, 180, 180.5, 2**63]),
    st.sampled_from(["", "x", "US", "us", "USD", "en-US", "en_US", "de", "x-a", "i-klingon", "abc-1234-x-q"]),
    st.sampled_from(
        ["close", "open", "mobile", "application", "ALWAYS_ALLOWED", "ambiguous", "push", "near"]
    ),
    st.sampled_from(["2024-05-14T10:03:20-07:00", "2024-05-14", "2024-02-30T10:00:00Z", "noon"]),
    st.sampled_from(["https://ns.adobe.com/x", "/relative", "a b", "http://[", "1.2.3.4", "::1", "1.2.3"]),
    st.sampled_from([[], {}, [{}], [1], {"value": 1}, {"value": "1"}, {"list": []}, {"id": "a"}]),
    st.text(max_size=8),
)
NAMES = st.one_of(
    st.sampled_from(
        ["_acme", "_exper", "_schema", "_type", "_dc", "_id", "xdm:name", "POIID", "poiID", "geo"]
    ),
    st.sampled_from(["value", "id", "name", "SKU", "language", "latitude", "channel", "code", "custom"]),
    st.text(max_size=6),
)


def spots(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below ``node``."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [(node, key) for key in keys] + [spot for key in keys for spot in spots(node[key])]


@st.composite
def mutated_events(draw: st.DrawFn) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(draw(st.sampled_from(EVENT_FILES)).read_text())
    for _ in range(draw(st.integers(min_value=1, max_value=3))):
        places = spots(event)
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["drop", "rename", "retype", "add", "number"])):
            case "drop":
                del container[key]
            case "rename" if isinstance(container, dict):
                container[draw(NAMES)] = container.pop(key)
            case "add" if isinstance(container, dict):
                container[draw(NAMES)] = copy.deepcopy(draw(VALUES))
            case "number" if isinstance(container[key], int | float):
                container[key] = container[key] * draw(st.sampled_from([-1, 10, 1000])) + 0.25
            case _:
                container[key] = copy.deepcopy(draw(VALUES))
    return event


@pytest.mark.skipif(
    not EVENT_FILES and os.environ.get("CI") != "true",
    reason="needs ../shared/xdm/examples/events, which is not here",
)
@settings(max_examples=1500, deadline=None)
@given(st.deferred(mutated_events))
def test_mutated_events_get_the_verdict_of_the_reference(event: dict[str, Any]) -> None:
    verdict = reference().is_valid(event)

    assert OURS.is_valid(event) == verdict
    assert (OURS.violations(event) == []) == verdict


LANGUAGE_PARTS = st.one_of(
    st.sampled_from(["en", "de", "zh", "sgn", "abcd", "abcde", "Latn", "US", "419", "1901", "valencia", "x"]),
    st.sampled_from(["a", "b", "bcd", "oed", "GB", "i", "klingon", "hak", "min", "nan", "BE", "FR", "", "1"]),
    st.sampled_from(["abcdefghi", "u", "co", "phonebk"]),
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(LANGUAGE_PARTS, min_size=1, max_size=6).map("-".join))
def test_language_tags_get_the_verdict_of_the_reference(tag: str) -> None:
    event = BASE | {"environment": {"_dc": {"language": tag}}}

    assert OURS.is_valid(event) == reference().is_valid(event)


@settings(max_examples=500, deadline=None)
@given(st.from_regex(r"^_?(exper|schema|repo|xdm|type|[a-zA-Z0-9_]{0,4})[a-z0-9]{0,3}\Z"))
def test_tenant_names_get_the_verdict_of_the_reference(name: str) -> None:
    event = BASE | {name: {"field": 1}}

    assert OURS.is_valid(event) == reference().is_valid(event)
    assert event_schema()["patternProperties"].keys() == {TENANT_PATTERN}
