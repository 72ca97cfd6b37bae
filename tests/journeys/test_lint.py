"""Traps in journeys that are found before anything runs."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.journeys import Supply, lint, make_plan
from simulator.scenario.models.journeys import Journeys

SUPPLY = Supply({"location.entry", "application.launch"}, {"known-id"}, {"ECID"})
TRAP = '@event{In.placeContext.POIinteraction.POIDetail.name} == "Cafe"'
RULE = '@event{In.eventType} == "location.entry"'


def warnings_of(steps: dict[str, Any], event: dict[str, Any] | None = None, **more: Any) -> list[str]:
    document = {
        "events": {"In": event or {"rule": RULE}, **more.pop("events", {})},
        "actions": {"Hello": {"channel": "push"}},
        "journeys": {"j": {"steps": {"in": {"event": "In"}, **steps}, **more}},
    }
    plan, faults = make_plan(Journeys.model_validate(document), ZoneInfo("UTC"))
    assert faults == []
    return [f"{'.'.join(map(str, fault.path))}: {fault.what}; {fault.hint}" for fault in lint(plan, SUPPLY)]


def test_a_sound_journey_has_no_warnings() -> None:
    rule = f'{RULE} and @event{{In.placeContext.POIinteraction.poiDetail.name}} == "Cafe"'
    assert warnings_of({"hello": {"action": "Hello"}}, {"rule": rule}) == []


@pytest.mark.parametrize(
    ("steps", "event", "warning"),
    [
        ({}, {"rule": f"{RULE} and {TRAP}"}, "did you mean `placeContext.POIinteraction.poiDetail`?"),
        (
            {},
            {"rule": f"{RULE} and @event{{In.placecontext.geo.city}} is null"},
            "did you mean `placeContext`?",
        ),
        ({}, {"rule": f"{RULE} and @event{{In.weather}} is null"}, "events have no field `weather`"),
        (
            {},
            {"rule": '@event{In.eventType} == "commerce.purchases"'},
            "nobody sends events of type `commerce.purchases`",
        ),
        ({}, {"rule": RULE.replace("In", "Inn")}, "`@event{Inn...}` stands in the definition of `In`"),
        ({}, {"event_id": "other-id"}, "nobody sends this id"),
        ({}, {"event_id": "known-id", "namespace": "Email"}, "the key can't be computed"),
        (
            {"a": {"wait": 60.0, "next": "end"}, "b": {"action": "Hello"}},
            None,
            "journeys.j.steps.b: no step leads here",
        ),
        (
            {"a": {"wait": 60.0}, "b": {"wait": 60.0, "next": "a"}},
            None,
            "journeys.j.steps.b: leads back to `a`",
        ),
        ({"a": {"wait": 91 * 86400.0}}, None, "is longer than the product waits"),
        ({"a": {"event": "In", "on_timeout": "end"}}, None, "there is no `timeout`"),
        (
            {"a": {"condition": {"x": {"when": "@event{Out.x} is null", "next": "end"}}}},
            None,
            "never receives the event `Out`",
        ),
    ],
)
def test_a_trap_is_named(steps: dict[str, Any], event: dict[str, Any] | None, warning: str) -> None:
    assert any(warning in found for found in warnings_of(steps, event)), warnings_of(steps, event)


def test_events_of_one_journey_must_share_a_namespace() -> None:
    events = {"Out": {"rule": '@event{Out.eventType} == "application.launch"', "namespace": "Email"}}
    found = warnings_of({"a": {"event": "Out"}}, events=events)
    assert any("its events have keys of ECID and Email" in text for text in found)


def jumping(**jumps: str | None) -> list[str]:
    """What is wrong where each journey jumps to another, or to none; `far` has keys of its own."""
    events = {name: {"rule": RULE, "namespace": "Email" if name == "far" else "ECID"} for name in jumps}
    journeys = {
        name: {"steps": {"in": {"event": name}, "go": {"jump": to} if to else {"wait": 60.0}}}
        for name, to in jumps.items()
    }
    document = {"dialect": "jo", "events": events, "journeys": journeys}
    plan, faults = make_plan(Journeys.model_validate(document), ZoneInfo("UTC"))
    assert faults == []
    return [
        f"{'.'.join(map(str, fault.path))}: {fault.what}"
        for fault in lint(plan, Supply({"location.entry"}, set(), {"ECID", "Email"}))
        if not fault.warning
    ]


def test_journeys_that_jump_round_in_a_circle_are_refused() -> None:
    assert jumping(a="b", b="c", c=None) == []
    assert jumping(a="b", b="c", c="a") == [
        f"journeys.{name}.steps.go.jump: leads back to this journey" for name in "abc"
    ]
    assert jumping(a="a") == ["journeys.a.steps.go.jump: leads back to this journey"]
    assert jumping(a="b", b="b") == ["journeys.b.steps.go.jump: leads back to this journey"]


def test_a_jump_stays_within_one_namespace() -> None:
    assert jumping(a="far", far=None) == [
        "journeys.a.steps.go.jump: leads from keys of ECID to a journey with keys of Email"
    ]


def test_an_event_that_no_journey_uses_is_named() -> None:
    events = {"Out": {"rule": '@event{Out.eventType} == "application.launch"'}}
    assert any("no journey listens to this event" in text for text in warnings_of({}, events=events))


def test_tenant_fields_are_left_alone() -> None:
    assert warnings_of({}, {"rule": f"{RULE} and @event{{In._acme.anything}} is null"}) == []
