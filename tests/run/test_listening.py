"""A run that listens: what arrives is evidence, and a call may become a push on the person's phone."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from simulator.checks import read_record, tell
from simulator.core.errors import ExitCode, InputError, UsageError
from simulator.run import RunOptions, RunResult, listen_to_calls, prepare, run
from simulator.run.knowledge import KnownPeople

SCENARIO = """
version: 1
name: listens
description: Whoever walks into the cafe is offered a coupon by a system of somebody else's.
clock: {{start: 2026-03-02T09:00, timezone: Europe/Berlin, duration: 4 min, speed: {speed}}}
places:
  - library: Cafes
    inline: [{{name: Cafe, id: cafe, at: [52.52, 13.405], radius: 100 m}}]
people:
  visitor: &visitor
    size: 2
    home: {{around: {{at: [52.522, 13.405], radius: 1 m}}}}
    phone: {{conditions: ideal, monitoring: ideal}}
    script:
      - {{after: 10 s, enter: Cafe, takes: 20 s}}
      - {{after: {{receives: Coupon, within: 3 min, otherwise: stop}}, react: open}}
  passer:
    <<: *visitor
    script: [{{after: 10 s, go_to: [52.523, 13.405], takes: 20 s}}]
app: {{id: com.example.cafes, name: Cafes, push: {{opened: 0 %, latency: 0 s}}}}
journeys:
  listener: {{port: 0, routes: {{Coupon: {route}}}}}
  events: {{Entry: {{rule: '@event{{Entry.eventType}} == "location.entry"'}}}}
  actions:
    Coupon:
      url: "${{env:JOURNEYSIM_LISTENER}}/coupon"
      call: true
      body:
        eventMsgId: "=@event{{Entry._id}}"
        profileId: "=@event{{Entry.identityMap.entry('ECID').first().id}}"
        instanceUID: "=#{{JourneyProperties.instanceUID}}"
        nodeName: "=#{{JourneyProperties.currentNodeName}}"
        title: Welcome
  journeys:
    coupon: {{activity_timeout: 2 s, steps: {{enter: {{event: Entry}}, offer: {{action: Coupon}}}}}}
expect:
  - {{name: visitors, who: {{people: [visitor]}}, receives: Coupon, within: 4 min}}
  - {{name: others, who: {{people: [passer]}}, nothing: received}}
