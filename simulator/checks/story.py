"""The story of one person or one place: every crossing with the times of its steps and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from simulator.checks.evidence import Evidence, bare_evidence
from simulator.checks.explain import FORMAT, funnel, outcomes
from simulator.checks.moments import by_crossing, moments
from simulator.checks.outcomes import SYSTEM_NAMES, told
from simulator.checks.record import RunRecord, run_document
from simulator.core.errors import UsageError
from simulator.core.simtime import MS_PER_SECOND
from simulator.ledger import Outcome, Rows

STORY_LINES = 100
STEPS = ("crossed", "noticed", "queued", "sent", "acknowledged")


def tell(
    record: RunRecord,
    *,
    person: str | None = None,
    place: str | None = None,
    limit: int = STORY_LINES,
    evidence: Evidence | None = None,
) -> dict[str, Any]:
    """The story of ``person`` (group/number), of ``place`` (id or name), or of the one at the other.

    ``limit`` is how many crossings are told, the earliest first. ``evidence`` saves reading the record of journeys
    again, for who tells of many. UsageError for somebody or something that the run does not have.
    """
    ledger = record.ledger
    rows = ledger.rows
    document: dict[str, Any] = {"format": FORMAT, "run": run_document(record)}
    if person is not None:
        who = find_person(ledger.header["groups"], person)
        rows = rows[rows["person"] == who]
        document["person"] = _person(record, who)
    if place is not None:
        where = find_place(ledger.header["places"], place)
        rows = rows[rows["place"] == where]
        document["place"] = _place(record, where)
    rows = rows[np.lexsort((rows["place"], rows["person"], rows["crossed"]))]
    document |= {
        "crossings": len(rows),
        "funnel": funnel(rows),
        "outcomes": outcomes(rows),
        "story": [_crossing(record, row) for row in rows[:limit]],
    }
    if person is not None:
        document |= _in_journeys(evidence or bare_evidence(record), who, rows[:limit], document["story"])
        document["not_met"] = _not_met(record, document["person"]["id"])
    return document


def _not_met(record: RunRecord, person: str) -> list[dict[str, str]]:
    """The expectations that failed with this person as an example, and why for them."""
    return [
        {"expectation": verdict["name"] or verdict["metric"], "said": failure["said"]}
        for verdict in (record.summary or {}).get("expectations") or ()
        for failure in verdict.get("failures") or ()
        if person in failure["examples"][:1]
    ]


def _in_journeys(evidence: Evidence, who: int, rows: Rows, story: list[dict[str, Any]]) -> dict[str, Any]:
    """What crossings led to in journeys goes into their part of the story; what none led to is returned."""
    begun, rest = by_crossing(evidence, who)
    for row, told_of in zip(rows, story, strict=True):
        key = (int(row["place"]), int(row["crossed"]))
        told_of["journey"] = list(moments(evidence, begun.get(key, ())))
    return {"without_crossing": list(moments(evidence, rest))}


def _person(record: RunRecord, person: int) -> dict[str, Any]:
    return {
        "id": record.ledger.person_id(person),
        "system": record.system_of(person) or None,
        "permission": record.permission_of(person) or None,
    }


def _place(record: RunRecord, place: int) -> dict[str, Any]:
    id, name = record.ledger.header["places"][place]
    return {"id": id, "name": name}


def _crossing(record: RunRecord, row: np.void) -> dict[str, Any]:
    who, crossed, noticed = int(row["person"]), int(row["crossed"]), int(row["noticed"])
    outcome = Outcome(int(row["outcome"]))
    person = _person(record, who)
    return {
        "person": person,
        "place": _place(record, int(row["place"])),
        "crossing": "entry" if row["entry"] else "exit",
        "outcome": outcome.label,
        "because": told(outcome, SYSTEM_NAMES[person["system"] or ""], person["permission"] or ""),
        **{step: record.local(int(row[step])) for step in STEPS},
        "attempts": int(row["attempts"]),
        "noticed_after_seconds": (noticed - crossed) / MS_PER_SECOND if noticed >= 0 else None,
        "event": int(row["event"]) if row["event"] >= 0 else None,
    }


def find_person(groups: Sequence[Sequence[Any]], wanted: str) -> int:
    """The ordinal of the person called ``wanted``; UsageError, with who there is, if nobody is."""
    name, slash, number = wanted.rpartition("/")
    sizes = {group: (first, size) for group, first, size in groups}
    if name not in sizes:
        known = name if slash else wanted
        near = get_close_matches(known, sizes, n=1)
        hint = (
            f"did you mean {near[0]}/{number if slash else 0}?"
            if near
            else f"the groups are {', '.join(sizes)}"
        )
        if not slash and wanted in sizes:
            hint = f"write group and number, such as {wanted}/0"
        raise UsageError(f"--person {wanted}: nobody is called that; {hint}")
    first, size = sizes[name]
    if not (number.isascii() and number.isdigit()) or int(number) >= size:
        there = f"{name}/0 to {name}/{size - 1}" if size else "nobody"
        raise UsageError(f"--person {wanted}: nobody is called that; the group {name} has {there}")
    return int(first) + int(number)


def find_place(places: Sequence[Sequence[str]], wanted: str) -> int:
    """The number of the place with the id or name ``wanted``; capitals do not matter for names.

    UsageError for none, with the nearest name, and for several, with their ids.
    """
    for number, (id, _) in enumerate(places):
        if id == wanted:
            return number
    found = [number for number, (_, name) in enumerate(places) if name == wanted]
    if not found:
        folded = wanted.casefold()
        found = [number for number, (_, name) in enumerate(places) if name.casefold() == folded]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(places[number][0] for number in found[:5])
        more = ", ..." if len(found) > 5 else ""
        raise UsageError(f"--place {wanted}: {len(found)} places have that name; give an id: {ids}{more}")
    near = get_close_matches(wanted, dict.fromkeys(name for _, name in places), n=3)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else f"the run has {len(places):,} places, by id or name"
    )
    raise UsageError(f"--place {wanted}: no place has that id or name; {hint}")
