"""``make realism``: simulates people of a made-up country and prints how they move, beside what was published.

Marks: [v] read in the cited source, [m] quoted from the literature. A dot marks the figures that the model is
meant to meet. No band was published for the shares of trip distances: five points to either side are
taken.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.realism.table import Row, rows
from benchmarks.realism.traces import simulate, write_csv


def main() -> None:
    """Simulate, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.realism", description=__doc__)
    parser.add_argument("--people", type=int, default=2000, metavar="N", help="people to simulate [2000]")
    parser.add_argument("--days", type=int, default=60, metavar="N", help="days to simulate [60]")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="another seed is another country [1]"
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write the traces: uid, lat, lon, datetime of each arrival"
    )
    arguments = parser.parse_args()
    if arguments.people < 100 or arguments.days < 7:
        parser.error("fits need at least 100 people and 7 days")
    began = time.perf_counter()
    traces = simulate(people=arguments.people, days=arguments.days, seed=arguments.seed)
    table = rows(traces)
    console = Console(highlight=False, markup=False)
    show(console, table)
    met, goals = sum(row.within for row in table if row.goal), sum(row.goal for row in table)
    console.print(
        f"\n{arguments.people:,} people, {arguments.days} days, {int(traces.moved.sum()):,} trips, "
        f"seed {arguments.seed}, {time.perf_counter() - began:.0f} s. "
        f"{met} of {goals} goals met; {sum(row.within for row in table)} of {len(table)} figures in their band."
    )
    if arguments.csv is not None:
        console.print(f"{write_csv(traces, arguments.csv):,} arrivals written to {arguments.csv}")


def show(console: Console, table: list[Row]) -> None:
    """Print the table, and below it why some figures lie outside."""
    shown = Table(box=None, pad_edge=False)
    for heading in ("", "How people move", "Published", "Simulated", "In band", "Source"):
        shown.add_column(heading)
    for row in table:
        mark = "yes" if row.within else "NO"
        shown.add_row("•" if row.goal else "", row.statistic, row.published, row.text, mark, row.source)
    console.print(shown)
    reasons = [row for row in table if not row.within]
    if reasons:
        console.print("\nOutside the band")
    for row in reasons:
        console.print(f"  {row.statistic}: {row.why_not or 'the model is meant to meet this, and does not'}")


if __name__ == "__main__":
    main()
