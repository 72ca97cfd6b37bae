"""Step events: what is written has the published form, and what others write can be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.journeys.step_events import StepEventWriter, read_step_event
from tests.journeys.hotel import HOUR, MINUTE, Stage
from tests.journeys.test_hotel_case import hotel
from tests.shared_files import shared_path


def written() -> tuple[Stage, list[dict[str, Any]]]:
    stage = Stage(hotel())
    for name in ("guest", "stranger"):
        stage.person(name, _customer={"marlton": {"loyaltyMember": name == "guest"}})
        stage.send(name, "lobby-1")
    stage.pass_time(MINUTE)
    stage.send("guest", "lobby-1")
    stage.send("guest", "restaurant-1")
    stage.pass_time(HOUR)
    writer = StepEventWriter(stage.plan, stage.date_of, "run")
    return stage, list(writer.events(stage.rows))


def bodies(events: list[dict[str, Any]], identity: str) -> list[dict[str, Any]]:
    return [
        event["_experience"]["journeyOrchestration"]["stepEvents"]
        for event in events
        if "stepEvents" in event["_experience"]["journeyOrchestration"]
        and event["_experience"]["journeyOrchestration"]["stepEvents"]["profileID"] == identity
    ]


def test_one_step_event_is_written_for_each_node_passed_and_one_for_the_end() -> None:
    _, events = written()
    names = [(step["nodeName"], step["stepStatus"]) for step in bodies(events, "guest")]
    assert names == [
        ("lobby", "transitions"),
        ("loyalty", "transitions"),
        ("booked", "transitions"),
        ("welcome", "transitions"),
        ("dinner", "transitions"),
        ("meal", "transitions"),
        ("meal", "endStep"),
    ]
    assert len({event["_id"] for event in events}) == len(events)


def test_the_first_node_is_the_entrance_and_names_the_event() -> None:
    _, events = written()
    first = bodies(events, "guest")[0]
    assert (first["entrance"], first["reentrance"], first["nodeType"]) == (True, False, "start")
    assert first["eventName"] == "LobbyBeacon"


def test_an_action_says_what_it_was() -> None:
    _, events = written()
    action = bodies(events, "stranger")[2]
    assert (action["actionName"], action["channel"], action["actionExecutionTime"]) == (
        "Membership",
        "email",
        0,
    )


def test_discards_carry_code_and_type_the_way_round_of_their_service() -> None:
    _, events = written()
    services = [
        event["_experience"]["journeyOrchestration"]["serviceEvents"]
        for event in events
        if "serviceEvents" in event["_experience"]["journeyOrchestration"]
    ]
    assert [next(iter(service)) for service in services] == ["stateMachine"]
    assert services[0]["stateMachine"]["eventCode"] == "eventNotAwaited"
    assert services[0]["stateMachine"]["eventType"] == "discard"


def test_field_names_are_those_of_the_published_schema() -> None:
    folder = shared_path("xdm/source/extensions/adobe/experience/journeyOrchestration/stepEvents")
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.schema.json"))
    _, events = written()
    used = {name for step in bodies(events, "guest") + bodies(events, "stranger") for name in step}
    # Not in the two schemas at hand, but in the product's list of fields.
    listed = {"profileID", "profileNamespace", "supplementalID", "actionOriginMethod"}
    assert sorted(name for name in used - listed if f'journeyOrchestration/{name}"' not in text) == []


def test_what_is_written_can_be_read_back() -> None:
    stage, events = written()
    evidence = [found for event in events for found in read_step_event(event)]
    assert len(evidence) == len(events)
    assert [found.node for found in evidence if found.entrance and found.identity == "guest"] == ["lobby"]
    assert [found.action for found in evidence if found.action and found.identity == "guest"] == [
        "Welcome",
        "MealDiscount",
    ]
    assert [found.discard for found in evidence if found.discard] == stage.discards()
    assert {found.journey for found in evidence} == {"marlton"}


@pytest.mark.parametrize(
    ("spelling", "status"),
    [("SUCCEEDED", "transitions"), ("Transitions", "transitions"), ("EndStep", "endStep"), ("ended", "endStep"),
     ("timedout", "timedOut"), ("TimedOut", "timedOut"), ("capped", "cappingError"), ("Error", "error")],
)  # fmt: skip
def test_every_spelling_of_a_status_is_understood(spelling: str, status: str) -> None:
    document = {
        "timestamp": "2026-03-01T09:00:02.120Z",
        "_experience": {"journeyOrchestration": {"stepEvents": [{"stepStatus": spelling, "nodeName": "a"}]}},
    }
    assert [found.status for found in read_step_event(document)] == [status]


@pytest.mark.parametrize("pair", [("discard", "reentranceNotAllowed"), ("reentranceNotAllowed", "discard")])
def test_the_reason_of_a_discard_is_found_in_either_field(pair: tuple[str, str]) -> None:
    document = {
        "timestamp": "2026-03-01T09:00:02Z",
        "_experience": {
            "journeyOrchestration": {
                "profile": {"ID": "x", "namespace": "ECID"},
                "serviceEvents": {
                    "dispatcher": {"eventCode": pair[0], "eventType": pair[1]},
                    "stateMachine": None,
                },
            }
        },
    }
    assert [(found.discard, found.identity) for found in read_step_event(document)] == [
        ("reentranceNotAllowed", "x")
    ]


def test_published_examples_can_be_read() -> None:
    folder = shared_path("xdm/examples/wire/extensions/adobe/experience/journeyOrchestration/stepEvents")
    for path in sorted(folder.glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        document = {
            "timestamp": "2026-03-01T09:00:02Z",
            "_experience": {"journeyOrchestration": {"stepEvents": body}},
        }
        assert len(list(read_step_event(document))) == 1


def test_other_records_say_nothing() -> None:
    assert list(read_step_event({"timestamp": "2026-03-01T09:00:02Z", "eventType": "location.entry"})) == []
