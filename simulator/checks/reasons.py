"""Why something did not happen to a person: the first thing that stood in the way, from the record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.checks.evidence import Evidence
from simulator.checks.happenings import Happening
from simulator.checks.outcomes import SYSTEM_NAMES, told
from simulator.checks.values import shown_values
from simulator.checks.wording import time_said
from simulator.core.simtime import MS_PER_SECOND
from simulator.journeys import check_event
from simulator.ledger import Outcome

ACCEPTED = (Outcome.DELIVERED, Outcome.DELIVERED_LATE)
PHONE = "phone"
"""The excuse that stands for everything that keeps a crossing from becoming an accepted event."""

OWN_REASONS = (
    *("no_crossing", "no_match", "no_entry", "late_event", "late", "no_path", "other_path", "under_way"),
    *(
        "push_not_allowed",
        "not_heard",
        "phone_offline",
        "false_trigger",
        "not_opened",
        "order",
        "error",
        "timeout",
        "exit",
    ),
)
"""Reasons besides the outcomes of crossings and the discards of journeys."""

# What calls come to is a reason, too.
CALL_STATUS = re.compile(r"http_[1-5]\d\d|timedout|capped|internalError")

# How far each reason is along the way, so that of several visits the one that came furthest is told.
_NOT_THERE, _PHONE, _EVENT, _DISCARDED, _UNDER_WAY, _SENT, _LATE = range(7)

SENDING = ("message", "call", "called", "arrived")
"""Kinds of rows that say that an action was sent to a person."""

DISCARDS_TOLD = {
    "reentranceNotAllowed": "had entered before and may not again yet (reentranceNotAllowed)",
    "eventNotAwaited": "was in the journey already, waiting for something else (eventNotAwaited)",
    "notSuitableInitialEvent": "is not in the journey, and this is not its first event "
    "(notSuitableInitialEvent)",
    "outsideJourneyWindow": "outside of the time in which the journey is active (outsideJourneyWindow)",
    "EXTERNAL_KEY_COMPUTATION_ERROR": "the key of the event could not be computed "
    "(EXTERNAL_KEY_COMPUTATION_ERROR)",
    "PAUSED_JOURNEY_VERSION": "the journey is paused (PAUSED_JOURNEY_VERSION)",
    "ERROR_INSTANCE_NOT_A_TEST_PROFILE": "the journey is in test mode, and the person is no test profile "
    "(ERROR_INSTANCE_NOT_A_TEST_PROFILE)",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: ``code`` is a name to count and excuse by, ``said`` the words of this one case."""

    code: str
    said: str
    stage: int = 0

    @property
    def of_phone(self) -> bool:
        """Whether the crossing never became an accepted event, so that no journey could know."""
        return self.stage == _PHONE

    def excused_by(self, excuses: Sequence[str]) -> bool:
        """Whether one of ``excuses`` names it, or all of its sort."""
        return self.code in excuses or (self.of_phone and PHONE in excuses)


@dataclass(frozen=True, slots=True)
class Target:
    """What was to happen: the kind of a row, and the journey or action it is about."""

    kind: str
    name: str | None

    def met_by(self, happening: Happening) -> bool:
        """Whether a row is what was to happen."""
        if self.kind == "entered":
            return happening.kind == "entered" and self.name in (None, happening.journey)
        if self.name is not None and happening.action != self.name:
            return False
        if self.kind == "sent":
            return happening.kind in SENDING
        if self.kind == "received":
            return received(happening)
        return happening.kind == self.kind


def received(happening: Happening) -> bool:
    """Whether a row says that an action reached the person, or the system that was called."""
    if happening.kind == "message":
        return bool(happening.detail.get("channel", "push") != "push")
    if happening.kind in ("call", "arrived") and happening.detail.get("becomes"):
        return False  # it is received when the message that it becomes is
    if happening.kind in ("call", "arrived"):
        return str(happening.detail.get("status")).startswith("http_2")
    return happening.kind == "received"


def first_reason(
    evidence: Evidence, person: int, target: Target, since: int, until: int, row: np.void | None
) -> Reason:
    """Why ``target`` did not happen to ``person`` between two moments; ``row`` is the crossing that begins it.

    Without a crossing the person's entries in that time are looked at, and the one that came furthest is told.
    """
    mine = evidence.happenings.get(person, ())
    late = next((one for one in mine if target.met_by(one) and one.at > until), None)
    # What kept the event of the crossing back explains all that came later.
    if late is not None and (row is None or int(row["outcome"]) == Outcome.DELIVERED):
        return _too_late(evidence, target, mine, late, until)
    if row is not None:
        return _after(evidence, person, target, row, since, until)
    inside = [one for one in mine if since <= one.at <= until]
    if (reason := _in_journeys(evidence, target, inside)) is not None:
        return reason
    rows = evidence.rows_of(person)
    entries = rows[(rows["crossed"] >= since) & (rows["crossed"] <= until) & (rows["entry"] == 1)]
    reasons = [_after(evidence, person, target, entry, since, until) for entry in entries]
    return max(
        reasons,
        key=lambda reason: reason.stage,
        default=Reason("no_crossing", "was at no place of the scenario", _NOT_THERE),
    )


