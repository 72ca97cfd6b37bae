"""Journeys ready to run: names resolved, expressions parsed, defaults of the dialect filled in (see planning.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from simulator.core.simtime import MS_PER_SECOND
from simulator.journeys.definitions import Definition
from simulator.journeys.dialects import Rules
from simulator.journeys.expressions import Expression
from simulator.journeys.expressions.scope import Dialect
from simulator.scenario.models.journeys import (
    ActionDefinition,
    ConditionPath,
    HoursOfDay,
    Journey,
    Journeys,
    Step,
)

Path = tuple[str | int, ...]
# The name that ends an instance wherever a step may be named.
END = "end"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a journey: where in the `journeys` section, what, and what to do.

    ``warning``: it can run all the same.
    """

    path: Path
    what: str
    hint: str
    warning: bool = False


@dataclass(slots=True)
class PathPlan:
    """One path out of a condition."""

    name: str
    next: str | None
    model: ConditionPath
    expression: Expression | None


@dataclass(slots=True)
class StepPlan:
    """One step. ``next`` and the other targets are names of steps; None ends the instance."""

    name: str
    kind: str
    model: Step
    next: str | None
    on_timeout: str | None = None
    on_error: str | None = None
    other: str | None = None
    expression: Expression | None = None
    paths: Sequence[PathPlan] = ()
    race: Sequence[tuple[str | None, int | None, str | None]] = ()
    """Of each branch: the event or None, the time in milliseconds or None, the next step."""
    updates: Sequence[tuple[tuple[str, ...], Expression]] = ()

    def targets(self) -> Iterable[str | None]:
        """Where the step may lead."""
        if self.kind == "condition":
            yield from (path.next for path in self.paths)
            yield self.other
        elif self.kind == "race":
            yield from (following for _, _, following in self.race)
        elif self.kind != "end":
            yield self.next
        if self.kind == "event" and self.model.timeout is not None:
            yield self.on_timeout
        if self.on_error is not None:
            yield self.on_error

    def events(self) -> Iterable[str]:
        """The events that the step waits for."""
        if self.model.event is not None:
            yield self.model.event
        yield from (event for event, _, _ in self.race if event is not None)


@dataclass(slots=True)
class ExitPlan:
    """What ends instances early."""

    name: str
    event: str
    expression: Expression | None


@dataclass(slots=True)
class JourneyPlan:
    """One journey. Times are milliseconds; ``id`` and ``version_id`` derive from the name."""

    name: str
    model: Journey
    id: str
    version_id: str
    steps: Mapping[str, StepPlan]
    first: StepPlan
    zone: ZoneInfo
    timeout_ms: int
    reentrance_ms: int
    activity_timeout_ms: int
    exits: Sequence[ExitPlan]
    after: datetime | None
    """Nobody enters before, None for no limit."""
    before: datetime | None
    """Nobody enters from then on."""

    def events(self) -> set[str]:
        """All events that it listens to."""
        heard = {event for step in self.steps.values() for event in step.events()}
        return heard | {criterion.event for criterion in self.exits}


@dataclass(slots=True)
class ActionPlan:
    """An action with its expressions parsed."""

    name: str
    model: ActionDefinition
    expressions: Mapping[str, Expression]
    """By their text in the file, without the `=`."""
    cap: int | None


@dataclass(slots=True)
class Plan:
    """All journeys of a scenario."""

    model: Journeys
    dialect: Dialect
    rules: Rules
    definitions: Mapping[str, Definition]
    journeys: Mapping[str, JourneyPlan]
    actions: Mapping[str, ActionPlan]
    audiences: Mapping[str, Expression | None]
    stubs: Mapping[str, Expression]
    """Conditions of stub answers, by their text."""
    listeners: Mapping[str, Sequence[JourneyPlan]]
    """Journeys by the events that they listen to."""
    reads_history: bool
    """Whether some expression reads the experience events of the profile."""

    def event_types(self) -> set[str | None]:
        """The `eventType`s that some definition may match; None stands for any."""
        return {
            definition.event_type for name, definition in self.definitions.items() if self.listeners.get(name)
        }


def milliseconds(seconds: float | None) -> int | None:
    """A duration of the scenario file in milliseconds."""
    return None if seconds is None else round(seconds * MS_PER_SECOND)


def time_fits(rule: HoursOfDay, moment: datetime) -> bool:
    """Whether a local moment lies within the hours and weekdays of ``rule``."""
    if rule.days is not None and _DAYS[moment.weekday()] not in rule.days:
        return False
    second = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
    after, before = rule.after or 0.0, 86_400.0 if rule.before is None else rule.before
    return after <= second < before if after <= before else second >= after or second < before


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
