"""Event definitions at work: which events they match, whose they are, and what journeys see of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from simulator.journeys.expressions import Expression, ExpressionError, Value, parse_expression
from simulator.journeys.expressions.scope import Dialect
from simulator.scenario.models.journeys import EventDefinition

# Where a system-generated event carries its id (journeys.md 1.1).
EVENT_ID_PATH = ("_experience", "campaign", "orchestration", "eventID")
# Fields that the class of events demands; the product selects them itself (journeys.md 1.3).
_MANDATORY = ("_id", "timestamp")


@dataclass(slots=True)
class EventScope:
    """One event and nothing else: what rules and keys can see."""

    entity: Mapping[str, Any]
    now: datetime

    def event(self, name: str) -> Value:
        """The event, whatever it is called."""
        return self.entity

    def data(self, source: str, field_group: str, parameters: Mapping[str, Value]) -> Value:
        """Rules and keys have no data sources."""
        raise ExpressionError("a rule or key can read only its event")

    def action(self, name: str) -> Value:
        """Rules and keys have no actions."""
        raise ExpressionError("a rule or key can read only its event")

    def constant(self, name: str) -> Value:
        """Rules and keys have no constants."""
        return None

    def member(self, audience: str) -> bool:
        """Rules and keys know no audiences."""
        raise ExpressionError("a rule or key can read only its event")

    def random(self) -> float:
        """Rules and keys must always give the same answer."""
        raise ExpressionError("a rule or key can read only its event")

    def uuid(self) -> str:
        """Rules and keys must always give the same answer."""
        raise ExpressionError("a rule or key can read only its event")


class Definition:
    """An event definition, ready to match events."""

    __slots__ = ("_fields", "_key", "_rule", "_supplemental", "event_id", "name", "namespace")

    def __init__(self, name: str, model: EventDefinition, dialect: Dialect) -> None:
        """Raises ExpressionError for expressions that can't be understood."""
        self.name = name
        self.event_id = model.event_id
        self.namespace = model.namespace
        self._rule = _parsed(model.rule, dialect)
        self._key = parse_expression(model.key or default_key(name, model.namespace), dialect)
        self._supplemental = _parsed(model.supplemental, dialect)
        self._fields = None if model.fields is None else [tuple(path.split(".")) for path in model.fields]

    @property
    def parts(self) -> tuple[Expression | None, Expression, Expression | None]:
        """The rule, the key and the supplemental id."""
        return self._rule, self._key, self._supplemental

    @property
    def event_type(self) -> str | None:
        """The only `eventType` that can match, where the rule says so."""
        return None if self._rule is None else self._rule.equalities.get(("eventType",))

    def matches(self, scope: EventScope) -> bool:
        """Whether the event is one of these; an event on which the rule fails is not."""
        if self._rule is None:
            return bool(nested(scope.entity, EVENT_ID_PATH) == self.event_id)
        try:
            return self._rule.holds(scope)
        except ExpressionError:
            return False

    def key(self, scope: EventScope) -> str | None:
        """The identity that the event is about; None where it can't be computed."""
        return _text(self._key, scope)

    def supplemental(self, scope: EventScope) -> tuple[str | None, ...]:
        """The supplemental ids of the event, one instance each; one None where the definition has none."""
        if self._supplemental is None:
            return (None,)
        try:
            value = self._supplemental.evaluate(scope)
        except ExpressionError:
            return ()
        if isinstance(value, Sequence) and not isinstance(value, str):
            return tuple(dict.fromkeys(item for item in value if isinstance(item, str) and item))
        return (value,) if isinstance(value, str) and value else ()

    def payload(self, entity: Mapping[str, Any]) -> Mapping[str, Any]:
        """What journeys see of the event: the selected fields only, and those that every event must have."""
        if self._fields is None:
            return entity
        selected: dict[str, Any] = {name: entity[name] for name in _MANDATORY if name in entity}
        for path in self._fields:
            _copy(entity, selected, path)
        return selected


def default_key(name: str, namespace: str) -> str:
    """The key where a definition names none (journeys.md 1.3)."""
    return f"@event{{{name}.identityMap.entry('{namespace}').first().id}}"


def identities_of(identity_map: Any) -> list[tuple[str, str]]:
    """All identities of an `identityMap`, as namespace and id; what has another shape than it should is left out."""
    if not isinstance(identity_map, Mapping):
        return []
    return [
        (namespace, str(entry["id"]))
        for namespace, entries in identity_map.items()
        if isinstance(entries, list)
        for entry in entries
        if isinstance(entry, Mapping) and entry.get("id")
    ]


def nested(entity: Any, path: Sequence[str]) -> Any:
    """The value at ``path`` below ``entity``; None where there is none."""
    for name in path:
        if not isinstance(entity, Mapping):
            return None
        entity = entity.get(name)
    return entity


def _parsed(text: str | None, dialect: Dialect) -> Expression | None:
    return None if text is None else parse_expression(text, dialect)


def _text(expression: Expression, scope: EventScope) -> str | None:
    try:
        value = expression.evaluate(scope)
    except ExpressionError:
        return None
    return value if isinstance(value, str) and value else None


def _copy(source: Any, target: dict[str, Any], path: Sequence[str]) -> None:
    """Copy what lies at ``path``; lists on the way keep all their items."""
    name, *rest = path
    if not isinstance(source, Mapping) or name not in source:
        return
    value = source[name]
    if not rest:
        target[name] = value
    elif isinstance(value, list):
        kept = cast("list[dict[str, Any]]", target.setdefault(name, [{} for _ in value]))
        for item, into in zip(value, kept, strict=True):
            _copy(item, into, rest)
    elif isinstance(value, Mapping):
        _copy(value, cast("dict[str, Any]", target.setdefault(name, {})), rest)
