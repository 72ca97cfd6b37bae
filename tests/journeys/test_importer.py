"""Journeys of the vendor's read API become sections of a scenario that run."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.journeys.importer import import_journey
from tests.journeys.hotel import DAY, HOUR, MINUTE, Stage

MEMBER = "#{Profile.attributes.loyalty.member}"


def document() -> dict[str, Any]:
    """Composed after the documented skeleton; ids and types as another system would write them."""

    def node(identifier: str, kind: str, *onward: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"id": identifier, "type": kind, "transitions": list(onward), **more}

    def to(target: str, **more: Any) -> dict[str, Any]:
        return {"targetNodeId": target, **more}

    return {
        "id": "9d2f",
        "name": "Spa journey",
        "status": "Deployed",
        "startNodeId": "n0",
        "timeouts": {"actionExecution": 30},
        "reentrance": {"policy": "allowed", "durationInSecs": 3600},
        "schedule": {"startDate": "2026-03-01T00:00:00Z", "timezone": "UTC"},
        "nodes": [
            node("n0", "start", to("n1")),
            node(
                "n1",
                "unitaryEvent",
                to("n2"),
                name="SpaBeacon",
                correlationId="spa-1",
                identityNamespace="ECID",
            ),
            node("n2", "wait", to("n3"), name="Linger", delay="PT10M"),
            node(
                "n3",
                "condition",
                to("n4", name="member", expression=MEMBER, conditionType="datasource"),
                to("n5", name="other cases"),
                name="Member?",
            ),
            node("n4", "pushAction", to("n7"), name="Spa discount", channel="push"),
            node("n5", "customAction", to("n6", name="next"), to("n7", name="on-error"), name="Call CRM"),
            node("n6", "quantumTeleport", to("n7"), name="Unheard of"),
            node("n7", "end"),
        ],
    }


def test_an_imported_journey_runs() -> None:
    imported = import_journey(document())
    stage = Stage(imported.section)
    for name, member in (("ann", True), ("bob", False)):
        stage.person(name, loyalty={"member": member})
        stage.send(name, "spa-1")
    stage.pass_time(11 * MINUTE)
    assert stage.received("ann") == ["Spa_discount"]
    assert stage.received("bob") == []
    assert [row.detail["action"] for row in stage.rows if row.kind == "call"] == ["Call_CRM"]
    assert stage.ends("ann") == stage.ends("bob") == ["end"]
    stage.pass_time(HOUR - 11 * MINUTE - 1)
    stage.send("ann", "spa-1")
    stage.pass_time(DAY)
    assert stage.discards() == ["reentranceNotAllowed"]


def test_what_the_api_does_not_tell_becomes_a_note() -> None:
    notes = import_journey(document()).notes
    assert any("event SpaBeacon" in note for note in notes)
    assert any("action Call_CRM" in note for note in notes)
    assert any("Unheard of" in note and "left out" in note for note in notes)


def test_settings_carry_over() -> None:
    journey = import_journey(document()).section["journeys"]["Spa_journey"]
    assert journey["reentrance"] == {"allowed": True, "wait": "3600 s"}
    assert journey["active"] == {"after": "2026-03-01T00:00"}
    assert journey["activity_timeout"] == "30 s"


def node(id: str, type: str, *transitions: Any, **more: Any) -> dict[str, Any]:
    ways = [way if isinstance(way, dict) else {"targetNodeId": way} for way in transitions]
    return {"id": id, "type": type, "name": id, "transitions": ways, **more}


@pytest.mark.parametrize("kind", ["event", "reaction clicked"])
def test_the_time_out_path_of_what_is_waited_for_carries_over(kind: str) -> None:
    late = {"targetNodeId": "late", "name": "Timeout path"}
    nodes = [
        node("in", "event", "mail"),
        node("mail", "push action", "listen"),
        node("listen", kind, "soon", late, delay="PT1H", verbs=["clicked"]),
        node("soon", "end"),
        node("late", "wait", "soon", delay="PT5M"),
    ]
    steps = import_journey({"name": "j", "nodes": nodes}).section["journeys"]["j"]["steps"]
    assert (steps["listen"]["timeout"], steps["listen"]["on_timeout"]) == ("1 h", "late")
    assert steps["late"] == {"wait": "5 min", "next": "soon"}


def test_branches_beside_each_other_are_noted() -> None:
    nodes = [node("in", "event", "a", "b"), node("a", "wait", "end"), node("b", "event"), node("end", "end")]
    notes = import_journey({"name": "j", "nodes": nodes}).notes
    assert any("in: 2 branches beside each other" in note and "race" in note for note in notes)


def test_nodes_of_unknown_types_that_lead_round_in_a_circle_end_there() -> None:
    nodes = [node("in", "event", "b"), node("b", "odd", "c"), node("c", "odd", "b")]
    assert import_journey({"name": "j", "nodes": nodes}).section["journeys"]["j"]["steps"] == {
        "in": {"event": "in", "next": "end"}
    }


@pytest.mark.parametrize(
    "wrong", [{}, {"nodes": []}, {"nodes": [3]}, {"nodes": [{"id": "a"}], "startNodeId": "b"}]
)
def test_what_is_no_journey_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"nodes|startNodeId"):
        import_journey(wrong)
