"""The validator's verdicts and words."""

from __future__ import annotations

import copy
import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.xdm import EventValidator, Violation, location_event
from simulator.xdm.validator import is_date_time
from tests.xdm.samples import AT_THE_BORDER, EVENT_ID, IDENTITIES, IOS, STORE, TIMESTAMP

VALIDATOR = EventValidator()
EVENT = location_event(
    kind="entry",
    id=EVENT_ID,
    timestamp=TIMESTAMP,
    identities=IDENTITIES,
    sdk=IOS,
    poi=STORE,
    rich=AT_THE_BORDER,
)


def changed(path: str, value: object) -> dict[str, Any]:
    event = copy.deepcopy(EVENT)
    *parents, last = path.split(".")
    node = event
    for name in parents:
        node = node.setdefault(name, {})
    node[last] = value
    return event


def only_violation(event: dict[str, Any]) -> Violation:
    (violation,) = VALIDATOR.violations(event)
    assert not VALIDATOR.is_valid(event)
    return violation


def test_a_valid_event_has_no_violations() -> None:
    assert VALIDATOR.is_valid(EVENT)
    assert VALIDATOR.violations(EVENT) == []


DATE_TIME_FORMS = (
    "[yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}Z, yyyy-MM-dd'T'HH:mm:ss[+-]HH:mm, "
    "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}[+-]HH:mm]"
)


@pytest.mark.parametrize(
    ("path", "value", "keyword", "message"),
    [
        ("_id", 7, "type", "expected type: String, found: Integer"),
        ("_id", 2**40, "type", "expected type: String, found: Long"),
        ("_id", 2**70, "type", "expected type: String, found: Number"),
        ("_id", 1.5, "type", "expected type: String, found: Number"),
        ("_id", None, "type", "expected type: String, found: Null"),
        ("device", True, "type", "expected type: JSONObject, found: Boolean"),
        ("device.isPushOptIn", "yes", "type", "expected type: Boolean, found: String"),
        ("device.screenWidth", [], "type", "expected type: Integer, found: JSONArray"),
        ("placeContext.activePOIs", {}, "type", "expected type: JSONArray, found: JSONObject"),
        ("placeContext.geo._schema.latitude", "1", "type", "expected type: Number, found: String"),
        ("placeContext.geo._schema.latitude", 90.5, "maximum", "90.5 is not less or equal to 90"),
        ("application.sessionLength", -1, "minimum", "-1 is not greater or equal to 0"),
        ("placeContext.geo.countryCode", "us", "pattern", "string [us] does not match pattern ^[A-Z]{2}$"),
        ("environment.type", "foo", "enum", "foo is not a valid enum value"),
        ("environment.ipV4", "1.2.3", "format", "[1.2.3] is not a valid ipv4 address"),
        ("channel", {}, "required", "required key [_id] not found"),
        ("placeContext.POIinteraction.poiExits", {}, "required", "required key [value] not found"),
        ("placeContext.poi", 1, "additionalProperties", "extraneous key [poi] is not permitted"),
        (
            "timestamp",
            "2018-00-10T22:07:56Z",
            "format",
            f"[2018-00-10T22:07:56Z] is not a valid date-time. Expected {DATE_TIME_FORMS}",
        ),
        (
            "commerce",
            {"billing": {"address": {"postOfficeBox": "x" * 21}}},
            "maxLength",
            "expected maxLength: 20, actual: 21",
        ),
        (
            "placeContext.POIinteraction.poiDetail.geoInteractionDetails.geoShape._schema.box",
            [{}],
            "minItems",
            "expected minimum item count: 2, found: 1",
        ),
        (
            "placeContext.POIinteraction.poiDetail.geoInteractionDetails.geoShape._schema.box",
            [{}, {}, {}],
            "maxItems",
            "expected maximum item count: 2, found: 3",
        ),
        ("endUserIDs", {}, "minProperties", "minimum size: [1], found: [0]"),
    ],
)
def test_violations_are_worded_as_the_platform_does(
    path: str, value: object, keyword: str, message: str
) -> None:
    violation = only_violation(changed(path, value))

    assert (violation.keyword, violation.message) == (keyword, message)


def test_a_violation_points_into_the_event_and_into_the_schema_without_references() -> None:
    violation = only_violation(changed("placeContext.geo.countryCode", "us"))

    assert violation.pointer == "#/placeContext/geo/countryCode"
    assert violation.schema_location == ("#/properties/placeContext/properties/geo/properties/countryCode")


def test_a_missing_and_an_extra_name_point_at_their_object() -> None:
    event = changed("placeContext.geo.latitude", 48.1)
    del event["timestamp"]

    missing, extra = VALIDATOR.violations(event)

    assert (missing.pointer, missing.schema_location) == ("#", "#")
    assert extra.pointer == "#/placeContext/geo"
    assert extra.schema_location == "#/properties/placeContext/properties/geo"


