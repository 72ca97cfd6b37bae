"""Run folders with few, hand-written crossings, for tests of what is told of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from simulator.checks import RunRecord, read_record
from simulator.ledger import PERMISSIONS, PERSON, SYSTEMS, CrossingRow, LedgerWriter, Outcome, rows_from

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000

HEADER: dict[str, Any] = {
    "scenario": "lunch_rush",
    "seed": 7,
    "journeysim_version": "0.1.0",
    "start": "2026-03-02T11:00:00+00:00",
    "timezone": "Europe/Berlin",
    "groups": [["residents", 0, 2], ["office", 2, 1]],
    "places": [["p-1", "Market Hall"], ["p-2", "Riverside Mall"], ["p-3", "Kiosk"], ["p-4", "kiosk"]],
}
IOS, ANDROID = SYSTEMS.index("ios"), SYSTEMS.index("android")
PHONES = [(IOS, "while_in_use"), (ANDROID, "always"), (IOS, "denied")]

ENTRY, EXIT = 1, 0
NEVER = (-1, -1, -1, -1, 0)


def seen(crossed: int, after: int, sent_after: int = 0) -> tuple[int, int, int, int, int, int]:
    """The times of a crossing noticed ``after`` milliseconds, and sent ``sent_after`` later; sent once."""
    noticed = crossed + after
    return (crossed, noticed, noticed, noticed + sent_after, noticed + sent_after, 1)


CROSSINGS: list[CrossingRow] = [
    (0, 0, ENTRY, *seen(3 * MINUTE + 10 * SECOND, 52 * SECOND), Outcome.DELIVERED),
    (0, 1, ENTRY, 40 * MINUTE, *NEVER, Outcome.NO_PERMISSION),
    (0, 1, EXIT, 41 * MINUTE, *NEVER, Outcome.TOO_SHORT),
    (0, 2, ENTRY, 42 * MINUTE, *NEVER, Outcome.NOT_NOTICED),
    (1, 0, ENTRY, *seen(5 * MINUTE, 30 * SECOND, 2 * SECOND), Outcome.REJECTED),
    (1, 0, EXIT, *seen(50 * MINUTE, 90 * SECOND), Outcome.UNDELIVERED),
    (1, 1, ENTRY, 11 * HOUR + 59 * MINUTE, *NEVER, Outcome.NOT_MONITORED),
    (1, 1, EXIT, 12 * HOUR, *NEVER, Outcome.PENDING_DETECTION),
    (2, 1, ENTRY, 20 * MINUTE, *NEVER, Outcome.NO_PERMISSION),
    (2, 0, ENTRY, *seen(30 * MINUTE, 0), Outcome.DELIVERED),
]


def write_run(
    folder: Path,
    crossings: list[CrossingRow] = CROSSINGS,
    *,
    summary: dict[str, Any] | None = None,
    people: bool = True,
    **header: Any,
) -> Path:
    """A run folder with these crossings; an unfinished one where ``summary`` is None."""
    rows = rows_from(crossings)
    noticed = rows["noticed"] >= 0
    rows["event"][noticed] = np.arange(noticed.sum())
    phones = [(system, PERMISSIONS.index(permission)) for system, permission in PHONES]
    ledger = LedgerWriter(
        folder / "ledger", {**HEADER, **header}, np.array(phones, dtype=PERSON) if people else None
    )
    ledger.append(rows)
    ledger.close()
    if summary is not None:
        (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def finished(crossings: int = len(CROSSINGS), **changes: Any) -> dict[str, Any]:
    """As much of a summary as the explanation reads."""
    document = {
        "crossings": crossings,
        "ended": "2026-03-03T01:00:00+01:00",
        "interrupted": False,
        "failure": None,
    }
    return document | changes


def record(folder: Path, *arguments: Any, **changes: Any) -> RunRecord:
    """The record of such a run, finished unless it is said otherwise."""
    return read_record(write_run(folder, *arguments, **{"summary": finished(), **changes}))
