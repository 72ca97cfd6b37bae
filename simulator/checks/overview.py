"""Everything that a report of a run shows, as one plain document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from simulator.checks.course import read_course
from simulator.checks.evidence import Evidence, bare_evidence
from simulator.checks.explain import explain
from simulator.checks.latency import MOMENTS, percentiles, ways_of
from simulator.checks.record import RunRecord
from simulator.checks.story import tell
from simulator.core.errors import UsageError

PEOPLE = 40
"""So many people's timelines are in a report."""
PLACES = 400
"""So many places are on its map, the most visited ones."""
# How interesting it is that something happened to a person, for those who are shown beside the failures.
_WEIGHTS = {"opened": 5, "received": 4, "refused": 3, "message": 3, "call": 3, "entered": 2, "discarded": 1}


def overview(
    record: RunRecord, *, summary: Mapping[str, Any] | None = None, people: int = PEOPLE
) -> dict[str, Any]:
    """The document of a report: `run`, `summary`, `course`, `crossings`, `map`, `latencies`, `people`.

    ``summary`` takes the place of the run's own, with the verdicts of another look at it. UsageError for a run
    without a summary.
    """
    found = record.summary if summary is None else summary
    if found is None:
        raise UsageError(f"{record.folder}: the run has no summary yet; a report needs one")
    evidence = bare_evidence(record)
    crossings = explain(record)
    return {
        "run": crossings.pop("run"),
        "summary": found,
        "course": read_course(record.folder),
        "crossings": crossings,
        "map": _places(record),
        "latencies": list(_latencies(evidence)),
        "people": [_person(evidence, person) for person in _shown(evidence, found, people)],
    }


def _places(record: RunRecord) -> list[dict[str, Any]]:
    """The most visited places with their position and what became of the crossings there."""
    header, rows = record.ledger.header, record.ledger.rows
    positions = header.get("positions")
    if not positions:
        return []
    entries = np.bincount(rows["place"][rows["entry"] == 1], minlength=len(positions))
    accepted = np.isin(rows["outcome"], (1, 11))
    crossings = np.bincount(rows["place"], minlength=len(positions))
    delivered = np.bincount(rows["place"][accepted], minlength=len(positions))
    ranked = np.lexsort((np.arange(len(positions)), -entries))[:PLACES].tolist()
    return [
        {
            "name": header["places"][place][1],
            "latitude": positions[place][0],
            "longitude": positions[place][1],
            "radius": positions[place][2],
            "visits": int(entries[place]),
            "crossings": int(crossings[place]),
            "accepted": int(delivered[place]),
        }
        for place in ranked
    ]


def _latencies(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Percentiles between the moments of all ways through journeys, step by step and as a whole."""
    ways = [way for person in evidence.happenings if person >= 0 for way in ways_of(evidence, person)]
    for since, until in (*pairwise(MOMENTS), ("crossing", "received")):
        waited = [way[until] - way[since] for way in ways if since in way and until in way]
        if waited:
            yield {"from": since, "to": until, "ways": len(waited), "seconds": percentiles(waited)}


def _shown(evidence: Evidence, summary: Mapping[str, Any], people: int) -> list[int]:
    """Whose timelines are shown: the examples of failures first, then those to whom the most happened."""
    by_name = {name: first for name, first, _ in evidence.record.ledger.header["groups"]}
    chosen: dict[int, None] = {}
    for verdict in summary.get("expectations") or ():
        for failure in verdict.get("failures") or () if not verdict["ok"] else ():
            for example in failure["examples"]:
                group, _, index = example.rpartition("/")
                chosen[by_name[group] + int(index)] = None
    weight = {
        person: sum({_WEIGHTS.get(one.kind, 0) for one in rows})
        for person, rows in evidence.happenings.items()
        if person >= 0
    }
    for person in sorted(weight, key=lambda person: (-weight[person], person)):
        chosen.setdefault(person, None)
    if not weight:
        for person in np.unique(evidence.record.ledger.rows["person"])[:people].tolist():
            chosen.setdefault(person, None)
    return list(chosen)[:people]


def _person(evidence: Evidence, person: int) -> dict[str, Any]:
    story = tell(evidence.record, person=evidence.name(person), evidence=evidence)
    return {key: story[key] for key in ("person", "crossings", "story", "without_crossing")}
