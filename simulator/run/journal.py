"""What happened in journeys, written down while a run goes on: rows as they are, and as published step events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from simulator.core.errors import DeliveryError
from simulator.core.simtime import Calendar
from simulator.journeys import LogRow, Plan, StepEventWriter
from simulator.run.evaluation import JournalRow


class JourneyCounts:
    """How often what happened in the journeys of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._entered: Counter[str] = Counter()
        self._ended: dict[str, Counter[str]] = {name: Counter() for name in plan.journeys}
        self._steps: dict[str, Counter[str]] = {name: Counter() for name in plan.journeys}
        self._actions: dict[str, Counter[str]] = {name: Counter() for name in plan.actions}
        self._discards: Counter[str] = Counter()

    def add(self, row: LogRow) -> None:
        """Count what happened."""
        detail = row.detail
        if row.kind == "entered":
            self._entered[row.journey] += 1
        elif row.kind == "step":
            self._steps[row.journey][row.step] += 1
        elif row.kind == "ended":
            self._ended[row.journey][str(detail["reason"])] += 1
        elif row.kind == "discarded":
            self._discards[str(detail["reason"])] += 1
        elif row.kind == "call":
            self._actions[str(detail["action"])][str(detail["status"])] += 1
        else:
            name = {"message": "sent"}.get(row.kind, row.kind)
            self._actions[str(detail["action"])][name] += 1

    def document(self) -> dict[str, Any]:
        """The counts, as the summary has them.

        ``steps`` counts how often each step was passed, ``ended`` instances by the reason of their end.
        """
        journeys = {
            name: {
                "entered": self._entered[name],
                "ended": dict(sorted(self._ended[name].items())),
                "under_way": self._entered[name] - sum(self._ended[name].values()),
                "steps": {step: self._steps[name][step] for step in plan.steps},
            }
            for name, plan in self._plan.journeys.items()
        }
        return {
            "journeys": journeys,
            "actions": {name: dict(sorted(counts.items())) for name, counts in self._actions.items()},
            "discards": dict(sorted(self._discards.items())),
        }


class Journal:
    """The record of the journeys of one run, in two files of the run folder.

    Raises DeliveryError when a file can't be written.
    """

    def __init__(self, rows: Path, step_events: Path, plan: Plan, calendar: Calendar, seed: int) -> None:
        self._writer = StepEventWriter(plan, calendar.utc, seed)
        self._date_of = calendar.utc
        self._files: list[BinaryIO] = []
        self._paths = rows, step_events
        self._counts = JourneyCounts(plan)
        self._local = plan.model.evaluation == "local"

    def append(self, rows: Sequence[JournalRow]) -> None:
        """Write and count rows, which come in the order of time."""
        if not rows:
            return
        log = [LogRow(*row) for row in rows]  # type: ignore[arg-type]
        for row in log:
            self._counts.add(row)
        try:
            if not self._files:
                self._files = [path.open("ab") for path in self._paths]
            self._files[0].writelines(log_line(row, self._date_of(row.at)) + b"\n" for row in log)
            self._files[1].writelines(orjson.dumps(event) + b"\n" for event in self._writer.events(log))
            for file in self._files:
                file.flush()
        except OSError as error:
            raise DeliveryError(
                f"the record of the journeys can't be written: {error.strerror or error}"
            ) from error

    def close(self) -> None:
        """Write no more."""
        for file in self._files:
            file.close()

    def document(self) -> dict[str, Any]:
        """The counts, as the summary has them; of journeys that somebody else evaluates there are none."""
        counts = self._counts.document()
        return counts if self._local else {"actions": counts["actions"]}


def log_line(row: LogRow, at: datetime) -> bytes:
    """A row as JSON; ``at`` is its time as a date in UTC."""
    document = {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "at": row.at,
        "kind": row.kind,
        "journey": row.journey,
        "person": row.person,
        "identity": row.identity,
        "instance": row.instance,
        "step": row.step,
        "detail": dict(row.detail),
    }
    return orjson.dumps(document)
