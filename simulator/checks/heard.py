"""What a listener heard, as evidence: a call that arrived says more than the one who says that it called.

For the actions that the listener stands for, only what arrived counts as received.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from simulator.checks.happenings import Happening, People
from simulator.listener import read_calls

Happenings = dict[int, list[Happening]]
# Stands for all those whom nobody knows.
_NOBODY = -1


class _Delivery(NamedTuple):
    """All attempts of one call."""

    first: Mapping[str, Any]
    last: Mapping[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class Heard:
    """The record of a listener: the actions that it stands for, and the rows of its calls.

    Of each action it is said what its calls become: a push message, or nothing (empty).
    """

    actions: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Heard:
        """The record at ``path``. Raises UsageError where it is none."""
        return cls(*read_calls(path))

    @property
    def until(self) -> datetime | None:
        """Until when it surely listened."""
        stamps = [str(row["received"]) for row in self.rows if "received" in row]
        return datetime.fromisoformat(stamps[-1]) if stamps else None

    def named_as(self, known: Sequence[str]) -> Heard:
        """The same with the names of actions as the scenario spells them."""
        names = {name.casefold(): name for name in known}

        def spelt(name: str) -> str:
            return names.get(name.casefold(), name)

        rows = [{**row, "action": spelt(str(row.get("action", "")))} for row in self.rows]
        return Heard({spelt(name): becomes for name, becomes in self.actions.items()}, rows)


def join_calls(
    found: Happenings, heard: Heard, people: People, moment_of: Callable[[datetime], int | None]
) -> None:
    """Add what was heard to what happened, in place; ``moment_of`` turns the wall's time into virtual time.

    Calls of actions that the listener stands for, and the product's word that they were received, count no longer.
    """
    _demote(found, heard.actions)
    instances = {one.instance: one.person for rows in found.values() for one in rows if one.instance}
    entries = {one.instance: one for one in found.get(_NOBODY, ()) if one.kind == "entered"}
    renamed: dict[str, str] = {}
    for delivery in _deliveries(heard.rows):
        row = delivery.first
        person = _person(row, instances, people)
        mine = found.setdefault(person, [])
        # Of those whom nobody knows, one must not be taken for another; and there may be very many.
        own = mine if person != _NOBODY else ()
        at = row.get("at")
        if at is None:
            at = moment_of(datetime.fromisoformat(str(row["received"])))
        if at is None:
            at = _called_at(own, row)
        if at is None:
            continue
        name = str(row.get("instance") or f"call-{row['delivery']}")
        entry = entries.get(name) if person == _NOBODY else _entry(own, name, str(row["action"]), at)
        if entry is not None:
            renamed[name] = entry.instance
        mine.append(_happening(delivery, person, at, entry, name))
    for person, rows in found.items():
        named = [
            one._replace(instance=renamed[one.instance]) if one.instance in renamed else one for one in rows
        ]
        found[person] = sorted(named, key=lambda one: one.at)


def _demote(found: Happenings, actions: Mapping[str, str]) -> None:
    for person, rows in found.items():
        found[person] = [
            one._replace(kind="called") if one.kind == "call" and one.action in actions else one
            for one in rows
            if not (one.kind == "received" and one.action in actions and one.detail.get("exported"))
        ]


def _deliveries(rows: Sequence[Mapping[str, Any]]) -> list[_Delivery]:
    found: dict[int, _Delivery] = {}
    for row in rows:
        if row.get("kind") != "call":
            continue
        number = int(row["delivery"])
        known = found.get(number)
        found[number] = _Delivery(row, row, 1) if known is None else _more(known, row)
    return list(found.values())


def _more(known: _Delivery, row: Mapping[str, Any]) -> _Delivery:
    """One attempt more; a success is not undone by what comes after it."""
    last = known.last if int(known.last["status"]) < 300 else row
    return _Delivery(known.first, last, known.attempts + 1)


def _person(row: Mapping[str, Any], instances: Mapping[str, int], people: People) -> int:
    if row.get("person") is not None:
        return int(row["person"])
    by_instance = instances.get(str(row.get("instance") or ""))
    if by_instance is not None:
        return by_instance
    found = people.person_of(str(row["identity"])) if row.get("identity") else None
    return _NOBODY if found is None else found


def _called_at(mine: Sequence[Happening], row: Mapping[str, Any]) -> int | None:
    """When the run made the call, for one whose arrival has no time in the run."""
    wanted = str(row.get("instance") or "")
    return next(
        (one.at for one in mine if one.kind == "called" and wanted and one.instance == wanted),
        None,
    )


def _entry(mine: Sequence[Happening], instance: str, action: str, at: int) -> Happening | None:
    """The entry into the journey that a call belongs to: of its instance, else the last one of the person before.

    An instance that says itself that it did the action comes first.
    """
    entries = [one for one in mine if one.kind == "entered" and one.at <= at]
    named = next((one for one in entries if one.instance == instance), None)
    if named is not None:
        return named
    doing = {one.instance for one in mine if one.action == action and one.kind in ("message", "called")}
    sure = [one for one in entries if one.instance in doing]
    return next(reversed(sure or entries), None)


def _happening(
    delivery: _Delivery, person: int, at: int, entry: Happening | None, instance: str
) -> Happening:
    row = delivery.first
    return Happening(
        at,
        "arrived",
        str(row.get("journey") or "") if entry is None else entry.journey,
        person,
        instance if entry is None else entry.instance,
        str(row.get("step") or ""),
        {
            "action": row["action"],
            "status": f"http_{delivery.last['status']}",
            "attempts": delivery.attempts,
            "becomes": row.get("becomes", ""),
            "event_id": row.get("event") or None,
            "wrong": list(row.get("wrong") or ()),
        },
    )
