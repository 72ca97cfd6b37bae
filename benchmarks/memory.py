"""Memory of people: asleep, and at the peak of a whole day, with perfect phones and with everything on."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.throughput import WEEKEND, everything_on

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "national_chain.yaml"
PEOPLE = 100_000


def resident_kib() -> int:
    """Resident memory of this process now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise OSError("no VmRSS in /proc/self/status")


def sleeping() -> dict[str, float]:
    """Bytes that one more sleeping person takes."""
    from simulator.run import Simulation, prepare

    def people(count: int) -> tuple[int, Simulation]:
        world = prepare(SCENARIO, people=count, overrides=["clock.start=2026-05-12T03:00"]).world
        simulation = Simulation(world, world.cohorts())
        simulation.advance(1)  # the day is planned, hardly anybody is up
        return resident_kib(), simulation

    few, _kept_few = people(1_000)
    many, _kept_many = people(PEOPLE + 1_000)
    return {"bytes": (many - few) * 1024 / PEOPLE}


def whole_day() -> dict[str, float]:
    """The peak of a day with everybody."""
    return peak_of(SCENARIO)


def whole_day_on() -> dict[str, float]:
    """The same with six personas and everything on."""
    return peak_of(WEEKEND, ["app.location_events=rich", "clock.duration=1 d", *everything_on(WEEKEND)])


def peak_of(scenario: Path, more: Sequence[str] = ()) -> dict[str, float]:
    """Peak resident memory of a run with everybody, in MiB."""
    from simulator.run import RunOptions, prepare, run

    with tempfile.TemporaryDirectory() as folder:
        overrides = ["destination.to=file:/dev/null", *more]
        prepared = prepare(scenario, people=PEOPLE, overrides=overrides)
        summary = run(prepared, RunOptions(out=Path(folder) / "run")).summary
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"mib": peak, "events": summary["sent"], "seconds": summary["wall_seconds"]}


def apart(measure: str) -> dict[str, float]:
    """Take one measure in a fresh process."""
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", measure], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(finished.stdout)


def main() -> None:
    """Print the rows of the table as JSON, or one measure if named."""
    if len(sys.argv) > 1:
        print(
            json.dumps(
                {"sleeping": sleeping, "whole_day": whole_day, "whole_day_on": whole_day_on}[sys.argv[1]]()
            )
        )
        return
    asleep = {
        "figure": "memory of a sleeping person",
        "value": f"{apart('sleeping')['bytes']:,.0f} B",
        "note": f"{PEOPLE:,} people, their day planned",
    }
    days = [
        {
            "figure": f"peak memory of {PEOPLE:,} people for a day{label}",
            "value": f"{day['mib']:,.0f} MiB",
            "note": f"{day['events']:,} events in {day['seconds']:.0f} s, one worker",
        }
        for label, day in (
            ("", apart("whole_day")),
            (", weekend with everything on", apart("whole_day_on")),
        )
    ]
    print(json.dumps([asleep, *days]))


if __name__ == "__main__":
    main()
