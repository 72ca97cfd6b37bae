"""From the `journeys` section of a scenario to a plan: names resolved, expressions parsed, defaults filled in.

What is wrong is collected, not raised one by one, so that a scenario's author sees all of it at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.core.identifiers import derived_uuid
from simulator.core.simtime import MS_PER_SECOND
from simulator.journeys.definitions import Definition
from simulator.journeys.dialects import RULES, Rules
from simulator.journeys.expressions import Expression, ExpressionError, parse_expression
from simulator.journeys.expressions.scope import PROPERTIES_SOURCE, Dialect
from simulator.journeys.instance import PROPERTIES
from simulator.journeys.plan import (
    END,
    ActionPlan,
    ExitPlan,
    Fault,
    JourneyPlan,
    Path,
    PathPlan,
    Plan,
    StepPlan,
    milliseconds,
    nearest_of,
    reaction_to,
)
from simulator.scenario.models.journeys import (
    ActionDefinition,
    ConditionPath,
    EventDefinition,
    Journey,
    Journeys,
    RaceBranch,
    Step,
    Stub,
)
from simulator.scenario.references import Reference


def make_plan(model: Journeys, zone: ZoneInfo) -> tuple[Plan, list[Fault]]:
    """The plan of a `journeys` section and everything that is wrong with it.

    ``zone`` is the time zone of the clock. A plan with faults that are not warnings can't be run.
    """
    builder = _Builder(model, zone)
    return builder.build(), builder.faults


@dataclass
class _Builder:
    model: Journeys
    zone: ZoneInfo
    faults: list[Fault] = field(default_factory=list)
    expressions: list[tuple[Path, Expression]] = field(default_factory=list)

    @property
    def dialect(self) -> Dialect:
        return self.model.dialect

    @property
    def rules(self) -> Rules:
        return RULES[self.dialect]

    def build(self) -> Plan:
        model = self.model
        definitions = {
            name: definition
            for name, event in model.events.items()
            if (definition := self._definition(name, event)) is not None
        }
        actions = {name: self._action(name, action) for name, action in model.actions.items()}
        audiences = {
            name: self._expression(audience.when, ("audiences", name, "when"))
            for name, audience in model.audiences.items()
        }
        stubs = self._stubs()
        journeys = {
            name: plan
            for name, journey in model.journeys.items()
            if (plan := self._journey(name, journey)) is not None
        }
        listeners: dict[str, list[JourneyPlan]] = {}
        for plan in journeys.values():
            for event in sorted(plan.events()):
                listeners.setdefault(event, []).append(plan)
        return Plan(
            model=model,
            dialect=self.dialect,
            rules=self.rules,
            definitions=definitions,
            journeys=journeys,
            actions=actions,
            audiences=audiences,
            stubs=stubs,
            listeners=listeners,
            reads_history=any(
                "experienceevent" in reference.path
                for _, expression in self.expressions
                for reference in expression.references
            ),
            reactions={
                kind
                for plan in journeys.values()
                for step in plan.steps.values()
                for kind in step.reactions()
            },
        )

    def fault(self, path: Path, what: str, hint: str, *, warning: bool = False) -> None:
        """Note something wrong."""
        self.faults.append(Fault(path, what, hint, warning))

    # --- expressions --------------------------------------------------------------------------------------

    def _expression(self, text: str | None, path: Path) -> Expression | None:
        if text is None:
            return None
        try:
            expression = parse_expression(text, self.dialect)
        except ExpressionError as error:
            self.fault(path, f"the expression can't be used: {error}", "see docs/expressions.md")
            return None
        self.expressions.append((path, expression))
        self._check_names(expression, path)
        return expression

    def _check_names(self, expression: Expression, path: Path) -> None:
        known: dict[str, list[str]] = {
            "data": [*self.model.data_sources, *_BUILT_IN],
            "action": list(self.model.actions),
        }
        for reference in expression.references:
            names = known.get(reference.kind)
            if reference.head == PROPERTIES_SOURCE and reference.path[0] not in PROPERTIES:
                name = reference.path[0]
                self.fault(
                    path, f"no journey property {name!r}", nearest_of(name, PROPERTIES, "journey property")
                )
            elif names is not None and reference.head not in names:
                noun = "data source" if reference.kind == "data" else "action"
                self.fault(path, f"no {noun} {reference.head!r}", nearest_of(reference.head, names, noun))
        for audience in expression.audiences:
            if audience not in self.model.audiences:
                self.fault(
                    path, f"no audience {audience!r}", nearest_of(audience, self.model.audiences, "audience")
                )

    def _templates(self, value: Any, path: Path, found: dict[str, Expression]) -> None:
        """Parse the expressions in a piece of JSON: texts that begin with `=`."""
        if isinstance(value, Mapping):
            for key, item in value.items():
                self._templates(item, (*path, str(key)), found)
        elif isinstance(value, list | tuple):
            for index, item in enumerate(value):
                self._templates(item, (*path, index), found)
        elif isinstance(value, Reference):
            self._templates(value.text if value.literal else None, path, found)
        elif isinstance(value, str) and value.startswith("="):
            expression = self._expression(value[1:], path)
            if expression is not None:
                found[value[1:]] = expression

    def _check_no_mixture(self, value: Any, path: Path) -> None:
        """Secrets are put in where a call leaves, after expressions were evaluated: one text can't be both."""
        for key, item in value.items() if isinstance(value, Mapping) else ((None, value),):
            if isinstance(item, Reference) and not item.literal and item.text.startswith("="):
                where = path if key is None else (*path, str(key))
                self.fault(where, "is an expression with `${env:...}` in it", "write one or the other")

    # --- parts --------------------------------------------------------------------------------------------

    def _definition(self, name: str, event: EventDefinition) -> Definition | None:
        for part in ("rule", "key", "supplemental"):
            self._expression(getattr(event, part), ("events", name, part))
        try:
            return Definition(name, event, self.dialect)
        except ExpressionError:
            return None  # already noted

    def _action(self, name: str, action: ActionDefinition) -> ActionPlan:
        path: Path = ("actions", name)
        found: dict[str, Expression] = {}
        for part in ("title", "body", "url", "headers", "query"):
            self._templates(getattr(action, part), (*path, part), found)
        for part in ("url", "headers", "query"):
            self._check_no_mixture(getattr(action, part), (*path, part))
        if action.url is not None and action.method not in self.rules.methods:
            self.fault(
                (*path, "method"),
                f"{action.method} does not exist in the `{self.dialect}` dialect",
                f"expected {' or '.join(self.rules.methods)}",
            )
        routes = self.model.listener.routes.items() if self.model.listener is not None else ()
        own = (route for key, route in routes if route.token is None and (route.action or key) == name)
        return ActionPlan(name, action, found, action.cap or self.rules.action_cap, next(own, None))

    def _stubs(self) -> dict[str, Expression]:
        found: dict[str, Expression] = {}
        places: list[tuple[Path, Stub]] = [
            (("actions", name, "stub"), action.stub) for name, action in self.model.actions.items()
        ]
        places += [
            (("data_sources", name, "stub"), source.stub) for name, source in self.model.data_sources.items()
        ]
        for path, stub in places:
            for index, answer in enumerate(stub.answers):
                expression = self._expression(answer.when, (*path, "answers", index, "when"))
                if expression is not None:
                    found[expression.text] = expression
        return found

    # --- journeys -----------------------------------------------------------------------------------------

    def _journey(self, name: str, journey: Journey) -> JourneyPlan | None:
        path: Path = ("journeys", name)
        names = list(journey.steps)
        if END in journey.steps and journey.steps[END].end is None:
            self.fault((*path, "steps", END), "`end` is the name of the end", "give the step another name")
        steps = {
            step: self._step(step, model, _following(names, index), (*path, "steps", step), journey)
            for index, (step, model) in enumerate(journey.steps.items())
        }
        first = steps[names[0]]
        if first.kind != "event":
            self.fault(
                (*path, "steps", names[0]), "a journey begins with an event", "put a step with `event` first"
            )
            return None
        self._check_dialect(journey, path)
        exits = [
            ExitPlan(
                criterion,
                self._event(model.event, (*path, "exit_criteria", criterion, "event")),
                self._expression(model.when, (*path, "exit_criteria", criterion, "when")),
            )
            for criterion, model in journey.exit_criteria.items()
        ]
        zone = journey.timezone or self.zone
        wait = journey.reentrance.wait
        return JourneyPlan(
            name=name,
            model=journey,
            id=derived_uuid("journey", name),
            version_id=derived_uuid("journey version", name),
            steps=steps,
            first=first,
            namespace=entry.namespace if (entry := self.model.events.get(first.awaits)) is not None else "",
            zone=zone,
            timeout_ms=milliseconds(journey.timeout) or self.rules.timeout_ms,
            reentrance_ms=self.rules.reentrance_ms if wait is None else round(wait * MS_PER_SECOND),
            activity_timeout_ms=milliseconds(journey.activity_timeout) or self.rules.activity_timeout_ms,
            exits=exits,
            after=_aware(journey.active.after, zone),
            before=_aware(journey.active.before, zone),
        )

    def _check_dialect(self, journey: Journey, path: Path) -> None:
        for given, allowed, key in (
            (journey.exit_criteria, self.rules.has_exit_criteria, "exit_criteria"),
            (journey.paused, self.rules.can_pause, "paused"),
        ):
            if given and not allowed:
                self.fault(
                    (*path, key), f"does not exist in the `{self.dialect}` dialect", "remove it, or use `ajo`"
                )

    def _step(self, name: str, model: Step, following: str | None, path: Path, journey: Journey) -> StepPlan:
        def target(value: str | None, key: Path, default: str | None) -> str | None:
            if value is None:
                return default
            return self._target(value, (*path, *key), journey)

        onward = target(model.next, ("next",), following)
        plan = StepPlan(name, model.kind, model, onward)
        plan.on_timeout = target(model.on_timeout, ("on_timeout",), onward)
        plan.other = target(model.other, ("other",), None)
        # An error path to the end is still an error path: it ends the instance without an error.
        plan.on_error = None if model.on_error is None else target(model.on_error, ("on_error",), None) or END
        plan.expression = self._expression(model.wait_until, (*path, "wait_until"))
        if model.event is not None:
            plan.awaits = self._event(model.event, (*path, "event"))
        if model.reaction is not None:
            plan.awaits = self._reaction(model.reaction, model.to, name, path, journey)
        if model.condition is not None:
            plan.paths = [
                PathPlan(
                    key,
                    target(way.next, ("condition", key, "next"), onward),
                    way,
                    self._expression(way.when, (*path, "condition", key, "when")),
                )
                for key, way in model.condition.items()
            ]
            self._check_condition(model.condition, (*path, "condition"))
        if model.race is not None:
            plan.race = [
                (
                    self._awaited(branch, name, (*path, "race", index), journey),
                    milliseconds(branch.wait),
                    target(branch.next, ("race", index, "next"), onward),
                )
                for index, branch in enumerate(model.race)
            ]
        if model.action is not None and model.action not in self.model.actions:
            self.fault(
                (*path, "action"),
                f"no action {model.action!r}",
                nearest_of(model.action, self.model.actions, "action"),
            )
        if model.jump is not None and model.jump not in self.model.journeys:
            self.fault(
                (*path, "jump"),
                f"no journey {model.jump!r}",
                nearest_of(model.jump, self.model.journeys, "journey"),
            )
        plan.updates = [
            (tuple(attribute.split(".")), expression)
            for attribute, text in (model.update_profile or {}).items()
            if (expression := self._expression(text, (*path, "update_profile", attribute))) is not None
        ]
        return plan

    def _check_condition(self, paths: Mapping[str, ConditionPath], path: Path) -> None:
        shares = [way.percentage for way in paths.values() if way.percentage is not None]
        if shares and (len(shares) < len(paths) or abs(sum(shares) - 1.0) > 1e-9):
            self.fault(path, "the shares of a split must add up to 100 %", "and all its paths need a share")
        for key, way in paths.items():
            if way.cap is not None and not self.rules.has_profile_caps:
                self.fault(
                    (*path, key, "cap"), f"does not exist in the `{self.dialect}` dialect", "use `ajo`"
                )

    def _event(self, name: str, path: Path) -> str:
        if name not in self.model.events:
            self.fault(path, f"no event {name!r}", nearest_of(name, self.model.events, "event"))
        return name

    def _awaited(self, branch: RaceBranch, step: str, path: Path, journey: Journey) -> str | None:
        if branch.event is not None:
            return self._event(branch.event, (*path, "event"))
        if branch.reaction is not None:
            return self._reaction(branch.reaction, branch.to, step, path, journey)
        return None

    def _reaction(self, kind: str, to: str | None, step: str, path: Path, journey: Journey) -> str:
        """What a step waits for that waits for a reaction to the message of the step ``to``."""
        channels = {
            name: action.channel
            for name, sender in journey.steps.items()
            if (action := self.model.actions.get(sender.action or "")) is not None and action.channel
        }
        names = list(journey.steps)
        before = [name for name in names[: names.index(step)] if name in channels]
        sender = to or (before[-1] if before else None)
        if sender not in channels:
            what = f"step {sender!r} sends no message" if sender else "no step before it sends a message"
            self.fault(
                (*path, "to" if to else "reaction"), what, nearest_of(sender or "", channels, "action")
            )
            return ""
        if kind not in _REACTIONS[channels[sender]]:
            known = ", ".join(_REACTIONS[channels[sender]])
            self.fault(
                (*path, "reaction"),
                f"nobody knows who has {kind} a message by {channels[sender]}",
                f"expected {known}",
            )
        return reaction_to(sender, kind)

    def _target(self, name: str, path: Path, journey: Journey) -> str | None:
        if name in journey.steps:
            return name
        if name != END:
            self.fault(path, f"no step {name!r}", nearest_of(name, [*journey.steps, END], "step"))
        return None


# Which reactions there are to messages of a channel (journeys.md 2.3).
_REACTIONS = {
    "push": ("sent", "failed", "clicked"),
    "sms": ("sent", "failed"),
    "email": ("sent", "failed", "opened", "clicked"),
}

# Data sources and actions that need no definition.
_BUILT_IN = ("ExperiencePlatform", "Profile", PROPERTIES_SOURCE)


def _aware(local: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if local is None else local.replace(tzinfo=zone)


def _following(names: Sequence[str], index: int) -> str | None:
    return names[index + 1] if index + 1 < len(names) else None
