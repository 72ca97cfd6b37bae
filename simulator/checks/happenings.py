"""What happened in journeys, read back: from the run's own record, or from an export of the real product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import orjson

from simulator.checks.record import RunRecord
from simulator.core.errors import UsageError
from simulator.core.simtime import MS_PER_HOUR, to_ms
from simulator.journeys import StepEvidence, read_step_event

JOURNAL_FILE = "journeys.ndjson"
# A step event that is dated within the run, or this near to it, is dated in its time.
_NEAR = MS_PER_HOUR
# What a phone did with a message, and not a journey: no export of the product knows better.
OF_THE_PHONE = ("received", "refused", "opened")


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


def read_happenings(folder: Path) -> dict[int, list[Happening]]:
    """What ``journeys.ndjson`` of a run folder says, person by person; nothing where there is none."""
    path = folder / JOURNAL_FILE
    found: dict[int, list[Happening]] = {}
    if not path.is_file():
        return found
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            happening = _happening(line)
            if happening is None and not line.endswith(b"\n"):
                break  # it is being written, or was when the run was killed
            if happening is None:
                raise UsageError(f"{path}:{number}: is damaged: not a row of the record of journeys")
            found.setdefault(happening.person, []).append(happening)
    return found


def _happening(line: bytes) -> Happening | None:
    """What a line of the record says; None if it is no row of it."""
    try:
        row = orjson.loads(line)
        found = Happening(*(row[key] for key in Happening._fields))
    except (ValueError, KeyError, TypeError):
        return None
    right = isinstance(found.at, int) and isinstance(found.person, int) and isinstance(found.detail, dict)
    return found if right and isinstance(found.kind, str) else None


def read_step_events(
    lines: Iterable[bytes], source: str, record: RunRecord, people: People
) -> dict[int, list[Happening]]:
    """What an export of step events says, person by person; it takes the place of the run's own record.

    ``lines`` have one record each; ``source`` names where they are from. An action that was executed counts as sent
    and received: the export knows no more. UsageError where a line is no record.
    """
    found: dict[int, list[Happening]] = {}
    for number, line in enumerate(lines, 1):
        try:
            evidence = list(read_step_event(_record(line)))
        except ValueError as error:
            raise UsageError(f"--step-events {source}:{number}: {error}") from error
        for one in evidence:
            person = people.person_of(one.identity)
            for happening in _happenings(one, -1 if person is None else person, _virtual(one.at, record)):
                found.setdefault(happening.person, []).append(happening)
    return {person: _once(rows) for person, rows in found.items()}


def _record(line: bytes) -> Mapping[str, Any]:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}; expected one record per line") from None
    if not isinstance(document, dict):
        raise ValueError("is no JSON object; expected one record per line")
    return document


def _virtual(stamp: datetime, record: RunRecord) -> int:
    """Virtual time of a step event: it is dated in the time of the run, or in that of the wall in a paced run."""
    moment = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    at = round((moment - record.calendar.utc(0)) / timedelta(milliseconds=1))
    length = to_ms((record.summary or {}).get("simulated_seconds") or 0.0)
    by_the_wall = record.virtual(moment)
    near = -_NEAR <= at <= length + _NEAR
    return at if by_the_wall is None or near else by_the_wall


def _happenings(one: StepEvidence, person: int, at: int) -> Iterable[Happening]:
    def row(kind: str, **detail: Any) -> Happening:
        return Happening(at, kind, one.journey, person, one.instance, one.node, detail)

    if one.discard:
        yield row("discarded", reason=one.discard, event_id=one.event_id)
        return
    if one.entrance:
        yield row("entered", event_id=one.event_id)
    if one.action and one.status in _EXECUTED and not one.error:
        yield row("message", action=one.action)
        yield row("received", action=one.action, exported=True)
    yield row("step", status=one.status, error=one.error)
    if one.ended:
        reason = "exit" if one.exit else _ENDS.get(one.status, "error" if one.error else "end")
        yield row("ended", reason=reason)


# Statuses of actions that were executed, and of ends that came too early.
_EXECUTED = ("transitions", "endStep")
_ENDS = {"error": "error", "cappingError": "error", "timedOut": "timeout"}


def _once(rows: list[Happening]) -> list[Happening]:
    """Rows in the order of time, those that the product wrote again when it did work again only once."""
    found: dict[tuple[str, ...], Happening] = {}
    for number, row in enumerate(sorted(rows, key=lambda row: row.at)):
        at = "" if row.kind in ("entered", "ended") else row.step
        again = row.instance and row.kind != "step"
        found.setdefault((row.kind, row.instance, at, row.action) if again else (str(number),), row)
    return list(found.values())
