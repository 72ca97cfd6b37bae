"""Events per second from simulation to file, against the floor of encoding the same events.

The floor is orjson encoding ready dictionaries of the very events that the run wrote, one by one. A run is
everything after the scenario was read: making the people, simulating, writing events, ledger and summary.
Runs and floors alternate, and the median of the ratios is given: a machine that slows down slows both. Every run
has a process of its own, as a user's has: in one that has been through other runs, memory is in pieces, and forked
workers have more of it to copy.

- *town* is `lunch_rush.yaml` with 20,000 people for six hours: ten places, many crossings.
- *town with everything on* has phones with an operating system and typical conditions, a network that loses answers,
  people who log in and decide about consent.
- *weekend* is `commuters_and_tourists.yaml`, 20,000 people of six personas for a day, more places than phones register.
- *chain* is `national_chain.yaml`, 20,000 people for a day: few crossings, mostly app sessions. What a second worker
  is worth is measured with more people, too: those are whom one takes several workers for.

Files stay below 250 MB: beyond that some virtual machines spend their time on fetching memory, not on us.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import orjson

from simulator.run import RunOptions, prepare, run

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
TOWN, CHAIN = SCENARIOS / "lunch_rush.yaml", SCENARIOS / "national_chain.yaml"
WEEKEND = SCENARIOS / "commuters_and_tourists.yaml"
PEOPLE = 20_000
ROUNDS = 3
FLOOR_EVENTS = 60_000
# Long enough that starting a process and reading the scenario in it weigh little.
WORKERS_DURATION = "2 d"


class Measured(NamedTuple):
    """What one run gave."""

    events_per_second: float
    events: int
    bytes: int
    floor: float
    """Events per second of encoding alone."""


def everything_on(scenario: Path) -> list[str]:
    """Overrides that give everybody a phone with all that can go wrong, and the SDK all that it can do."""
    groups = prepare(scenario).scenario.people
    phone = "{monitoring: os, conditions: typical, permission: always}"
    return [
        *(f"people.{name}.phone={phone}" for name in groups),
        "network={latency: {lognormal: {median: 120 ms, sigma: 0.6}}, lost_answers: 0.3 %}",
        "app.consent={start: {yes: 9, pending: 1}, answer: {yes: 1, no: 1}, answered_after: 1 h}",
        "app.login={share: 0.4, namespace: CRMID, after: 1 h}",
        "app.push={share: 0.6}",
        "app.dedupe=true",
    ]


def measure(
    scenario: Path,
    form: str,
    duration: str,
    *,
    workers: int = 1,
    more: Sequence[str] = (),
    people: int = PEOPLE,
) -> Measured:
    """One run and the floor of its events right after it, in a process of their own."""
    arguments = [str(scenario), form, duration, str(workers), str(people), *more]
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.throughput", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Measured(*json.loads(finished.stdout))


def measure_here(
    scenario: Path, form: str, duration: str, workers: int, people: int, more: Sequence[str]
) -> Measured:
    """The same in this process."""
    with tempfile.TemporaryDirectory() as name:
        target = Path(name) / "events.ndjson"
        overrides = [
            f"destination.to=file:{target}",
            f"app.location_events={form}",
            f"clock.duration={duration}",
            *more,
        ]
        prepared = prepare(scenario, overrides=overrides, people=people)
        summary = run(prepared, RunOptions(out=Path(name) / "run", workers=workers)).summary
        return Measured(
            summary["events_per_second"],
            summary["sent"],
            target.stat().st_size,
            floor(target, summary["sent"]),
        )


def floor(file: Path, count: int) -> float:
    """Events per second of encoding a sample of the file, spread evenly over it."""
    every = max(1, count // FLOOR_EVENTS)
    with file.open("rb") as lines:
        events = [orjson.loads(line) for number, line in enumerate(lines) if number % every == 0]
    dumps = orjson.dumps
    began = time.perf_counter()
    for event in events:
        dumps(event)
    return len(events) / (time.perf_counter() - began)


def share_of_floor(
    label: str, scenario: Path, form: str, duration: str, more: Sequence[str] = ()
) -> dict[str, str]:
    """One row: a worker against the floor."""
    rounds = [measure(scenario, form, duration, more=more) for _ in range(ROUNDS)]
    last = rounds[-1]
    return {
        "figure": f"{label}, {form} events to a file, 1 worker / encoding floor",
        "value": f"{median(r.events_per_second / r.floor for r in rounds):.3f}",
        "note": f"{last.events_per_second:,.0f} events/s; {last.events:,} events of "
        f"{last.bytes / last.events:,.0f} bytes; floor {last.floor:,.0f}/s",
    }


def second_worker(
    label: str,
    form: str,
    more: Sequence[str] = (),
    *,
    duration: str = WORKERS_DURATION,
    people: int = PEOPLE,
) -> dict[str, str]:
    """One row: two workers against one."""
    pairs = [
        tuple(measure(CHAIN, form, duration, workers=n, more=more, people=people) for n in (1, 2))
        for _ in range(ROUNDS)
    ]
    one, two = pairs[-1]
    return {
        "figure": f"{label}, {form} events to a file, 2 workers / 1 worker",
        "value": f"{median(b.events_per_second / a.events_per_second for a, b in pairs):.2f}",
        "note": f"{two.events_per_second:,.0f} against {one.events_per_second:,.0f} events/s, "
        f"{people:,} people for {duration}",
    }


def main() -> None:
    """Print the rows of the table as JSON, or one measure if named."""
    if len(sys.argv) > 1:
        scenario, form, duration, workers, people, *more = sys.argv[1:]
        print(json.dumps(measure_here(Path(scenario), form, duration, int(workers), int(people), more)))
        return
    rows = [
        share_of_floor(label, scenario, form, duration)
        for label, scenario, duration in (("town", TOWN, "6 h"), ("chain", CHAIN, "1 d"))
        for form in ("rich", "sdk")
    ]
    full = [
        share_of_floor(f"{label} with everything on", scenario, form, duration, everything_on(scenario))
        for label, scenario, duration, form in (
            ("town", TOWN, "6 h", "rich"),
            ("town", TOWN, "6 h", "sdk"),
            ("weekend", WEEKEND, "1 d", "rich"),
        )
    ]
    workers = [
        second_worker("chain", "sdk"),
        second_worker("chain", "sdk", duration="14 h", people=100_000),
        second_worker("chain with everything on", "rich", everything_on(CHAIN)),
    ]
    print(json.dumps([*rows, *full, *workers]))


if __name__ == "__main__":
    main()
