"""Memory of a run at a constant rate into an endpoint that is down for a while in the middle.

``python -m benchmarks.outage`` takes ten minutes at 5,000 events/s, with two minutes down; other lengths by option.
Memory is what the run's own process and the one that simulates have resident, looked at every second once the
run has settled.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "lunch_rush.yaml"
BATCH = 100


@dataclass(frozen=True)
class Outage:
    """What came of it. Memory in MiB; ``before`` is the highest before the outage, ``worst`` the highest since."""

    before: float
    worst: float
    least: float
    acknowledged: int
    planned: int
    exit_code: int
    seconds: float
    latest: float

    @property
    def flat(self) -> bool:
        """Never more than a tenth above the highest before the outage."""
        return self.worst <= 1.1 * self.before and self.exit_code == 0


@contextlib.contextmanager
def serving(port: int = 0) -> Iterator[int]:
    """The endpoint, until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.endpoint", str(BATCH), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()
        process.terminate()


def resident_mib(pid: int) -> float:
    """Resident memory of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0.0
    for each in (pid, *map(int, children)):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{each}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1]) / 1024
    return total


def outage(rate: int, up: float, down: float, *, people: int = 20_000, settle: float = 20.0) -> Outage:
    """Up, down and up again, for ``up``, ``down`` and ``up`` seconds."""
    seconds = 2 * up + down
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as first:
        port = first.enter_context(serving())
        command = [sys.executable, "-m", "simulator", "run", str(SCENARIO), "--json", "--quiet"]
        command += ["--people", str(people), "--duration", "60 d", "--out", f"{name}/run"]
        command += ["--to", f"http://127.0.0.1:{port}/collection/bench"]
        command += ["--profile", f"{rate}/s for {seconds:g} s", "--set", f"destination.batch_size={BATCH}"]
        command += ["--set", f"destination.give_up_after={down * 2 + 30:g} s", "--set", "expect=[]"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            began = None
            seen: list[tuple[float, float]] = []
            downtime = contextlib.ExitStack()
            state = "up"
            while process.poll() is None:
                time.sleep(min(1.0, seconds / 60))
                if began is None:
                    if not Path(f"{name}/run/timeseries.ndjson").exists():
                        continue
                    began = time.monotonic()
                at = time.monotonic() - began
                if state == "up" and at > up:
                    first.close()
                    state = "down"
                elif state == "down" and at > up + down:
                    downtime.enter_context(serving(port))
                    state = "up again"
                with contextlib.suppress(OSError):
                    seen.append((at, resident_mib(process.pid)))
            downtime.close()
            assert process.stdout is not None
            process.stdout.read()
        summary = json.loads(Path(f"{name}/run/summary.json").read_text())
    settle = min(settle, up / 2)
    # Days differ from hour to hour, so the highest is compared with the highest.
    before = max(mib for at, mib in seen if settle <= at <= up)
    # The last look may be at a process that has gone half.
    after = [mib for at, mib in seen if settle <= at][:-2]
    load = summary["load"]
    return Outage(
        before, max(after), min(after), summary["acknowledged"], load["planned"], process.returncode,
        load["seconds"], load["latest"],
    )  # fmt: skip


def main() -> None:
    """Do it, print it as a row, and fail if memory was not flat."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outage", description=__doc__)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--up", type=float, default=240.0, help="seconds before and after")
    parser.add_argument("--down", type=float, default=120.0)
    arguments = parser.parse_args()
    found = outage(arguments.rate, arguments.up, arguments.down)
    print(
        json.dumps(
            [
                {
                    "figure": f"memory at {arguments.rate:,} events/s, {arguments.down:g} s down, peak after / before",
                    "value": f"{found.worst / found.before:.3f}",
                    "note": f"{found.before:.0f} MiB at most before, {found.worst:.0f} at most later; "
                    f"{found.acknowledged:,} of {found.planned:,} events acknowledged in {found.seconds:.0f} s, "
                    f"at most {found.latest:.0f} s late",
                }
            ]
        )
    )
    sys.exit(0 if found.flat else "memory was not flat")


if __name__ == "__main__":
    main()
