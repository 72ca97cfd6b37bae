"""Step events of a run are sent to an inlet as records of their own, all of them, in their order, or kept."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from simulator.core.errors import ExitCode, InputError, UsageError
from simulator.receiver import AcceptAll, EventStore, Receiver, ServerThread
from simulator.run import RunOptions, prepare, run

LOUNGE = Path(__file__).with_name("lounge.yaml")
PASSING = "expect=[]"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("speed", ["max", "1200"])
def test_every_step_event_arrives_once_under_its_dataset(tmp_path: Path, batch: int, speed: str) -> None:
    with EventStore() as store:
        with ServerThread(Receiver(store, AcceptAll())) as server:
            settings = (
                f"to={server.inlet_url('steps')}",
                f"batch_size={batch}",
                "dataset_id=6650f2a1c3d4e5f60123abcd",
            )
            overrides = [f"journeys.step_events.{setting}" for setting in settings]
            prepared = prepare(LOUNGE, overrides=[*overrides, f"clock.speed={speed}", PASSING])
            result = run(prepared, RunOptions(out=tmp_path / "run"))
        kept = list(store.records())
    assert result.exit_code == ExitCode.OK
    written = lines(tmp_path / "run" / "step_events.ndjson")
    assert len(written) > 50
    assert sorted(record.event_id for record in kept) == sorted(event["_id"] for event in written)
    assert {record.dataset for record in kept} == {"6650f2a1c3d4e5f60123abcd"}
    told = result.summary["step_events"]
    assert (told["sent"], told["acknowledged"], told["pending"]) == (len(written), len(written), 0)
    assert result.summary["sent"] == result.summary["acknowledged"] == 25


def test_what_could_not_be_delivered_is_kept_and_the_exit_code_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    overrides = [
        f"journeys.step_events.to=http://127.0.0.1:{port}/collection/steps",
        "journeys.step_events.give_up_after=0 s",
        PASSING,
    ]
    result = run(prepare(LOUNGE, overrides=overrides), RunOptions(out=tmp_path / "run"))
    assert result.exit_code == ExitCode.NOT_DELIVERED
    folder = tmp_path / "run"
    kept = folder / "undelivered.step_events.ndjson"
    assert kept.read_bytes() == (folder / "step_events.ndjson").read_bytes()
    assert result.summary["step_events"]["undelivered_file"] == str(kept)
    assert result.summary["pending"] == 0
    assert "refused" in result.summary["step_events"]["reason"]


def test_a_file_takes_them_as_well(tmp_path: Path) -> None:
    target = tmp_path / "steps.ndjson"
    overrides = [f"journeys.step_events.to=file:{target}", PASSING]
    assert run(prepare(LOUNGE, overrides=overrides), RunOptions(out=tmp_path / "run")).exit_code == 0
    assert lines(target) == lines(tmp_path / "run" / "step_events.ndjson")


@pytest.mark.parametrize("to", ["receiver", "-", "edge:https://edge.example?configId=1", "nowhere"])
def test_what_is_no_place_for_step_events_is_refused(to: str) -> None:
    with pytest.raises(InputError) as caught:
        prepare(LOUNGE, overrides=[f"journeys.step_events.to={to}"])
    assert "journeys.step_events" in str(caught.value)


def test_step_events_do_not_leave_this_machine_unasked(tmp_path: Path) -> None:
    overrides = ["journeys.step_events.to=https://inlet.example/collection/x", PASSING]
    with pytest.raises(InputError, match=r"inlet\.example is not this machine"):
        run(prepare(LOUNGE, overrides=overrides), RunOptions(out=tmp_path / "run"))


def test_a_run_is_not_gone_on_with_where_they_would_be_sent_again(tmp_path: Path) -> None:
    overrides = [f"journeys.step_events.to=file:{tmp_path / 'steps.ndjson'}", PASSING]
    prepared = prepare(LOUNGE, overrides=overrides)
    run(prepared, RunOptions(out=tmp_path / "run"))
    with pytest.raises(UsageError, match="sent again"):
        run(prepared, RunOptions(resume=tmp_path / "run"))
