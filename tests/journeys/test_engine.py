"""What becomes of events and people: the rules of entering, waiting, splitting, failing and leaving."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journeys.hotel import DAY, HOUR, MINUTE, SECOND, Stage, faults_of

ENTER, LATER = "enter-1", "later-1"


def journeys(steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document with one journey called `j` whose first step is the event Enter."""
    top = {key: more.pop(key) for key in ("dialect", "actions", "audiences", "data_sources") if key in more}
    events = {
        "Enter": {"event_id": ENTER, **more.pop("enter", {})},
        "Later": {"event_id": LATER},
        **more.pop("events", {}),
    }
    others = more.pop("others", {})
    actions = {"Hello": {"channel": "push", "title": "Hello", "body": "=now()"}, **top.pop("actions", {})}
    return {
        **top,
        "events": events,
        "actions": actions,
        "journeys": {"j": {"steps": {"in": {"event": "Enter"}, **steps}, **more}, **others},
    }


def stage_of(steps: dict[str, Any], **more: Any) -> Stage:
    days = more.pop("days", 400)
    stage = Stage(journeys(steps, **more), days=days)
    stage.person("ann")
    return stage


# --- waits and events -------------------------------------------------------------------------------------


def test_a_wait_takes_its_time() -> None:
    stage = stage_of({"pause": {"wait": 300.0}, "hello": {"action": "Hello"}})
    stage.send("ann", ENTER)
    stage.pass_time(5 * MINUTE - 1)
    assert stage.received("ann") == []
    stage.pass_time(2)
    assert stage.received("ann") == ["Hello"]
    assert stage.messages[0].body == "2026-03-02T09:05Z"


def test_a_custom_wait_ends_at_the_wall_clock_of_the_journey() -> None:
    stage = stage_of(
        {"pause": {"wait_until": 'toDateTimeOnly("2026-03-02T18:00")'}, "hello": {"action": "Hello"}},
        timezone="Europe/Berlin",
    )
    stage.send("ann", ENTER)
    stage.pass_time(8 * HOUR - 1)
    assert stage.received("ann") == []
    stage.pass_time(2)
    assert stage.received("ann") == ["Hello"]


def test_a_custom_wait_in_the_past_is_over_at_once() -> None:
    stage = stage_of({"pause": {"wait_until": "nowWithDelta(-1, 'days')"}, "hello": {"action": "Hello"}})
    stage.send("ann", ENTER)
    stage.pass_time(1)
    assert stage.received("ann") == ["Hello"]


@pytest.mark.parametrize(
    ("step", "late", "messages"),
    [
        ({"event": "Later", "timeout": 3600.0}, False, ["Hello"]),
        ({"event": "Later", "timeout": 3600.0}, True, ["Hello"]),  # no time-out path: goes on all the same
        ({"event": "Later", "timeout": 3600.0, "on_timeout": "end"}, True, []),
        ({"event": "Later", "timeout": 3600.0, "on_timeout": "end"}, False, ["Hello"]),
        ({"event": "Later"}, True, ["Hello"]),
    ],
)
def test_an_awaited_event_has_a_timeout_only_if_it_says_so(
    step: dict[str, Any], late: bool, messages: list[str]
) -> None:
    stage = stage_of({"then": step, "hello": {"action": "Hello"}})
    stage.send("ann", ENTER)
    stage.pass_time(2 * HOUR if late else MINUTE)
    stage.send("ann", LATER)
    stage.pass_time(MINUTE)
    assert stage.received("ann") == messages


def test_the_shorter_of_two_waits_wins_and_the_upper_one_of_two_equal_ones() -> None:
    steps = {
        "race": {
            "race": [
                {"wait": 600.0, "next": "end"},
                {"wait": 60.0, "next": "a"},
                {"wait": 60.0, "next": "end"},
            ]
        },
        "a": {"action": "Hello"},
    }
    stage = stage_of(steps)
    stage.send("ann", ENTER)
    stage.pass_time(2 * MINUTE)
    assert stage.received("ann") == ["Hello"]


