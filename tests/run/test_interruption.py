"""Ctrl-C and SIGTERM: the run ends in order, and what was sent is on record."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.core.errors import ExitCode
from simulator.ledger import Outcome, read_ledger
from tests.cli.program import PROGRAM, environment, started
from tests.delivery.misbehaving import Hang, MisbehavingServer, Reply, Request, good
from tests.run.scenarios import town

# Enough work for half a minute, if it were let; at lunch there are crossings from the beginning.
LONG = (
    "--people",
    "30000",
    "--duration",
    "7 d",
    "--quiet",
    "--out",
    "record",
    "--set",
    "clock.start=2026-03-02T12:20",
)
PATIENCE = 60.0


def slowly(request: Request) -> Reply:
    time.sleep(0.01)
    return good(request)


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def check_record(record: Path, delivered: list[bytes]) -> dict[str, Any]:
    """Everything that was delivered is on record as such, everything else is kept; nothing is lost."""
    summary: dict[str, Any] = json.loads((record / "summary.json").read_text(encoding="utf-8"))
    kept = lines(record / "undelivered.ndjson")
    assert summary["interrupted"] is True
    assert sum(summary["outcomes"].values()) == summary["crossings"] > 0
    assert summary["acknowledged"] == len(delivered)
    assert summary["pending"] == len(kept)
    assert summary["sent"] == len(delivered) + len(kept)
    rows = read_ledger(record / "ledger").rows
    assert len(rows) == summary["crossings"]
    # The ledger's numbers are those of the stream, of which this is the first part and the second.
    for name, outcome, bodies in (
        ("delivered", Outcome.DELIVERED, delivered),
        ("undelivered", Outcome.UNDELIVERED, kept),
    ):
        located = sum(b'"eventType":"location.' in body for body in bodies)
        assert summary["outcomes"].get(name, 0) == int((rows["outcome"] == outcome).sum()) == located
    return summary


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_to_a_file_stops_with_all_that_was_written_on_record(
    tmp_path: Path, number: signal.Signals
) -> None:
    town(tmp_path)
    record = tmp_path / "record"
    with started("run", "town.yaml", *LONG, "--to", "file:events.ndjson", cwd=tmp_path) as process:
        ledger = record / "ledger" / "crossings.bin"
        wait_for(lambda: ledger.exists() and ledger.stat().st_size > 0, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == ExitCode.INTERRUPTED == 130
    assert out == ""
    assert err.startswith("journeysim: interrupted\n")
    summary = check_record(record, lines(tmp_path / "events.ndjson"))
    assert 0 < summary["simulated_seconds"] < 7 * 86400
    rows = read_ledger(record / "ledger").rows
    stream = lines(tmp_path / "events.ndjson") + lines(record / "undelivered.ndjson")
    assert {orjson.loads(stream[n])["eventType"] for n in rows["event"]} == {
        "location.entry",
        "location.exit",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="signals a whole process group, as a terminal does")
def test_ctrl_c_at_a_terminal_reaches_workers_too_and_does_no_harm(tmp_path: Path) -> None:
    town(tmp_path)
    arguments = ("run", "town.yaml", *LONG, "--workers", "2", "--to", "file:events.ndjson")
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        ledger = tmp_path / "record" / "ledger" / "crossings.bin"
        wait_for(lambda: ledger.exists() and ledger.stat().st_size > 0, process)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (130, "")
    assert err.startswith("journeysim: interrupted\n")
    assert "Traceback" not in err
    check_record(tmp_path / "record", lines(tmp_path / "events.ndjson"))


@pytest.mark.parametrize("batch_size", [1, 50])
def test_a_run_to_a_slow_endpoint_stops_and_keeps_what_was_not_sent(tmp_path: Path, batch_size: int) -> None:
    town(tmp_path)
    with MisbehavingServer(slowly) as server:
        arguments = ("--to", server.url, "--set", f"destination.batch_size={batch_size}")
        with started("run", "town.yaml", *LONG, *arguments, cwd=tmp_path) as process:
            wait_for(lambda: len(server.requests) > 20, process)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    reasons = err.splitlines()
    assert reasons[0] == "journeysim: interrupted"
    assert reasons[1].endswith(
        "events could not be delivered: the run was interrupted before it was delivered; "
        "they are in record/undelivered.ndjson"
    )
    assert set(server.taken.values()) == {1}
    taken = [orjson.dumps(event) for request in server.requests for event in request.events]
    check_record(tmp_path / "record", taken)
    kept = {orjson.loads(line)["_id"] for line in lines(tmp_path / "record" / "undelivered.ndjson")}
    assert kept
    assert kept.isdisjoint(server.taken)


def test_an_endpoint_that_does_not_answer_does_not_hold_the_stop(tmp_path: Path) -> None:
    town(tmp_path)
    patient = ("--set", "destination.timeout=1 s", "--set", "destination.give_up_after=10 min")
    with (
        MisbehavingServer(lambda request: Hang()) as server,
        started("run", "town.yaml", *LONG, "--to", server.url, *patient, cwd=tmp_path) as process,
    ):
        wait_for(lambda: bool(server.requests), process)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert time.monotonic() - began < 8.0
    summary = check_record(tmp_path / "record", [])
    assert summary["pending"] == summary["sent"] > 0


@pytest.mark.parametrize(
    ("first", "second"), [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT)]
)
def test_the_second_time_the_program_ends_at_once(
    tmp_path: Path, first: signal.Signals, second: signal.Signals
) -> None:
    town(tmp_path)
    with MisbehavingServer(lambda request: Hang()) as server:
        arguments = ("--to", server.url, "--set", "destination.timeout=10 min")
        with started("run", "town.yaml", *LONG, *arguments, cwd=tmp_path) as process:
            wait_for(lambda: bool(server.requests), process)
            process.send_signal(first)
            time.sleep(0.3)
            assert process.poll() is None  # it waits for the answers of what is in flight
            process.send_signal(second)
            began = time.monotonic()
            out, err = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - began < 2.0
    assert (process.returncode, out) == (130, "")
    assert err == "journeysim: interrupted twice; what was not yet recorded is lost\n"
    assert len(read_ledger(tmp_path / "record" / "ledger").rows) >= 0


def test_ctrl_c_before_the_run_begins_is_an_interruption_too(tmp_path: Path) -> None:
    town(tmp_path)
    with started("run", "town.yaml", *LONG, "--people", "3000000", cwd=tmp_path) as process:
        wait_for(lambda: (tmp_path / "record").exists(), process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_ctrl_c_while_people_are_made_is_heard_and_leaves_an_empty_record(tmp_path: Path) -> None:
    town(tmp_path)
    with started("run", "town.yaml", *LONG, "--people", "3000000", cwd=tmp_path) as process:
        wait_for(lambda: (tmp_path / "record").exists(), process)
        time.sleep(1.0)  # people are being made by now, and for a good while yet
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err
    summary = json.loads((tmp_path / "record" / "summary.json").read_text(encoding="utf-8"))
    assert summary["interrupted"] is True
    assert summary["sent"] == summary["crossings"] == 0
