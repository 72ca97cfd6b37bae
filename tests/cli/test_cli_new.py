"""`journeysim new`: what it writes is what the first pages show, it checks as it is, and nothing is overwritten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.cli.beginning import STARTERS
from tests.cli.program import ROOT, call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", STARTERS)
def test_the_files_are_those_of_the_page(folder: Path, kind: str) -> None:
    page = (ROOT / "docs" / f"{kind}.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^```\w+ (\S+\.\w+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE))
    assert call("new", kind).exit_code == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == shown


@pytest.mark.parametrize("kind", STARTERS)
def test_the_first_command_that_comes_next_works(folder: Path, kind: str) -> None:
    said = call("new", kind, "--into", "my files").stdout
    assert "\nNext:\n  cd 'my files'\n" in said
    command, scenario = re.search(r"(check) (\S+\.yaml)\n", said).groups()  # type: ignore[union-attr]
    assert call(command, f"my files/{scenario}").exit_code == 0


def test_nothing_is_overwritten(folder: Path) -> None:
    (folder / "store.yaml").write_text("mine")
    result = call("new", "prove")
    assert result.exit_code == 2
    assert result.stderr == "journeysim: store.yaml: is there already; name another folder with --into\n"
    assert [path.name for path in folder.iterdir()] == ["store.yaml"]
    assert (folder / "store.yaml").read_text() == "mine"


def test_what_there_is_not_is_answered_with_what_there_is(folder: Path) -> None:
    result = call("new", "proof")
    assert result.exit_code == 2
    assert all(kind in result.stderr for kind in STARTERS)
