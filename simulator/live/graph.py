"""A journey as a graph: its steps, the ways between them, and which way an instance takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.core.simtime import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND
from simulator.journeys.plan import JourneyPlan, Plan, StepPlan

_END = "end"
# Steps that wait for something that may not come in time.
_LISTENING = ("event", "reaction")


def journeys_document(plan: Plan | None) -> list[dict[str, Any]]:
    """The `journeys` of the setup."""
    return [] if plan is None else [_journey(plan, journey) for journey in plan.journeys.values()]


def _journey(plan: Plan, journey: JourneyPlan) -> dict[str, Any]:
    return {
        "name": journey.name,
        "description": journey.model.description,
        "first": journey.first.name,
        "steps": [_step(plan, step) for step in journey.steps.values()],
        "edges": [
            {"from": step.name, "to": _target(to), "label": label}
            for step in journey.steps.values()
            for to, label in _ways(step)
        ],
    }


def _step(plan: Plan, step: StepPlan) -> dict[str, Any]:
    document = {"name": step.name, "kind": step.kind, "label": _label(step)}
    if step.model.action is not None:
        channel = plan.actions[step.model.action].model.channel
        document["channel"] = channel or "call"
    return document


def _label(step: StepPlan) -> str:
    model = step.model
    if model.wait is not None:
        return span(round(model.wait * MS_PER_SECOND))
    if step.kind == "race":
        return " or ".join(event or span(length or 0) for event, length, _ in step.race)
    if step.kind == "reaction":
        return step.awaits
    if step.kind == "condition":
        return ", ".join(path.name for path in step.paths)
    return model.event or model.action or model.jump or model.wait_until or ""


def _ways(step: StepPlan) -> Iterator[tuple[str | None, str]]:
    """Where a step may lead, with words for it; error paths included."""
    if step.kind == "condition":
        yield from ((path.next, path.name) for path in step.paths)
        yield step.other, "other"
    elif step.kind == "race":
        for event, length, following in step.race:
            yield following, event or span(length or 0)
    elif step.kind != "end":
        yield step.next, ""
        if step.kind in _LISTENING and step.model.timeout is not None:
            yield step.on_timeout, "time-out"
    if step.on_error is not None:
        yield step.on_error, "error"


def following(step: StepPlan, detail: Mapping[str, Any]) -> str | None:
    """The step that an instance goes on with which passed ``step`` as the row's ``detail`` says; None: it ends."""
    if "error" in detail:
        return _target(step.on_error)
    path = detail.get("path")
    if step.kind == "condition":
        if path == "other":
            return _target(step.other)
        return _target(next((one.next for one in step.paths if one.name == path), None))
    if step.kind == "race":
        if path == "wait":
            waits = [(length, to) for _, length, to in step.race if length is not None]
            return _target(min(waits, key=lambda wait: wait[0])[1])
        return _target(next((to for event, _, to in step.race if event == path), None))
    if step.kind in _LISTENING and path == "timeout":
        return _target(step.on_timeout)
    return None if step.kind == "end" else _target(step.next)


def _target(name: str | None) -> str | None:
    return None if name == _END else name


def span(milliseconds: int) -> str:
    """A length of time in words, such as `5 min`."""
    for unit, name in ((MS_PER_DAY, "d"), (MS_PER_HOUR, "h"), (MS_PER_MINUTE, "min")):
        if milliseconds >= unit and milliseconds % unit == 0:
            return f"{milliseconds // unit} {name}"
    return f"{milliseconds / MS_PER_SECOND:g} s"
