"""Journeys ready to run: names resolved, expressions parsed, defaults of the dialect filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from simulator.core.simtime import MS_PER_SECOND
from simulator.journeys.definitions import Definition
from simulator.journeys.dialects import TEST_WAIT_MS, TEST_WAIT_WITH_REACTION_MS, Rules
from simulator.journeys.expressions import Expression
from simulator.journeys.expressions.scope import Dialect
from simulator.scenario.models import ListenerRoute
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
    awaits: str = ""
    """What the step waits for: the name of an event, or a reaction as :func:`reaction_to` writes it."""
    race: Sequence[tuple[str | None, int | None, str | None]] = ()
    """Of each branch: what it waits for or None, the time in milliseconds or None, the next step."""
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
        if self.kind in ("event", "reaction") and self.model.timeout is not None:
            yield self.on_timeout
        if self.on_error is not None:
            yield self.on_error

    def events(self) -> Iterable[str]:
        """The events that the step waits for."""
        if self.model.event is not None:
            yield self.model.event
        yield from (branch.event for branch in self.model.race or () if branch.event is not None)

    def reactions(self) -> Iterable[str]:
        """The kinds of reactions that the step waits for."""
        if self.model.reaction is not None:
            yield self.model.reaction
        yield from (branch.reaction for branch in self.model.race or () if branch.reaction is not None)


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
    namespace: str
    """That of the keys of its people."""
    zone: ZoneInfo
    timeout_ms: int
    reentrance_ms: int
    activity_timeout_ms: int
    exits: Sequence[ExitPlan]
    after: datetime | None
    """Nobody enters before, None for no limit."""
    before: datetime | None
    """Nobody enters from then on."""

    @property
    def test_wait_ms(self) -> int:
        """The longest wait, and time-out of an event or reaction, in test mode."""
        reacts = any(step.kind == "reaction" and step.model.timeout for step in self.steps.values())
        return TEST_WAIT_WITH_REACTION_MS if reacts else TEST_WAIT_MS

    def ends_by(self, event: str) -> bool:
        """Whether an event may meet one of its exit criteria."""
        return any(criterion.event == event for criterion in self.exits)

    def awaits(self, event: str) -> bool:
        """Whether one of its steps waits for an event; the first one does not count."""
        return any(event in step.events() for step in self.steps.values() if step is not self.first)

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
    route: ListenerRoute | None = None
    """Where the listener takes its calls, if it does."""

    @property
    def becomes(self) -> str:
        """What its calls become at their other end: ``push``, or nothing (empty)."""
        return "" if self.route is None else self.route.becomes or ""


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
    reactions: Set[str]
    """The kinds of reactions to messages that some journey waits for."""

    def event_types(self) -> set[str | None]:
        """The `eventType`s that journeys want to see; None stands for any."""
        heard = {
            definition.event_type for name, definition in self.definitions.items() if self.listeners.get(name)
        }
        return heard | TRACKING if "clicked" in self.reactions else heard


# What phones send when somebody reacts to a push message.
TRACKING = frozenset({"pushTracking.applicationOpened", "pushTracking.customAction"})


def reaction_to(step: str, kind: str) -> str:
    """A reaction among the things that an instance may wait for: no event has a name with a space in it."""
    return f"{step} {kind}"


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


def nearest_of(name: str, names: Iterable[str], noun: str) -> str:
    """What to do about a name that nothing has: the nearest one, or those that there are."""
    known = list(names)
    near = get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(known)}" if known else f"define the {noun} first"