def test_an_event_during_a_plain_wait_is_dropped() -> None:
    stage = stage_of(
        {"pause": {"wait": 60.0}, "then": {"event": "Later", "timeout": 60.0, "on_timeout": "end"}}
    )
    stage.send("ann", ENTER)
    stage.pass_time(SECOND)
    stage.send("ann", LATER)
    stage.pass_time(10 * MINUTE)
    assert stage.discards() == ["eventNotAwaited"]
    assert ("then", "timeout") in stage.story("ann")


def test_events_queue_up_while_an_action_runs_ten_at_most() -> None:
    slow = {"Slow": {"url": "https://hooks.example/x", "stub": {"delay": _constant(5.0)}}}
    stage = stage_of({"call": {"action": "Slow"}, "then": {"event": "Later"}}, actions=slow)
    stage.send("ann", ENTER)
    stage.pass_time(SECOND)
    for _ in range(11):
        stage.send("ann", LATER)
    stage.pass_time(10 * SECOND)
    assert stage.discards() == ["maxInstanceStackEventsReached", *9 * ["eventNotAwaited"]]
    assert stage.ends("ann") == ["end"]


def _constant(seconds: float) -> Any:
    return f"{seconds} s"


# --- entering ---------------------------------------------------------------------------------------------


def test_one_person_is_in_a_journey_once_at_a_time() -> None:
    stage = stage_of({"pause": {"wait": 3600.0}, "hello": {"action": "Hello"}})
    stage.send("ann", ENTER)
    stage.pass_time(10 * MINUTE)
    stage.send("ann", ENTER)
    stage.pass_time(2 * HOUR)
    assert stage.received("ann") == ["Hello"]
    assert stage.discards() == ["eventNotAwaited"]


def test_nobody_enters_again_where_that_is_not_allowed_until_the_record_is_deleted() -> None:
    stage = stage_of({"hello": {"action": "Hello"}}, reentrance={"allowed": False}, timeout=7 * 86400.0)
    for _ in range(4):
        stage.send("ann", ENTER)
        stage.pass_time(2 * DAY)
    assert len(stage.received("ann")) == 1
    stage.send("ann", ENTER)
    stage.pass_time(MINUTE)
    assert len(stage.received("ann")) == 2


@given(gaps=st.lists(st.integers(min_value=1, max_value=20), min_size=1, max_size=12))
def test_entries_are_never_closer_than_the_reentrance_wait(gaps: list[int]) -> None:
    stage = stage_of({"hello": {"action": "Hello"}})
    stage.send("ann", ENTER)
    for gap in gaps:
        stage.pass_time(gap * MINUTE)
        stage.send("ann", ENTER)
    entries = [row.at for row in stage.rows if row.kind == "entered"]
    assert all(later - earlier >= 5 * MINUTE for earlier, later in itertools.pairwise(entries))
    assert len(entries) + len(stage.discards()) == len(gaps) + 1


def test_supplemental_ids_make_instances_of_their_own() -> None:
    stage = stage_of({"pause": {"wait": 60.0}}, enter={"supplemental": "@event{Enter.orders.id}"})
    stage.send("ann", ENTER, orders=[{"id": "o1"}, {"id": "o2"}])
    assert sorted(row.detail["supplemental"] for row in stage.rows if row.kind == "entered") == ["o1", "o2"]
    stage.send("ann", ENTER, orders=[{"id": f"p{n}"} for n in range(9)])
    assert stage.discards() == ["JOURNEY_INSTANCE_ID_NOT_CREATED"]