"""


def go(tmp_path: Path, route: str = "{}", *, speed: object = 60, **options: Any) -> RunResult:
    file = tmp_path / "scenario.yaml"
    file.write_text(SCENARIO.format(route=route, speed=speed), encoding="utf-8")
    return run(prepare(file), RunOptions(out=tmp_path / "run", **options))


def rows(tmp_path: Path, name: str) -> list[dict[str, Any]]:
    lines = (tmp_path / "run" / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def heard(tmp_path: Path) -> list[dict[str, Any]]:
    return [row for row in rows(tmp_path, "calls.ndjson") if row["kind"] == "call"]


def verdict(result: RunResult, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in result.summary["expectations"] if one["name"] == name)
    return found


def test_what_arrives_is_on_record_with_its_person_moment_and_instance(tmp_path: Path) -> None:
    result = go(tmp_path)
    assert result.exit_code == ExitCode.OK
    calls = heard(tmp_path)
    assert sorted(call["person"] for call in calls) == [0, 1]
    entered = {row["instance"]: row for row in rows(tmp_path, "journeys.ndjson") if row["kind"] == "entered"}
    for call in calls:
        entry = entered[call["instance"]]
        assert (call["person"], call["event"]) == (entry["person"], entry["detail"]["event_id"])
        assert call["at"] >= entry["at"]
    assert result.summary["listener"]["actions"] == {"Coupon": {"calls": 2, "deliveries": 2, "people": 2}}
    assert verdict(result, "visitors")["ok"] and verdict(result, "others")["ok"]


def test_at_full_speed_calls_are_heard_too_and_take_the_time_of_the_run(tmp_path: Path) -> None:
    result = go(tmp_path, speed="max", call_actions=True)
    assert result.exit_code == ExitCode.OK
    assert [call["at"] for call in heard(tmp_path)] == [None, None]
    assert result.summary["listener"]["unknown_people"] == 0
    assert verdict(result, "visitors")["ok"]


def test_a_listener_that_refuses_is_told_as_the_reason_after_all_attempts(tmp_path: Path) -> None:
    result = go(tmp_path, "{answers: [{status: 500}]}")
    assert result.exit_code == ExitCode.EXPECTATION_FAILED
    assert [call["attempt"] for call in heard(tmp_path) if call["person"] == 0] == [1, 2, 3, 4]
    assert result.summary["listener"]["actions"]["Coupon"]["deliveries"] == 2
    assert "http_500" in verdict(result, "visitors")["reason"]


def test_attempts_that_fail_before_one_that_succeeds_are_one_delivery(tmp_path: Path) -> None:
    result = go(tmp_path, "{answers: [{status: 503}, {status: 200}]}")
    assert result.exit_code == ExitCode.OK
    assert result.summary["listener"]["actions"]["Coupon"] == {"calls": 4, "deliveries": 2, "people": 2}
    story = tell(read_record(tmp_path / "run"), person="visitor/0")
    said = [moment["said"] for told in story["story"] for moment in told.get("journey", ())]
    assert "Coupon received by the listener, answered 200 after 2 attempts" in said


def test_a_call_becomes_a_push_which_the_script_waits_for_and_opens(tmp_path: Path) -> None:
    result = go(tmp_path, "{becomes: push, title: body.title}")
    assert result.exit_code == ExitCode.OK
    kinds = [(row["kind"], row["person"]) for row in rows(tmp_path, "journeys.ndjson")]
    assert {("received", 0), ("received", 1), ("opened", 0), ("opened", 1)} <= set(kinds)
    assert result.summary["waits_in_vain"] == 0
    assert result.summary["events"]["pushTracking.applicationOpened"] == 2
    received = {
        row["person"]: row["at"] for row in rows(tmp_path, "journeys.ndjson") if row["kind"] == "received"
    }
    assert all(received[call["person"]] >= call["at"] for call in heard(tmp_path))


def test_a_push_that_the_phone_does_not_take_is_not_received(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    text = SCENARIO.format(route="{becomes: push}", speed=60).replace(
        "opened: 0 %", "opened: 0 %, share: 0 %"
    )
    file.write_text(text, encoding="utf-8")
    result = run(prepare(file), RunOptions(out=tmp_path / "run"))
    assert verdict(result, "visitors")["found"] == 0
    assert "takes no push messages" in verdict(result, "visitors")["reason"]


def test_a_port_of_the_call_takes_the_place_of_that_of_the_scenario(tmp_path: Path) -> None:
    result = go(tmp_path, listen=0)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", result.summary["listener"]["url"])


def test_routes_for_actions_that_there_are_not_are_mistakes(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"listener\.routes\.Coupon\.action: no custom action 'Copon'; did you mean"
    ):
        go(tmp_path, "{action: Copon}")


def test_who_is_logged_in_is_known_by_what_they_log_in_with(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    text = SCENARIO.format(route="{}", speed="max").replace("app: {", "app: {login: {namespace: Email}, ", 1)
    file.write_text(text, encoding="utf-8")
    people = KnownPeople(prepare(file).world)
    run(prepare(file), RunOptions(out=tmp_path / "run"))
    addresses = {
        entry["id"]
        for event in rows(tmp_path, "received.ndjson")
        for entry in event["identityMap"].get("Email", ())
    }
    assert addresses
    assert {people.person_of(address) for address in addresses} <= {0, 1, 2, 3}
    assert people.person_of("nobody@example.com") is None


def test_calls_that_do_not_say_for_whom_are_warned_of_and_told(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    text = re.sub(r"      body:\n(        .*\n)+", "", SCENARIO.format(route="{}", speed=60))
    file.write_text(text, encoding="utf-8")
    prepared = prepare(file, overrides=["journeys.evaluation=platform", "journeys.patience=0 s"])
    assert any("don't say whom they are for" in warning.what for warning in prepared.warnings)


def test_at_full_speed_stubs_answer_and_the_message_reaches_the_phone_all_the_same(tmp_path: Path) -> None:
    result = go(tmp_path, "{becomes: push, title: body.title}", speed="max")
    assert result.exit_code == ExitCode.OK
    assert heard(tmp_path) == []
    sent = {row["person"]: row for row in rows(tmp_path, "journeys.ndjson") if row["kind"] == "received"}
    assert sorted(sent) == [0, 1]
    entered = {row["person"]: row for row in rows(tmp_path, "journeys.ndjson") if row["kind"] == "entered"}
    assert all(sent[person]["instance"] == entered[person]["instance"] for person in sent)
    assert result.summary["events"]["pushTracking.applicationOpened"] == 2


def test_a_stub_that_refuses_sends_no_message_and_phones_that_take_none_get_none(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    text = SCENARIO.format(route="{becomes: push}", speed="max")
    for name, old, new, reason in (
        ("refuses", "call: true", "stub: {status: 500}", "the call of Coupon came to http_500"),
        ("takes none", "opened: 0 %", "opened: 0 %, share: 0 %", "the phone takes no push messages"),
    ):
        file.write_text(text.replace(old, new), encoding="utf-8")
        result = run(prepare(file), RunOptions(out=tmp_path / name))
        assert reason in verdict(result, "visitors")["reason"]


def test_at_full_speed_with_real_calls_the_message_comes_with_the_answer(tmp_path: Path) -> None:
    result = go(tmp_path, "{becomes: push, title: body.title}", speed="max", call_actions=True)
    assert result.exit_code == ExitCode.OK
    assert len(heard(tmp_path)) == 2
    received = {
        row["person"]: row["at"] for row in rows(tmp_path, "journeys.ndjson") if row["kind"] == "received"
    }
    called = {row["person"]: row["at"] for row in rows(tmp_path, "journeys.ndjson") if row["kind"] == "call"}
    assert received == called


def test_a_listener_that_finds_its_port_taken_leaves_no_record_in_the_way(tmp_path: Path) -> None:
    out = tmp_path / "calls.ndjson"
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(UsageError, match="is in use already"),
    ):
        listen_to_calls(
            host="127.0.0.1",
            port=taken.getsockname()[1],
            answers=None,
            out=out,
            on_ready=lambda url: None,
            on_call=lambda call: None,
        )
    assert not out.exists()
