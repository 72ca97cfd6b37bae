"""Calling the program as people do: as a process of its own, or, where that shows nothing more, in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner, Result

from simulator.cli import main

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "scenarios"
PROGRAM = (sys.executable, "-W", "error", "-m", "simulator")

TINY = """\
version: 1
name: tiny
description: Twenty people around one shop, for two hours.
seed: 3
clock: {start: 2026-03-02T11:00, timezone: Europe/Berlin, duration: 2 h}
places:
  - library: Shops
    inline:
      - {name: Corner Shop, at: [52.5200, 13.4050], radius: 150 m, attractiveness: 2}
people:
  neighbours:
    size: 20
    home: {around: {at: [52.5200, 13.4050], radius: 900 m}}
    work: {around: {at: [52.5210, 13.4060], radius: 400 m}}
    schedule: {lunch: {share: 100 %}}
    phone: {monitoring: ideal}
app: {id: com.example.tiny, name: Tiny}
"""


def tiny(folder: Path, more: str = "") -> Path:
    """A scenario that runs in no time, with ``more`` at its end."""
    path = folder / "tiny.yaml"
    path.write_text(TINY + more, encoding="utf-8")
    return path


def journeysim(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the program to its end in a process of its own."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@contextmanager
def started(*arguments: str | Path, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """The program running in a process of its own; killed at the end if it is still there."""
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def environment() -> dict[str, str]:
    """This process's environment with the package on the path, 80 columns and no proxy."""
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": "80", "NO_COLOR": "1"}


def call(*arguments: str | Path) -> Result:
    """Call the command line in this process."""
    result = CliRunner(env={"COLUMNS": "80"}).invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result