@pytest.mark.parametrize(
    ("more", "send", "reason"),
    [
        ({}, {"event_id": "unknown"}, "EVENT_WITH_NO_JOURNEY"),
        ({}, {"event_id": LATER}, "EVENT_WITH_NO_JOURNEY"),
        ({}, {"event_id": ENTER, "size": 70_000}, "payloadTooLarge"),
        ({}, {"event_id": ENTER, "identityMap": {}}, "EXTERNAL_KEY_COMPUTATION_ERROR"),
        ({"active": {"before": "2026-03-02T08:00"}}, {"event_id": ENTER}, "outsideJourneyWindow"),
        ({"test_mode": True}, {"event_id": ENTER}, "ERROR_INSTANCE_NOT_A_TEST_PROFILE"),
        ({"paused": True}, {"event_id": ENTER}, "PAUSED_JOURNEY_VERSION"),
    ],
)
def test_every_event_that_does_nothing_has_a_reason(
    more: dict[str, Any], send: dict[str, Any], reason: str
) -> None:
    stage = stage_of({"hello": {"action": "Hello"}}, **more)
    stage.send("ann", **send)
    stage.pass_time(HOUR)
    assert stage.discards() == [reason]
    assert stage.received("ann") == []


def test_a_later_event_of_someone_who_is_not_in_the_journey_is_no_first_event() -> None:
    stage = stage_of({"then": {"event": "Later"}})
    stage.send("ann", LATER)
    assert stage.discards() == ["notSuitableInitialEvent"]


def test_large_events_enter_in_the_older_product() -> None:
    stage = stage_of({"hello": {"action": "Hello"}}, dialect="jo")
    stage.send("ann", ENTER, size=70_000)
    stage.pass_time(MINUTE)
    assert stage.received("ann") == ["Hello"]


def test_a_rule_selects_events_by_their_fields_and_what_it_refuses_is_counted() -> None:
    rule = '@event{Cafe.eventType} == "location.entry" and @event{Cafe.place.name} == "Cafe"'
    stage = Stage(
        {
            "events": {"Cafe": {"rule": rule}},
            "actions": {"Hello": {"channel": "sms", "body": "Hello"}},
            "journeys": {"j": {"steps": {"in": {"event": "Cafe"}, "hello": {"action": "Hello"}}}},
        }
    )
    stage.person("ann")
    stage.send("ann", eventType="location.entry", place={"name": "Bar"})
    stage.send("ann", eventType="location.exit", place={"name": "Cafe"})
    stage.send("ann", eventType="location.entry", place={"name": "Cafe"})
    stage.pass_time(MINUTE)
    assert stage.received("ann") == ["Hello"]
    assert stage.engine.unmatched == {"Cafe": 1}
    assert stage.plan.event_types() == {"location.entry"}


def test_only_the_selected_fields_can_be_read() -> None:
    condition = {"condition": {"seen": {"when": "@event{Enter.secret} is not null", "next": "hello"}}}
    for fields, messages in ((None, ["Hello"]), (["shown"], [])):
        stage = stage_of({"if": condition, "hello": {"action": "Hello"}}, enter={"fields": fields})
        stage.send("ann", ENTER, secret="x", shown="y")
        stage.pass_time(MINUTE)
        assert stage.received("ann") == messages


def test_the_id_of_the_event_is_on_record_whichever_fields_are_selected() -> None:
    stage = stage_of({"hello": {"action": "Hello"}}, enter={"fields": ["shown"]})
    event = stage.send("ann", ENTER, shown="y")
    assert [row.detail["event_id"] for row in stage.rows if row.kind == "entered"] == [event]


def test_a_key_from_the_payload_stands_for_the_person_whose_event_it_is() -> None:
    stage = stage_of(
        {"hello": {"action": "Hello"}}, enter={"key": "@event{Enter.member}", "namespace": "Loyalty"}
    )
    stage.send("ann", ENTER, member="M-17")
    stage.pass_time(MINUTE)
    assert stage.received("ann") == ["Hello"]
    assert {row.identity for row in stage.rows} == {"M-17"}


def test_each_supplemental_id_may_enter_again_only_after_its_own_wait() -> None:
    stage = stage_of({"pause": {"wait": 10.0}}, enter={"supplemental": "@event{Enter.order}"})

    def entered(order: str) -> int:
        stage.send("ann", ENTER, order=order)
        stage.pass_time(MINUTE)
        return sum(row.kind == "entered" for row in stage.rows)

    assert [entered("o1"), entered("o2"), entered("o1"), entered("o3")] == [1, 2, 2, 3]
    assert stage.discards() == ["reentranceNotAllowed"]


