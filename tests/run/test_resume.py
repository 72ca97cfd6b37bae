"""Going on with a run that was cut off: nothing lost, nothing doubled that could be known, and a whole record."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import orjson
import pytest

from simulator.core.errors import ExitCode, UsageError
from simulator.ledger import read_ledger
from simulator.run import RunOptions, RunResult, prepare, run
from simulator.run.delivery_log import DeliveryLog
from tests.cli.program import journeysim
from tests.delivery.misbehaving import MisbehavingServer, Reply, Request, good
from tests.run.cut_off import cut_off, faulty
from tests.run.running import run_to_file
from tests.run.scenarios import town


def begin(tmp_path: Path, to: str, *overrides: str) -> RunResult:
    settings = ("destination.give_up_after=200 ms", *overrides)
    prepared = prepare(town(tmp_path), overrides=[f"destination.to={to}", *settings])
    return run(prepared, RunOptions(out=tmp_path / "run"))


def go_on(tmp_path: Path, *overrides: str) -> RunResult:
    prepared = prepare(tmp_path / "run" / "scenario.yaml", overrides=overrides)
    return run(prepared, RunOptions(resume=tmp_path / "run"))


def undisturbed(tmp_path: Path) -> list[str]:
    folder = tmp_path / "undisturbed"
    folder.mkdir()
    return [event["_id"] for event in run_to_file(town(folder), folder / "it").events]


def dies_after(count: int) -> MisbehavingServer:
    return MisbehavingServer(lambda r: good(r) if r.number < count else Reply(503))


@pytest.mark.parametrize("batch_size", [1, 7])
def test_only_what_was_not_acknowledged_is_sent_again(tmp_path: Path, batch_size: int) -> None:
    batch = f"destination.batch_size={batch_size}"
    with dies_after(20) as server:
        first = begin(tmp_path, server.url, batch)
    with MisbehavingServer(good) as again:
        second = go_on(tmp_path, f"destination.to={again.url}")
    assert first.exit_code is ExitCode.NOT_DELIVERED
    assert second.exit_code is ExitCode.OK
    assert sorted([*server.taken, *again.taken]) == sorted(undisturbed(tmp_path))
    assert second.summary["resumed"] == {"delivered_before": len(server.taken), "sent_again": 0}


def test_the_record_of_a_resumed_run_is_that_of_an_undisturbed_one(tmp_path: Path) -> None:
    with dies_after(20) as server:
        begin(tmp_path, server.url)
    with MisbehavingServer(good) as again:
        whole = go_on(tmp_path, f"destination.to={again.url}").summary
    folder = tmp_path / "undisturbed"
    folder.mkdir()
    expected = run_to_file(town(folder), folder / "it")
    for key in ("sent", "acknowledged", "pending", "outcomes", "events", "crossings", "timeline"):
        assert whole[key] == expected.summary[key]
    assert read_ledger(tmp_path / "run" / "ledger").rows.tobytes() == expected.ledger.rows.tobytes()
    assert not (tmp_path / "run" / "undelivered.ndjson").exists()


def test_what_was_refused_stays_refused_and_is_not_sent_again(tmp_path: Path) -> None:
    def script(request: Request) -> Reply:
        if request.number >= 30:
            return Reply(503)
        return Reply(400) if request.number % 3 == 0 else good(request)

    with MisbehavingServer(script) as server:
        first = begin(tmp_path, server.url, "destination.connections=1")
    with MisbehavingServer(good) as again:
        second = go_on(tmp_path, f"destination.to={again.url}")
    assert first.summary["rejected"] == second.summary["rejected"] == 10
    assert len(again.taken) == second.summary["sent"] - 30
    assert set(server.taken).isdisjoint(again.taken)


def test_a_run_that_was_complete_sends_nothing_more(tmp_path: Path) -> None:
    with MisbehavingServer(good) as server:
        first = begin(tmp_path, server.url)
        before = len(server.requests)
        second = go_on(tmp_path)
        assert len(server.requests) == before
    assert second.exit_code is ExitCode.OK
    assert second.summary["resumed"]["delivered_before"] == first.summary["sent"]


def test_events_whose_answer_was_lost_are_sent_again_and_counted(tmp_path: Path) -> None:
    """As after a kill: the log knows that they were handed over, and nothing else."""
    with MisbehavingServer(good) as server:
        begin(tmp_path, server.url)
        log = tmp_path / "run" / "delivery.log"
        identity = json.loads(log.read_bytes().partition(b"\n")[0])
        log.unlink()
        with closing(DeliveryLog(log, identity)) as begun:
            begun.handed_over(np.arange(100))
        second = go_on(tmp_path)
    assert second.summary["resumed"] == {"delivered_before": 0, "sent_again": 100}
    assert set(server.taken.values()) == {2}


@pytest.mark.parametrize("cut", [1, 5, 13, 20])
def test_a_log_that_was_cut_off_in_the_middle_of_a_block_is_read_up_to_there(
    tmp_path: Path, cut: int
) -> None:
    with dies_after(20) as server:
        begin(tmp_path, server.url)
        log = tmp_path / "run" / "delivery.log"
        log.write_bytes(log.read_bytes()[:-cut])
    with MisbehavingServer(good) as again:
        second = go_on(tmp_path, f"destination.to={again.url}")
    assert second.exit_code is ExitCode.OK
    assert {*server.taken, *again.taken} == set(undisturbed(tmp_path))


@pytest.mark.parametrize("to", ["receiver", "file:events.ndjson"])
def test_files_and_the_embedded_receiver_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    monkeypatch.chdir(tmp_path)
    begin(tmp_path, to)
    (tmp_path / "run" / "summary.json").unlink()
    (tmp_path / "run" / "ledger" / "crossings.bin").write_bytes(b"torn")
    second = go_on(tmp_path)
    received = (
        tmp_path / "run" / "received.ndjson" if to == "receiver" else tmp_path / "events.ndjson"
    ).read_bytes()
    assert [orjson.loads(line)["_id"] for line in received.splitlines()] == undisturbed(tmp_path)
    assert second.exit_code is ExitCode.OK


def test_numbered_files_are_made_anew_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    begin(tmp_path, "file:events.ndjson", "destination.rotate.size=20 kB")
    (tmp_path / "run" / "summary.json").unlink()
    files = {path.name: path.read_bytes() for path in tmp_path.glob("events-*")}
    assert len(files) > 2
    last = tmp_path / max(files)
    last.rename(last.with_name(f"{last.name}.part"))  # what a killed run leaves behind
    second = go_on(tmp_path)
    assert second.exit_code is ExitCode.OK
    assert {path.name: path.read_bytes() for path in tmp_path.glob("events-*")} == files


def test_figures_that_can_not_be_written_cost_neither_the_delivery_nor_its_record(tmp_path: Path) -> None:
    with dies_after(20) as server:
        begin(tmp_path, server.url)
    (tmp_path / "run" / "timeseries.ndjson").unlink(missing_ok=True)
    (tmp_path / "run" / "timeseries.ndjson").mkdir()
    with MisbehavingServer(good) as again:
        second = go_on(tmp_path, f"destination.to={again.url}", "load.profile=constant 400/s")
    assert second.exit_code is ExitCode.NOT_DELIVERED
    assert sorted([*server.taken, *again.taken]) == sorted(undisturbed(tmp_path))
    assert "timeseries.ndjson: is a directory" in second.summary["failure"]
    assert second.summary["pending"] == 0


def test_a_log_of_other_events_is_not_used(tmp_path: Path) -> None:
    with dies_after(20) as server:
        begin(tmp_path, server.url)
    scenario = tmp_path / "run" / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("seed: 5", "seed: 6"))
    with pytest.raises(UsageError, match="the events would be others"):
        go_on(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--resume", "nowhere"), "--resume nowhere: there is no such folder"),
        (("--resume", "run", "--seed", "5"), "--seed and --resume: a resumed run has the events"),
        (("--resume", "run", "--set", "people.workers.size=5"), "only values of destination"),
    ],
)
def test_what_would_make_it_another_run_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "scenario.yaml").write_text("{}")
    finished = journeysim("run", *arguments, cwd=tmp_path)
    assert finished.returncode == ExitCode.BAD_INPUT
    assert said in finished.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("batch_size", "kills", "workers"), [(1, 10, 1), (5, 10, 1), (1, 10, 2)])
def test_a_run_killed_again_and_again_delivers_what_an_undisturbed_one_does(
    tmp_path: Path, batch_size: int, kills: int, workers: int
) -> None:
    with faulty(seed=batch_size, seconds=0.004) as server:
        course = cut_off(
            tmp_path,
            [server.url],
            kills,
            people=150 * batch_size,
            batch_size=batch_size,
            seed=3,
            longest=1.6,
            workers=workers,
        )
        folder = tmp_path / "undisturbed"
        folder.mkdir()
        expected = run_to_file(town(folder), folder / "it", people=150 * batch_size)
        assert course.code == 0
        assert set(server.taken) == {event["_id"] for event in expected.events}
    assert course.kills > kills // 2
    summary = json.loads((course.folder / "summary.json").read_text())
    assert summary["acknowledged"] == summary["sent"] == len(expected.events)
    assert summary["outcomes"] == expected.summary["outcomes"]
