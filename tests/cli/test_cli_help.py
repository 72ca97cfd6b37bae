"""Help is there for every command, quick, and shows how it is done."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import __version__
from simulator.cli import main
from tests.cli.program import ROOT, call, environment, journeysim

COMMANDS = list(main.commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_shows_an_example(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert f"• journeysim {command}" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_every_command_is_explained(command: str) -> None:
    for parameter in main.commands[command].params:
        assert getattr(parameter, "help", None), parameter.name


def test_commands_are_listed_in_the_order_in_which_people_need_them() -> None:
    text = call("--help").stdout
    places = [text.index(f"│ {command} ") for command in COMMANDS]
    assert COMMANDS[0] == "run"
    assert places == sorted(places)


def test_the_program_alone_explains_itself(tmp_path: Path) -> None:
    result = journeysim(cwd=tmp_path)
    assert result.returncode == 2
    assert "Usage: python -m simulator [OPTIONS] COMMAND" in result.stdout + result.stderr


def test_the_version_is_that_of_the_package() -> None:
    assert call("--version").stdout == f"journeysim, version {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]])
def test_help_loads_none_of_what_a_run_needs(arguments: list[str]) -> None:
    heavy = ("numpy", "pydantic", "simpy", "httpx", "uvicorn", "starlette", "faker", "jsonschema_rs")
    program = (
        "import sys\nfrom simulator.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit: pass\n"
        f"print('LOADED', *[name for name in {heavy!r} if name in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout.splitlines()[-1] == "LOADED"


def test_help_is_there_at_once(tmp_path: Path) -> None:
    def processor_seconds() -> float:
        def spent() -> float:
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
            return usage.ru_utime + usage.ru_stime

        before = spent()
        assert journeysim("run", "--help", cwd=tmp_path).returncode == 0
        return spent() - before

    # About 0.15 s; the processor's time, because the machine may have other things to do.
    assert min(processor_seconds() for _ in range(3)) < 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnu"], "No such command 'rnu'. Did you mean 'run'?"),
        (["run"], "Missing argument 'SCENARIO'"),
        (["run", "x.yaml", "--sed", "5"], "No such option '--sed'"),
        (["run", "x.yaml", "--workers", "0"], "Invalid value for '--workers': 0 is not in the range"),
        (["run", "x.yaml", "--people", "0"], "Invalid value for '--people': 0 is not in the range"),
        (["run", "x.yaml", "--seed", "-1"], "Invalid value for '--seed': -1 is not in the range"),
        (["run", "x.yaml", "--seed", "x"], "Invalid value for '--seed'"),
        (["people", "x.yaml", "--limit", "0"], "Invalid value for '--limit': 0 is not in the range"),
        (["serve", "--port", "99999"], "Invalid value for '--port': 99999 is not in the range"),
        (["replay", "x.ndjson"], "Missing option '--to'"),
    ],
)
def test_a_call_that_cannot_be_meant_is_explained(arguments: list[str], message: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""