def test_one_supplemental_id_may_not_enter_again_because_another_is_under_way() -> None:
    steps = {"if": {"condition": {"long": {"when": '@event{Enter.order} == "o1"'}}}, "pause": {"wait": 600.0}}
    stage = stage_of(steps, enter={"supplemental": "@event{Enter.order}"})
    for order in ("o1", "o2", "o2"):
        stage.send("ann", ENTER, order=order)
        stage.pass_time(SECOND)
    assert stage.discards() == ["reentranceNotAllowed"]


def test_events_that_queued_up_for_nothing_are_on_record() -> None:
    slow = {"Slow": {"url": "https://hooks.example/x", "stub": {"delay": _constant(5.0)}}}
    for after in ({"pause": {"wait": 60.0}}, {"then": {"event": "Later", "timeout": 60.0}}, {}):
        stage = stage_of({"call": {"action": "Slow"}, **after}, actions=slow)
        stage.send("ann", ENTER)
        stage.pass_time(SECOND)
        event = stage.send("ann", ENTER)
        stage.pass_time(HOUR)
        assert stage.discards() == ["eventNotAwaited"]
        assert [row.detail["event_id"] for row in stage.rows if row.kind == "discarded"] == [event]


@pytest.mark.parametrize("identity_map", [["x"], {"ECID": "ann"}, {"ECID": ["ann"]}, {"ECID": [{}]}, "ann"])
def test_identities_of_another_shape_than_they_should_have_make_no_key(identity_map: Any) -> None:
    condition = {"count(#{ExperiencePlatform.Events.experienceevent.timestamp}) > 0"}
    stage = stage_of({"if": {"condition": {"some": {"when": condition.pop()}}}})
    stage.send("ann", ENTER, identityMap=identity_map)
    assert stage.discards() == ["EXTERNAL_KEY_COMPUTATION_ERROR"]


@pytest.mark.parametrize("kind", [["location.entry"], {}, 7, None])
def test_an_event_type_that_is_no_text_does_no_harm(kind: Any) -> None:
    stage = stage_of({"hello": {"action": "Hello"}})
    stage.send("ann", ENTER, eventType=kind)
    stage.pass_time(MINUTE)
    assert stage.received("ann") == ["Hello"]


# --- conditions -------------------------------------------------------------------------------------------


def branch(**paths: Any) -> dict[str, Any]:
    return {"if": {"condition": paths, "other": "end"}, "hello": {"action": "Hello"}}


@pytest.mark.parametrize(
    ("path", "zone", "taken"),
    [
        ({"time": {"after": 9 * 3600.0, "before": 10 * 3600.0}}, "UTC", True),
        ({"time": {"after": 9 * 3600.0, "before": 10 * 3600.0}}, "Europe/Berlin", False),
        ({"time": {"after": 22 * 3600.0, "before": 10 * 3600.0}}, "UTC", True),  # over midnight
        ({"time": {"days": ["sat", "sun"]}}, "UTC", False),
        ({"date": {"after": "2026-03-02T09:00", "before": "2026-03-02T09:01"}}, "UTC", True),
        ({"date": {"after": "2026-03-02T10:00"}}, "UTC", False),
        ({"when": 'inAudience("Members")'}, "UTC", True),
    ],
)
def test_conditions_on_time_date_and_audience(path: dict[str, Any], zone: str, taken: bool) -> None:
    audiences = {"Members": {"when": "#{Profile.attributes.loyalty.points} >= 100"}}
    stage = Stage(journeys(branch(fits={**path, "next": "hello"}), audiences=audiences), zone=zone)
    stage.person("ann", loyalty={"points": 120})
    stage.send("ann", ENTER)
    stage.pass_time(1)
    assert stage.received("ann") == (["Hello"] if taken else [])


