"""Would this event start the journey, and if not, why? The checklist of the entry algorithm, check by check.

The checks and their order are those of journeys.md 2.2; the hints are the mistakes that testers make most (8, P1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from simulator.journeys.definitions import EVENT_ID_PATH, Definition, EventScope, nested
from simulator.journeys.expressions import Expression, ExpressionError
from simulator.journeys.lint import field_trap
from simulator.journeys.plan import JourneyPlan, Plan


@dataclass(frozen=True, slots=True)
class Check:
    """One check: ``passed`` is None where it can't be told from the event alone."""

    name: str
    passed: bool | None
    said: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks of one definition came to."""

    definition: str
    checks: tuple[Check, ...]

    @property
    def triggers(self) -> bool:
        """Whether nothing stands in the way."""
        return all(check.passed is not False for check in self.checks)

    @property
    def reason(self) -> str:
        """The first thing that stands in the way; empty if nothing does."""
        return next((check.said for check in self.checks if check.passed is False), "")


def entity_of(document: object) -> tuple[Mapping[str, Any] | None, str]:
    """The XDM entity in a document and how it was wrapped: bare, a streaming message, or an Edge request."""
    if not isinstance(document, Mapping):
        return None, "is no JSON object"
    body = document.get("body")
    if isinstance(body, Mapping) and isinstance(body.get("xdmEntity"), Mapping):
        return body["xdmEntity"], "the XDM entity of a streaming message"
    events = document.get("events")
    if isinstance(events, list) and events and isinstance(events[0], Mapping):
        return _edge(events[0])
    if isinstance(document.get("event"), Mapping):
        return _edge(document["event"])
    if "header" in document or "body" in document:
        return None, "is a streaming message without `body.xdmEntity`"
    return document, "a bare XDM entity"


def _edge(event: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str]:
    xdm = event.get("xdm")
    return (
        (xdm, "the event of an Edge request")
        if isinstance(xdm, Mapping)
        else (None, "has no `xdm` in its event")
    )


def check_event(plan: Plan, document: object, now: datetime) -> list[Verdict]:
    """A verdict for each event definition that a journey begins with; ``now`` is the moment of arrival, in UTC."""
    entity, form = entity_of(document)
    size = len(orjson.dumps(document)) if entity is None else len(orjson.dumps(entity))
    verdicts = []
    for name, definition in plan.definitions.items():
        journeys = [journey for journey in plan.listeners.get(name, ()) if journey.first.model.event == name]
        if entity is None:
            verdicts.append(Verdict(name, (Check("entity", False, f"the document {form}"),)))
            continue
        checks = [Check("entity", True, form), *_checks(plan, definition, journeys, entity, size, now)]
        verdicts.append(Verdict(name, tuple(checks)))
    return verdicts


def _checks(
    plan: Plan,
    definition: Definition,
    journeys: Sequence[JourneyPlan],
    entity: Mapping[str, Any],
    size: int,
    now: datetime,
) -> Iterator[Check]:
    scope = EventScope(entity, now)
    yield from _essentials(entity)
    yield _match(definition, scope)
    limit = plan.rules.event_bytes
    if limit is not None:
        yield Check("size", size <= limit, f"{size:,} bytes of at most {limit:,}")
    key = definition.key(scope)
    said = f"{definition.namespace} {key}" if key else _no_key(definition, entity)
    yield Check("key", key is not None, said)
    if not journeys:
        yield Check("journey", False, "no journey begins with this event")
    for journey in journeys:
        yield from _journey_checks(journey, now)


def _essentials(entity: Mapping[str, Any]) -> Iterator[Check]:
    for name in ("_id", "timestamp"):
        value = entity.get(name)
        yield Check(name, bool(value), f"`{name}` is {value!r}" if value else f"`{name}` is missing")


def _match(definition: Definition, scope: EventScope) -> Check:
    if definition.event_id is not None:
        found = nested(scope.entity, EVENT_ID_PATH)
        path = ".".join(EVENT_ID_PATH)
        if found == definition.event_id:
            return Check("event id", True, f"`{path}` is {found!r}")
        if found is None:
            return Check("event id", False, f"`{path}` is missing; it must be {definition.event_id!r}")
        return Check("event id", False, f"`{path}` is {found!r}, not {definition.event_id!r}")
    if definition.matches(scope):
        return Check("rule", True, "the rule is true")
    return Check("rule", False, why_not(definition.parts[0], scope))


def why_not(rule: Expression | None, scope: EventScope) -> str:
    """Why a rule is not true for an event: the fields that it reads, and which of them are null or differ."""
    if rule is None:
        return "there is no rule"
    try:
        rule.holds(scope)
    except ExpressionError as error:
        return f"the rule can't be evaluated: {error.message}"
    wanted = rule.equalities
    for reference in rule.references:
        if reference.kind != "event" or nested(scope.entity, reference.path) is not None:
            continue
        name = ".".join(reference.path)
        near = _near(scope.entity, reference.path)
        if near is not None:
            has = f"the event has `{'.'.join(near)}` (names are case-sensitive)"
            return f"the rule reads `{name}`, which is null: {has}"
        trap = field_trap(reference)
        hint = f"; {trap[1]}" if trap else ""
        return f"the rule reads `{name}`, which the event does not have{hint}"
    for path, text in wanted.items():
        found = nested(scope.entity, path)
        if found != text:
            return f"the rule wants `{'.'.join(path)}` to be {text!r}; the event has {found!r}"
    return "the rule is false"


def _near(entity: Any, path: Sequence[str]) -> tuple[str, ...] | None:
    """The path in the event that differs from ``path`` only by case."""
    found: list[str] = []
    for name in path:
        if not isinstance(entity, Mapping):
            return None
        key = name if name in entity else next((key for key in entity if key.lower() == name.lower()), None)
        if key is None:
            return None
        found.append(key)
        entity = entity[key]
    return tuple(found) if tuple(found) != tuple(path) else None


def _no_key(definition: Definition, entity: Mapping[str, Any]) -> str:
    identities = entity.get("identityMap")
    if isinstance(identities, Mapping) and definition.namespace not in identities:
        there = ", ".join(identities) or "none"
        return f"no identity of namespace {definition.namespace}; the event has {there}"
    return f"the key of namespace {definition.namespace} can't be computed from this event"


def _journey_checks(journey: JourneyPlan, now: datetime) -> Iterator[Check]:
    after, before = journey.after, journey.before
    inside = (after is None or now >= after) and (before is None or now < before)
    window = f"{after.isoformat() if after else 'always'} to {before.isoformat() if before else 'always'}"
    yield Check(
        f"{journey.name}: active", inside, f"{'inside' if inside else 'outside'} of its window, {window}"
    )
    if journey.model.paused:
        yield Check(f"{journey.name}: paused", False, "the journey is paused")
    if journey.model.test_mode:
        yield Check(f"{journey.name}: test mode", None, "only test profiles enter")
    minutes = journey.reentrance_ms / 60_000
    if not journey.model.reentrance.allowed:
        yield Check(f"{journey.name}: re-entrance", None, "only who has not entered before")
    elif minutes:
        yield Check(f"{journey.name}: re-entrance", None, f"only who has not entered within {minutes:g} min")


# --- what the person who configures the event needs -------------------------------------------------------


def payload_preview(definition: Definition, model_fields: Sequence[str] | None) -> dict[str, Any]:
    """The streaming message of an event, with its event id in place and types as placeholders (journeys.md 1.4)."""
    schema = {"id": "<schema $id>", "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    entity: dict[str, Any] = {
        "_id": "<unique per event>",
        "timestamp": "<ISO 8601>",
        "identityMap": {definition.namespace: [{"id": "<value>"}]},
    }
    for path in model_fields or ():
        _place(entity, path.split("."))
    rule = definition.parts[0]
    for steps, text in rule.equalities.items() if rule else ():
        _place(entity, steps, text)
    if definition.event_id is not None:
        _place(entity, EVENT_ID_PATH, definition.event_id)
    return {
        "header": {
            "msgType": "xdmEntityCreate",
            "msgId": "<uuid>",
            "msgVersion": "1.0",
            "xactionId": "<uuid>",
            "imsOrgId": "<ORG>@AdobeOrg",
            "schemaRef": schema,
            "source": {"name": "Journeys"},
        },
        "body": {"xdmMeta": {"schemaRef": schema}, "xdmEntity": entity},
    }


def _place(entity: dict[str, Any], path: Sequence[str], value: str = "<value>") -> None:
    below = entity
    for name in path[:-1]:
        inner = below.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        below = inner
    below.setdefault(path[-1], value)
