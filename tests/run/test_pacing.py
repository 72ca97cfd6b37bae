"""Paced runs: events are handed over when the wall clock says so, and are the same events."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from simulator.core.errors import ExitCode
from simulator.ledger import Outcome, read_ledger
from simulator.run import Pacer, RunOptions, RunResult, Tally, WallClock, prepare, run
from tests.run.running import ecid_of, run_to_file
from tests.run.scenarios import town
from tests.run.test_conservation import sent


class MadeUpClock(WallClock):
    """A clock that only moves when everybody sleeps, to the moment when the first one wakes."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._wakes: list[float] = []
        self._changes = 0

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        wake = self.time + seconds
        self._wakes.append(wake)
        self._changes += 1
        seen, quiet = 0, 0
        try:
            while self.time < wake:
                await asyncio.sleep(0)  # others get their turn, as in a real sleep
                quiet = quiet + 1 if seen == self._changes else 0
                seen = self._changes
                if quiet > 12 and wake <= min(self._wakes):
                    self.time = wake
        finally:
            self._wakes.remove(wake)
            self._changes += 1


@dataclass
class Paced:
    """A paced run, and when on its clock each event had been handed over."""

    result: RunResult
    bodies: list[bytes]
    handed_over: list[float] = field(default_factory=list)


def paced(
    folder: Path,
    *overrides: str,
    clock: MadeUpClock,
    then: Callable[[Tally], None] = lambda tally: None,
) -> Paced:
    """Run the town from lunch on; ``then`` is called after every hand-over."""
    target = folder / "paced.ndjson"
    out = f"destination.to=file:{target}"
    prepared = prepare(town(folder), overrides=[out, "clock.start=2026-03-02T12:20", *overrides], people=300)
    began, handed_over = clock.time, []

    def progress(tally: Tally) -> None:
        handed_over.extend([clock.time - began] * (tally.sent - len(handed_over)))
        then(tally)

    result = run(prepared, RunOptions(out=folder / "paced"), clock=clock, progress=progress)
    return Paced(result, target.read_bytes().splitlines(), handed_over)


SPEEDS = [("1", "4 min"), ("60", "2 h"), ("3600", "30 h"), ("0.5", "2 min")]


@pytest.mark.parametrize(("speed", "duration"), SPEEDS)
def test_events_are_handed_over_at_their_time_and_are_those_of_a_run_at_full_speed(
    tmp_path: Path, speed: str, duration: str
) -> None:
    overrides = [f"clock.duration={duration}", "app.sessions={per_day: 40, gap: 1 s}"]
    course = paced(tmp_path, *overrides, f"clock.speed={speed}", clock=(clock := MadeUpClock()))
    at_once = run_to_file(
        town(tmp_path),
        tmp_path / "at_once",
        people=300,
        overrides=["clock.start=2026-03-02T12:20", *overrides],
    )
    assert course.bodies == at_once.bodies
    assert len(course.bodies) > 20
    start = at_once.prepared.world.calendar.utc(0)
    due = [(sent(event) - start).total_seconds() / float(speed) for event in at_once.events]
    late = np.array(course.handed_over) - due
    assert late.min() > -1e-6
    assert late.max() < 0.001 / float(speed) + 1e-6
    assert clock.time - 1000.0 == pytest.approx(at_once.summary["simulated_seconds"] / float(speed))
    assert course.result.summary["pacing_worst_lag_seconds"] == 0.0
    assert course.result.summary["wall_seconds"] == pytest.approx(clock.time - 1000.0, abs=0.001)


def test_a_run_that_cannot_keep_up_says_how_far_it_was_behind_and_loses_nothing(tmp_path: Path) -> None:
    clock = MadeUpClock()

    def slow(tally: Tally) -> None:
        clock.time += 0.03

    course = paced(tmp_path, "clock.duration=2 h", "clock.speed=600", clock=clock, then=slow)
    lag = course.result.summary["pacing_worst_lag_seconds"]
    assert course.result.exit_code is ExitCode.OK
    assert lag > 0.03
    assert clock.time - 1000.0 <= 2 * 3600 / 600 + lag + 0.03
    assert len(course.bodies) == course.result.summary["sent"]


def test_a_stop_ends_a_paced_run_at_once_and_keeps_what_was_not_due(tmp_path: Path) -> None:
    clock = MadeUpClock()
    asked: list[float] = []

    def stop(tally: Tally) -> None:
        if tally.sent > 50 and not asked:
            asked.append(clock.time)
            os.kill(os.getpid(), signal.SIGINT)

    course = paced(tmp_path, "clock.duration=20 d", "clock.speed=60", clock=clock, then=stop)
    summary = course.result.summary
    assert course.result.exit_code is ExitCode.INTERRUPTED
    assert clock.time - asked[0] < 0.5
    assert summary["acknowledged"] == len(course.bodies) >= 50
    kept = tmp_path / "paced" / "undelivered.ndjson"
    assert summary["pending"] == (len(kept.read_bytes().splitlines()) if kept.exists() else 0)
    assert sum(summary["outcomes"].values()) == summary["crossings"]
    rows = read_ledger(tmp_path / "paced" / "ledger").rows
    assert int((rows["outcome"] == Outcome.DELIVERED).sum()) == summary["outcomes"]["delivered"]


def test_a_wait_is_over_when_a_stop_is_asked_for() -> None:
    clock = MadeUpClock()
    pacer = Pacer(clock, 1.0)

    async def wait() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_soon(stop.set)
        await pacer.wait_for(10**9, stop)

    asyncio.run(wait())
    assert clock.time < 1001.0


def test_a_paced_run_takes_the_time_that_it_should(tmp_path: Path) -> None:
    overrides = ["clock.duration=1 h", "clock.start=2026-03-02T12:20"]
    unpaced = run_to_file(town(tmp_path), tmp_path / "unpaced", overrides=overrides)
    began = time.monotonic()
    record = run_to_file(town(tmp_path), tmp_path / "it", overrides=[*overrides, "clock.speed=1800"])
    assert 2.0 <= time.monotonic() - began < 6.0
    assert record.summary["wall_seconds"] >= 2.0
    assert record.bodies == unpaced.bodies != []
    assert record.numbers == unpaced.numbers
    assert len({ecid_of(event) for event in record.events}) > 10