def test_the_first_true_path_wins() -> None:
    steps = {
        "if": {"condition": {"a": {"when": "1 < 2", "next": "one"}, "b": {"when": "1 < 3", "next": "two"}}},
        "one": {"action": "Hello", "next": "end"},
        "two": {"action": "Hello"},
    }
    stage = stage_of(steps)
    stage.send("ann", ENTER)
    stage.pass_time(1)
    assert ("if", "a") in stage.story("ann")


def test_a_split_gives_each_path_its_share() -> None:
    steps = {
        "if": {
            "condition": {"a": {"percentage": 0.3, "next": "end"}, "b": {"percentage": 0.7, "next": "end"}}
        }
    }
    stage = stage_of(steps)
    for number in range(3000):
        stage.person(f"p{number}")
        stage.send(f"p{number}", ENTER)
    stage.pass_time(1)
    share = sum(row.detail.get("path") == "a" for row in stage.rows if row.step == "if") / 3000
    assert share == pytest.approx(0.3, abs=0.03)


def test_a_profile_cap_lets_so_many_through() -> None:
    stage = stage_of(branch(first={"cap": 3, "next": "hello"}))
    for number in range(8):
        stage.person(f"p{number}")
        stage.send(f"p{number}", ENTER)
        stage.pass_time(1)
    assert [bool(stage.received(f"p{number}")) for number in range(8)] == [True] * 3 + [False] * 5


def test_test_mode_shortens_waits_takes_the_top_path_and_ignores_caps() -> None:
    steps = {
        "pause": {"wait": 86400.0},
        "split": {
            "condition": {"a": {"percentage": 0.01, "next": "cap"}, "b": {"percentage": 0.99, "next": "end"}}
        },
        "cap": {"condition": {"few": {"cap": 1, "next": "hello"}}},
        "hello": {"action": "Hello"},
    }
    stage = Stage(journeys(steps, test_mode=True))
    for name in ("a", "b", "c"):
        stage.person(name, testProfile=True)
        stage.send(name, ENTER)
    stage.pass_time(11 * SECOND)
    assert [stage.received(name) for name in "abc"] == [["Hello"]] * 3


def test_an_error_in_a_condition_ends_the_instance_unless_there_is_another_path() -> None:
    sources = {"Stock": {"stub": {"status": 500}}}
    condition = {"condition": {"some": {"when": "#{Stock.main.quantity} > 0", "next": "hello"}}}
    for more, ends, messages in (({}, ["error"], []), ({"on_error": "hello"}, ["end"], ["Hello"])):
        stage = stage_of({"if": {**condition, **more}, "hello": {"action": "Hello"}}, data_sources=sources)
        stage.send("ann", ENTER)
        stage.pass_time(MINUTE)
        assert stage.ends("ann") == ends
        assert stage.received("ann") == messages


# --- custom actions ---------------------------------------------------------------------------------------


def call_stage(stub: dict[str, Any], steps: dict[str, Any] | None = None, **more: Any) -> Stage:
    hook = {
        "Hook": {
            "url": "https://hooks.example/x",
            "body": {
                "id": "=@event{Enter._id}",
                "fixed": 3,
                "missing": "=@event{Enter.nothing}",
                "list": ["=@event{Enter.nothing}", 1],
            },
            "stub": stub,
            **more.pop("action", {}),
        }
    }
    return stage_of({"call": {"action": "Hook"}, **(steps or {})}, actions=hook, **more)


def call_of(stage: Stage) -> dict[str, Any]:
    return next(dict(row.detail) for row in stage.rows if row.kind == "call")


@pytest.mark.parametrize(("status", "attempts"), [(200, 1), (500, 4), (429, 4), (401, 1), (403, 1), (404, 1)])
def test_a_call_is_tried_again_unless_the_answer_can_not_change(status: int, attempts: int) -> None:
    stage = call_stage({"status": status})
    stage.send("ann", ENTER)
    stage.pass_time(MINUTE)
    assert call_of(stage)["attempts"] == attempts
    assert call_of(stage)["status"] == f"http_{status}"
    assert stage.ends("ann") == ["end" if status == 200 else "error"]


