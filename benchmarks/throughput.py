"""Events per second from simulation to file, against the floor of encoding the same events.

The floor is orjson encoding ready dictionaries of the very events that the run wrote, one by one. Runs and
floors alternate, and the median of the ratios is given: a machine that slows down slows both.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from statistics import median

import orjson

from simulator.run import RunOptions, prepare, run

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "national_chain.yaml"
PEOPLE = 20_000
ROUNDS = 3
FLOOR_EVENTS = 50_000


def run_once(form: str, workers: int, folder: Path) -> tuple[float, int, Path]:
    """Events per second, number of events, and the file."""
    target = folder / f"{form}-{workers}.ndjson"
    prepared = prepare(
        SCENARIO,
        overrides=[f"destination.to=file:{target}", f"app.location_events={form}"],
        people=PEOPLE,
    )
    with tempfile.TemporaryDirectory(dir=folder) as out:
        summary = run(prepared, RunOptions(out=Path(out), workers=workers)).summary
    return summary["events_per_second"], summary["sent"], target


def floor(file: Path) -> float:
    """Events per second of encoding alone."""
    with file.open("rb") as lines:
        events = [orjson.loads(line) for _, line in zip(range(FLOOR_EVENTS), lines, strict=False)]
    dumps = orjson.dumps
    began = time.perf_counter()
    for event in events:
        dumps(event)
    return len(events) / (time.perf_counter() - began)


def main() -> None:
    """Print the rows of the table as JSON."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form in ("sdk", "rich"):
            shares, speedups = [], []
            for _ in range(ROUNDS):
                one, count, file = run_once(form, 1, folder)
                limit = floor(file)
                two, _, _ = run_once(form, 2, folder)
                shares.append(one / limit)
                speedups.append(two / one)
            size = file.stat().st_size / count
            rows.append(
                {
                    "figure": f"{form} events to a file, 1 worker / encoding floor",
                    "value": f"{median(shares):.3f}",
                    "note": f"{one:,.0f} events/s, {count:,} events of {size:,.0f} bytes; floor {limit:,.0f}/s",
                }
            )
            rows.append(
                {
                    "figure": f"{form} events to a file, 2 workers / 1 worker",
                    "value": f"{median(speedups):.2f}",
                    "note": f"{two:,.0f} events/s",
                }
            )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
