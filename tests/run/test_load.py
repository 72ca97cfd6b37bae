"""Runs at a rate: the schedule is kept whatever the endpoint does, and what came of it is told as it was."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.core.errors import ExitCode
from simulator.run import RunOptions, RunResult, prepare, run
from tests.delivery.misbehaving import Behaviour, MisbehavingServer, Reply, Request, good
from tests.run.running import run_to_file
from tests.run.scenarios import TOWN, town

PEOPLE = 400


def load(
    tmp_path: Path, to: str, profile: str | None, *overrides: str, more: str = "", name: str = "run"
) -> RunResult:
    given = [f"destination.to={to}", *overrides]
    if profile is not None:
        given.append(f"load.profile={profile}")
    prepared = prepare(town(tmp_path, TOWN + more), overrides=given, people=PEOPLE)
    return run(prepared, RunOptions(out=tmp_path / name))


def series(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "run" / "timeseries.ndjson").read_text().splitlines()]


class Stalling:
    """Answers at once, but for the last part of every period, which it sits out."""

    def __init__(self, period: float, stall: float) -> None:
        self.began = time.monotonic()
        self.period, self.stall = period, stall

    def __call__(self, request: Request) -> Behaviour:
        into = (time.monotonic() - self.began) % self.period
        if into > self.period - self.stall:
            time.sleep(self.period - into)
        return good(request)


def test_a_rate_is_kept_and_the_events_are_those_of_any_run(tmp_path: Path) -> None:
    times: list[float] = []

    def script(request: Request) -> Behaviour:
        times.append(time.monotonic())
        return good(request)

    with MisbehavingServer(script) as server:
        result = load(tmp_path, server.url, "700/s")
    summary = result.summary
    assert result.exit_code is ExitCode.OK
    folder = tmp_path / "at_full_speed"
    folder.mkdir()
    expected = run_to_file(town(folder), folder / "it", people=PEOPLE)
    assert set(server.taken) == {event["_id"] for event in expected.events}
    assert summary["acknowledged"] == summary["load"]["planned"] == len(expected.events)
    assert summary["load"]["intended_rate"] == pytest.approx(700, rel=0.01)
    assert summary["load"]["achieved_rate"] == pytest.approx(700, rel=0.05)
    assert summary["load"]["ended"] == "all events of the run were sent"
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(700, rel=0.05)


def test_requests_can_be_counted_instead_of_events(tmp_path: Path) -> None:
    with MisbehavingServer(good) as server:
        result = load(tmp_path, server.url, "40 requests/s for 1.5 s", "destination.batch_size=10")
    assert len(server.requests) == 60
    assert {len(request.events) for request in server.requests} == {10}
    assert result.summary["load"]["intended_rate"] == pytest.approx(400)


def test_events_after_the_end_of_the_profile_are_an_outcome_of_their_own(tmp_path: Path) -> None:
    with MisbehavingServer(good) as server:
        result = load(tmp_path, server.url, "200/s for 1 s")
    summary = result.summary
    assert result.exit_code is ExitCode.OK
    assert summary["acknowledged"] == len(server.taken) == 200
    assert summary["not_due"] == summary["sent"] - 200 > 0
    assert sum(summary["outcomes"].values()) == summary["crossings"]
    assert summary["load"]["ended"] == "the profile came to its end"


def test_a_stall_shows_in_the_latency_from_the_intended_time(tmp_path: Path) -> None:
    settings = ("destination.connections=4",)
    with MisbehavingServer(Stalling(period=1.0, stall=0.4)) as server:
        opened = load(tmp_path, server.url, "300/s for 4 s", *settings).summary
    with MisbehavingServer(Stalling(period=1.0, stall=0.4)) as server:
        closed = load(tmp_path, server.url, None, *settings, name="closed").summary
    # Two fifths of the events were to be sent during a stall; a closed loop sends hardly any of them.
    assert opened["latency"]["p99"] > 0.3
    assert opened["latency"]["p90"] > 0.2
    assert closed["latency"]["p90"] < 0.1
    assert opened["load"]["late"] > 100
    # All were sent; the last stall may keep the last of them waiting.
    assert opened["acknowledged"] == 1200
    assert opened["load"]["seconds"] < 4.0 + 0.4 + 1.0


def test_a_slow_endpoint_does_not_slow_the_schedule_but_makes_sends_late(tmp_path: Path) -> None:
    def slow(request: Request) -> Behaviour:
        time.sleep(0.01)
        return good(request)

    with MisbehavingServer(slow) as server:
        summary = load(tmp_path, server.url, "200/s for 2 s", "destination.connections=2").summary
    figures = summary["load"]
    assert summary["acknowledged"] == 400
    assert figures["intended_rate"] == pytest.approx(200, rel=0.01)
    assert figures["achieved_rate"] < 110
    assert figures["gap"] == pytest.approx(1 - figures["achieved_rate"] / 200, abs=0.01)
    assert figures["late"] > 350
    assert figures["latest"] > 1.0
    assert summary["latency"]["max"] > summary["latency"]["sent"]["max"]


def test_failures_are_tried_again_without_slowing_the_schedule(tmp_path: Path) -> None:
    with MisbehavingServer(lambda r: Reply(503) if r.number % 3 == 0 else good(r)) as server:
        result = load(tmp_path, server.url, "200/s for 2 s")
    summary = result.summary
    assert result.exit_code is ExitCode.OK
    assert summary["acknowledged"] == 400
    assert summary["delivery"]["retries"] > 100
    assert summary["load"]["achieved_rate"] == pytest.approx(200, rel=0.05)
    assert summary["delivery"]["error_share"] == pytest.approx(1 / 3, abs=0.02)
    assert set(summary["latency"]["by_status"]) == {"200", "503"}


def test_the_figures_of_every_second_add_up_to_the_run(tmp_path: Path) -> None:
    with MisbehavingServer(good) as server:
        summary = load(tmp_path, server.url, "ramp 20/s to 300/s over 3 s").summary
    figures = series(tmp_path)
    assert sum(one["events"] for one in figures) == summary["acknowledged"]
    assert sum(one["requests"] for one in figures) == summary["delivery"]["requests"]
    assert sum(one["intended"] for one in figures) == pytest.approx(480, abs=15)
    assert [one["events"] for one in figures[:3]] == sorted(one["events"] for one in figures[:3])


def test_a_daily_profile_sends_the_curve_of_the_run(tmp_path: Path) -> None:
    sent: list[float] = []

    def script(request: Request) -> Behaviour:
        sent.append(time.monotonic())
        return good(request)

    with MisbehavingServer(script) as server:
        load(tmp_path, server.url, "daily 300/s over 4 s")
    folder = tmp_path / "at_full_speed"
    folder.mkdir()
    events = run_to_file(town(folder), folder / "it", people=PEOPLE).events
    night = sum(event["timestamp"] < "2026-03-02T10:00" for event in events) / len(events)
    quarter = sum(moment - sent[0] < 1.0 for moment in sent) / len(sent)
    assert quarter == pytest.approx(night, abs=0.05)


# --- thresholds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        ("{metric: latency.p99, at_most: 5 s}", ExitCode.OK),
        ("{metric: latency.p50, at_most: 1 ms}", ExitCode.EXPECTATION_FAILED),
        ("{metric: load.achieved_rate, at_least: 180/s}", ExitCode.OK),
        ("{metric: load.achieved_rate, at_least: 500/s}", ExitCode.EXPECTATION_FAILED),
        ("{metric: delivery.error_share, at_most: 1 %}", ExitCode.OK),
    ],
)
def test_a_threshold_decides_the_exit_code(tmp_path: Path, expected: str, code: ExitCode) -> None:
    def slow(request: Request) -> Behaviour:
        time.sleep(0.002)
        return good(request)

    with MisbehavingServer(slow) as server:
        result = load(tmp_path, server.url, "200/s for 1 s", more=f"expect: [{expected}]\n")
    assert result.exit_code is code


def test_a_rule_ends_a_run_early_and_the_exit_code_says_that_it_was_a_threshold(tmp_path: Path) -> None:
    rule = "expect: [{metric: delivery.error_share, at_most: 5 %, abort_after: 1 s}]\n"
    with MisbehavingServer(lambda r: good(r) if r.number < 100 else Reply(503)) as server:
        began = time.monotonic()
        result = load(tmp_path, server.url, "100/s", more=rule)
    summary = result.summary
    assert result.exit_code is ExitCode.EXPECTATION_FAILED
    assert time.monotonic() - began < 8.0
    assert summary["aborted"].startswith("delivery.error_share was ")
    assert summary["expectations"][0]["reason"].endswith("it ended the run")
    assert not summary["interrupted"]
    assert sum(summary["outcomes"].values()) == summary["crossings"]
    kept = (tmp_path / "run" / "undelivered.ndjson").read_bytes().splitlines()
    assert summary["acknowledged"] + len(kept) == summary["sent"]
    assert {orjson.loads(line)["_id"] for line in kept}.isdisjoint(server.taken)


def test_a_rule_that_holds_ends_nothing(tmp_path: Path) -> None:
    rule = "expect: [{metric: latency.p99, at_most: 3 s, abort_after: 1 s}]\n"
    with MisbehavingServer(good) as server:
        result = load(tmp_path, server.url, "100/s for 2.5 s", more=rule)
    assert (result.exit_code, result.summary["aborted"]) == (ExitCode.OK, None)