def _too_late(
    evidence: Evidence, target: Target, mine: Sequence[Happening], late: Happening, until: int
) -> Reason:
    """Why something happened too late: the phone was offline, or the journey took its time."""
    sent = next(
        (one for one in mine if one.instance == late.instance and one.kind in ("message", "arrived")), None
    )
    if target.kind == "received" and sent is not None and sent.at <= until:
        when, arrived = evidence.clock(sent.at), evidence.clock(late.at)
        return Reason(
            "phone_offline", f"sent at {when}, but the phone had no connection until {arrived}", _SENT
        )
    return Reason("late", f"came too late, at {evidence.clock(late.at)}", _LATE)


def _after(evidence: Evidence, person: int, target: Target, row: np.void, since: int, until: int) -> Reason:
    """What stood in the way after a crossing."""
    outcome = Outcome(int(row["outcome"]))
    record = evidence.record
    crossing = f"{'entered' if row['entry'] else 'left'} {evidence.place(int(row['place']))}"
    at = f"{crossing} at {evidence.clock(int(row['crossed']))}"
    if outcome not in ACCEPTED:
        words = told(outcome, SYSTEM_NAMES[record.system_of(person)], record.permission_of(person))
        return Reason(outcome.label, f"{at}; {words} ({outcome.label})", _PHONE)
    arrived = int(row["sent"])
    if outcome is Outcome.DELIVERED_LATE:
        waited = time_said((arrived - int(row["noticed"])) / MS_PER_SECOND)
        words = f"its event waited {waited} on the phone, until {evidence.clock(arrived)}"
        return Reason(outcome.label, f"{at}; {words} ({outcome.label})", _PHONE)
    mine = [one for one in evidence.happenings.get(person, ()) if arrived <= one.at]
    event = evidence.event(int(row["event"]))
    own = _of_event(mine, event)
    if any(one.kind == "entered" and _fits(evidence, one, target) for one in own):
        instance = {one.instance for one in own if one.kind == "entered"}
        rest = [one for one in mine if one.instance in instance and one.at <= until]
        if (reason := _in_journeys(evidence, target, rest)) is not None:
            return reason
    discard = next((one for one in own if one.kind == "discarded"), None)
    if discard is not None:
        return _discarded(discard)
    wrong = "" if event is None else _mismatch(evidence, target, event, arrived)
    if wrong:
        return Reason("no_match", f"the event matched no definition: {wrong}", _EVENT)
    if arrived > until:
        return Reason(
            "late_event", f"{at}; its event left the phone only at {evidence.clock(arrived)}", _PHONE
        )
    if evidence.silent:
        return _unheard_of(evidence, target, mine, at, until)
    return Reason("no_entry", f"{at}; its event was accepted, but no journey took it", _EVENT)


def _unheard_of(evidence: Evidence, target: Target, mine: Sequence[Happening], at: str, until: int) -> Reason:
    """Why not, where nobody tells what happened between the event and the action."""
    if (reason := _of_sending(evidence, target, [one for one in mine if one.at <= until])) is not None:
        return reason
    heard = "no call of it came to the listener" if target.name in evidence.actions_heard else "that is all"
    if nobodys := evidence.nobodys_calls[target.name or ""]:
        heard = (
            f"none of the calls that came says that it is for them ({nobodys:,} say nothing that is known)"
        )
    said = f"{at}; its event was accepted, but {heard} until {evidence.clock(until)}"
    return Reason("not_heard", said, _EVENT)


def _of_event(mine: Sequence[Happening], event: Mapping[str, Any] | None) -> list[Happening]:
    """The rows that an event caused; without the event itself, the next entry or discard."""
    if event is not None:
        return [one for one in mine if one.detail.get("event_id") == event.get("_id")]
    first = next((one for one in mine if one.kind in ("entered", "discarded")), None)
    return [] if first is None else [first]


def _fits(evidence: Evidence, entered: Happening, target: Target) -> bool:
    return entered.journey in _journeys(evidence, target)


def _journeys(evidence: Evidence, target: Target) -> Iterator[str]:
    """The journeys that lead to the target."""
    plan = evidence.plan
    for name, journey in plan.journeys.items() if plan else ():
        if target.name is None:
            yield name
        elif target.kind == "entered":
            if name == target.name:
                yield name
        elif any(step.model.action == target.name for step in journey.steps.values()):
            yield name


def _mismatch(evidence: Evidence, target: Target, event: Mapping[str, Any], at: int) -> str:
    """Why an event starts none of the journeys that lead to the target; empty if it would."""
    plan = evidence.plan
    if plan is None:
        return "the scenario has no journeys"
    wanted = {str(plan.journeys[name].first.model.event) for name in _journeys(evidence, target)}
    reasons = []
    for verdict in check_event(plan, event, evidence.record.calendar.utc(at)):
        if verdict.definition not in wanted:
            continue
        if verdict.triggers:
            return ""
        reasons.append(verdict.reason)
    return reasons[0] if reasons else "no journey leads there"


