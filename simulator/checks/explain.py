"""What became of the crossings of a run: the funnel, its losses and its delays, as a plain document.

Everything is counted from the ledger's rows, so it holds for unfinished runs as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.checks.outcomes import EXPLANATIONS
from simulator.checks.record import RunRecord, run_document
from simulator.core.simtime import MS_PER_SECOND
from simulator.ledger import SYSTEMS, Outcome, Rows

FORMAT = 1
"""Version of the documents of this module and of `simulator.checks.story`."""
ACCEPTED = (Outcome.DELIVERED, Outcome.DELIVERED_LATE)
"""The outcomes of crossings whose event the destination took over."""
STEPS = ("crossed", "noticed", "queued", "sent", "accepted")
DELAYS = (
    ("crossed", "noticed"),
    ("noticed", "sent"),
    ("sent", "acknowledged"),
    ("crossed", "acknowledged"),
)
BESIDES = ("region_events_without_crossing", "duplicates", "failed_attempts")
"""What a summary counts beside crossings."""
PERCENTILES = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}
LOSS_PLACES = 5

# Which of the rows; columns are picked one by one, because a ledger may have many millions of rows.
Which = npt.NDArray[np.bool_] | slice
ALL = slice(None)


def explain(record: RunRecord, limit: int = LOSS_PLACES) -> dict[str, Any]:
    """The document of a whole run; ``limit`` is how many of the places with the most losses it lists."""
    rows = record.ledger.rows
    systems = _systems(record)
    places = _places(record, limit)
    return {
        "format": FORMAT,
        "run": run_document(record),
        "crossings": len(rows),
        "funnel": funnel(rows),
        "outcomes": outcomes(rows),
        "losses": _losses(rows, systems),
        "systems": {
            name: {
                "people": people,
                "crossings": int(mine.sum()),
                "funnel": funnel(rows, mine),
                "outcomes": outcomes(rows, mine),
            }
            for name, (people, mine) in systems.items()
        },
        "delays": [_delay(rows, *steps) for steps in DELAYS],
        "besides": {key: record.summary[key] for key in BESIDES if record.summary and key in record.summary},
        "places_with_losses": places["count"],
        "places": places["worst"],
    }


def funnel(rows: Rows, which: Which = ALL) -> list[dict[str, Any]]:
    """How many crossings reached each step, and their share of all."""
    outcome = rows["outcome"][which]
    reached = {
        "crossed": len(outcome),
        **{step: int((rows[step][which] >= 0).sum()) for step in ("noticed", "queued", "sent")},
        "accepted": int(np.isin(outcome, ACCEPTED).sum()),
    }
    whole = max(1, len(outcome))
    return [{"step": step, "crossings": reached[step], "share": reached[step] / whole} for step in STEPS]


def outcomes(rows: Rows, which: Which = ALL) -> dict[str, int]:
    """Crossings by outcome, those outcomes that occurred."""
    return _labelled(np.bincount(rows["outcome"][which], minlength=len(Outcome)).tolist())


def _systems(record: RunRecord) -> dict[str, tuple[int, npt.NDArray[np.bool_]]]:
    """For each operating system how many people have it, and which rows are theirs; empty if not on record."""
    people = record.ledger.people
    if people is None:
        return {}
    system = people["system"]
    of_row = system[record.ledger.rows["person"]]
    return {
        name: (int((system == number).sum()), of_row == number)
        for number, name in enumerate(SYSTEMS)
        if (system == number).any()
    }


def _losses(rows: Rows, systems: dict[str, tuple[int, npt.NDArray[np.bool_]]]) -> list[dict[str, Any]]:
    """The crossings that were not delivered by reason, the most frequent first."""
    outcome = rows["outcome"]
    losses = []
    for reason, explanation in EXPLANATIONS.items():
        here = outcome == reason
        lost = int(here.sum())
        if reason in ACCEPTED or not lost:
            continue
        losses.append(
            {
                "outcome": reason.label,
                "crossings": lost,
                "share": lost / len(rows),
                "systems": {name: int((here & mine).sum()) for name, (_, mine) in systems.items()},
                "meaning": explanation.meaning,
            }
        )
    return sorted(losses, key=lambda loss: -loss["crossings"])


def _delay(rows: Rows, first: str, second: str) -> dict[str, Any]:
    """Percentiles of the time between two steps, of the crossings that reached both; values that occurred."""
    both = rows[second] >= 0
    waited = rows[second][both] - rows[first][both]
    seconds: dict[str, float] = {}
    if len(waited):
        values = np.percentile(waited, list(PERCENTILES.values()), method="inverted_cdf")
        seconds = {name: int(value) / MS_PER_SECOND for name, value in zip(PERCENTILES, values, strict=True)}
    return {"from": first, "to": second, "crossings": len(waited), "seconds": seconds}


def _places(record: RunRecord, limit: int) -> dict[str, Any]:
    """How many places lost crossings, and those that lost the most."""
    rows, names = record.ledger.rows, record.ledger.header["places"]
    kinds = len(Outcome)
    pairs = rows["place"].astype(np.int64) * kinds + rows["outcome"]
    table = np.bincount(pairs, minlength=len(names) * kinds).reshape(-1, kinds)
    crossings = table.sum(axis=1)
    table[:, list(ACCEPTED)] = 0
    lost = table.sum(axis=1)
    ranked = np.lexsort((np.arange(len(names)), -lost))[:limit]
    worst = [
        {
            "id": names[place][0],
            "name": names[place][1],
            "crossings": int(crossings[place]),
            "lost": int(lost[place]),
            "outcomes": _labelled(table[place].tolist()),
        }
        for place in ranked.tolist()
        if lost[place]
    ]
    return {"count": int((lost > 0).sum()), "worst": worst}


def _labelled(counted: Sequence[int]) -> dict[str, int]:
    return {outcome.label: n for outcome, n in zip(Outcome, counted, strict=True) if n}
