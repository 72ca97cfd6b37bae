"""The checklist for an event that should start a journey."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.journeys import make_plan
from simulator.journeys.triggerable import check_event, payload_preview
from simulator.scenario.models.journeys import Journeys

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
POI = {"placeContext": {"POIinteraction": {"poiDetail": {"name": "Cafe"}}}}


def plan_of(rule: str | None = None, event_id: str | None = None, **journey: Any) -> Any:
    event = {"rule": rule} if rule else {"event_id": event_id}
    document = {"events": {"In": event}, "journeys": {"j": {"steps": {"in": {"event": "In"}}, **journey}}}
    return make_plan(Journeys.model_validate(document), ZoneInfo("UTC"))[0]


def event(**fields: Any) -> dict[str, Any]:
    return {
        "_id": "e1",
        "timestamp": "2026-03-02T09:00:00Z",
        "identityMap": {"ECID": [{"id": "7" * 38}]},
        **fields,
    }


RULE = '@event{In.eventType} == "location.entry" and @event{In.placeContext.POIinteraction.poiDetail.name} == "Cafe"'


@pytest.mark.parametrize("wrap", ["bare", "message", "edge v1", "edge v2"])
def test_a_sound_event_triggers_in_every_wrapping(wrap: str) -> None:
    entity = event(eventType="location.entry", **POI)
    document = {
        "bare": entity,
        "message": {"header": {}, "body": {"xdmMeta": {}, "xdmEntity": entity}},
        "edge v1": {"events": [{"xdm": entity}]},
        "edge v2": {"event": {"xdm": entity}},
    }[wrap]
    verdict = check_event(plan_of(RULE), document, NOW)[0]
    assert verdict.triggers, verdict.reason
    assert verdict.checks[-1].passed is None  # the re-entrance guard depends on what was before


TRAP = RULE.replace("poiDetail", "POIDetail")


@pytest.mark.parametrize(
    ("plan", "document", "reason"),
    [
        (
            plan_of(TRAP),
            event(eventType="location.entry", **POI),
            "POIinteraction.poiDetail.name` (names are case-sensitive)",
        ),
        (
            plan_of(RULE),
            event(eventType="location.exit", **POI),
            "to be 'location.entry'; the event has 'location.exit'",
        ),
        (plan_of(RULE), event(eventType="location.entry"), "which the event does not have"),
        (
            plan_of(event_id="abc"),
            event(),
            "`_experience.campaign.orchestration.eventID` is missing; it must be 'abc'",
        ),
        (
            plan_of(event_id="abc"),
            event(_experience={"campaign": {"orchestration": {"eventID": "abd"}}}),
            "is 'abd', not 'abc'",
        ),
        (
            plan_of(RULE),
            event(eventType="location.entry", identityMap={"Email": [{"id": "a@example.com"}]}, **POI),
            "no identity of namespace ECID; the event has Email",
        ),
        (plan_of(RULE), event(eventType="location.entry", timestamp=None, **POI), "`timestamp` is missing"),
        (
            plan_of(RULE),
            event(eventType="location.entry", note="x" * 70_000, **POI),
            "bytes of at most 65,536",
        ),
        (
            plan_of(RULE, active={"after": "2026-04-01T00:00"}),
            event(eventType="location.entry", **POI),
            "outside of its window",
        ),
        (plan_of(RULE, paused=True), event(eventType="location.entry", **POI), "the journey is paused"),
        (plan_of(RULE), {"header": {}, "body": {}}, "is a streaming message without `body.xdmEntity`"),
        (plan_of(RULE), [1], "is no JSON object"),
    ],
)
def test_what_stands_in_the_way_is_named(plan: Any, document: Any, reason: str) -> None:
    verdict = check_event(plan, document, NOW)[0]
    assert not verdict.triggers
    assert reason in verdict.reason


def test_the_preview_has_the_event_id_in_its_place() -> None:
    plan = plan_of(event_id="abc")
    entity = payload_preview(plan.definitions["In"], ["placeContext.geo.city"])["body"]["xdmEntity"]
    assert entity["_experience"]["campaign"]["orchestration"]["eventID"] == "abc"
    assert entity["placeContext"]["geo"]["city"] == "<value>"


def test_the_preview_of_a_rule_matches_the_rule() -> None:
    plan = plan_of(RULE)
    message = payload_preview(plan.definitions["In"], None)
    verdict = check_event(plan, message, NOW)[0]
    assert verdict.triggers, verdict.reason
