"""What makes a journey that is right in itself fail all the same: found before anything runs.

The traps are those that testers meet (journeys.md 4.4, 8): fields whose case is wrong, events that nobody sends,
keys that can't be computed, steps that nobody reaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

from simulator.journeys.dialects import REACTION_TIMEOUT_MS, STEP_LIMIT
from simulator.journeys.expressions import Expression, Reference
from simulator.journeys.plan import END, Fault, JourneyPlan, Path, Plan, milliseconds, nearest_of
from simulator.scenario.models.journeys import NAME_LENGTH
from simulator.xdm import field_paths

# Roots of an XDM event that begin with an underscore but are no tenant's.
_OWN_ROOTS = ("_id", "_experience")


@dataclass(frozen=True, slots=True)
class Supply:
    """What the scenario sends: event types, event-definition ids, namespaces of identities."""

    event_types: Set[str]
    event_ids: Set[str]
    namespaces: Set[str]


def lint(plan: Plan, supply: Supply | None = None) -> list[Fault]:
    """Everything suspicious in a plan, in the order of the file; ``supply`` None leaves out what depends on it."""
    return [
        *_names(plan),
        *_events(plan, supply),
        *_listener(plan),
        *(fault for journey in plan.journeys.values() for fault in _journey(plan, journey)),
    ]


def _warning(path: Path, what: str, hint: str) -> Fault:
    return Fault(path, what, hint, warning=True)


def _names(plan: Plan) -> Iterator[Fault]:
    model = plan.model
    for section, names in (
        ("events", model.events),
        ("actions", model.actions),
        ("data_sources", model.data_sources),
    ):
        for name in names:
            if len(name) > NAME_LENGTH:
                yield _warning(
                    (section, name), "the name is too long", f"the product takes {NAME_LENGTH} characters"
                )
            elif not name.replace("_", "").isalnum():
                yield _warning(
                    (section, name), "the name has other signs than letters, digits and `_`", "rename it"
                )


def _listener(plan: Plan) -> Iterator[Fault]:
    """Routes of the listener that are for an action which there is not, or whose calls don't say whom they are for."""
    routes = plan.model.listener.routes if plan.model.listener is not None else {}
    actions = {name: action for name, action in plan.actions.items() if action.model.url is not None}
    for name, route in routes.items():
        path: Path = ("listener", "routes", name)
        wanted = route.action or name
        if route.token is not None:
            continue
        if wanted in actions:
            if not actions[wanted].expressions:
                what = f"the calls of {wanted} don't say whom they are for"
                yield _warning(path, what, "map `profileId` or `instanceUID` into its body")
            continue
        hint = nearest_of(wanted, actions, "custom action")
        if route.action is not None:
            yield Fault((*path, "action"), f"no custom action {wanted!r}", hint)
        else:
            yield Fault(path, f"no custom action {wanted!r}; name one with `action`", hint)


# --- events -----------------------------------------------------------------------------------------------


def _events(plan: Plan, supply: Supply | None) -> Iterator[Fault]:
    for name, definition in plan.definitions.items():
        path: Path = ("events", name)
        for part, expression in zip(("rule", "key", "supplemental"), definition.parts, strict=True):
            if expression is not None:
                yield from _fields(expression, (*path, part))
                yield from _own_name(expression, name, (*path, part))
        if not plan.listeners.get(name):
            yield _warning(path, "no journey listens to this event", "remove it, or use it in a step")
        if supply is None:
            continue
        if definition.event_id is not None and definition.event_id not in supply.event_ids:
            yield _warning(
                (*path, "event_id"),
                "nobody sends this id",
                "attach it to events with a rule of the app (`app.rules`)",
            )
        kind = definition.event_type
        if kind is not None and kind not in supply.event_types:
            yield _warning(
                (*path, "rule"), f"nobody sends events of type `{kind}`", _listed(supply.event_types)
            )
        if plan.model.events[name].key is None and definition.namespace not in supply.namespaces:
            yield _warning(
                (*path, "namespace"),
                f"the key can't be computed: no event carries an identity of `{definition.namespace}`",
                _listed(supply.namespaces),
            )


def _own_name(expression: Expression, name: str, path: Path) -> Iterator[Fault]:
    """The definition of an event reads that event alone, whatever it calls it: another name misleads."""
    for called in sorted({one.head for one in expression.references if one.kind == "event"} - {name}):
        yield _warning(
            path, f"`@event{{{called}...}}` stands in the definition of `{name}`", f"call it `{name}`"
        )


def _listed(names: Iterable[str]) -> str:
    return f"there are {', '.join(sorted(names))}"


# --- fields -----------------------------------------------------------------------------------------------


def _fields(expression: Expression, path: Path) -> Iterator[Fault]:
    """References to event fields that no event of the app has, most of all for their case."""
    for reference in expression.references:
        if reference.kind == "event" and (trap := field_trap(reference)):
            yield _warning(path, *trap)


def field_trap(reference: Reference) -> tuple[str, str] | None:
    """What is wrong with a reference to an event field, and what may be meant; None if nothing is known."""
    names = reference.path
    if not names or (names[0].startswith("_") and names[0] not in _OWN_ROOTS):
        return None
    known, by_lower, outdated = _catalogue()
    for length in range(1, len(names) + 1):
        part = names[:length]
        if part in known and part not in outdated:
            continue
        meant = by_lower.get(tuple(name.lower() for name in part))
        field = ".".join(part)
        if meant is not None and meant != part:
            return (
                f"`{field}` is null in the events that phones send: names are case-sensitive",
                f"did you mean `{'.'.join(meant)}`?",
            )
        if part in known:
            return None
        return f"events have no field `{field}`, as far as the catalogue knows", "check its spelling"
    return None


