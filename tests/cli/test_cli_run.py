"""`journeysim run`: what it prints where, and every exit code."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from simulator.core.errors import ConservationError
from tests.cli.program import PROGRAM, SCENARIOS, call, environment, journeysim, started, tiny

GOOD = "expect:\n  - {metric: events.location.entry, at_least: 1}\n"
NEVER = "expect:\n  - {metric: crossings, equals: 0}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def nobody_listens() -> str:
    """The address of an inlet on a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}/collection/demo"


def to_a_dead_end(url: str) -> tuple[str, ...]:
    return ("--to", url, "--set", "destination.give_up_after=0.2 s")


# --- what is printed where --------------------------------------------------------------------------------


def test_a_run_ends_with_a_summary_on_standard_output(tmp_path: Path) -> None:
    tiny(tmp_path, GOOD)
    result = journeysim("run", "tiny.yaml", "--out", "record", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stderr == ""
    assert result.stdout.startswith("✔ tiny: ")
    assert "1 of 1 expectation holds" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "Traceback" not in result.stdout
    assert {path.name for path in (tmp_path / "record").iterdir()} == {
        "scenario.yaml",
        "summary.json",
        "ledger",
        "received.ndjson",
        "received.sqlite",
    }


def test_a_run_without_out_gets_a_folder_of_its_own(folder: Path) -> None:
    for _ in range(2):
        assert call("run", tiny(folder), "--quiet").exit_code == 0
    first, second = sorted((folder / "runs").iterdir())
    assert first.name.startswith("tiny-")
    assert second.name.startswith("tiny-")


def test_json_prints_one_document_and_nothing_else(tmp_path: Path) -> None:
    tiny(tmp_path, GOOD)
    result = journeysim("run", "tiny.yaml", "--json", "--out", "record", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout) == json.loads((tmp_path / "record" / "summary.json").read_text())


def test_quiet_prints_nothing_when_all_is_well(tmp_path: Path) -> None:
    tiny(tmp_path, GOOD)
    result = journeysim("run", "tiny.yaml", "--quiet", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_to_standard_output_prints_events_there_and_the_summary_elsewhere(
    tmp_path: Path, form: list[str]
) -> None:
    tiny(tmp_path, GOOD)
    result = journeysim("run", "tiny.yaml", "--to", "-", *form, cwd=tmp_path)
    assert result.returncode == 0
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert {event["eventType"] for event in events} >= {"location.entry", "location.exit"}
    if form:
        assert json.loads(result.stderr)["sent"] == len(events)
    else:
        assert result.stderr.startswith("✔ tiny: ")


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    scenario = SCENARIOS / "lunch_rush.yaml"
    with started("people", scenario, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["person"] == "office_workers/0"
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize("more", [(), ("--json",)])
@pytest.mark.parametrize(("expected", "code"), [(1, 0), (1_000_000, 1)])
def test_a_reader_that_goes_away_changes_no_exit_code(
    folder: Path, more: tuple[str, ...], expected: int, code: int
) -> None:
    scenario = tiny(folder, f"expect: [{{metric: sent, at_least: {expected}}}]\n")
    with started("run", scenario, "--out", folder / "run", *more, cwd=folder) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == code


@pytest.mark.parametrize("arguments", [("check",), ("run", "--to", "-"), ("run",)])
def test_standard_error_that_cannot_be_written_changes_no_exit_code(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    scenario = tiny(folder)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        finished = subprocess.run(
            [*PROGRAM, *arguments, str(scenario)],
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=full,
            timeout=60,
            check=False,
        )
    assert finished.returncode == 0


def test_help_that_cannot_be_written_is_said_in_one_line(folder: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        finished = subprocess.run(
            [*PROGRAM, "--help"],
            cwd=folder,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert finished.stderr.decode().splitlines()[0] == "journeysim: No space left on device"
    assert finished.returncode == 3


# --- options ----------------------------------------------------------------------------------------------


def summary(*arguments: str | Path) -> dict[str, object]:
    """The summary of a good run."""
    result = call("run", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert isinstance(document, dict)
    return document


def test_the_seed_of_the_call_counts(folder: Path) -> None:
    scenario = tiny(folder)
    target = folder / "events.ndjson"
    streams = []
    for seed in ("3", "4", "4"):
        assert summary(scenario, "--seed", seed, "--to", f"file:{target}")["seed"] == int(seed)
        streams.append(target.read_bytes())
    assert streams[0] != streams[1] == streams[2]


def test_people_scales_all_groups_together(folder: Path) -> None:
    found = summary(
        SCENARIOS / "lunch_rush.yaml", "--people", "100", "--duration", "5 min", "--set", "expect=[]"
    )
    assert found["people"] == 100
    assert found["groups"] == {"office_workers": 70, "residents": 30}


def test_duration_is_the_simulated_time(folder: Path) -> None:
    assert summary(tiny(folder), "--duration", "90 min")["simulated_seconds"] == 5400.0


def test_speed_runs_by_the_clock(folder: Path) -> None:
    began = time.monotonic()
    found = summary(tiny(folder), "--speed", "7200", "--duration", "1 h")
    assert time.monotonic() - began >= 0.5
    assert found["speed"] == 7200


def test_set_changes_a_value_and_the_later_one_counts(folder: Path) -> None:
    found = summary(tiny(folder), "--set", "people.neighbours.size=7", "--set", "people.neighbours.size=9")
    assert found["people"] == 9


def test_out_names_the_run_folder_and_makes_those_above_it(folder: Path) -> None:
    assert summary(tiny(folder), "--out", "a/b")["run_folder"] == "a/b"
    assert (folder / "a" / "b" / "summary.json").exists()


def test_what_a_run_leaves_behind_runs_again_to_the_same_events(folder: Path) -> None:
    summary(tiny(folder), "--people", "30", "--seed", "8", "--out", "first")
    summary(folder / "first" / "scenario.yaml", "--out", "second")
    first, second = ((folder / name / "received.ndjson").read_bytes() for name in ("first", "second"))
    assert first == second != b""


def test_the_summary_document_holds_what_is_promised_of_it(folder: Path) -> None:
    found = summary(tiny(folder))
    promised = (
        "scenario seed people crossings outcomes events sent acknowledged rejected pending "
        "simulated_seconds wall_seconds events_per_second"
    )
    assert set(promised.split()) <= set(found)
    outcomes, events = found["outcomes"], found["events"]
    assert isinstance(outcomes, dict)
    assert isinstance(events, dict)
    assert sum(outcomes.values()) == found["crossings"] != 0
    assert sum(events.values()) == found["sent"] == found["acknowledged"]


# --- exit codes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_a_failed_expectation_ends_with_1_and_is_said(folder: Path, option: str) -> None:
    result = call("run", tiny(folder, NEVER), option)
    assert result.exit_code == 1
    assert result.stderr.startswith("journeysim: expectation failed: crossings: found ")


def test_a_failed_expectation_stands_in_the_summary(folder: Path) -> None:
    result = call("run", tiny(folder, NEVER))
    assert result.exit_code == 1
    assert "✘ crossings" in result.stdout
    assert result.stderr == ""


def test_a_wrong_scenario_ends_with_2(folder: Path) -> None:
    assert call("run", tiny(folder, "more: 1\n")).exit_code == 2


def test_an_endpoint_that_is_down_ends_with_3_and_everything_is_kept(
    folder: Path, nobody_listens: str
) -> None:
    result = call("run", tiny(folder, NEVER), *to_a_dead_end(nobody_listens), "--quiet", "--out", "record")
    assert result.exit_code == 3  # and not 1, although the expectation fails as well
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    kept = (folder / "record" / "undelivered.ndjson").read_bytes().splitlines()
    assert first.startswith(
        f"journeysim: {len(kept)} events could not be delivered: connection refused by 127.0.0.1:"
    )
    assert first.endswith("; they are in record/undelivered.ndjson")
    assert second.startswith("journeysim: expectation failed: crossings: ")


def test_an_endpoint_that_is_down_is_explained_with_the_way_out(folder: Path, nobody_listens: str) -> None:
    result = call("run", tiny(folder), *to_a_dead_end(nobody_listens), "--out", "record")
    assert result.exit_code == 3
    assert f" replay record/undelivered.ndjson --to {nobody_listens}\n" in result.stdout
    assert "connection refused" in result.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_with_130_and_is_on_record(tmp_path: Path, number: signal.Signals) -> None:
    tiny(tmp_path)
    arguments = ("run", "tiny.yaml", "--set", "clock.speed=1", "--quiet", "--out", "record")
    with started(*arguments, cwd=tmp_path) as process:
        ledger = tmp_path / "record" / "ledger" / "ledger.json"
        while not ledger.exists() and process.poll() is None:
            time.sleep(0.02)
        time.sleep(0.2)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "journeysim: interrupted\n")
    document = json.loads((tmp_path / "record" / "summary.json").read_text())
    assert document["interrupted"] is True
    assert sum(document["outcomes"].values()) == document["crossings"]


def test_a_fault_of_the_program_ends_with_70_and_names_a_file_with_the_details(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("nobody expected this")

    monkeypatch.setattr("simulator.run.run", broken)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    result = call("run", tiny(folder))
    assert (result.exit_code, result.stdout) == (70, "")
    first, second = result.stderr.splitlines()
    assert first == "journeysim: a fault of the program itself (ZeroDivisionError: nobody expected this)."
    report = Path(second.removeprefix("Please report it with this file: "))
    assert "Traceback" in report.read_text()
    assert report.parent == folder


def test_outcomes_that_do_not_add_up_end_with_70(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaky(*_: object, **__: object) -> None:
        raise ConservationError("the outcomes don't add up")

    monkeypatch.setattr("simulator.run.run", leaky)
    result = call("run", tiny(folder))
    assert (result.exit_code, result.stderr) == (70, "journeysim: the outcomes don't add up\n")


# --- the smaller commands ---------------------------------------------------------------------------------


def test_check_of_a_good_scenario_says_what_is_in_it(folder: Path) -> None:
    result = call("check", tiny(folder).name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "tiny.yaml: good: 20 people in 1 group, 1 place\n"
    larger = call("check", SCENARIOS / "lunch_rush.yaml")
    assert larger.stdout.endswith("lunch_rush.yaml: good: 2,000 people in 2 groups, 10 places\n")


def test_check_takes_set_as_a_run_does(folder: Path) -> None:
    assert call("check", tiny(folder), "--set", "people.neighbours.size=1").stdout.endswith(
        "1 person in 1 group, 1 place\n"
    )


def test_schema_prints_the_committed_schema(tmp_path: Path) -> None:
    result = journeysim("schema", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (SCENARIOS / "scenario.schema.json").read_text(encoding="utf-8")


def test_people_prints_everybody_as_json_lines(folder: Path) -> None:
    result = call("people", tiny(folder))
    assert (result.exit_code, result.stderr) == (0, "")
    people = [json.loads(line) for line in result.stdout.splitlines()]
    assert [person["person"] for person in people] == [f"neighbours/{index}" for index in range(20)]
    assert len({person["ecid"] for person in people}) == 20
    assert all(set(person) == {"person", "ecid", "profile", "home", "work", "phone"} for person in people)


def test_json_is_utf_8_whatever_the_terminal_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    tiny(tmp_path)
    japanese = ("--set", "people.neighbours.locale=ja_JP", "--limit", "1")
    person = json.loads(journeysim("people", "tiny.yaml", *japanese, cwd=tmp_path).stdout)
    assert not person["profile"]["family_name"].isascii()
    renamed = ("--set", "description=Cafés.", "--json")
    assert (
        json.loads(journeysim("run", "tiny.yaml", *renamed, cwd=tmp_path).stdout)["description"] == "Cafés."
    )
    plain = journeysim("run", "tiny.yaml", cwd=tmp_path)
    assert plain.returncode == 0
    assert plain.stdout.startswith("OK tiny: ")


def test_people_prints_the_people_of_the_run(folder: Path) -> None:
    options = ("--people", "5", "--seed", "9")
    printed = call("people", tiny(folder), *options, "--limit", "3").stdout.splitlines()
    assert len(printed) == 3
    summary(folder / "tiny.yaml", *options, "--to", "file:events.ndjson", "--duration", "1 d")
    senders = {
        json.loads(line)["identityMap"]["ECID"][0]["id"]
        for line in (folder / "events.ndjson").read_text().splitlines()
    }
    everybody = {
        json.loads(line)["ecid"]
        for line in call("people", folder / "tiny.yaml", *options).stdout.splitlines()
    }
    assert senders
    assert senders <= everybody