@pytest.mark.parametrize(("dialect", "seconds"), [("ajo", 30), ("jo", 5)])
def test_a_call_that_takes_too_long_is_given_up(dialect: str, seconds: int) -> None:
    stage = call_stage({"delay": "40 s"}, dialect=dialect)
    stage.send("ann", ENTER)
    stage.pass_time(seconds * SECOND - 1)
    assert stage.ends("ann") == []
    stage.pass_time(2)
    assert call_of(stage)["status"] == "timedout"
    assert stage.ends("ann") == ["error"]


def test_the_time_of_a_call_covers_its_retries() -> None:
    stage = call_stage({"status": 503, "delay": "12 s"})
    stage.send("ann", ENTER)
    stage.pass_time(MINUTE)
    assert call_of(stage) | {"url": ""} == {
        "action": "Hook",
        "method": "POST",
        "url": "",
        "attempts": 3,
        "status": "timedout",
        "error": "http_503 before",
    }


def test_calls_beyond_the_cap_fail_as_capped() -> None:
    stage = call_stage({}, action={"cap": 2})
    for number in range(3):
        stage.person(f"p{number}")
        stage.send(f"p{number}", ENTER)
        stage.pass_time(SECOND)
    assert [row.detail["status"] for row in stage.rows if row.kind == "call"] == [
        "http_200",
        "http_200",
        "capped",
    ]


def test_the_response_of_a_call_decides_the_way_on() -> None:
    stub = {
        "answers": [{"when": '@event{call.person} == "ann"', "body": {"status": "gold"}}],
        "body": {"status": "no"},
    }
    steps = {
        "gold": {
            "condition": {"yes": {"when": '@action{Hook.status} == "gold"', "next": "hello"}},
            "other": "end",
        },
        "hello": {"action": "Hello"},
    }
    stage = call_stage(stub, steps)
    stage.person("bob")
    for name in ("ann", "bob"):
        stage.send(name, ENTER)
    stage.pass_time(MINUTE)
    assert (stage.received("ann"), stage.received("bob")) == (["Hello"], [])


def test_the_error_path_can_read_the_status() -> None:
    steps = {
        "ok": {"end": True},
        "why": {
            "condition": {"bad": {"when": '@action{Hook.jo_status_code} == "http_400"', "next": "hello"}}
        },
        "hello": {"action": "Hello"},
    }
    stage = call_stage({"status": 400}, steps)
    stage.plan.journeys["j"].steps["call"].on_error = "why"
    stage.send("ann", ENTER)
    stage.pass_time(MINUTE)
    assert stage.received("ann") == ["Hello"]


# --- leaving ----------------------------------------------------------------------------------------------


def test_an_instance_ends_when_its_life_is_over() -> None:
    stage = stage_of({"then": {"event": "Later"}}, timeout=86400.0)
    stage.send("ann", ENTER)
    stage.pass_time(2 * DAY)
    assert stage.ends("ann") == ["timeout"]


def test_a_wait_that_the_life_of_the_instance_does_not_cover_is_not_entered() -> None:
    stage = stage_of({"pause": {"wait": 2 * 86400.0}}, timeout=86400.0)
    stage.send("ann", ENTER)
    stage.pass_time(1)
    assert stage.ends("ann") == ["timeout"]


def test_an_exit_criterion_ends_the_instance_wherever_it_is() -> None:
    exits = {"bought": {"event": "Later", "when": "@event{Later.total} > 10"}}
    stage = stage_of({"pause": {"wait": 86400.0}, "hello": {"action": "Hello"}}, exit_criteria=exits)
    stage.send("ann", ENTER)
    stage.pass_time(HOUR)
    stage.send("ann", LATER, total=5)
    stage.pass_time(HOUR)
    assert stage.ends("ann") == []
    stage.send("ann", LATER, total=50)
    stage.pass_time(2 * DAY)
    assert stage.ends("ann") == ["exit"]
    assert stage.received("ann") == []