@lru_cache(maxsize=1)
def _catalogue() -> tuple[
    Set[tuple[str, ...]], Mapping[tuple[str, ...], tuple[str, ...]], Set[tuple[str, ...]]
]:
    """All field paths, the current one for each spelling in lower case, and those that are deprecated."""
    known: set[tuple[str, ...]] = set()
    outdated: set[tuple[str, ...]] = set()
    by_lower: dict[tuple[str, ...], tuple[str, ...]] = {}
    for field in field_paths():
        path = tuple(part for part in field.path.replace("[]", "").split(".") if part != "{key}")
        known.add(path)
        if field.deprecated:
            outdated.add(path)
        else:
            by_lower.setdefault(tuple(name.lower() for name in path), path)
    return known, by_lower, outdated


# --- journeys ---------------------------------------------------------------------------------------------


def _journey(plan: Plan, journey: JourneyPlan) -> Iterator[Fault]:
    path: Path = ("journeys", journey.name)
    if len(journey.steps) > STEP_LIMIT:
        yield _warning((*path, "steps"), f"has {len(journey.steps)} steps", f"the product takes {STEP_LIMIT}")
    namespaces = {
        plan.definitions[event].namespace for event in sorted(journey.events()) if event in plan.definitions
    }
    if len(namespaces) > 1:
        yield Fault(
            path,
            f"its events have keys of {' and '.join(sorted(namespaces))}",
            "give all of them one namespace",
        )
    yield from _unreached(journey, path)
    yield from _loops(journey, path)
    yield from _jumps(plan, journey, path)
    for name, step in journey.steps.items():
        place = (*path, "steps", name)
        longest = plan.rules.longest_wait_ms
        if (milliseconds(step.model.wait) or 0) > longest:
            yield _warning(
                (*place, "wait"), "is longer than the product waits", f"at most {longest // 86_400_000} d"
            )
        limit, (least, most) = milliseconds(step.model.timeout), REACTION_TIMEOUT_MS
        if step.kind == "reaction" and limit is not None and not least <= limit <= most:
            yield _warning((*place, "timeout"), "is not a time that the product waits", "40 s to 30 d")
        if step.model.on_timeout is not None and step.model.timeout is None:
            yield _warning(
                (*place, "on_timeout"), "never happens, because there is no `timeout`", "add `timeout`"
            )
        for condition in step.paths:
            if condition.expression is not None:
                yield from _conditions(
                    plan, journey, condition.expression, (*place, "condition", condition.name, "when")
                )


def _conditions(plan: Plan, journey: JourneyPlan, expression: Expression, path: Path) -> Iterator[Fault]:
    yield from _fields(expression, path)
    heard = journey.events()
    for reference in expression.references:
        if reference.kind == "event" and reference.head not in heard:
            yield _warning(
                path,
                f"the journey never receives the event `{reference.head}`, so its fields are null",
                f"its events are {', '.join(sorted(heard))}",
            )


def _unreached(journey: JourneyPlan, path: Path) -> Iterator[Fault]:
    reached, ahead = {journey.first.name}, [journey.first.name]
    while ahead:
        for target in journey.steps[ahead.pop()].targets():
            if target is not None and target != END and target not in reached:
                reached.add(target)
                ahead.append(target)
    for name in journey.steps:
        if name not in reached and name != END:
            yield _warning((*path, "steps", name), "no step leads here", "name it in a `next`, or remove it")


def _jumps(plan: Plan, journey: JourneyPlan, path: Path) -> Iterator[Fault]:
    """Jumps that lead back here in the end, which would go on for ever, and those to people with other keys."""
    for name, step in journey.steps.items():
        target = plan.journeys.get(step.model.jump or "")
        if target is None:
            continue
        where = (*path, "steps", name, "jump")
        if journey.name in _jumped_to(plan, target):
            yield Fault(where, "leads back to this journey", "jumps must not go round in a circle")
        if target.namespace != journey.namespace:
            what = f"leads from keys of {journey.namespace} to a journey with keys of {target.namespace}"
            yield Fault(where, what, "both must have the same namespace")


def _jumped_to(plan: Plan, journey: JourneyPlan) -> set[str]:
    """The journeys that a jump to a journey leads to: itself, and those that it jumps to."""
    found, ahead = {journey.name}, [journey]
    while ahead:
        for step in ahead.pop().steps.values():
            target = plan.journeys.get(step.model.jump or "")
            if target is not None and target.name not in found:
                found.add(target.name)
                ahead.append(target)
    return found


def _loops(journey: JourneyPlan, path: Path) -> Iterator[Fault]:
    """The product has no way back to an earlier step."""
    state: dict[str, bool] = {}  # True while the step is on the way, False when all below it is known

    def visit(name: str) -> Iterator[Fault]:
        state[name] = True
        for target in dict.fromkeys(journey.steps[name].targets()):
            if target is None or target == END:
                continue
            if state.get(target):
                yield Fault((*path, "steps", name), f"leads back to `{target}`", "a journey has no loops")
            elif target not in state:
                yield from visit(target)
        state[name] = False

    yield from visit(journey.first.name)
