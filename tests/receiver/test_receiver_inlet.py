"""The inlet's answers, as ingestion.md section 1 gives them, without HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from simulator.receiver import Datasets, EventStore, Flow, Inlet, InletOptions, InletSpec
from simulator.xdm import EventValidator
from tests.receiver.messages import NOW, ORGANIZATION, SCHEMA, batch, event, message

VALIDATOR = EventValidator()
INLET_PROBLEM = "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet"
PREFIX = f"inletId: [demo] imsOrgId: [{ORGANIZATION}] "
INVALID = event(7, foo=1, _id=5)


@pytest.fixture
def store() -> Iterator[EventStore]:
    with EventStore() as opened:
        yield opened


def inlet(store: EventStore, **options: Any) -> Inlet:
    return Inlet(InletSpec("demo"), store, Datasets(VALIDATOR), lambda: NOW, InletOptions(**options))


def one(store: EventStore, content: Any, *, sync: bool = False, **options: Any) -> tuple[int, dict[str, Any]]:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    answer = inlet(store, **options).accept_one(body, sync_validation=sync)
    store.commit()
    return answer.status, answer.body


def test_a_valid_message_is_answered_200_and_kept(store: EventStore) -> None:
    assert one(store, message()) == (
        200,
        {
            "inletId": "demo",
            "xactionId": f"{NOW}:0:1",
            "receivedTimeMs": NOW,
            "syncValidation": {"skipped": True},
        },
    )
    (record,) = store.query()
    assert orjson.loads(record.body) == event()
    assert (record.event_id, record.event_type) == (event()["_id"], "location.entry")
    assert record.timestamp_ms == NOW
    assert record.dataset == "6650f2a1c3d4e5f601234567"


def test_sync_validation_says_pass(store: EventStore) -> None:
    status, body = one(store, message(), sync=True)
    assert (status, body["syncValidation"]) == (200, {"status": "pass"})


def test_sync_validation_reports_violations_and_drops_the_record(store: EventStore) -> None:
    status, body = one(store, message(INVALID), sync=True)
    assert status == 400
    assert body == {
        "type": INLET_PROBLEM,
        "status": 400,
        "title": "Invalid XDM Message Format",
        "report": {
            "message": PREFIX + "Message is invalid",
            "cause": {
                "_streamingValidation": [
                    {
                        "schemaLocation": "#",
                        "pointerToViolation": "#",
                        "message": "2 schema violations found",
                        "causingExceptions": [
                            {
                                "schemaLocation": "#",
                                "pointerToViolation": "#",
                                "causingExceptions": [],
                                "keyword": "additionalProperties",
                                "message": "extraneous key [foo] is not permitted",
                            },
                            {
                                "schemaLocation": "#/properties/_id",
                                "pointerToViolation": "#/_id",
                                "causingExceptions": [],
                                "keyword": "type",
                                "message": "expected type: String, found: Integer",
                            },
                        ],
                    }
                ]
            },
        },
    }
    assert store.counts().accepted == store.counts().failed == 0


def test_without_sync_an_invalid_event_is_answered_200_and_fails_afterwards(store: EventStore) -> None:
    assert one(store, message(INVALID))[0] == 200
    assert store.counts().accepted == 0
    (failed,) = store.failed()
    payload = orjson.loads(failed.body)
    assert payload["body"]["xdmEntity"] == INVALID
    assert payload["_validationErrors"][0]["message"] == "2 schema violations found"
    assert "#/_id expected type: String, found: Integer" in failed.reason


def test_an_event_with_more_than_five_violations_is_reported_with_five(store: EventStore) -> None:
    _, body = one(store, message(event(**{f"extra{n}": n for n in range(9)})), sync=True)
    (wrapper,) = body["report"]["cause"]["_streamingValidation"]
    assert len(wrapper["causingExceptions"]) == 5


@pytest.mark.parametrize("entity", [5, "text", [], True])
def test_an_entity_that_is_no_object_is_invalid(store: EventStore, entity: Any) -> None:
    status, body = one(store, message(entity), sync=True)
    assert status == 400
    assert body["report"]["message"].endswith("Message is invalid")


def without_schema() -> dict[str, Any]:
    content = message()
    content["body"]["xdmMeta"] = {}
    return content


def with_old_schema_style() -> dict[str, Any]:
    content = message(schemaRef=None, xdmSchema={"name": "_xdm.context.experienceevent"})
    content["body"]["xdmMeta"] = {"xdmSchema": {"name": "_xdm.context.experienceevent"}}
    return content


def with_two_schemas() -> dict[str, Any]:
    return message(schemaRef={**SCHEMA, "id": "https://ns.example.com/schemas/another"})


@pytest.mark.parametrize(
    "content",
    [
        without_schema(),
        with_old_schema_style(),
        with_two_schemas(),
        {"header": message()["header"]},
        {"header": message()["header"], "body": None},
        message(schemaRef={"id": SCHEMA["id"]}),
    ],
    ids=["no xdmMeta.schemaRef", "xdmSchema", "two schemas", "no body", "body null", "no contentType"],
)
def test_an_unknown_format_is_refused_at_once(store: EventStore, content: dict[str, Any]) -> None:
    status, body = one(store, content)
    assert status == 400
    assert body == {
        "type": INLET_PROBLEM,
        "status": 400,
        "title": "Invalid XDM Message Format",
        "report": {"message": PREFIX + "Message has unknown xdm format"},
    }


@pytest.mark.parametrize("content", [[], 5, None, "x"])
def test_what_is_no_object_has_an_unknown_format(store: EventStore, content: Any) -> None:
    status, body = one(store, content)
    assert (status, body["report"]["message"]) == (
        400,
        "inletId: [demo] imsOrgId: [] Message has unknown xdm format",
    )


@pytest.mark.parametrize("version", ["1.3", " version=1.0", ""])
def test_every_spelling_of_the_content_type_is_understood(store: EventStore, version: str) -> None:
    spelling = {**SCHEMA, "contentType": f"application/vnd.adobe.xed-full-notext+json;{version}"}
    assert one(store, message(schemaRef=spelling))[0] == 200


def test_a_missing_header_is_named(store: EventStore) -> None:
    _, body = one(store, {"body": {}})
    assert body["report"]["message"] == (
        "The 'header' field is mandatory. Provide a valid 'header' value and try again."
    )


def test_a_missing_dataset_is_named(store: EventStore) -> None:
    status, body = one(store, message(datasetId=None))
    assert status == 400
    assert "'datasetId' field is mandatory" in body["report"]["message"]


def test_another_organization_is_refused_and_a_missing_one_is_not(store: EventStore) -> None:
    status, body = one(store, message(imsOrgId="SOMEBODY@AdobeOrg"), organization=ORGANIZATION)
    assert status == 400
    assert body["report"]["message"] == PREFIX + "Message has an absent or wrong ims org in the header"
    assert one(store, message(imsOrgId=None), organization=ORGANIZATION)[0] == 200
    assert one(store, message(), organization=ORGANIZATION)[0] == 200


def test_any_organization_passes_where_none_is_set(store: EventStore) -> None:
    assert one(store, message(imsOrgId="SOMEBODY@AdobeOrg"))[0] == 200
    assert one(store, message(imsOrgId=5))[0] == 400


def test_structural_failures_are_found_after_the_answer(store: EventStore) -> None:
    assert one(store, message(source={}))[0] == 200
    missing = message()
    del missing["body"]["xdmEntity"]
    assert one(store, missing)[0] == 200
    first, second = (orjson.loads(record.body) for record in store.failed())
    assert first["_errors"] == {
        "_streamingValidation": [{"message": "Payload header is missing Source Name"}]
    }
    assert second["_validationErrors"] == [{"message": "Payload body is missing xdmEntity"}]


def test_malformed_json_is_refused_in_the_documented_form(store: EventStore) -> None:
    status, body = one(store, b'{"header":')
    assert (status, body["type"]) == (400, INLET_PROBLEM)
    assert "not valid JSON" in body["report"]["message"]


def test_a_body_above_one_megabyte_is_413(store: EventStore) -> None:
    assert one(store, b" " * 1_000_001)[0] == 413
    fitting = orjson.dumps(message())
    assert one(store, fitting + b" " * (1_000_000 - len(fitting)))[0] == 200


def test_smile_is_refused_by_its_first_bytes(store: EventStore) -> None:
    assert one(store, b":)\n\x03")[0] == 415


def test_a_raw_record_of_an_unknown_flow_is_kept_as_it_is(store: EventStore) -> None:
    answer = inlet(store).accept_one(b'{"deviceId":"d"}', flow_id="f", dataset="raw-set")
    store.commit()
    assert answer.status == 200
    (record,) = store.query()
    assert (record.body, record.dataset) == (b'{"deviceId":"d"}', "raw-set")


def raw_inlet(store: EventStore) -> Inlet:
    mapping = {"_id": "id", "timestamp": "at", "_acme.shop.code": "shop.code", "eventType": "kind"}
    spec = InletSpec("raw", data_type="raw", flows={"f": Flow("set", mapping)})
    return Inlet(spec, store, Datasets(VALIDATOR), lambda: NOW)


def test_a_flow_with_a_mapping_makes_an_event_of_a_raw_record(store: EventStore) -> None:
    record = {"id": "e1", "at": "2025-03-04T10:15:30Z", "shop": {"code": "s-9"}, "more": 1}
    answer = raw_inlet(store).accept_one(orjson.dumps(record), flow_id="f")
    store.commit()
    assert answer.status == 200
    (kept,) = store.query()
    assert orjson.loads(kept.body) == {
        "_id": "e1",
        "timestamp": "2025-03-04T10:15:30Z",
        "_acme": {"shop": {"code": "s-9"}},
    }
    assert (kept.dataset, kept.event_id) == ("set", "e1")


def test_a_raw_record_whose_event_is_invalid_is_found_among_the_failed_ones(store: EventStore) -> None:
    status = raw_inlet(store).accept_one(b'{"id":"e1","at":"yesterday"}', flow_id="f").status
    store.commit()
    assert (status, store.counts().accepted, store.counts().failed) == (200, 0, 1)
    failed = orjson.loads(store.failed()[0].body)
    assert failed["at"] == "yesterday"
    assert "not a valid date-time" in failed["_validationErrors"][0]["message"]


@pytest.mark.parametrize("flow", [None, "other"])
def test_a_raw_inlet_needs_a_flow_that_it_has(store: EventStore, flow: str | None) -> None:
    assert raw_inlet(store).accept_one(b'{"id":"e1"}', flow_id=flow).status == 400


def test_a_timestamp_in_the_future_is_accepted(store: EventStore) -> None:
    assert one(store, message(event(timestamp="2031-01-01T00:00:00Z")))[0] == 200
    assert store.counts().accepted == 1


# --- batches ------------------------------------------------------------------------------------------------


def test_a_batch_is_answered_207_with_an_entry_per_message(store: EventStore) -> None:
    answer = inlet(store).accept_batch(batch(message(event(1)), message(event(2))))
    store.commit()
    assert answer.status == 207
    assert answer.body["batchId"] == f"{NOW}:0:1"
    assert [entry["xactionId"].rpartition("-")[2] for entry in answer.body["responses"]] == ["0", "1"]
    assert store.counts().accepted == 2


def test_failed_entries_have_the_shape_that_the_connector_reads(store: EventStore) -> None:
    answer = inlet(store).accept_batch(batch(message(), {"body": {}}))
    good, bad = answer.body["responses"]
    assert "status" not in good
    assert (bad["status"], bad["xactionId"][-2:]) == (400, "-1")
    assert bad["message"].startswith("The 'header' field is mandatory.")


def test_failed_entries_have_the_shape_of_the_tutorial_if_asked(store: EventStore) -> None:
    answer = inlet(store, entry_shape="tutorial").accept_batch(batch(message(), without_schema()))
    assert answer.body["responses"] == [
        {"xactionId": f"{NOW}:0:1:0"},
        {"statusCode": 400, "message": PREFIX + "Message has unknown xdm format"},
    ]


def test_a_batch_in_which_everything_fails_is_still_207(store: EventStore) -> None:
    answer = inlet(store).accept_batch(batch(5, None, {}))
    assert answer.status == 207
    assert [entry["status"] for entry in answer.body["responses"]] == [400, 400, 400]


def test_an_invalid_event_in_a_batch_fails_afterwards(store: EventStore) -> None:
    answer = inlet(store).accept_batch(batch(message(INVALID)))
    store.commit()
    assert "status" not in answer.body["responses"][0]
    assert store.counts().failed == 1


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"messages":{}}'])
def test_a_batch_without_messages_is_refused(store: EventStore, body: bytes) -> None:
    answer = inlet(store).accept_batch(body)
    assert answer.status == 400
    assert answer.body["report"]["message"].endswith("unknown xdm format")


# --- in the same process ------------------------------------------------------------------------------------


def test_events_of_the_same_process_are_kept_byte_for_byte(store: EventStore) -> None:
    spaced = orjson.dumps(event(1), option=orjson.OPT_INDENT_2)
    reasons = inlet(store).accept_events([spaced, orjson.dumps(INVALID), b"{"], dataset="d")
    store.commit()
    assert [record.body for record in store.query()] == [spaced]
    assert sorted(reasons) == [1, 2]
    assert "extraneous key [foo]" in reasons[1]
    assert "not valid JSON" in reasons[2]
    assert store.counts().failed == 1


def test_messages_of_the_same_process_are_judged_as_over_http(store: EventStore) -> None:
    messages = [orjson.dumps(m) for m in (message(event(1)), message(INVALID), {"body": {}})]
    reasons = inlet(store).accept_messages([*messages, b"{"])
    store.commit()
    assert sorted(reasons) == [1, 2, 3]
    assert (store.counts().accepted, store.counts().failed) == (1, 1)
