"""How sending went, moment by moment: the figures of every second of a run, merged where there are many."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TIMESERIES_FILE = "timeseries.ndjson"
POINTS = 240
"""So many moments a course has at most: about one for every two dots of a drawing."""


def read_course(folder: Path) -> list[dict[str, float | None]]:
    """The course of a run: what was measured second by second, in at most ``POINTS`` moments of equal length.

    Each has ``at`` (its end, in seconds since the run began to send), rates per second (``events``, ``errors``, and
    ``intended`` or None), and the latencies ``p50`` (mean of its seconds) and ``p99`` (the highest one), in seconds.
    Empty if nothing was measured. A last line that a killed run left unfinished is passed over.
    """
    seconds = list(_lines(folder / TIMESERIES_FILE))
    each = max(1, -(-len(seconds) // POINTS))
    return [_merged(seconds[first : first + each]) for first in range(0, len(seconds), each)]


def _lines(path: Path) -> list[Mapping[str, Any]]:
    found = []
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def _merged(seconds: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    took = sum(one["seconds"] for one in seconds) or 1.0
    intended = [one["intended"] for one in seconds]
    return {
        "at": seconds[-1]["at"],
        "intended": None if None in intended else sum(intended) / took,
        "events": sum(one["events"] for one in seconds) / took,
        "errors": sum(one["errors"] for one in seconds) / took,
        "p50": sum(one["p50"] for one in seconds) / len(seconds),
        "p99": max(one["p99"] for one in seconds),
    }
