"""``journeysim explain`` on real runs: whole, interrupted, killed, and on what is no run at all."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.checks.records import write_run
from tests.cli.program import call, journeysim, started, tiny

NAME_ONE = "name a folder that `journeysim run` wrote, such as runs/lunch_rush-20260302-113000"

SLOW = ("--set", "clock.speed=600", "--set", "people.neighbours.size=3000")  # twelve seconds


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wait_for_crossings(record: Path) -> None:
    """Wait until a run has crossings on record."""
    rows = record / "ledger" / "crossings.bin"
    give_up = time.monotonic() + 60
    while not (rows.exists() and rows.stat().st_size):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_a_run_with_phones_that_notice_everything_gets_everything_through(folder: Path) -> None:
    run = json.loads(call("run", tiny(folder), "--out", "record", "--json").stdout)
    result = call("explain", "record", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert [step["share"] for step in document["funnel"]] == [1.0] * 5
    assert document["outcomes"] == run["outcomes"]
    assert {name: system["people"] for name, system in document["systems"].items()} == run["platforms"]
    assert document["run"]["notes"] == []


@pytest.mark.parametrize("workers", [1, 2])
def test_the_record_knows_each_phone_whatever_the_number_of_workers(folder: Path, workers: int) -> None:
    people = [json.loads(line) for line in call("people", tiny(folder)).stdout.splitlines()]
    assert call("run", "tiny.yaml", "--out", "record", "--workers", str(workers), "--quiet").exit_code == 0
    for person in people:
        told = json.loads(call("explain", "record", "--person", person["person"], "--json").stdout)
        assert told["person"]["system"] == person["phone"]["os"]


def test_a_story_is_that_of_the_events_that_were_sent(folder: Path) -> None:
    assert (
        call("run", tiny(folder), "--out", "record", "--to", "file:events.ndjson", "--quiet").exit_code == 0
    )
    events = [json.loads(line) for line in Path("events.ndjson").read_text(encoding="utf-8").splitlines()]
    story = json.loads(call("explain", "record", "--place", "corner shop", "--json").stdout)["story"]
    assert story
    for crossing in story:
        assert events[crossing["event"]]["eventType"] == f"location.{crossing['crossing']}"


def test_the_text_says_how_to_go_on(folder: Path) -> None:
    write_run(folder / "record")
    result = call("explain", "record")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "explain record --place 'Riverside Mall'\n" in result.stdout
    assert "Riverside Mall: 5 crossings" in call("explain", "record", "--place", "Riverside Mall").stdout


def test_limit_is_kept_in_text_and_json(folder: Path) -> None:
    write_run(folder / "record")
    story = json.loads(call("explain", "record", "--place", "p-2", "--limit", "2", "--json").stdout)
    assert (len(story["story"]), story["crossings"]) == (2, 5)
    assert len(json.loads(call("explain", "record", "--limit", "1", "--json").stdout)["places"]) == 1
    assert "--limit tells more" in call("explain", "record", "--place", "p-2", "--limit", "2").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["."], ".: is not a run folder, it has no ledger/ledger.json; the newest one there is record"),
        (["runn"], "runn: there is no such run folder; the newest one there is record"),
        (["nowhere/else"], "nowhere/else: there is no such run folder"),
        (["tiny.yaml"], "tiny.yaml: is not a run folder, it has no ledger/ledger.json; " + NAME_ONE),
        (
            ["record", "--person", "residnts/1"],
            "--person residnts/1: nobody is called that; did you mean residents/1?",
        ),
        (
            ["record", "--place", "Market"],
            "--place Market: no place has that id or name; did you mean Market Hall?",
        ),
    ],
)
def test_a_wrong_call_is_explained(folder: Path, arguments: list[str], message: str) -> None:
    tiny(folder)
    write_run(folder / "record")
    result = call("explain", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"journeysim: {message}\n"


def test_a_run_with_phones_as_they_are_says_what_was_not_noticed_and_why(folder: Path) -> None:
    permission = "[always, always, while_in_use, denied]"
    phones = f"people.neighbours.phone={{monitoring: os, conditions: ideal, permission: {permission}}}"
    more = ("--set", phones, "--people", "300", "--out", "record", "--json")
    run = json.loads(call("run", tiny(folder), *more).stdout)
    document = json.loads(call("explain", "record", "--json").stdout)
    assert document["outcomes"] == run["outcomes"]
    assert document["crossings"] == run["crossings"] > run["noticed"] > 0
    assert {step["step"]: step["crossings"] for step in document["funnel"]}["noticed"] == run["noticed"]
    assert document["delays"][0]["seconds"]["p50"] > 0
    told = json.loads(call("explain", "record", "--place", "Corner Shop", "--limit", "9999", "--json").stdout)
    for crossing in told["story"]:
        assert (crossing["noticed"] is None) == crossing["because"].startswith("not noticed")
        if crossing["person"]["permission"] == "denied":
            assert crossing["because"] == "not noticed: the app may not use the location"
        if crossing["outcome"] == "no_permission":
            assert crossing["person"]["permission"] in ("denied", "while_in_use")


def test_an_interrupted_run_can_be_explained(folder: Path) -> None:
    with started("run", tiny(folder), *SLOW, "--out", "record", cwd=folder) as process:
        wait_for_crossings(folder / "record")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    document = json.loads(call("explain", "record", "--json").stdout)
    summary = json.loads((folder / "record" / "summary.json").read_text(encoding="utf-8"))
    assert document["run"]["state"] == "interrupted"
    assert document["run"]["notes"] == ["The run was interrupted; what follows goes up to then."]
    assert document["crossings"] == summary["crossings"]


def test_a_killed_run_can_be_explained(folder: Path) -> None:
    with started("run", tiny(folder), *SLOW, "--out", "record", cwd=folder) as process:
        wait_for_crossings(folder / "record")
        process.kill()
        process.communicate()
    document = json.loads(call("explain", "record", "--json").stdout)
    assert document["run"]["state"] == "unfinished"
    assert document["crossings"] > 0
    result = journeysim("explain", "record", cwd=folder)
    assert (result.returncode, result.stderr) == (0, "")
    assert "! There is no summary.json" in result.stdout
