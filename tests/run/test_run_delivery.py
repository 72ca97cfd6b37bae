"""Delivery as a whole run sees it: endpoints that are down, that refuse, and disks that are full."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.core.errors import ExitCode
from simulator.ledger import ROW, Outcome, read_ledger
from simulator.receiver import EventStore, Receiver, ServerThread
from simulator.run import RunOptions, RunResult, prepare, replay_file, run
from simulator.xdm import EventValidator
from tests.cli.program import environment
from tests.delivery.misbehaving import MisbehavingServer, Reply, first, good
from tests.run.running import run_to_file
from tests.run.scenarios import TOWN, town

SOON = ("destination.give_up_after=0.2 s",)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limits and devices")
# This inlet's schema knows nothing of exits.
NO_EXITS = {
    "type": "object",
    "properties": {"eventType": {"enum": ["location.entry", "application.launch", "application.close"]}},
}


def deliver(tmp_path: Path, to: str, *overrides: str, text: str = TOWN) -> RunResult:
    prepared = prepare(town(tmp_path, text), overrides=[f"destination.to={to}", *overrides])
    return run(prepared, RunOptions(out=tmp_path / "run"))


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def stream_of(tmp_path: Path, people: int | None = None) -> list[bytes]:
    """The events of the same run without trouble."""
    folder = tmp_path / "without_trouble"
    folder.mkdir()
    return run_to_file(town(folder), folder / "it", people=people).bodies


def accepted(store: EventStore) -> list[bytes]:
    return [record.body for record in store.records()]


# --- over HTTP ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 100])
def test_everything_arrives_once_and_as_it_was_sent(tmp_path: Path, batch_size: int) -> None:
    with EventStore() as store, ServerThread(Receiver(store)) as server:
        result = deliver(tmp_path, server.inlet_url("demo"), f"destination.batch_size={batch_size}")
        assert Counter(accepted(store)) == Counter(stream_of(tmp_path))
    assert result.exit_code is ExitCode.OK
    assert set(result.summary["outcomes"]) == {"delivered"}
    assert result.summary["undelivered_file"] is None
    assert not (tmp_path / "run" / "undelivered.ndjson").exists()


@pytest.mark.parametrize("batch_size", [1, 100])
def test_what_an_endpoint_that_is_down_missed_is_replayed_when_it_is_up(
    tmp_path: Path, batch_size: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = f"http://127.0.0.1:{port}/collection/demo"
    result = deliver(tmp_path, nobody, *SOON, f"destination.batch_size={batch_size}")
    stream, kept = stream_of(tmp_path), tmp_path / "run" / "undelivered.ndjson"
    assert result.exit_code is ExitCode.NOT_DELIVERED == 3
    assert result.summary["outcomes"] == {"undelivered": result.summary["crossings"]}
    assert f"connection refused by 127.0.0.1:{port}" in result.summary["reasons"][0]["reason"]
    assert result.summary["pending"] == result.summary["sent"] == len(stream)
    assert lines(kept) == stream

    with EventStore() as store, ServerThread(Receiver(store)) as server:
        replayed = replay_file(kept, server.inlet_url("demo"))
        assert Counter(accepted(store)) == Counter(stream)
    assert (replayed.exit_code, replayed.acknowledged) == (ExitCode.OK, len(stream))


def test_an_endpoint_that_goes_away_leaves_the_rest_to_be_replayed(tmp_path: Path) -> None:
    def dies(request: Any) -> Reply:
        return good(request) if request.number < 100 else Reply(503)

    with MisbehavingServer(dies) as server:
        result = deliver(tmp_path, server.url, *SOON)
    kept = [orjson.loads(line)["_id"] for line in lines(tmp_path / "run" / "undelivered.ndjson")]
    everything = [orjson.loads(line)["_id"] for line in stream_of(tmp_path)]
    assert result.exit_code is ExitCode.NOT_DELIVERED
    assert sorted([*server.taken, *kept]) == sorted(everything)
    assert kept == [name for name in everything if name not in server.taken]  # in their order
    check_outcomes(tmp_path, everything, set(server.taken))


def test_failures_that_pass_are_invisible_but_for_the_retries(tmp_path: Path) -> None:
    with MisbehavingServer(first(5, Reply(503))) as server:
        result = deliver(tmp_path, server.url)
    assert result.exit_code is ExitCode.OK
    assert len(server.taken) == result.summary["acknowledged"] == result.summary["sent"]
    assert result.summary["delivery"]["retries"] >= 5
    assert result.summary["delivery"]["statuses"]["503"] == 5


def check_outcomes(tmp_path: Path, stream: list[str], delivered: set[str]) -> None:
    """Each row of the ledger has the outcome of its own event; ``stream`` are the ids in order."""
    for row in read_ledger(tmp_path / "run" / "ledger").rows:
        known = stream[row["event"]] in delivered
        assert row["outcome"] == (Outcome.DELIVERED if known else Outcome.UNDELIVERED)


# --- refused ------------------------------------------------------------------------------------------------


def refuse_exits(tmp_path: Path, text: str = TOWN) -> RunResult:
    with EventStore() as store, ServerThread(Receiver(store, EventValidator(NO_EXITS))) as server:
        result = deliver(tmp_path, server.inlet_url("demo"), "destination.sync_validation=true", text=text)
        assert len(accepted(store)) == result.summary["acknowledged"]
    return result


def test_refused_events_are_outcomes_of_their_own(tmp_path: Path) -> None:
    result = refuse_exits(tmp_path)
    summary = result.summary
    assert result.exit_code is ExitCode.NOT_DELIVERED
    assert summary["outcomes"] == {"delivered": summary["entries"], "rejected": summary["exits"]}
    assert summary["rejected"] == summary["exits"] > 0
    assert summary["pending"] == 0
    assert sum(entry["events"] for entry in summary["reasons"]) == summary["rejected"]
    assert not (tmp_path / "run" / "undelivered.ndjson").exists()  # sending them again is no use
    rows = read_ledger(tmp_path / "run" / "ledger").rows
    assert ((rows["outcome"] == Outcome.REJECTED) == (rows["entry"] == 0)).all()


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        ("{metric: rejected, at_least: 1}", ExitCode.OK),
        ("{metric: rejected, at_most: 0}", ExitCode.EXPECTATION_FAILED),
        ("{metric: crossings, at_least: 1}", ExitCode.NOT_DELIVERED),
    ],
)
def test_refusals_are_a_failure_unless_the_scenario_speaks_of_them(
    tmp_path: Path, expected: str, code: ExitCode
) -> None:
    assert refuse_exits(tmp_path, f"{TOWN}expect: [{expected}]\n").exit_code is code


# --- full disks ---------------------------------------------------------------------------------------------

# A limit on file size makes the kernel refuse in the middle of a write, as a full disk does.
LIMITED = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from simulator.cli import main
main()
"""