def test_an_exit_criterion_that_can_not_be_looked_up_ends_nothing() -> None:
    sources = {"Stock": {"stub": {"status": 500}}}
    exits = {"sold": {"event": "Later", "when": "#{Stock.main.quantity} == 0"}}
    stage = stage_of(
        {"pause": {"wait": 60.0}, "hello": {"action": "Hello"}}, exit_criteria=exits, data_sources=sources
    )
    stage.send("ann", ENTER)
    stage.pass_time(SECOND)
    stage.send("ann", LATER)
    stage.pass_time(HOUR)
    assert stage.received("ann") == ["Hello"]


def test_the_event_of_an_exit_criterion_that_does_not_hold_stays_unseen() -> None:
    exits = {"bought": {"event": "Later", "when": "@event{Later.total} > 10"}}
    steps = {
        "pause": {"wait": 60.0},
        "if": {"condition": {"seen": {"when": "@event{Later.total} is not null", "next": "hello"}}},
        "hello": {"action": "Hello"},
    }
    stage = stage_of(steps, exit_criteria=exits)
    stage.send("ann", ENTER)
    stage.pass_time(SECOND)
    stage.send("ann", LATER, total=5)
    stage.pass_time(HOUR)
    assert stage.received("ann") == []


def test_an_event_that_would_end_others_waits_like_any_other_for_who_awaits_it() -> None:
    slow = {"Slow": {"url": "https://hooks.example/x", "stub": {"delay": _constant(5.0)}}}
    exits = {"bought": {"event": "Later", "when": "@event{Later.total} > 10"}}
    stage = stage_of(
        {"call": {"action": "Slow"}, "then": {"event": "Later"}, "hello": {"action": "Hello"}},
        actions=slow,
        exit_criteria=exits,
    )
    stage.send("ann", ENTER)
    stage.pass_time(SECOND)
    stage.send("ann", LATER, total=5)
    stage.pass_time(HOUR)
    assert stage.received("ann") == ["Hello"]


def test_a_jump_starts_the_other_journey_and_goes_on() -> None:
    others = {
        "other": {"steps": {"start": {"event": "Later"}, "wait": {"wait": 60.0}, "hi": {"action": "Hello"}}}
    }
    stage = stage_of({"go": {"jump": "other"}, "hello": {"action": "Hello"}}, others=others)
    stage.send("ann", ENTER)
    stage.pass_time(SECOND)
    assert stage.received("ann") == ["Hello"]
    stage.pass_time(MINUTE)
    assert stage.received("ann") == ["Hello", "Hello"]


def test_what_a_journey_writes_to_the_profile_can_be_read_seconds_later() -> None:
    steps = {
        "write": {"update_profile": {"loyalty.seen": "true"}},
        "soon": {
            "condition": {"yes": {"when": "#{Profile.attributes.loyalty.seen}", "next": "end"}},
            "other": "pause",
        },
        "pause": {"wait": 10.0},
        "later": {"condition": {"yes": {"when": "#{Profile.attributes.loyalty.seen}", "next": "hello"}}},
        "hello": {"action": "Hello"},
    }
    stage = stage_of(steps)
    stage.send("ann", ENTER)
    stage.pass_time(MINUTE)
    assert stage.received("ann") == ["Hello"]


def test_a_journey_may_write_below_an_attribute_that_was_a_text() -> None:
    steps = {
        "write": {"update_profile": {"loyalty.level": '"gold"'}},
        "pause": {"wait": 10.0},
        "if": {"condition": {"yes": {"when": '#{Profile.attributes.loyalty.level} == "gold"'}}},
        "hello": {"action": "Hello"},
    }
    stage = Stage(journeys(steps))
    stage.person("ann", loyalty="silver")
    stage.send("ann", ENTER)
    stage.pass_time(MINUTE)
    assert stage.received("ann") == ["Hello"]


