"""What happened to a person in journeys, moment by moment in words, and to which crossing it belongs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from simulator.checks.evidence import Evidence
from simulator.checks.happenings import Happening
from simulator.checks.reasons import DISCARDS_TOLD
from simulator.checks.values import shown_values

# Steps of whom the record has a better row, or which say nothing that the rows around them don't.
_SILENT = ("action", "end")
_ENDS = {
    "no_path": "ended: no path of the condition is true",
    "error": "ended in error",
    "timeout": "ended: its time was over",
    "exit": "ended by an exit criterion",
}


def moments(evidence: Evidence, rows: Sequence[Happening]) -> Iterator[dict[str, Any]]:
    """The moments that ``rows`` tell of: `at` (local time), `kind`, `journey`, `step` and `said`."""
    first_steps = {one.step for one in rows if one.kind == "entered"}
    for one in rows:
        if said := _said(one, first_steps):
            yield {
                "at": evidence.record.local(one.at),
                "t": one.at,
                "kind": one.kind,
                "journey": one.journey or None,
                "step": one.step or None,
                "said": said,
            }


def _said(one: Happening, first_steps: set[str]) -> str:
    detail = one.detail
    if one.kind == "entered":
        return f"entered journey {one.journey}"
    if one.kind == "step":
        return "" if one.step in first_steps else _step(one)
    if one.kind == "message":
        title = f" “{detail['title']}”" if detail.get("title") else ""
        return f"{detail.get('channel', 'message')} {one.action}{title} sent"
    if one.kind in ("call", "called", "arrived"):
        attempts = detail.get("attempts", 1)
        again = f" after {attempts} attempts" if attempts and int(attempts) > 1 else ""
        if one.kind == "arrived":
            wrong = f"; {', '.join(detail['wrong'])}" if detail.get("wrong") else ""
            answered = str(detail.get("status")).removeprefix("http_")
            return f"{one.action} received by the listener, answered {answered}{again}{wrong}"
        return f"{one.action} called: {detail.get('status')}{again}"
    if one.kind == "discarded":
        code = str(detail.get("reason"))
        told = DISCARDS_TOLD.get(code, f"discarded ({code})")
        about = f" for {one.journey}" if one.journey else ""
        return f"event {detail.get('event', '')} did nothing{about}: {told}"
    if one.kind == "refused":
        return f"{one.action} not shown: the phone takes no push messages ({detail.get('reason')})"
    if one.kind == "ended":
        return _ENDS.get(str(detail.get("reason")), "")
    return {"received": f"{one.action} received", "opened": f"{one.action} opened"}.get(one.kind, "")


def _step(one: Happening) -> str:
    detail = one.detail
    kind, path, error = detail.get("kind"), detail.get("path"), detail.get("error")
    if error:
        return f"step {one.step} failed: {error}"
    if kind in _SILENT:
        return ""
    if kind == "condition":
        taken = f"took {path}" if path else "no path is true"
        return f"condition {one.step}: {taken}{shown_values(detail)}"
    if kind in ("wait", "wait_until") or path == "wait":
        return f"step {one.step}: the wait is over"
    if path == "timeout":
        return f"step {one.step}: timed out"
    if kind == "reaction":
        return f"step {one.step}: {path}"
    return f"step {one.step}: event {path} came" if path else f"step {one.step}"


def by_crossing(
    evidence: Evidence, person: int
) -> tuple[dict[tuple[int, int], list[Happening]], list[Happening]]:
    """A person's happenings by the crossing that began them, and those that none began.

    Crossings are told apart by (place, time). An instance belongs to the crossing whose event it was entered by, a
    discard to that of the event. Without the events on record it is the last crossing sent until then.
    """
    rows = evidence.rows_of(person)
    sent = [row for row in rows if row["sent"] >= 0]
    of_event: dict[str, tuple[int, int]] = {}
    for row in sent:
        event = evidence.event(int(row["event"]))
        if event is not None:
            of_event[str(event.get("_id"))] = (int(row["place"]), int(row["crossed"]))
    found: dict[tuple[int, int], list[Happening]] = {}
    rest: list[Happening] = []
    of_instance: dict[str, tuple[int, int] | None] = {}
    for one in evidence.happenings.get(person, ()):
        # A call from a journey of which nothing else is known stands for the entry.
        begins = one.kind == "entered" or (one.kind == "arrived" and one.instance not in of_instance)
        if begins or one.kind == "discarded":
            key = of_event.get(str(one.detail.get("event_id")))
            if key is None and not of_event:
                before = [row for row in sent if row["sent"] <= one.at]
                last = max(before, key=lambda row: int(row["sent"]), default=None)
                key = None if last is None else (int(last["place"]), int(last["crossed"]))
            if begins:
                of_instance[one.instance] = key
        else:
            key = of_instance.get(one.instance)
        (rest if key is None else found.setdefault(key, [])).append(one)
    return found, rest
