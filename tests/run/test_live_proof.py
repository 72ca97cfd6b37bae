"""The same scenario against journeys that somebody else evaluates: one verdict per person from all evidence."""

from __future__ import annotations

import json
import re
import socket
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulator.checks import evaluate, read_record, tell
from simulator.core.errors import ExitCode
from simulator.listener import CallListener, CallRecord, ListenerThread
from simulator.run import Prepared, RunOptions, RunResult, WallClock, prepare, read_evidence, run
from simulator.run.calling import Calling
from tests.run.far_platform import Platform
from tests.run.test_served_journeys import served

SCENARIO = """
version: 1
name: live_proof
description: Whoever walks into the cafe is offered a coupon by the platform's journey.
clock: {{start: 2026-03-02T09:00, timezone: Europe/Berlin, duration: 2 min, speed: 60}}
places:
  - library: Cafes
    inline: [{{name: Cafe, id: cafe, at: [52.52, 13.405], radius: 100 m}}]
people:
  visitor: &visitor
    size: 3
    home: {{around: {{at: [52.522, 13.405], radius: 1 m}}}}
    phone: {{conditions: ideal, monitoring: ideal}}
    script: [{{after: 10 s, enter: Cafe, takes: 20 s}}]
  passer:
    <<: *visitor
    size: 1
    script: [{{after: 10 s, go_to: [52.523, 13.405], takes: 20 s}}]
app: {{id: com.example.cafes, name: Cafes}}
destination: {{to: "{inlet}"}}
journeys:
  evaluation: {evaluation}
  patience: {patience}
  listener: {{port: {port}, linger: {linger}, routes: {{Coupon: {route}}}}}
  events: {{Entry: {{rule: '@event{{Entry.eventType}} == "location.entry"'}}}}
  actions:
    Coupon:
      url: "http://127.0.0.1:{port}/coupon"
      call: true
      body: {{profileId: "=@event{{Entry.identityMap.entry('ECID').first().id}}"}}
  journeys:
    coupon: {{steps: {{enter: {{event: Entry}}, offer: {{action: Coupon}}}}}}
expect:
  - {{name: coupon, who: {{people: [visitor], visits: [Cafe]}}, receives: Coupon, within: 10 s}}
  - {{name: entry, who: {{people: [visitor], visits: [Cafe]}}, enters: coupon, within: 1 min, severity: warning}}
  - {{name: nothing, who: {{people: [passer]}}, nothing: received, within: 2 min}}
  - {{name: quick, latency: {{since: crossing, until: received, action: Coupon, max: 90 s}}}}
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


def proof(
    tmp_path: Path,
    platform: Platform,
    port: int,
    *,
    patience: str = "1 s",
    linger: str = "1 s",
    route: str = "{}",
    evaluation: str = "platform",
) -> tuple[Prepared, RunResult]:
    file = tmp_path / "scenario.yaml"
    text = SCENARIO.format(
        inlet=platform.inlet, port=port, patience=patience, linger=linger, route=route, evaluation=evaluation
    )
    file.write_text(text, encoding="utf-8")
    prepared = prepare(file)
    return prepared, run(prepared, RunOptions(out=tmp_path / "run"))


def verdicts(summary: dict[str, Any]) -> dict[str, bool | None]:
    return {one["name"]: one["ok"] for one in summary["expectations"]}


def judged(tmp_path: Path, prepared: Prepared, export: Path | None) -> dict[str, tuple[bool, str]]:
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    evidence = read_evidence(tmp_path / "run", prepared.world, None if export is None else str(export))
    found = evaluate(prepared.scenario.expect, summary, lambda: evidence)
    return {str(one.name): (one.ok, one.reason) for one in found}


def test_the_platforms_calls_are_proof_without_any_export(tmp_path: Path) -> None:
    port = free_port()
    with Platform(lambda: f"http://127.0.0.1:{port}/coupon") as platform:
        _, result = proof(tmp_path, platform, port)
    assert platform.failures == []
    found = verdicts(result.summary)
    assert (found["coupon"], found["nothing"], found["quick"]) == (True, True, True)
    assert found["entry"] is False  # nobody tells of it yet
    assert result.exit_code == ExitCode.OK
    assert result.summary["listener"]["actions"]["Coupon"]["people"] == 3


def test_with_the_export_of_step_events_the_entry_is_proven_too(tmp_path: Path) -> None:
    port = free_port()
    with Platform(lambda: f"http://127.0.0.1:{port}/coupon") as platform:
        prepared, _ = proof(tmp_path, platform, port)
    found = judged(tmp_path, prepared, platform.export(tmp_path / "export.ndjson"))
    assert {name: ok for name, (ok, _) in found.items()} == dict.fromkeys(found, True)


def test_nothing_is_evaluated_here(tmp_path: Path) -> None:
    port = free_port()
    with Platform(lambda: f"http://127.0.0.1:{port}/coupon", takes=lambda event: False) as platform:
        prepared, result = proof(tmp_path, platform, port)
    assert not (tmp_path / "run" / "journeys.ndjson").exists()
    assert result.exit_code == ExitCode.EXPECTATION_FAILED
    (reason,) = (one["reason"] for one in result.summary["expectations"] if one["name"] == "coupon")
    assert "its event was accepted, but no call of it came to the listener" in reason
    found = judged(tmp_path, prepared, platform.export(tmp_path / "export.ndjson"))
    assert "EVENT_WITH_NO_JOURNEY" in found["coupon"][1]


def test_what_the_platform_says_it_sent_and_nobody_got_is_not_received(tmp_path: Path) -> None:
    port = free_port()
    with Platform(lambda: f"http://127.0.0.1:{port}/coupon") as platform:
        prepared, _ = proof(tmp_path, platform, port)
    export = platform.export(tmp_path / "export.ndjson")
    lines = (tmp_path / "run" / "calls.ndjson").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if json.loads(line).get("person") != 1]
    (tmp_path / "run" / "calls.ndjson").write_text("\n".join(kept) + "\n", encoding="utf-8")
    ok, reason = judged(tmp_path, prepared, export)["coupon"]
    assert not ok
    assert "visitor/1" in reason and "nothing came to the listener" in reason


def test_deadlines_wait_for_the_platforms_first_action(tmp_path: Path) -> None:
    port = free_port()
    # 1.0 s are a minute of the run: more than the 10 s of the expectation.
    with Platform(lambda: f"http://127.0.0.1:{port}/coupon", delay=1.0) as platform:
        _, result = proof(tmp_path, platform, port, patience="30 s", linger="1.5 s")
    # Patience of 30 s is half an hour of the run: whoever is not there yet is undecided, not failed.
    coupon = next(one for one in result.summary["expectations"] if one["name"] == "coupon")
    assert coupon["ok"]
    strict = prepare(tmp_path / "scenario.yaml", overrides=["journeys.patience=0 s"])
    ok, reason = judged(tmp_path, strict, None)["coupon"]
    assert not ok and "came too late" in reason


def test_what_the_listener_refused_was_not_received(tmp_path: Path) -> None:
    port = free_port()
    with Platform(lambda: f"http://127.0.0.1:{port}/coupon") as platform:
        prepared, result = proof(tmp_path, platform, port, route="{answers: [{status: 500}]}")
    assert verdicts(result.summary)["coupon"] is False
    assert "http_500" in judged(tmp_path, prepared, None)["coupon"][1]


def test_the_receiver_that_evaluates_the_journeys_takes_the_platforms_place(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "scenario.yaml"
    text = SCENARIO.format(
        inlet="receiver", port=port, patience="1 s", linger="1 s", route="{}", evaluation="local"
    )
    file.write_text(text, encoding="utf-8")
    with served(prepare(file), speed=60, calling=Calling((), at_full_speed=True)) as (url, _):
        overrides = ["journeys.evaluation=platform", f"destination.to={url}/collection/demo"]
        prepared = prepare(file, overrides=overrides)
        result = run(prepared, RunOptions(out=tmp_path / "run"))
        assert result.exit_code == ExitCode.OK
        found = {
            str(one.name): one.ok
            for one in evaluate(
                prepared.scenario.expect,
                result.summary,
                lambda: read_evidence(tmp_path / "run", prepared.world, f"{url}/journeys/step-events"),
            )
        }
    assert found == dict.fromkeys(found, True)
    story = tell(read_record(tmp_path / "run"), person="visitor/2")
    said = [moment["said"] for told in story["story"] for moment in told["journey"]]
    assert said == ["Coupon received by the listener, answered 200"]
    assert "journeys" not in result.summary


def test_calls_that_do_not_say_for_whom_are_no_proof_and_the_reason_tells(tmp_path: Path) -> None:
    port = free_port()
    with Platform(lambda: f"http://127.0.0.1:{port}/coupon", anonymous=True) as platform:
        _, result = proof(tmp_path, platform, port)
    assert result.summary["listener"]["unknown_people"] == 3
    (reason,) = (one["reason"] for one in result.summary["expectations"] if one["name"] == "coupon")
    assert "none of the calls that came says that it is for them (3 say nothing that is known)" in reason


def test_a_live_run_is_judged_in_its_own_time(tmp_path: Path) -> None:
    port = free_port()
    now = datetime.now(ZoneInfo("Europe/Berlin")).replace(tzinfo=None, microsecond=0).isoformat()
    with Platform(lambda: f"http://127.0.0.1:{port}/coupon") as platform:
        file = tmp_path / "scenario.yaml"
        text = SCENARIO.format(
            inlet=platform.inlet, port=port, patience="1 s", linger="1 s", route="{}", evaluation="platform"
        )
        text = text.replace("after: 10 s", "after: 1 s").replace("takes: 20 s", "takes: 4 s")
        file.write_text(text.replace("within: 2 min", "within: 8 s"), encoding="utf-8")
        clock = [f"clock.start={now}", "clock.speed=live", "clock.duration=8 s"]
        prepared = prepare(file, overrides=clock)
        result = run(prepared, RunOptions(out=tmp_path / "run"))
    calls = [
        json.loads(line)
        for line in (tmp_path / "run" / "calls.ndjson").read_text(encoding="utf-8").splitlines()
    ]
    assert [0 < row["at"] < 10_000 for row in calls if row["kind"] == "call"] == [True] * 3
    assert verdicts(result.summary)["coupon"] and verdicts(result.summary)["nothing"]
    export = platform.export(tmp_path / "export.ndjson")
    found = judged(tmp_path, prepared, export)
    assert found["entry"][0] and found["coupon"][0] and found["quick"][0]


def test_the_record_of_a_listener_of_its_own_proves_as_much(tmp_path: Path) -> None:
    record = CallRecord(tmp_path / "calls.ndjson", {"Coupon": ""})
    listener = CallListener({}, record.append, WallClock().epoch_ms)
    alone = ListenerThread(listener)
    alone.start()
    with Platform(lambda: f"{alone.url}/coupon") as platform:
        file = tmp_path / "scenario.yaml"
        text = SCENARIO.format(
            inlet=platform.inlet, port=1, patience="1 s", linger="0 s", route="{}", evaluation="platform"
        )
        file.write_text(re.sub(r"  listener: .*\n", "", text), encoding="utf-8")
        prepared = prepare(file)
        result = run(prepared, RunOptions(out=tmp_path / "run"))
    assert verdicts(result.summary)["coupon"] is False  # the run itself heard nothing
    time.sleep(1.2)  # "nothing" is proven by listening until its deadline, with patience, is over
    alone.stop()
    record.close(WallClock().epoch_ms())
    evidence = read_evidence(tmp_path / "run", prepared.world, calls=tmp_path / "calls.ndjson")
    found = {
        str(one.name): one for one in evaluate(prepared.scenario.expect, result.summary, lambda: evidence)
    }
    assert found["coupon"].ok and found["nothing"].ok and found["quick"].ok
