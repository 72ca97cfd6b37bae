"""Everything on record of a run that expectations about people are judged by.

The ledger has the crossings, ``journeys.ndjson`` what happened in journeys, ``received.ndjson`` the events
themselves. An export of step events of the real product can take the place of the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import orjson

from simulator.checks.record import RunRecord
from simulator.core.errors import UsageError
from simulator.core.simtime import to_ms
from simulator.journeys import Plan, StepEvidence, read_step_event
from simulator.ledger import Rows

JOURNAL_FILE = "journeys.ndjson"
RECEIVED_FILE = "received.ndjson"


class People(Protocol):
    """What is known of the people of a run besides what happened."""

    def member(self, person: int, audience: str) -> bool:
        """Whether a person is in an audience, by their profile record."""

    def attribute(self, person: int, path: Sequence[str]) -> Any:
        """A value of a person's profile record; None if there is none."""

    def person_of(self, identity: str) -> int | None:
        """The ordinal of the person with an identity (ECID); None if nobody has it."""


class Happening(NamedTuple):
    """One thing that happened in journeys, as ``journeys.ndjson`` has it (see simulator.journeys.log)."""

    at: int
    kind: str
    journey: str
    person: int
    instance: str
    step: str
    detail: Mapping[str, Any]

    @property
    def action(self) -> str:
        """The action that it is about; empty for none."""
        return str(self.detail.get("action", ""))


@dataclass
class Evidence:
    """The record of one run. ``end`` is how far it went, in virtual milliseconds."""

    record: RunRecord
    plan: Plan | None
    people: People
    happenings: Mapping[int, Sequence[Happening]]
    """What happened to each person, in the order of time; -1 are those whom nobody knows."""
    end: int

    @cached_property
    def rows_of(self) -> Callable[[int], Rows]:
        """The crossings of a person in the order of time."""
        rows = self.record.ledger.rows
        order = np.lexsort((rows["crossed"], rows["person"]))
        sorted_rows = rows[order]
        people = sorted_rows["person"]

        def of(person: int) -> Rows:
            first, last = np.searchsorted(people, [person, person + 1])
            return sorted_rows[first:last]

        return of

    @cached_property
    def size(self) -> int:
        """How many people the run has."""
        return sum(size for _, _, size in self.record.ledger.header["groups"])

    def name(self, person: int) -> str:
        """Group and number of a person."""
        return self.record.ledger.person_id(person)

    def place(self, number: int) -> str:
        """The name of a place."""
        return str(self.record.ledger.header["places"][number][1])

    def clock(self, t: int) -> str:
        """Virtual time as the time of day in the scenario's time zone."""
        return f"{self.record.calendar.local(t):%H:%M:%S}"

    def event(self, number: int) -> Mapping[str, Any] | None:
        """An event by its number in the run's event stream; None where it is not on record."""
        lines = self._received
        if not 0 <= number < len(lines):
            return None
        event = orjson.loads(lines[number])
        return event if isinstance(event, Mapping) else None

    @cached_property
    def _received(self) -> Sequence[bytes]:
        """The lines of the received events, if there is one for every event of the stream."""
        path = self.record.folder / RECEIVED_FILE
        if not path.is_file():
            return ()
        lines = path.read_bytes().splitlines()
        sent = (self.record.summary or {}).get("sent", len(lines))
        return lines if len(lines) == sent else ()


class NobodyKnown:
    """People of whom nothing is known but what happened: stories need no more."""

    def member(self, person: int, audience: str) -> bool:
        """Nobody is in an audience."""
        return False

    def attribute(self, person: int, path: Sequence[str]) -> Any:
        """Nobody has attributes."""
        return None

    def person_of(self, identity: str) -> int | None:
        """No identity is known."""
        return None


def bare_evidence(record: RunRecord) -> Evidence:
    """What is on record of a run, without its scenario: enough to tell what happened."""
    happenings = read_happenings(record.folder)
    end = (record.summary or {}).get("simulated_seconds")
    return Evidence(record, None, NobodyKnown(), happenings, 0 if end is None else to_ms(end))


def read_happenings(folder: Path) -> dict[int, list[Happening]]:
    """What ``journeys.ndjson`` of a run folder says, person by person; nothing where there is none."""
    path = folder / JOURNAL_FILE
    found: dict[int, list[Happening]] = {}
    if not path.is_file():
        return found
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = orjson.loads(line)
                happening = Happening(
                    *(row[key] for key in ("at", "kind", "journey", "person", "instance", "step", "detail"))
                )
            except (ValueError, KeyError, TypeError):
                raise UsageError(
                    f"{path}:{number}: is damaged: not a row of the record of journeys"
                ) from None
            found.setdefault(happening.person, []).append(happening)
    return found


def read_step_events(
    lines: Iterable[bytes], source: str, record: RunRecord, people: People
) -> dict[int, list[Happening]]:
    """What an export of step events says, person by person; it takes the place of the run's own record.

    ``lines`` have one record each; ``source`` names where they are from. An action that was executed counts as sent
    and received: the export knows no more. UsageError where a line is no record.
    """
    found: dict[int, list[Happening]] = {}
    start = record.calendar.utc(0)
    for number, line in enumerate(lines, 1):
        try:
            evidence = list(read_step_event(orjson.loads(line)))
        except (ValueError, AttributeError) as error:
            raise UsageError(f"--step-events {source}:{number}: {error}") from error
        for one in evidence:
            person = people.person_of(one.identity)
            for happening in _happenings(one, -1 if person is None else person, start):
                found.setdefault(happening.person, []).append(happening)
    for rows in found.values():
        rows.sort(key=lambda row: row.at)
    return found


def _happenings(one: StepEvidence, person: int, start: datetime) -> Iterable[Happening]:
    moment = one.at if one.at.tzinfo else one.at.replace(tzinfo=UTC)
    at = round((moment - start) / timedelta(milliseconds=1))

    def row(kind: str, **detail: Any) -> Happening:
        return Happening(at, kind, one.journey, person, one.instance, one.node, detail)

    if one.discard:
        yield row("discarded", reason=one.discard, event_id=one.event_id)
        return
    if one.entrance:
        yield row("entered", event_id=one.event_id)
    if one.action and one.status == "transitions" and not one.error:
        yield row("message", action=one.action)
        yield row("received", action=one.action)
    yield row("step", status=one.status, error=one.error)
    if one.ended:
        yield row("ended", reason="error" if one.error else "end")