def _discarded(row: Happening) -> Reason:
    code = str(row.detail.get("reason"))
    return Reason(code, DISCARDS_TOLD.get(code, f"the event was discarded ({code})"), _DISCARDED)


def _in_journeys(evidence: Evidence, target: Target, rows: Sequence[Happening]) -> Reason | None:
    """What stood in the way of somebody who did enter; None if nobody did."""
    entered = [one for one in rows if one.kind == "entered" and _fits(evidence, one, target)]
    reasons = [_of_instance(evidence, target, entry, rows) for entry in entered]
    return max(reasons, key=lambda reason: reason.stage, default=None)


def _of_sending(evidence: Evidence, target: Target, own: Sequence[Happening]) -> Reason | None:
    """What became of the action, where it was sent."""
    for one in own:
        if target.name not in (None, one.action):
            continue
        if one.kind == "refused":
            code = str(one.detail.get("reason"))
            return Reason(code, f"the phone takes no push messages ({code})", _SENT)
        status = str(one.detail.get("status"))
        if one.kind in ("call", "arrived") and not status.startswith("http_2"):
            return Reason(status, f"the call of {one.action} came to {status}", _SENT)
    sent = [one for one in own if Target("sent", target.name).met_by(one)]
    if not sent or target.kind not in ("received", "opened"):
        return None
    if any(Target("received", target.name).met_by(one) for one in own):
        return Reason("not_opened", "got the message, but did not open it", _LATE)
    when = evidence.clock(sent[0].at)
    if sent[0].action in evidence.actions_heard and not any(one.kind == "arrived" for one in sent):
        came_to = sent[0].detail.get("status")
        how = f" ({came_to})" if came_to else ""
        return Reason("not_heard", f"called at {when}{how}, but nothing came to the listener", _SENT)
    return Reason("phone_offline", f"sent at {when}, but the phone had no connection since", _SENT)


def _of_instance(evidence: Evidence, target: Target, entry: Happening, rows: Sequence[Happening]) -> Reason:
    own = [one for one in rows if one.instance == entry.instance]
    if (reason := _of_sending(evidence, target, own)) is not None:
        return reason
    steps = [one for one in own if one.kind == "step"]
    last = steps[-1] if steps else entry
    ended = next((one for one in own if one.kind == "ended"), None)
    where = f"journey {entry.journey}, step {last.step}"
    values = shown_values(last.detail)
    if ended is None:
        return Reason("under_way", f"{where}: still under way", _UNDER_WAY)
    code = str(ended.detail.get("reason"))
    if code == "no_path":
        return Reason("no_path", f"{where}: no path of the condition is true{values}", _UNDER_WAY)
    if code == "end":
        path = last.detail.get("path")
        if _never_happened(evidence, entry.person, str(path), entry.at, last.at):
            what = f"{where}: took the path {path} at {evidence.clock(last.at)}, for an event that the phone sent"
            return Reason("false_trigger", f"{what} without a crossing (false_trigger)", _PHONE)
        taken = f" took the path {path}" if path else " ended"
        return Reason("other_path", f"{where}:{taken}{values}", _UNDER_WAY)
    more = ended.detail.get("error") or ended.detail.get("criterion") or ""
    return Reason(code, f"{where}: ended by {code}{f' ({more})' if more else ''}", _UNDER_WAY)


def _never_happened(evidence: Evidence, person: int, event: str, since: int, until: int) -> bool:
    """Whether a location event between two moments has no crossing: a false trigger of the phone."""
    definition = evidence.plan.definitions.get(event) if evidence.plan else None
    kinds = {"location.entry": 1, "location.exit": 0}
    if definition is None or definition.event_type not in kinds:
        return False
    rows = evidence.rows_of(person)
    rows = rows[rows["entry"] == kinds[definition.event_type]]
    return not bool(((rows["sent"] >= since) & (rows["sent"] <= until)).any())


def why_sent(evidence: Evidence, person: int, happening: Happening) -> str:
    """How somebody came to get an action: the conditions on their way, with their values."""
    mine = evidence.happenings.get(person, ())
    own = [one for one in mine if one.instance == happening.instance and one.at <= happening.at]
    conditions = [
        f"{one.step}: {one.detail.get('path')}{shown_values(one.detail)}"
        for one in own
        if one.kind == "step" and one.detail.get("kind") == "condition"
    ]
    entered = next((one for one in own if one.kind == "entered"), None)
    began = f"entered {happening.journey} at {evidence.clock(entered.at)}" if entered else ""
    passed = "; ".join(part for part in (began, *conditions) if part)
    return f"got {happening.action} at {evidence.clock(happening.at)}" + (f" ({passed})" if passed else "")
