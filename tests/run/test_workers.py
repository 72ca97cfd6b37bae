"""Simulating in several processes: the same numbers and bytes, and clear words when a process is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from simulator.core.errors import ExitCode, WorkerError
from simulator.phone import Phone
from simulator.run import RunOptions, prepare, run
from simulator.run.simulation import Simulation
from simulator.run.window import Window
from simulator.run.workers import Workers
from tests.cli.program import call
from tests.run.running import run_to_file
from tests.run.scenarios import town

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")


@pytest.mark.parametrize("form", ["sdk", "rich"])
def test_any_number_of_workers_gives_the_same_stream_ledger_and_numbers(tmp_path: Path, form: str) -> None:
    scenario = town(tmp_path)
    overrides = ["clock.duration=4 h", f"app.location_events={form}"]
    one, two, three = (
        run_to_file(scenario, tmp_path / str(n), workers=n, people=8000, overrides=overrides)
        for n in (1, 2, 3)
    )
    assert len(one.prepared.world.cohorts()) >= 4
    assert one.bodies == two.bodies == three.bodies
    assert one.ledger_bytes == two.ledger_bytes == three.ledger_bytes != b""
    assert one.numbers == two.numbers == three.numbers


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_share_the_people_of_each_group(tmp_path: Path, workers: int) -> None:
    world = prepare(town(tmp_path), people=20_011).world
    dealt = world.dealt(workers)
    assert sorted(spec.first_person for specs in dealt for spec in specs) == sorted(
        {spec.first_person for specs in dealt for spec in specs}
    )
    for group, size in world.sizes.items():
        shares = [sum(spec.size for spec in specs if spec.group == group) for specs in dealt]
        assert sum(shares) == size
        assert max(shares) - min(shares) <= size / workers / 1000


def test_there_may_be_more_workers_than_people(tmp_path: Path) -> None:
    overrides = ["people.workers.size=1", "people.neighbours.size=1", "clock.duration=2 d"]
    few, many = (
        run_to_file(town(tmp_path), tmp_path / str(n), workers=n, overrides=overrides) for n in (1, 3)
    )
    assert few.bodies == many.bodies != []
    assert few.ledger_bytes == many.ledger_bytes
    assert few.numbers == many.numbers


def test_spawned_workers_do_as_forked_ones_do(tmp_path: Path) -> None:
    """A second thread makes forking unsafe; then workers are started from scratch."""
    world = prepare(town(tmp_path), people=4500).world
    ends = [end for _, end in world.windows()][:10]
    forked = Workers(world, 2)
    idle = threading.Event()
    thread = threading.Thread(target=idle.wait)
    thread.start()
    try:
        spawned = Workers(world, 2)
        try:
            for end in ends:
                assert spawned.advance(end).bodies == forked.advance(end).bodies
        finally:
            spawned.close()
            forked.close()
    finally:
        idle.set()
        thread.join()


@LINUX
def test_a_worker_that_ends_by_itself_is_named_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent, advance, seen = os.getpid(), Simulation.advance, iter(range(10**9))

    def dies(self: Simulation, until: int, *, fleeting: bool) -> Window:
        if os.getpid() != parent and next(seen) == 5:
            os._exit(7)
        return advance(self, until, fleeting=fleeting)

    monkeypatch.setattr(Simulation, "advance", dies)
    options = (
        "--workers",
        "2",
        "--people",
        "4500",
        "--out",
        tmp_path / "it",
        "--to",
        f"file:{tmp_path}/e.ndjson",
    )
    result = call("run", town(tmp_path), *options)
    assert result.exit_code == ExitCode.INTERNAL_ERROR
    last = result.stderr.splitlines()[-1]
    assert last == (
        "journeysim: worker process 1 of 2 ended unexpectedly (exit code 7); "
        "if memory is short, try fewer workers"
    )


def test_a_killed_worker_is_an_error_and_no_hang(tmp_path: Path) -> None:
    world = prepare(town(tmp_path), people=4500).world
    workers = Workers(world, 2)
    try:
        ends = iter([end for _, end in world.windows()])
        workers.advance(next(ends))
        os.kill(workers._processes[1].pid or 0, signal.SIGKILL)
        began = time.monotonic()
        with pytest.raises(
            WorkerError, match=r"worker process 2 of 2 ended unexpectedly \(killed by signal 9\)"
        ):
            for end in ends:
                workers.advance(end)
        assert time.monotonic() - began < 5.0
    finally:
        workers.close()
    assert not any(process.is_alive() for process in workers._processes)


@LINUX
def test_a_fault_in_a_worker_is_raised_here_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(self: Phone, *crossing: object) -> None:
        raise ZeroDivisionError("nobody expected this")

    monkeypatch.setattr(Phone, "cross", broken)
    prepared = prepare(town(tmp_path), people=4500)
    with pytest.raises(RuntimeError, match=r"^ZeroDivisionError: nobody expected this") as caught:
        run(prepared, RunOptions(out=tmp_path / "it", workers=2))
    assert "in broken" in caught.value.__notes__[0]
    assert "Traceback" not in capfd.readouterr().err


@LINUX
def test_workers_end_when_the_program_is_killed(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from simulator.run import prepare
from simulator.run.workers import Workers
world = prepare(Path(sys.argv[1]), people=4500).world
workers = Workers(world, 2)
workers.advance(next(world.windows())[1])
print(*(process.pid for process in workers._processes), flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(town(tmp_path))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    ) as process:
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
    assert len(pids) == 2
    deadline = time.monotonic() + 10.0
    while any(map(_lives, pids)):
        assert time.monotonic() < deadline, "workers outlived the program"
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    """Whether a process runs; one that nobody has collected yet does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
