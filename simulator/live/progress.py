"""How far people are in journeys: what has been counted of each step and way, and which messages are on phones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.journeys import LogRow, Plan
from simulator.live.graph import following
from simulator.run.evaluation import message_id


@dataclass(slots=True)
class _Totals:
    """What was counted of one journey."""

    entered: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    edges: Counter[str] = field(default_factory=Counter)
    at: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, Any]:
        return {
            "entered": self.entered,
            "under_way": self.entered - self.ended.total(),
            "at": {step: people for step, people in self.at.items() if people},
            "steps": dict(self.steps),
            "edges": dict(self.edges),
            "ended": dict(self.ended),
        }


class Progress:
    """Reads the rows of the journeys' log, in order."""

    def __init__(self, plan: Plan | None) -> None:
        self._plan = plan
        self._totals = {name: _Totals() for name in plan.journeys} if plan is not None else {}
        # Where each instance is, by its id.
        self._at: dict[str, str] = {}
        self._changed: set[str] = set()
        self.discards: Counter[str] = Counter()
        self.acted = self.received = self.opened = 0
        self.messages: dict[str, dict[str, Any]] = {}
        """The push messages that were sent, by their id, as the page gets them."""
        self._of: dict[int, list[str]] = {}
        self._within: dict[int, Counter[str]] = {}

    def read(self, rows: Iterable[LogRow]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], set[int]]:
        """Count rows; the rows and the push messages as the page gets them, and whose state has changed."""
        shown: list[dict[str, Any]] = []
        pushes: list[dict[str, Any]] = []
        people: set[int] = set()
        for row in rows:
            people.add(row.person)
            self._count(row)
            if (push := self._push(row)) is not None:
                pushes.append(push)
            shown.append(
                {
                    "t": row.at,
                    "kind": row.kind,
                    "journey": row.journey,
                    "person": row.person,
                    "instance": row.instance,
                    "step": row.step,
                    "reason": row.detail.get("reason"),
                    "detail": dict(row.detail),
                }
            )
        return shown, pushes, people

    # --- counts ---------------------------------------------------------------------------------------------

    def totals(self, *, everything: bool = False) -> dict[str, Any]:
        """The counts of the journeys that changed since the last call, or of all."""
        names = self._totals if everything else [name for name in self._totals if name in self._changed]
        if not everything:
            self._changed = set()
        return {name: self._totals[name].document() for name in names}

    @property
    def entered(self) -> int:
        """How often a journey was entered."""
        return sum(totals.entered for totals in self._totals.values())

    @property
    def ended(self) -> dict[str, int]:
        """How instances ended."""
        return dict(sum((totals.ended for totals in self._totals.values()), Counter()))

    def _count(self, row: LogRow) -> None:
        if row.kind == "discarded":
            self.discards[str(row.detail.get("reason"))] += 1
            return
        totals = self._totals.get(row.journey)
        if totals is None:
            return
        self._changed.add(row.journey)
        if row.kind == "entered":
            totals.entered += 1
            self._move(totals, row.instance, row.step)
            self._within.setdefault(row.person, Counter())[row.journey] += 1
        elif row.kind == "step":
            self._step(totals, row)
        elif row.kind == "ended":
            totals.ended[str(row.detail.get("reason"))] += 1
            self._move(totals, row.instance, None)
            self._within.setdefault(row.person, Counter())[row.journey] -= 1
        elif row.kind in ("message", "call"):
            self.acted += 1
        self.received += row.kind == "received"
        self.opened += row.kind == "opened"

    def _step(self, totals: _Totals, row: LogRow) -> None:
        totals.steps[row.step] += 1
        plan = None if self._plan is None else self._plan.journeys[row.journey].steps.get(row.step)
        if plan is None:
            return
        to = following(plan, row.detail)
        if plan.kind != "end":
            totals.edges[f"{row.step}>{to or ''}"] += 1
        self._move(totals, row.instance, to)

    def _move(self, totals: _Totals, instance: str, to: str | None) -> None:
        before = self._at.pop(instance, None)
        if before is not None:
            totals.at[before] -= 1
        if to is not None:
            self._at[instance] = to
            totals.at[to] += 1

    # --- messages -------------------------------------------------------------------------------------------

    def _push(self, row: LogRow) -> dict[str, Any] | None:
        """The push message that a row tells something new of."""
        identifier = message_id(row.instance, row.step)
        if row.kind == "message":
            if row.detail.get("channel") == "push":
                self.messages[identifier] = _message(identifier, row)
            return None
        message = self.messages.get(identifier)
        if message is None and row.kind == "received":
            # It did not come from a channel action here: a call that the listener heard became a push.
            message = self.messages[identifier] = _message(identifier, row)
        if message is None or row.kind not in ("received", "refused", "opened"):
            return None
        if row.kind == "received":
            message["t"] = row.at
            self._of.setdefault(row.person, []).append(identifier)
        elif row.kind == "opened":
            message["opened"] = True
        else:
            message["refused"] = row.detail.get("reason")
        return dict(message)

    def messages_of(self, person: int) -> list[dict[str, Any]]:
        """What a person received, the earliest first."""
        return [self.messages[identifier] for identifier in self._of.get(person, ())]

    def last_messages(self) -> list[dict[str, Any]]:
        """The last message of everybody who received one."""
        return [self.messages[identifiers[-1]] for identifiers in self._of.values()]

    def state(self, person: int) -> dict[str, Any]:
        """What journeys have to do with the state of a person."""
        unread = sum(not message["opened"] for message in self.messages_of(person))
        within = self._within.get(person, Counter())
        return {"messages": unread, "journey": [name for name, count in within.items() if count > 0]}


def _message(identifier: str, row: LogRow) -> dict[str, Any]:
    detail: Mapping[str, Any] = row.detail
    body = detail.get("body")
    return {
        "message": identifier,
        "t": row.at,
        "person": row.person,
        "title": str(detail.get("title") or detail.get("action") or ""),
        "body": body if isinstance(body, str) else "" if body is None else str(body),
        "journey": row.journey,
        "step": row.step,
        "action": detail.get("action"),
        "opened": False,
    }
