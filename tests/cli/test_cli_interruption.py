"""Ctrl-C and SIGTERM at any moment of the program's life: exit code 130, no traceback, and none is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, environment, tiny

# Work for many seconds, if it were let.
LONG = (
    "run",
    "tiny.yaml",
    "--people",
    "200000",
    "--duration",
    "30 d",
    "--quiet",
    "--to",
    "file:events.ndjson",
)

HEARD_NOWHERE = """\
import os, signal, sys

class Deaf:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

import simulator.run

prepare = simulator.run.prepare
sys.unraisablehook = lambda raised: print("vanished:", raised.exc_type.__name__)

def deaf(*arguments, **options):
    it = Deaf()
    del it
    return prepare(*arguments, **options)

simulator.run.prepare = deaf
sys.argv = ["journeysim", *{arguments!r}]
from simulator.__main__ import start
start()
"""


def process_of(*command: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def catches(process: subprocess.Popen[str], number: int) -> bool:
    """Whether the program has come so far that it does something about a signal."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    mask = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5])
def test_at_any_moment_the_program_ends_and_says_that_it_was_interrupted(
    tmp_path: Path, number: signal.Signals, delay: float
) -> None:
    tiny(tmp_path)
    with process_of(*PROGRAM, *LONG, cwd=tmp_path) as process:
        # The interpreter itself catches SIGINT from the beginning; SIGTERM is the program's.
        while not catches(process, signal.SIGTERM):
            assert process.poll() is None
            time.sleep(0.001)
        time.sleep(delay)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.startswith("journeysim: interrupted\n")
    assert "Traceback" not in err
    assert "fault" not in err


def test_a_signal_that_nobody_hears_is_remembered_until_the_run_begins(tmp_path: Path) -> None:
    tiny(tmp_path)
    code = HEARD_NOWHERE.format(arguments=LONG)
    with process_of(sys.executable, "-c", code, cwd=tmp_path) as process:
        out, err = process.communicate(timeout=60)
    assert out == "vanished: KeyboardInterrupt\n"
    assert (process.returncode, err) == (130, "journeysim: interrupted\n")
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_twice_at_once_before_the_run_begins_is_no_traceback_either(tmp_path: Path) -> None:
    tiny(tmp_path)
    for delay in (0.0, 0.3, 0.6):
        with process_of(*PROGRAM, *LONG, cwd=tmp_path) as process:
            while not catches(process, signal.SIGTERM):
                time.sleep(0.001)
            time.sleep(delay)
            os.kill(process.pid, signal.SIGINT)
            os.kill(process.pid, signal.SIGTERM)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Traceback" not in err
