"""Reactions: steps that wait for what becomes of a message that the journey sent."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.journeys import lint
from tests.journeys.hotel import DAY, HOUR, MINUTE, SECOND, Stage, faults_of


def journey(
    channel: str, *steps: tuple[str, dict[str, Any]], mail: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A journey that sends a message and then does ``steps``."""
    return {
        "events": {"Start": {"event_id": "start"}, "Bought": {"event_id": "bought"}},
        "actions": {
            "First": {"channel": channel, **({"mail": mail} if mail else {})},
            "Second": {"channel": "email"},
        },
        "journeys": {
            "offer": {
                "steps": {
                    "enter": {"event": "Start"},
                    "message": {"action": "First"},
                    **dict(steps),
                    "again": {"action": "Second"},
                },
                **more,
            }
        },
    }


def tracking(stage: Stage, person: str, step: str = "message") -> None:
    """The phone of a person says that a push message was opened."""
    instance = next(row.instance for row in stage.rows if row.identity == person)
    execution = {"journeyVersionInstanceID": instance, "journeyVersionNodeID": step}
    stage.send(
        person,
        eventType="pushTracking.applicationOpened",
        _experience={"customerJourneyManagement": {"messageExecution": execution}},
    )


CLICKED = ("clicked", {"reaction": "clicked", "timeout": 2 * 3600, "next": "end", "on_timeout": "again"})


def test_who_clicks_in_time_takes_one_way_and_who_does_not_the_other() -> None:
    stage = Stage(journey("push", CLICKED))
    for name in ("anna", "ben", "cem"):
        stage.person(name)
        stage.send(name, "start")
    stage.pass_time(HOUR)
    tracking(stage, "anna")
    stage.pass_time(2 * HOUR)
    tracking(stage, "ben")
    stage.pass_time(DAY)
    assert [stage.received(name) for name in stage.people] == [
        ["First"],
        ["First", "Second"],
        ["First", "Second"],
    ]
    assert stage.story("anna")[-1] == ("clicked", "message clicked")
    assert ("clicked", "timeout") in stage.story("cem")


def test_a_click_on_another_message_is_none_on_this_one() -> None:
    stage = Stage(journey("push", CLICKED))
    stage.person("anna")
    stage.send("anna", "start")
    tracking(stage, "anna", "again")
    stage.pass_time(3 * HOUR)
    assert stage.received("anna") == ["First", "Second"]


@pytest.mark.parametrize(("reachable", "reaction"), [(True, "sent"), (False, "failed")])
def test_messages_are_sent_or_fail(reachable: bool, reaction: str) -> None:
    race = [{"reaction": "sent", "next": "end"}, {"reaction": "failed", "next": "again"}, {"wait": 60}]
    stage = Stage(journey("push", ("waits", {"race": race})))
    stage.person("anna")
    if not reachable:
        stage.unreachable.add("anna")
    stage.send("anna", "start")
    stage.pass_time(SECOND)
    assert stage.received("anna") == (["First"] if reachable else ["First", "Second"])
    assert stage.story("anna")[2] == ("waits", f"message {reaction}")


@pytest.mark.parametrize(
    ("mail", "reaction", "at"),
    [
        ({"opened": 1, "opened_after": 600}, "opened", 10 * MINUTE),
        ({"opened": 1, "opened_after": 600, "clicked": 1, "clicked_after": 60}, "clicked", 11 * MINUTE),
        ({"opened": 1, "opened_after": 600}, "clicked", HOUR),
        ({}, "opened", HOUR),
    ],
)
def test_people_open_mails_and_click_in_them_as_the_action_says(
    mail: dict[str, Any], reaction: str, at: int
) -> None:
    step = {"reaction": reaction, "to": "message", "timeout": 3600, "on_timeout": "again"}
    stage = Stage(journey("email", ("waits", step), mail=mail))
    stage.person("anna")
    stage.send("anna", "start")
    stage.pass_time(2 * HOUR)
    (waited,) = [row for row in stage.rows if row.kind == "step" and row.step == "waits"]
    assert waited.at == at
    assert (waited.detail["path"] == "timeout") == (at == HOUR)


def test_a_reaction_that_came_before_the_journey_waits_for_it_counts() -> None:
    steps = (("rest", {"wait": 3600}), ("waits", {"reaction": "clicked", "to": "message", "next": "end"}))
    stage = Stage(journey("push", *steps))
    stage.person("anna")
    stage.send("anna", "start")
    stage.pass_time(MINUTE)
    tracking(stage, "anna")
    stage.pass_time(HOUR)
    assert stage.ends("anna") == ["end"]
    assert stage.received("anna") == ["First"]


def test_an_event_may_come_before_a_reaction() -> None:
    race = [{"reaction": "clicked", "next": "again"}, {"event": "Bought", "next": "end"}]
    stage = Stage(journey("push", ("waits", {"race": race})))
    stage.person("anna")
    stage.send("anna", "start")
    stage.pass_time(MINUTE)
    stage.send("anna", "bought")
    stage.pass_time(MINUTE)
    assert stage.story("anna")[-1] == ("waits", "Bought")


def test_shares_of_mails_opened_are_about_what_was_said() -> None:
    stage = Stage(journey("email", mail={"opened": 0.4, "clicked": 0.5}))
    for number in range(600):
        stage.person(f"p{number}")
        stage.send(f"p{number}", "start")
    stage.pass_time(DAY)
    opened = sum(row.kind == "opened" for row in stage.rows)
    clicked = sum(row.kind == "clicked" for row in stage.rows)
    assert 190 < opened < 290
    assert 0.35 < clicked / opened < 0.65


def test_in_test_mode_reactions_are_waited_for_forty_seconds() -> None:
    stage = Stage(journey("push", CLICKED, test_mode=True))
    stage.person("anna", testProfile=True)
    stage.send("anna", "start")
    stage.pass_time(39 * SECOND)
    assert stage.received("anna") == ["First"]
    stage.pass_time(2 * SECOND)
    assert stage.received("anna") == ["First", "Second"]


@pytest.mark.parametrize(
    ("channel", "step", "said"),
    [
        ("push", {"reaction": "opened"}, "nobody knows who has opened a message by push"),
        ("sms", {"reaction": "clicked"}, "nobody knows who has clicked a message by sms"),
        ("push", {"reaction": "clicked", "to": "enter"}, "step 'enter' sends no message"),
        ("push", {"reaction": "clicked", "to": "mesage"}, "step 'mesage' sends no message"),
    ],
)
def test_reactions_that_there_are_not_are_found(channel: str, step: dict[str, Any], said: str) -> None:
    faults = faults_of(journey(channel, ("waits", step)))
    assert [said in fault.what for fault in faults] == [True]


def test_a_time_out_that_the_product_does_not_have_is_warned_of() -> None:
    step = {"reaction": "clicked", "timeout": 20, "on_timeout": "again"}
    stage = Stage(journey("push", ("waits", step)))
    (fault,) = [fault for fault in lint(stage.plan) if "steps" in fault.path and "waits" in fault.path]
    assert "40 s" in fault.hint
