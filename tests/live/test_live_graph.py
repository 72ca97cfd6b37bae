"""The graph of a journey: which way an instance takes is the way that it took."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.live.graph import following, journeys_document
from tests.journeys.hotel import MINUTE, Stage

ACTIONS = {"Hello": {"channel": "push", "title": "Hello"}, "Again": {"channel": "sms", "body": "again"}}


def stage_of(steps: dict[str, Any]) -> Stage:
    stage = Stage(
        {
            "events": {"Enter": {"event_id": "e"}, "Later": {"event_id": "l"}},
            "actions": ACTIONS,
            "journeys": {"j": {"steps": {"in": {"event": "Enter"}, "hello": {"action": "Hello"}, **steps}}},
        }
    )
    stage.person("ann")
    stage.send("ann", "e")
    stage.pass_time(10 * MINUTE)
    return stage


LISTENING: list[dict[str, Any]] = [
    {"read": {"reaction": "clicked", "timeout": 60.0, "on_timeout": "again"}, "thanks": {"action": "Again"}},
    {"read": {"event": "Later", "timeout": 60.0, "on_timeout": "again"}, "thanks": {"action": "Again"}},
    {"read": {"reaction": "sent", "timeout": 60.0, "on_timeout": "again"}, "thanks": {"action": "Again"}},
    {"read": {"race": [{"reaction": "clicked", "next": "thanks"}, {"wait": 60.0, "next": "again"}]}},
]


@pytest.mark.parametrize("steps", LISTENING)
def test_people_are_shown_at_the_step_that_they_went_on_with(steps: dict[str, Any]) -> None:
    stage = stage_of({"thanks": {"action": "Again", "next": "end"}, "again": {"action": "Hello"}} | steps)
    journey = stage.plan.journeys["j"]
    passed = [row for row in stage.rows if row.kind == "step"]
    told = [following(journey.steps[row.step], row.detail) for row in passed]
    assert told[:-1] == [row.step for row in passed[1:]]


def test_reactions_have_a_label_and_their_time_out_is_a_way() -> None:
    steps = {
        "read": {"reaction": "clicked", "timeout": 60.0, "on_timeout": "end"},
        "race": {"race": [{"reaction": "clicked", "to": "hello"}, {"wait": 60.0}]},
        "thanks": {"action": "Again"},
    }
    (document,) = journeys_document(stage_of(steps).plan)
    labels = {step["name"]: step["label"] for step in document["steps"]}
    assert (labels["read"], labels["race"]) == ("hello clicked", "hello clicked or 1 min")
    ways = [(edge["to"], edge["label"]) for edge in document["edges"] if edge["from"] == "read"]
    assert ways == [("race", ""), (None, "time-out")]
