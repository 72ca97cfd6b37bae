"""Client-side rules: what an app adds to events of some types, or where it sends them (`app.rules`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from simulator.scenario.models import App, Rule
from simulator.sdk.push import tracking_event
from simulator.sdk.routes import Route
from simulator.xdm import (
    AppFacts,
    DeviceFacts,
    PoiFacts,
    RichPlace,
    SdkFacts,
    Slot,
    application_close,
    application_launch,
    location_event,
)
from simulator.xdm.events import Event, Kind

EVENT_ID_PATH = "_experience.campaign.orchestration.eventID"
ANY = "*"
PARTS = ("application", "device", "environment")
"""What rich events share with other events of the same phone."""


class ClientRules:
    """The rules of one app, applied in their order."""

    __slots__ = ("_rules",)

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)

    def route(self, event_type: str) -> Route:
        """Which way events of a type go."""
        posted = any(rule.postback for rule in self._of(event_type))
        return Route.POSTBACK if posted else Route.EVENT

    def apply(self, event: dict[str, Any]) -> dict[str, Any]:
        """``event`` (which may hold slots) with all that the rules add; the event itself stays as it is.

        What is added to a part that is a slot must be added to that by :meth:`part`. ValueError where a path
        leads through something that is no object, or ends at what changes from event to event.
        """
        for path, value in self._fields(str(event.get("eventType", ""))):
            keys = path.split(".")
            if keys[0] not in PARTS or not isinstance(event.get(keys[0]), Slot):
                event = _with(event, keys, value, path)
        return event

    def part(self, event_type: str, name: str, part: dict[str, Any]) -> dict[str, Any]:
        """A part of events of one type, such as `environment`, with what the rules add to it."""
        for path, value in self._fields(event_type):
            first, *rest = path.split(".")
            if first == name and rest:
                part = _with(part, rest, value, path)
        return part

    def _fields(self, event_type: str) -> list[tuple[str, object]]:
        fields: list[tuple[str, object]] = []
        for rule in self._of(event_type):
            fields += rule.attach.items()
            if rule.event_id is not None:
                fields.append((EVENT_ID_PATH, rule.event_id))
        return fields

    def _of(self, event_type: str) -> list[Rule]:
        return [rule for rule in self._rules if event_type in rule.on or ANY in rule.on]


def rule_problems(app: App) -> Iterator[tuple[int, str, str]]:
    """What is wrong with the rules of an app: number of the rule, its field, and words."""
    events = _samples(app.location_events == "rich", SdkFacts("ios", "0", "0"))
    for number, rule in enumerate(app.rules):
        for name in rule.on:
            if name != ANY and name not in events:
                near = get_close_matches(name, events, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"the SDK sends {', '.join(events)}"
                yield number, "on", f"phones send no {name!r}; {hint}"
        rules = ClientRules([rule])
        for name, event in events.items():
            try:
                rules.apply(event)
                for part in PARTS:
                    rules.part(name, part, {})
            except ValueError as error:
                yield number, "attach", str(error)
                break


def _samples(rich: bool, sdk: SdkFacts) -> dict[str, Event]:
    """An event of each type that phones send, with slots where values differ."""
    head: dict[str, Any] = {
        "id": Slot("id"),
        "timestamp": Slot("timestamp"),
        "identities": Slot("identities"),
        "sdk": sdk,
    }
    poi: PoiFacts | Slot = PoiFacts("p", "P", 0.0, 0.0, 1.0) if rich else Slot("poi")
    slots = RichPlace(**{field.name: Slot(field.name) for field in fields(RichPlace)}) if rich else None
    app, device = (
        AppFacts("a", "A", "1"),
        DeviceFacts("ios", "iOS", "17", "m", "m", "m", 1, 1, "mobile", "en"),
    )
    kinds: tuple[Kind, ...] = ("entry", "exit")
    events = [location_event(kind=kind, poi=poi, rich=slots, **head) for kind in kinds]
    events.append(application_launch(app=app, device=device, **head))
    events.append(application_close(session_length_s=Slot("length"), **head))
    events += [
        tracking_event({}, sdk, "ios", action=action, opened=True, sandbox=False) for action in (None, "a")
    ]
    return {event["eventType"]: event for event in events}


def _with(event: dict[str, Any], keys: Sequence[str], value: object, path: str) -> dict[str, Any]:
    """``event`` with ``value`` at ``keys``, all objects on the way copied."""
    key, *rest = keys
    if not rest:
        if isinstance(event.get(key), Slot):
            raise ValueError(f"{path}: {key} is different in every event and can't be set")
        return {**event, key: value}
    inner = event.get(key, {})
    if isinstance(inner, Slot) or not isinstance(inner, dict):
        raise ValueError(f"{path}: {key} is not an object that fields can be added to")
    return {**event, key: _with(inner, rest, value, path)}
