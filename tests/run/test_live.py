"""Runs by the clock: what a slow destination leaves waiting, and runs that begin in the past."""

from __future__ import annotations

import asyncio
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from simulator.core.errors import ExitCode
from simulator.run import RunOptions, Simulation, WallClock, backfill_options, prepare, run, serving_metrics
from simulator.run.spill import Held, Outbox
from tests.cli.program import journeysim
from tests.delivery.misbehaving import Behaviour, MisbehavingServer, Reply, Request, good
from tests.run.running import run_to_file
from tests.run.scenarios import town

BUSY = ("app.sessions={per_day: 400, gap: 1 s}", "clock.start=2026-03-02T12:20")


def ids(bodies: list[bytes]) -> list[str]:
    return [orjson.loads(body)["_id"] for body in bodies]


def test_a_destination_that_stops_holds_up_nobody_and_gets_everything_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.run.driving.MOST_UNSETTLED", 300)
    monkeypatch.setattr("simulator.run.engine.MOST_UNSETTLED", 300)
    down = threading.Event()
    down.set()

    def script(request: Request) -> Behaviour:
        return Reply(503) if down.is_set() else good(request)

    overrides = [*BUSY, "clock.duration=1 h", "destination.connections=4", "destination.batch_size=10"]
    timer = threading.Timer(2.0, down.clear)
    with MisbehavingServer(script) as server:
        timer.start()
        prepared = prepare(
            town(tmp_path),
            overrides=[*overrides, f"destination.to={server.url}", "clock.speed=1200"],
            people=600,
        )
        result = run(prepared, RunOptions(out=tmp_path / "run"))
        timer.join()
    undisturbed = run_to_file(town(tmp_path), tmp_path / "it", overrides=overrides, people=600)
    assert result.exit_code is ExitCode.OK
    assert set(server.taken) == set(ids(undisturbed.bodies))
    assert result.summary["spilled"]["events"] > 300
    assert result.summary["spilled"]["bytes"] > 0
    assert not (tmp_path / "run" / "held.spill").exists()
    assert result.summary["acknowledged"] == len(undisturbed.bodies)


def test_a_live_run_sends_the_past_at_once_and_the_present_as_it_comes(tmp_path: Path) -> None:
    seconds = 4.0
    now = datetime.now(UTC)
    zone = f"Etc/GMT{now.hour - 12:+d}"  # where it is noon now: people sleep at night. The sign is the other way round
    local = (now - timedelta(minutes=20)).astimezone(ZoneInfo(zone))
    start = local.replace(tzinfo=None, microsecond=0)
    overrides = [
        "app.sessions={per_day: 60, gap: 1 s}",
        "destination.batch_size=20",
        f"clock.start={start.isoformat()}",
        f"clock.timezone={zone}",
        f"clock.duration={20 * 60 + seconds:g} s",
    ]
    arrived: dict[str, float] = {}

    def script(request: Request) -> Behaviour:
        arrived.update((event["_id"], time.time()) for event in request.events)
        return good(request)

    with MisbehavingServer(script) as server:
        prepared = prepare(
            town(tmp_path),
            overrides=[*overrides, f"destination.to={server.url}", "clock.speed=live"],
            people=4000,
        )
        result = run(prepared, RunOptions(out=tmp_path / "run"))
    undisturbed = run_to_file(town(tmp_path), tmp_path / "it", overrides=overrides, people=4000)
    assert set(server.taken) == set(ids(undisturbed.bodies))
    assert set(server.taken.values()) == {1}
    backfilled = result.summary["backfilled"]
    assert 0 < backfilled < len(undisturbed.bodies)
    early = [
        arrived[event["_id"]] - datetime.fromisoformat(event["timestamp"]).timestamp()
        for event in undisturbed.events[backfilled:]
    ]
    assert len(early) > 10
    assert min(early) > -0.05  # nothing is sent before it happens
    assert sorted(early)[len(early) // 2] < 1.0


def test_backfill_means_a_start_in_the_past_on_the_clock_of_the_scenario(tmp_path: Path) -> None:
    class Noon(WallClock):
        def epoch_ms(self) -> int:
            return round(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp() * 1000)

    options = backfill_options(town(tmp_path), "90 min", Noon())
    assert [(option.key, option.value) for option in options] == [
        ("clock.start", "2026-03-02T12:30:00"),  # Helsinki is two hours ahead
        ("clock.speed", "live"),
    ]


def test_an_outbox_keeps_the_order_through_memory_and_disk(tmp_path: Path) -> None:
    folder = tmp_path / "town"
    folder.mkdir()
    world = prepare(town(folder)).world
    simulation = Simulation(world, world.cohorts())
    windows = [simulation.advance(end) for _, end in world.windows()]
    windows = [window for window in windows if len(window)]

    async def through() -> tuple[list[bytes], int]:
        outbox = Outbox(tmp_path / "spill", 100)
        got: list[bytes] = []
        for number, window in enumerate(windows):
            outbox.put(Held(window, True))
            if number % 3 == 2:
                held = await outbox.get()
                assert held is not None
                got += held.window.bodies
        outbox.end()
        while held := await outbox.get():
            got += held.window.bodies
        outbox.close()
        return got, outbox.spilled

    got, spilled = asyncio.run(through())
    assert got == [body for window in windows for body in window.bodies]
    assert spilled > 100
    assert not (tmp_path / "spill").exists()


def test_prometheus_gets_the_figures_of_a_run(tmp_path: Path) -> None:
    pages: list[str] = []
    with serving_metrics(0) as gauges, MisbehavingServer(good) as server:
        assert gauges is not None

        def look(figures: object) -> None:
            gauges.update(figures)  # type: ignore[arg-type]
            with urllib.request.urlopen(gauges.url) as page:
                pages.append(page.read().decode())

        overrides = [f"destination.to={server.url}", "load.profile=100/s for 2.5 s"]
        prepared = prepare(town(tmp_path), overrides=overrides)
        run(prepared, RunOptions(out=tmp_path / "run"), on_figures=look)
    assert "journeysim_events_total 250.0" in pages[-1]
    assert 'journeysim_answers_total{status="200"} 250.0' in pages[-1]
    assert 'journeysim_latency_seconds{quantile="0.99"}' in pages[-1]


def test_a_rule_that_cannot_be_measured_while_a_run_lasts_is_a_mistake(tmp_path: Path) -> None:
    path = town(tmp_path)
    path.write_text(path.read_text() + "expect: [{metric: crossings, at_least: 1, abort_after: 5 s}]\n")
    finished = journeysim("check", path, cwd=tmp_path)
    assert finished.returncode == ExitCode.BAD_INPUT
    assert "expect.0.abort_after: crossings is not measured while a run lasts" in finished.stderr
