"""Actions that really call: beside a paced run, or in a run at full speed that waits for the answers."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from simulator.core.errors import ExitCode, InputError, UsageError
from simulator.run import RunOptions, plan, prepare, run
from tests.cli.program import PROGRAM, ROOT
from tests.delivery.peer import Got, Peer, Says

SCENARIO = """
version: 1
name: really_calls
description: Whoever walks into the cafe is looked up at the loyalty system, and those with points get a push.
clock: {{start: 2026-03-02T09:00, timezone: Europe/Berlin, duration: 4 min, speed: {speed}}}
places:
  - library: Cafes
    inline: [{{name: Cafe, id: cafe, at: [52.52, 13.405], radius: 100 m}}]
people:
  visitor: &visitor
    size: {people}
    home: {{around: {{at: [52.522, 13.405], radius: 1 m}}}}
    phone: {{conditions: ideal, monitoring: ideal}}
    script: [{{after: 10 s, enter: Cafe, takes: 20 s}}]
app: {{id: com.example.cafes, name: Cafes, push: {{opened: 0 %}}}}
journeys:
  events: {{Entry: {{rule: '@event{{Entry.eventType}} == "location.entry"'}}}}
  actions:
    Loyalty:
      url: {url}/points
      call: {call}
      headers: {{X-Key: "${{env:CALL_SECRET}}"}}
      body:
        event: "=@event{{Entry._id}}"
        instanceUID: "=#{{JourneyProperties.instanceUID}}"
        kind: points
      stub: {{body: {{points: 0}}, delay: 5 s}}
    Reward: {{channel: push, title: Thank you}}
  journeys:
    reward:
      activity_timeout: {timeout}
      steps:
        enter: {{event: Entry}}
        ask: {{action: Loyalty, on_error: end}}
        many: {{condition: {{yes: {{when: '@action{{Loyalty.points}} > 5', next: reward}}}}}}
        reward: {{action: Reward}}
