"""The run folder: what is in it, where it is, and that it runs again."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import simulator
from simulator.core.errors import ExitCode, UsageError
from simulator.run import RunFolder, RunOptions, WallClock, prepare, run
from tests.cli.program import call, journeysim, started, tiny
from tests.run.running import run_to_file
from tests.run.scenarios import town


class StoppedClock(WallClock):
    """It is always the same second."""

    def folder_stamp(self) -> str:
        return "20260302-113000"


def names(folder: Path) -> set[str]:
    """What is in a folder, but for the figures of every second, which a quick run has none of."""
    return {path.name for path in folder.iterdir()} - {"timeseries.ndjson"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_to_a_file_leaves_scenario_summary_and_ledger(tmp_path: Path) -> None:
    record = run_to_file(town(tmp_path), tmp_path / "it")
    assert names(record.folder) == {"scenario.yaml", "summary.json", "ledger"}
    assert names(record.folder / "ledger") == {"crossings.bin", "ledger.json", "people.bin"}
    assert json.loads((record.folder / "summary.json").read_text(encoding="utf-8")) == record.summary


def test_a_run_to_the_receiver_leaves_what_it_accepted(tmp_path: Path) -> None:
    to_file = run_to_file(town(tmp_path), tmp_path / "it")
    result = run(prepare(town(tmp_path)), RunOptions(out=tmp_path / "run"))
    assert names(tmp_path / "run") == {
        "scenario.yaml",
        "summary.json",
        "ledger",
        "received.ndjson",
        "received.sqlite",
    }
    assert (tmp_path / "run" / "received.ndjson").read_bytes().splitlines() == to_file.bodies
    assert result.summary["acknowledged"] == len(to_file.bodies)


@pytest.mark.parametrize("form", ["sdk", "rich"])
def test_the_scenario_in_it_runs_again_to_the_same_stream(tmp_path: Path, form: str) -> None:
    overrides = [f"app.location_events={form}", "places.0.radius={uniform: [60 m, 250 m]}"]
    first = run_to_file(town(tmp_path), tmp_path / "first", seed=77, people=31, overrides=overrides)
    again = run_to_file(first.folder / "scenario.yaml", tmp_path / "again")
    assert again.bodies == first.bodies
    assert again.ledger_bytes == first.ledger_bytes
    text = (first.folder / "scenario.yaml").read_text(encoding="utf-8")
    assert f"journeysim {simulator.__version__} with seed 77" in text


def test_a_size_that_was_drawn_stays_as_it_was_drawn(tmp_path: Path) -> None:
    sizes = ["people.workers.size={uniform: [3, 300]}"]
    first = run_to_file(town(tmp_path), tmp_path / "first", overrides=sizes)
    again = run_to_file(first.folder / "scenario.yaml", tmp_path / "again", seed=99)
    assert again.summary["groups"] == first.summary["groups"]


def test_a_folder_in_use_is_refused_and_left_alone(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.txt").write_text("precious")
    result = call("run", tiny(folder), "--out", "mine")
    assert result.exit_code == ExitCode.BAD_INPUT
    assert result.stderr == (
        "journeysim: --out mine: the folder is not empty; name a new one, or remove what is there first\n"
    )
    assert names(folder / "mine") == {"notes.txt"}


def test_an_empty_folder_is_used(folder: Path) -> None:
    (folder / "mine").mkdir()
    assert call("run", tiny(folder), "--out", "mine", "--quiet").exit_code == ExitCode.OK


def test_a_file_in_the_way_is_said(folder: Path) -> None:
    (folder / "mine").write_text("a file")
    for out in ("mine", "mine/deeper"):
        result = call("run", tiny(folder), "--out", out)
        assert result.exit_code == ExitCode.BAD_INPUT
        assert result.stderr.startswith(f"journeysim: --out {out}: the run folder can't be written (")
        assert result.stderr.endswith("; name another with --out\n")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that nobody may write to")
def test_a_folder_that_nobody_may_write_is_said(folder: Path) -> None:
    result = call("run", tiny(folder), "--out", "/proc/journeysim")
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "--out /proc/journeysim: the run folder can't be written (" in result.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_said(folder: Path) -> None:
    (folder / "locked").mkdir(mode=0o500)
    result = call("run", tiny(folder), "--out", "locked/run")
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "(Permission denied); name another with --out" in result.stderr


def test_a_default_folder_that_cannot_be_made_is_said(folder: Path) -> None:
    (folder / "runs").symlink_to("nowhere")
    for _ in range(2):
        result = call("run", tiny(folder))
        assert result.exit_code == ExitCode.BAD_INPUT
        assert "the run folder can't be written (" in result.stderr
        (folder / "runs").unlink()
        (folder / "runs").write_text("a file")


def test_a_destination_that_cannot_be_opened_leaves_no_folder_behind(folder: Path) -> None:
    for out in (["--out", "mine"], []):
        result = call("run", tiny(folder), "--to", "file:missing/events.ndjson", *out)
        assert result.exit_code == ExitCode.BAD_INPUT
        assert result.stderr == (
            "journeysim: cannot write missing/events.ndjson: the folder missing does not exist\n"
        )
    assert not (folder / "mine").exists()
    assert names(folder / "runs") == set()


def test_without_out_the_folder_is_named_after_scenario_and_time(folder: Path) -> None:
    result = run(prepare(tiny(folder)), RunOptions(), clock=StoppedClock())
    assert result.summary["run_folder"] == "runs/tiny-20260302-113000"


def test_runs_of_the_same_second_have_folders_of_their_own(folder: Path) -> None:
    prepared = prepare(tiny(folder))
    folders = [run(prepared, RunOptions(), clock=StoppedClock()).summary["run_folder"] for _ in range(3)]
    first = "runs/tiny-20260302-113000"
    assert folders == [first, f"{first}-2", f"{first}-3"]


def test_even_when_they_start_at_the_same_moment(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: RunFolder.create_unused(Path("runs/any")).path, range(40)))
    assert len(set(made)) == 40


def test_zero_workers_are_no_workers(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--workers 0: at least 1 is needed"):
        run(prepare(tiny(tmp_path)), RunOptions(out=tmp_path / "run", workers=0))
    assert not (tmp_path / "run").exists()


def test_two_programs_started_together_do_not_share_a_folder(tmp_path: Path) -> None:
    tiny(tmp_path)
    with started("run", "tiny.yaml", "--quiet", cwd=tmp_path) as other:
        assert journeysim("run", "tiny.yaml", "--quiet", cwd=tmp_path).returncode == ExitCode.OK
        assert other.wait(timeout=60) == ExitCode.OK
    made = list((tmp_path / "runs").iterdir())
    assert len(made) == 2
    assert all((path / "summary.json").exists() for path in made)
