"""Reading the documents: their code blocks, their links, and running their commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cli.program import ROOT, environment

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in ``language``."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[str]:
    """The commands of the console blocks of a page: what follows each ``$``, here-documents included."""
    found = [
        command
        for block in blocks(page, "console")
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)
    ]
    return [command.rstrip("\n") for command in found if command.strip()]


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as its readers' programs make them."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}


def workplace(folder: Path) -> Path:
    """A folder with the scenarios and an installed program, in which a reader may try things."""
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    program = folder / ".venv" / "bin" / "journeysim"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W error -m simulator "$@"\n')
    program.chmod(0o755)
    return folder


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``script`` in a workplace; it stops at the first command that fails."""
    variables = environment()
    variables["PATH"] = f"{folder / '.venv' / 'bin'}{os.pathsep}{variables['PATH']}"
    return subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
