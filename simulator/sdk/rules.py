"""Client-side rules: what an app adds to events of some types, or where it sends them (`app.rules`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.scenario.models import Rule
from simulator.sdk.routes import Route
from simulator.xdm import Slot

EVENT_ID_PATH = "_experience.campaign.orchestration.eventID"
ANY = "*"


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

        ValueError where a path leads through something that is not an object.
        """
        for rule in self._of(str(event.get("eventType", ""))):
            fields = dict(rule.attach)
            if rule.event_id is not None:
                fields[EVENT_ID_PATH] = rule.event_id
            for path, value in fields.items():
                event = _with(event, path.split("."), value, path)
        return event

    def _of(self, event_type: str) -> list[Rule]:
        return [rule for rule in self._rules if event_type in rule.on or ANY in rule.on]


def _with(event: dict[str, Any], keys: Sequence[str], value: object, path: str) -> dict[str, Any]:
    """``event`` with ``value`` at ``keys``, all objects on the way copied."""
    key, *rest = keys
    if not rest:
        return {**event, key: value}
    inner = event.get(key, {})
    if isinstance(inner, Slot) or not isinstance(inner, dict):
        raise ValueError(f"{path}: {key} is not an object that fields can be added to")
    return {**event, key: _with(inner, rest, value, path)}
