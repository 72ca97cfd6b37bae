"""Frames a second that the live map's page draws with 5,000 people, in a headless Chromium without a graphics card.

Beside it stands what the same browser draws of the same page with five people, which is what browser, screen size and
machine allow. In the made-up town everybody walks all the time, and nothing is simulated: that is the page alone. The
last row is the page before a real run, which shares the processors with it.
"""

from __future__ import annotations

import json
import os
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.live.browser import LAPTOP, PROJECTOR, browsing, visiting
from tests.live.shows import showing
from tests.live.town import Town, serving

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "lunch_rush_live.yaml"
PEOPLE = 5000
FEW = 5
SECONDS = 5
SETTLE_MS = 3000
FRAMES = """seconds => new Promise(done => {
  const times = [];
  const frame = at => {
    times.push(at);
    if (at - times[0] < 1000 * seconds) requestAnimationFrame(frame);
    else done(times);
  };
  requestAnimationFrame(frame);
})"""


class Measured(NamedTuple):
    """Frames a second; the time within which 95 of 100 came, and processor time of the browser for each (ms)."""

    rate: float
    p95: float
    work: float | None


def browser_seconds() -> float | None:
    """Processor time so far of all processes that this one started; None where /proc doesn't tell."""
    if not Path("/proc/self/stat").exists():
        return None
    parents, spent = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            name = (stat.parent / "comm").read_text()
        except OSError:
            continue  # it has ended meanwhile
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        spent[pid] = (
            (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if "chrom" in name else 0.0
        )
    return sum(seconds for pid, seconds in spent.items() if _mine(pid, parents))


def _mine(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        if pid == os.getpid():
            return True
        pid = parents[pid]
    return False


def frames(url: str, size: dict[str, int]) -> Measured:
    """What the page at ``url`` draws in a window of that size."""
    with visiting(url, size) as visit:
        visit.page.wait_for_timeout(SETTLE_MS)
        before = browser_seconds()
        times: list[float] = visit.page.evaluate(FRAMES, SECONDS)
        after = browser_seconds()
    gaps = sorted(b - a for a, b in pairwise(times))
    work = None if before is None or after is None else 1000 * (after - before) / len(gaps)
    return Measured(1000 * len(gaps) / (times[-1] - times[0]), gaps[int(0.95 * len(gaps))], work)


def row(what: str, size: dict[str, int], found: Measured, allowed: Measured) -> dict[str, str]:
    """One line of the table."""
    work = "" if found.work is None else f"{found.work:.0f} ms of processor a frame; "
    return {
        "figure": f"live map, {PEOPLE:,} people {what}, {size['width']} x {size['height']}",
        "value": f"{found.rate:.0f} frames/s",
        "note": f"{work}p95 {found.p95:.0f} ms; {allowed.rate:.0f} frames/s with {FEW} people; no graphics card",
    }


def main() -> None:
    """Measure, and print the rows as JSON."""
    rows = []
    with browsing():
        for size in (LAPTOP, PROJECTOR):
            with serving(Town(FEW)) as url:
                allowed = frames(url, size)
            with serving(Town(PEOPLE)) as url:
                rows.append(row("walking", size, frames(url, size), allowed))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "run"
            arguments = ("--people", str(PEOPLE), "--speed", "20", "--out", str(folder))
            with showing(SCENARIO, *arguments, folder=folder) as show:
                rows.append(row("of a real run", LAPTOP, frames(show.url, LAPTOP), allowed))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
