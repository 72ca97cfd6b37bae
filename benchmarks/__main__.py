"""``make bench``: every figure beside the floor or the peer that was measured in the same run.

Machines differ and are shared; ratios travel. Each measure runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

MEASURES = ("throughput", "crossings", "memory", "receiver", "delivery", "live_map")


def main() -> None:
    """Run the measures named on the command line, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"any of {', '.join(MEASURES)} [all]")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    arguments = parser.parse_args()
    unknown = set(arguments.measures) - set(MEASURES)
    if unknown:
        parser.error(f"unknown measure {', '.join(sorted(unknown))}; known are {', '.join(MEASURES)}")
    rows: list[dict[str, str]] = []
    for measure in arguments.measures or MEASURES:
        print(f"measuring {measure} ...", file=sys.stderr)
        finished = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{measure}"], check=True, stdout=subprocess.PIPE, text=True
        )
        rows += json.loads(finished.stdout)
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    width = max(len(row["figure"]) for row in rows)
    for row in rows:
        print(f"{row['figure']:<{width}}  {row['value']:>16}  {row['note']}")


if __name__ == "__main__":
    main()
