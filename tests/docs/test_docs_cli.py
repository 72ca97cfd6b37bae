"""docs/cli.md: every command, option, exit code, outcome and file is in it."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from simulator.cli import main
from simulator.core.errors import ExitCode
from simulator.ledger import Outcome
from simulator.run import folder as run_folder
from tests.cli.program import ROOT, call, tiny

PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text below a heading, up to the next one of its level."""
    return re.split(r"^## ", PAGE.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("name", list(main.commands))
def test_every_command_is_in_the_table(name: str) -> None:
    assert re.search(rf"^\| `journeysim {name}\b", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in main.commands if name != "schema"])
def test_every_option_is_in_the_section_of_its_command(name: str) -> None:
    text = section(f"`journeysim {name}`")
    options = [parameter for parameter in main.commands[name].params if isinstance(parameter, click.Option)]
    assert options
    for option in options:
        assert f"`{option.opts[0]}" in text, option.opts[0]


def test_no_option_is_documented_that_there_is_not() -> None:
    for name, command in main.commands.items():
        if name == "schema":
            continue
        known = {text for parameter in command.params for text in parameter.opts}
        rows = re.findall(r"^\| `(--[a-z-]+)", section(f"`journeysim {name}`"), re.MULTILINE)
        assert set(rows) <= known


def test_the_table_of_exit_codes_is_complete() -> None:
    rows = re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)
    assert {int(code) for code in rows} == {int(code) for code in ExitCode}
    assert len(rows) == len(set(rows))


def test_the_help_names_the_same_exit_codes() -> None:
    text = call("--help").stdout
    assert {int(code) for code in re.findall(r"\b\d+\b", text[text.index("Exit codes") :])} == set(ExitCode)


def test_the_table_of_outcomes_is_complete() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", section("Outcomes"), re.MULTILINE)
    assert set(rows) == {outcome.label for outcome in Outcome if outcome is not Outcome.OPEN}


def test_every_file_of_a_run_folder_is_documented(tmp_path: Path) -> None:
    assert call("run", tiny(tmp_path), "--out", tmp_path / "record", "--quiet").exit_code == 0
    text = section("The run folder")
    for path in (tmp_path / "record").rglob("*"):
        assert f"`{path.name}" in text
    assert f"`{run_folder.UNDELIVERED_FILE}`" in text