"""
SECRET = "correct-horse-battery"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALL_SECRET", SECRET)


def scenario(
    folder: Path, url: str, *, speed: object = "max", call: bool = True, timeout: str = "5 s", people: int = 2
) -> Path:
    file = folder / "scenario.yaml"
    text = SCENARIO.format(url=url, speed=speed, call=str(call).lower(), timeout=timeout, people=people)
    file.write_text(text, encoding="utf-8")
    return file


def go(file: Path, out: Path, **options: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    summary = run(prepare(file), RunOptions(out=out, **options)).summary
    lines = (out / "journeys.ndjson").read_text(encoding="utf-8").splitlines()
    return summary, [json.loads(line) for line in lines]


def points(got: Got) -> Says:
    return Says(200, {"points": 9})


def test_at_full_speed_a_stub_answers_unless_calls_are_asked_for(tmp_path: Path) -> None:
    with Peer(points) as peer:
        file = scenario(tmp_path, peer.url)
        summary, _ = go(file, tmp_path / "stub")
        assert peer.got == []
        assert summary["actions"]["Reward"] == {}
        summary, rows = go(file, tmp_path / "real", call_actions=True)
    assert len(peer.got) == 2
    assert summary["actions"]["Loyalty"] == {"http_200": 2}
    assert summary["actions"]["Reward"]["sent"] == 2
    entered = {row["detail"]["event_id"]: row["instance"] for row in rows if row["kind"] == "entered"}
    sent = {got.document["event"]: got.document["instanceUID"] for got in peer.got}
    assert sent == entered
    assert peer.got[0].document["kind"] == "points"


def test_workers_call_too(tmp_path: Path) -> None:
    with Peer(points) as peer:
        file = scenario(tmp_path, peer.url, people=2)
        text = file.read_text(encoding="utf-8").replace("app:", "  other: *visitor\napp:", 1)
        file.write_text(text, encoding="utf-8")
        summary, _ = go(file, tmp_path / "run", call_actions=True, workers=2)
    assert summary["workers"] == 2
    assert len(peer.got) == summary["actions"]["Loyalty"]["http_200"] == 4


def test_a_paced_run_calls_at_the_moment_and_hears_the_answer_later(tmp_path: Path) -> None:
    moments: list[float] = []

    def answer(got: Got) -> Says:
        moments.append(time.monotonic())
        return Says(200, {"points": 9}, delay=0.2)

    with Peer(answer) as peer:
        began = time.monotonic()
        _, rows = go(scenario(tmp_path, peer.url, speed=60), tmp_path / "run")
    entered = [row["at"] for row in rows if row["kind"] == "entered"]
    called = [row["at"] for row in rows if row["kind"] == "call"]
    assert len(entered) == len(called) == 2
    # Not before its time; a shared machine may be late.
    assert all(moment - began >= at / 1000 / 60 for at, moment in zip(entered, moments, strict=True))
    # 0.2 s are 12 s of the run.
    assert all(later - at >= 12_000 for at, later in zip(entered, called, strict=True))
    elapsed = [row["detail"]["elapsed"] for row in rows if row["step"] == "ask" and row["kind"] == "step"]
    assert all(200 <= ms < 4_000 for ms in elapsed)


def test_the_time_out_of_a_call_is_real_time_whatever_the_speed(tmp_path: Path) -> None:
    with Peer(lambda got: Says(200, {"points": 9}, delay=1.5)) as peer:
        _, rows = go(scenario(tmp_path, peer.url, speed=60, timeout="1 s"), tmp_path / "paced")
        calls = [row["detail"] for row in rows if row["kind"] == "call"]
        assert [call["status"] for call in calls] == ["timedout"] * 2
        assert len(peer.got) == 2  # a first call that is too slow is not tried again
        _, rows = go(scenario(tmp_path, peer.url, timeout="1 s"), tmp_path / "full", call_actions=True)
        assert [row["detail"]["status"] for row in rows if row["kind"] == "call"] == ["timedout"] * 2


def test_failures_are_tried_three_times_again_but_not_those_that_cannot_change(tmp_path: Path) -> None:
    status = [500]
    with Peer(lambda got: Says(status[0])) as peer:
        file = scenario(tmp_path, peer.url, people=1)
        summary, _ = go(file, tmp_path / "500", call_actions=True)
        assert len(peer.got) == 4
        assert summary["actions"]["Loyalty"] == {"http_500": 1}
        status[0] = 403
        go(file, tmp_path / "403", call_actions=True)
        assert len(peer.got) == 5


def test_nobody_there_is_an_internal_error_with_its_reason(tmp_path: Path) -> None:
    with Peer() as peer:
        url = peer.url
    _, rows = go(scenario(tmp_path, url, people=1), tmp_path / "run", call_actions=True)
    (call,) = (row["detail"] for row in rows if row["kind"] == "call")
    assert (call["status"], call["attempts"]) == ("internalError", 4)
    assert "refused" in call["error"].lower()


def test_no_file_of_a_run_holds_a_secret(tmp_path: Path) -> None:
    with Peer(points) as peer:
        go(scenario(tmp_path, peer.url), tmp_path / "run", call_actions=True)
    assert peer.got[0].headers["X-Key"] == SECRET
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


def test_hosts_that_nobody_has_allowed_are_refused_before_the_run(tmp_path: Path) -> None:
    file = scenario(tmp_path, "https://loyalty.example.com", speed=60)
    with pytest.raises(InputError, match=r"scenario.yaml:20:.*loyalty\.example\.com is not this machine"):
        run(prepare(file), RunOptions(out=tmp_path / "run"))
    assert not plan(prepare(file))["allowed"]
    allowed = plan(prepare(file), allow_hosts=("loyalty.example.com",))
    assert allowed["allowed"]
    url = "https://loyalty.example.com/points"
    assert allowed["calls"] == [{"action": "Loyalty", "method": "POST", "to": url, "authenticated": False}]
    at_full_speed = plan(prepare(scenario(tmp_path, "https://loyalty.example.com")))
    assert at_full_speed["allowed"] and at_full_speed["calls"] == []


def test_calls_cannot_be_asked_for_where_no_action_calls_nor_be_resumed(tmp_path: Path) -> None:
    file = scenario(tmp_path, "http://127.0.0.1:9", call=False)
    with pytest.raises(UsageError, match="no action that the run evaluates says `call: true`"):
        run(prepare(file), RunOptions(out=tmp_path / "run", call_actions=True))
    file = scenario(tmp_path, "http://127.0.0.1:9")
    with pytest.raises(UsageError, match="would call again"):
        run(prepare(file), RunOptions(resume=tmp_path / "run", call_actions=True))


def test_a_secret_that_is_not_there_is_a_mistake_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALL_SECRET")
    file = scenario(tmp_path, "http://127.0.0.1:9", speed=60)
    with pytest.raises(InputError, match=r"actions\.Loyalty\.headers\.X-Key: .*CALL_SECRET is not set"):
        run(prepare(file), RunOptions(out=tmp_path / "run"))
    assert plan(prepare(scenario(tmp_path, "http://127.0.0.1:9")))["allowed"]  # a stub needs no secret


def test_an_interrupted_run_waits_for_no_more_calls(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with Peer(lambda got: Says(200, {"points": 9}, delay=0.5)) as peer:
        file = scenario(tmp_path, peer.url, people=40)
        with subprocess.Popen(
            [*PROGRAM, "run", str(file), "--call-actions", "--out", str(folder), "--quiet"], cwd=ROOT
        ) as program:
            end = time.monotonic() + 60
            while not peer.got and time.monotonic() < end:
                time.sleep(0.05)
            program.send_signal(signal.SIGINT)
            program.wait(timeout=60)
    assert program.returncode == ExitCode.INTERRUPTED
    assert 1 <= len(peer.got) < 20
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8"))["interrupted"]