def test_special_characters_in_names_are_escaped_in_pointers() -> None:
    violation = only_violation(changed("identityMap.a/b~c", "x"))

    assert violation.pointer == "#/identityMap/a~1b~0c"


def test_each_extra_name_is_a_violation_and_at_most_five_are_told() -> None:
    event = EVENT | {f"extra{i}": i for i in range(9)}

    violations = VALIDATOR.violations(event)

    assert [v.message for v in violations] == [
        f"extraneous key [extra{i}] is not permitted" for i in range(5)
    ]
    assert len(VALIDATOR.violations(event, limit=100)) == 9


def test_one_violation_is_reported_alone() -> None:
    event = changed("_id", 7)

    assert VALIDATOR.report(VALIDATOR.violations(event)) == {
        "schemaLocation": "#/properties/_id",
        "pointerToViolation": "#/_id",
        "causingExceptions": [],
        "keyword": "type",
        "message": "expected type: String, found: Integer",
    }


def test_several_violations_are_wrapped() -> None:
    report = VALIDATOR.report(VALIDATOR.violations(changed("_id", 7) | {"foo": 1}))

    assert report["message"] == "2 schema violations found"
    assert (report["schemaLocation"], report["pointerToViolation"]) == ("#", "#")
    assert "keyword" not in report
    assert [cause["keyword"] for cause in report["causingExceptions"]] == ["additionalProperties", "type"]


def test_nothing_to_report_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no violations"):
        VALIDATOR.report([])


@pytest.mark.parametrize("event", [None, [], "x", 1, True, {}])
def test_what_is_no_event_at_all_is_a_violation_not_an_error(event: Any) -> None:
    assert not VALIDATOR.is_valid(event)
    assert VALIDATOR.report(VALIDATOR.violations(event))


def test_a_schema_of_ones_own_can_be_used() -> None:
    validator = EventValidator(
        {"type": "object", "required": ["at"], "properties": {"at": {"format": "date"}}}
    )

    assert validator.is_valid({"at": "2026-03-02"})
    (violation,) = validator.violations({"at": "noon"})
    assert violation.message == "[noon] is not a valid date. Expected [yyyy-MM-dd]"


@pytest.mark.parametrize(
    "text",
    [
        "2018-01-10T22:07:56Z",
        "2018-01-10T22:07:56.1Z",
        "2018-01-10T22:07:56.123456789Z",
        "2018-01-10T22:07:56+05:30",
        "2018-01-10T22:07:56.120-07:00",
        "2024-02-29T00:00:00Z",
        "2000-02-29T00:00:00Z",
    ],
)
def test_date_times_that_the_endpoint_takes(text: str) -> None:
    assert is_date_time(text)
    assert VALIDATOR.is_valid(changed("timestamp", text))


@pytest.mark.parametrize(
    "text",
    [
        "2018-01-10T22:07Z",
        "2018-01-10T22:07:56",
        "2018-01-10 22:07:56Z",
        "2018-01-10T22:07:56.Z",
        "2018-01-10T22:07:56.1234567890Z",
        "2018-01-10T22:07:56+0530",
        "2018-01-10T22:07:56+05",
        "2018-01-10t22:07:56Z",
        "2018-01-10T22:07:56z",
        "2018-01-10T24:00:00Z",
        "2018-01-10T23:59:60Z",
        "2018-00-10T22:07:56Z",
        "2018-13-10T22:07:56Z",
        "2018-02-29T22:07:56Z",
        "1900-02-29T22:07:56Z",
        "2018-04-31T22:07:56Z",
        "2018-01-10T22:07:56Z\n",
        " 2018-01-10T22:07:56Z",
        "２018-01-10T22:07:56Z",
        "1715706200",
        "",
    ],
)
def test_date_times_that_the_endpoint_refuses(text: str) -> None:
    assert not is_date_time(text)
    assert not VALIDATOR.is_valid(changed("timestamp", text))


ALMOST_DATE_TIMES = st.from_regex(
    re.compile(
        r"\d{4}-[01]\d-[0-3]\d[Tt ][0-2]\d:[0-6]\d(:[0-6]\d)?(\.\d{0,11})?([Zz]|[+-][0-2]\d:?[0-6]\d)?\n?",
        re.ASCII,
    ),
    fullmatch=True,
)


@given(ALMOST_DATE_TIMES)
@example("0000-01-01T00:00:00Z")
@example("2024-01-01T00:00:00-00:00")
def test_the_quick_answer_and_the_explanation_agree_on_dates(text: str) -> None:
    event = changed("timestamp", text)

    assert VALIDATOR.is_valid(event) == (VALIDATOR.violations(event) == []) == is_date_time(text)


@given(ALMOST_DATE_TIMES)
def test_every_date_time_that_the_endpoint_takes_is_one_by_rfc_3339(text: str) -> None:
    validator = jsonschema_rs.Draft202012Validator({"format": "date-time"}, validate_formats=True)

    assert validator.is_valid(text) or not is_date_time(text)