def run_with_file_limit(tmp_path: Path, limit: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    town(tmp_path)
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            LIMITED,
            str(limit),
            "run",
            "town.yaml",
            "--out",
            "run",
            *arguments,
        ],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@LINUX
def test_a_destination_without_room_is_said_and_everything_is_kept(tmp_path: Path) -> None:
    result = deliver(tmp_path, "file:/dev/full")
    assert result.exit_code is ExitCode.NOT_DELIVERED
    assert result.summary["failure"].startswith("cannot write /dev/full: no space left on device")
    # The run ends when nothing more can be delivered: these are the events until then.
    kept = lines(tmp_path / "run" / "undelivered.ndjson")
    assert kept == stream_of(tmp_path)[: len(kept)] != []
    assert len(kept) == result.summary["pending"] == result.summary["sent"]


@LINUX
def test_a_disk_that_fills_up_cuts_the_file_where_the_undelivered_events_begin(tmp_path: Path) -> None:
    result = run_with_file_limit(
        tmp_path, 1_500_000, "--people", "1500", "--to", "file:events.ndjson", "--quiet"
    )
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("journeysim: cannot write events.ndjson: file too large; the first ")
    assert "Traceback" not in result.stderr
    written, kept = lines(tmp_path / "events.ndjson.part"), lines(tmp_path / "run" / "undelivered.ndjson")
    assert written
    assert kept
    stream = stream_of(tmp_path, people=1500)
    assert written + kept == stream[: len(written) + len(kept)]


@LINUX
@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (500, "cannot write run/scenario.yaml: file too large"),
        (8192, "cannot write run/ledger/crossings.bin, the ledger: file too large"),
    ],
)
def test_a_run_folder_without_room_is_said(tmp_path: Path, limit: int, said: str) -> None:
    result = run_with_file_limit(tmp_path, limit, "--people", "1000", "--to", "file:/dev/null")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.splitlines()[-1] == f"journeysim: {said}"
    assert "Traceback" not in result.stderr
    if limit == 8192:
        assert len(read_ledger(tmp_path / "run" / "ledger").rows) == 8192 // ROW.itemsize


@LINUX
def test_undelivered_events_without_room_are_said_and_the_whole_lines_stay(tmp_path: Path) -> None:
    result = run_with_file_limit(tmp_path, 20_000, "--people", "1500", "--to", "file:/dev/full")
    assert result.returncode == 3
    assert result.stderr.splitlines()[-1] == (
        "journeysim: cannot write run/undelivered.ndjson, the file of undelivered events: file too large"
    )
    *whole, _ = (tmp_path / "run" / "undelivered.ndjson").read_bytes().split(b"\n")
    assert whole == stream_of(tmp_path, people=1500)[: len(whole)] != []


@LINUX
def test_a_receiver_without_room_is_said_and_everything_else_is_kept(tmp_path: Path) -> None:
    result = run_with_file_limit(tmp_path, 150_000, "--quiet")
    assert (result.returncode, result.stdout) == (3, "")
    assert "journeysim: the embedded receiver can't keep its events: " in result.stderr
    assert "Traceback" not in result.stderr
    received, kept = (lines(tmp_path / "run" / f"{name}.ndjson") for name in ("received", "undelivered"))
    assert received + kept == stream_of(tmp_path)[: len(received) + len(kept)] != []