@pytest.mark.parametrize(
    ("stub", "code"), [({"status": 500}, "500"), ({"delay": "40 s"}, "timedOut"), ({}, "capped")]
)
def test_what_failed_can_be_read_by_the_names_of_the_product(stub: dict[str, Any], code: str) -> None:
    read = "#{JourneyProperties.lastErrorCode}"
    steps = {
        "ok": {"end": True},
        "why": {"condition": {"as_said": {"when": f'{read} == "{code}"', "next": "hello"}}},
        "hello": {"action": "Hello"},
    }
    stage = call_stage(stub, steps, action={"cap": 1} if code == "capped" else {})
    stage.plan.journeys["j"].steps["call"].on_error = "why"
    if code == "capped":
        stage.person("bob")
        stage.send("bob", ENTER)
    stage.send("ann", ENTER)
    stage.pass_time(MINUTE)
    assert stage.received("ann") == ["Hello"]


def test_every_property_that_the_language_knows_can_be_read() -> None:
    names = ("namespace", "journeyVersionName", "currentNodeName", "lastActionExecutionElapsedTime")
    body = {name: f"=#{{JourneyProperties.{name}}}" for name in names}
    hook = {"url": "https://hooks.example/x", "stub": {"delay": "3 s"}}
    stage = stage_of(
        {"call": {"action": "Hook"}, "say": {"action": "Said"}},
        actions={"Hook": hook, "Said": {"channel": "sms", "body": body}},
    )
    stage.send("ann", ENTER)
    stage.pass_time(MINUTE)
    assert stage.messages[0].body == {
        "namespace": "ECID",
        "journeyVersionName": "j",
        "currentNodeName": "say",
        "lastActionExecutionElapsedTime": 3000,
    }


def test_the_same_seed_draws_the_same_and_another_one_something_else() -> None:
    steps = {
        "if": {
            "condition": {"a": {"percentage": 0.5, "next": "end"}, "b": {"percentage": 0.5, "next": "end"}}
        }
    }

    def paths(seed: int) -> list[Any]:
        stage = Stage(journeys(steps), seed=seed)
        for number in range(40):
            stage.person(f"p{number}")
            stage.send(f"p{number}", ENTER)
        stage.pass_time(1)
        return [row.detail.get("path") for row in stage.rows if row.step == "if"]

    assert paths(1) == paths(1)
    assert paths(1) != paths(2)


# --- plans ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (journeys({"a": {"action": "Helo"}}), "no action 'Helo'"),
        (journeys({"a": {"event": "Latr"}}), "no event 'Latr'"),
        (journeys({"a": {"wait": 1.0, "next": "b"}}), "no step 'b'"),
        (journeys({"a": {"jump": "k"}}), "no journey 'k'"),
        (journeys(branch(x={"when": "1 +"})), "ends too early"),
        (journeys(branch(x={"when": 'inAudience("VIP")'})), "no audience 'VIP'"),
        (journeys(branch(x={"when": "#{Weather.main.t} > 1"})), "no data source 'Weather'"),
        (journeys(branch(x={"when": "#{JourneyProperties.currentNodeNam} == 'if'"})), "no journey property"),
        (journeys(branch(x={"when": "${supplementalID} is null"})), "no journey property 'supplementalID'"),
        (journeys(branch(x={"percentage": 0.5})), "add up to 100 %"),
        (journeys(branch(x={"cap": 5}), dialect="jo"), "does not exist in the `jo` dialect"),
        (journeys({}, paused=True, dialect="jo"), "does not exist in the `jo` dialect"),
        ({"actions": {}, "journeys": {"j": {"steps": {"a": {"wait": 1.0}}}}}, "begins with an event"),
    ],
)
def test_what_is_wrong_with_a_journey_is_named(document: dict[str, Any], message: str) -> None:
    assert any(message in fault.what for fault in faults_of(document))


def test_all_faults_are_found_at_once() -> None:
    document = journeys({"a": {"action": "Helo", "next": "nowhere"}, "b": {"event": "Latr"}})
    assert len(faults_of(document)) == 3
