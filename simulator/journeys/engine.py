"""The evaluator: takes the events that the platform accepted and leads people through journeys.

What becomes of an event follows the reference algorithm of journeys.md 2.2; every event that does nothing is on
record with its reason. Instances are SimPy processes, so a month of waits takes a moment in virtual time, and
real time when the environment is paced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import simpy

from simulator.core.randomness import key_of, mix_int
from simulator.journeys.definitions import EVENT_ID_PATH, Definition, EventScope, identities_of, nested
from simulator.journeys.dialects import QUEUE_LIMIT, SUPPLEMENTAL_LIMIT
from simulator.journeys.discards import Discard
from simulator.journeys.expressions import ExpressionError, FetchError
from simulator.journeys.facts import Facts
from simulator.journeys.instance import Instance, InstanceScope
from simulator.journeys.log import LogKind, LogRow
from simulator.journeys.plan import TRACKING, JourneyPlan, Plan, reaction_to
from simulator.journeys.steps import LeftEarly, StepRunner
from simulator.journeys.surroundings import Callout, Directory, PersonProfile, Post
from simulator.scenario.models.journeys import ReactionKind

# Where a tracking event says which message it is about.
_EXECUTION = ("_experience", "customerJourneyManagement", "messageExecution")


@dataclass(slots=True)
class _Place:
    """What is known of one person in one journey."""

    instances: dict[str | None, Instance] = field(default_factory=dict)
    """Those under way, by supplemental id."""
    last_entry: dict[str | None, int] = field(default_factory=dict)
    """When they entered last, by supplemental id."""
    entries: int = 0


class JourneyEngine:
    """All journeys of a plan in one environment, whose time is virtual milliseconds.

    ``date_of`` turns virtual time into a moment in UTC. ``horizon`` is the end of the run: what would happen later
    is not scheduled. ``cap_of`` says how much of a profile cap falls to the people here, ``seed`` decides all draws.
    Rows of what happens go to ``record`` as they happen.
    """

    def __init__(
        self,
        env: simpy.Environment,
        plan: Plan,
        directory: Directory,
        callout: Callout,
        post: Post,
        record: Callable[[LogRow], None],
        *,
        date_of: Callable[[int], datetime],
        seed: int,
        horizon: int,
        cap_of: Callable[[int], int] = lambda cap: cap,
    ) -> None:
        self.env = env
        self.plan = plan
        self.facts = Facts(plan)
        self.unmatched: Counter[str] = Counter()
        """Events of the right type that a definition's rule refused, by definition."""
        self._directory = directory
        self._record = record
        self._date_of = date_of
        self._seed = seed
        self._under_way: dict[str, Instance] = {}
        """Instances by their id, where reactions to their messages matter."""
        self._places: dict[tuple[str, str], _Place] = {}
        self._steps = StepRunner(
            env, plan, self.facts, callout, post, self, date_of=date_of, horizon=horizon, cap_of=cap_of
        )

    # --- events -------------------------------------------------------------------------------------------

    def receive(self, entity: Mapping[str, Any], size: int) -> None:
        """Take an XDM entity that the platform accepted now; ``size`` is that of its JSON in bytes."""
        now = int(self.env.now)
        scope = EventScope(entity, self._date_of(now))
        heard = False
        if self.plan.reads_history:
            self._remember(scope, now)
        kind = entity.get("eventType")
        if isinstance(kind, str) and kind in TRACKING:
            execution = nested(entity, _EXECUTION)
            if isinstance(execution, Mapping):
                self.react(
                    str(execution.get("journeyVersionInstanceID")),
                    str(execution.get("journeyVersionNodeID")),
                    "clicked",
                )
        for definition in self.plan.definitions.values():
            if not definition.matches(scope):
                if definition.event_type is not None and definition.event_type == kind:
                    self.unmatched[definition.name] += 1
                continue
            heard = True
            self._dispatch(definition, scope, size)
        event_id = nested(entity, EVENT_ID_PATH)
        if not heard and event_id is not None:
            self._discard(Discard.NO_JOURNEY, None, None, "", str(event_id), entity)

    def react(self, instance: str, step: str, kind: ReactionKind) -> None:
        """Something became of the message that a step of an instance (by its id) sent."""
        found = self._under_way.get(instance)
        if found is None:
            return
        name = reaction_to(step, kind)
        found.reactions.add(name)
        awaited = found.waiting.get(name)
        if awaited is not None and not awaited.triggered:
            awaited.succeed()

    def _remember(self, scope: EventScope, now: int) -> None:
        person = self._sender(scope.entity)
        if person is not None:
            self.facts.remember(person, now, scope.entity)

    def _sender(self, entity: Mapping[str, Any]) -> PersonProfile | None:
        """The person whose identities an event carries."""
        shown = identities_of(entity.get("identityMap"))
        return next((found for one in shown if (found := self._directory.find(*one)) is not None), None)

    def _person(
        self, definition: Definition, identity: str, entity: Mapping[str, Any]
    ) -> PersonProfile | None:
        """The person behind the key of an event: who has that identity, else whose event it is, else somebody new."""
        find, new = self._directory.find, self._directory.stranger
        namespace = definition.namespace
        return find(namespace, identity) or self._sender(entity) or new(namespace, identity)

    def _dispatch(self, definition: Definition, scope: EventScope, size: int) -> None:
        """Hand an event that a definition matches to the journeys that listen to it."""
        name, entity = definition.name, scope.entity
        journeys = self.plan.listeners.get(name, ())
        limit = self.plan.rules.event_bytes
        if not journeys:
            self._discard(Discard.NO_JOURNEY, None, None, "", name, entity)
            return
        if limit is not None and size > limit:
            self._discard(Discard.TOO_LARGE, None, None, "", name, entity)
            return
        identity = definition.key(scope)
        supplementals = definition.supplemental(scope)
        person = None if identity is None else self._person(definition, identity, entity)
        if identity is None or person is None or not supplementals:
            self._discard(Discard.NO_KEY, None, person, identity or "", name, entity)
            return
        payload = definition.payload(entity)
        for journey in journeys:
            reason = self._closed(journey, person, scope.now)
            if reason is not None:
                self._discard(reason, journey, person, identity, name, entity)
                continue
            self._exit_by(journey, identity, name, payload)
            for supplemental in supplementals:
                reason = self._offer(journey, person, identity, supplemental, name, payload)
                if reason is not None:
                    self._discard(reason, journey, person, identity, name, entity)

    def _closed(self, journey: JourneyPlan, person: PersonProfile, now: datetime) -> Discard | None:
        """Why a journey takes no events of a person at all."""
        if (journey.after and now < journey.after) or (journey.before and now >= journey.before):
            return Discard.OUTSIDE_WINDOW
        if journey.model.test_mode and not person.is_test:
            return Discard.NOT_A_TEST_PROFILE
        return None

    def _exit_by(self, journey: JourneyPlan, identity: str, name: str, payload: Mapping[str, Any]) -> None:
        """End the instances whose exit criteria the event meets."""
        for criterion in journey.exits:
            if criterion.event != name:
                continue
            for instance in list(self._place(journey, identity).instances.values()):
                if criterion.expression is not None and not self._holds(
                    criterion.expression, instance, name, payload
                ):
                    continue
                self._steps.leave(instance, LeftEarly("exit", criterion.name))

    def _holds(self, expression: Any, instance: Instance, name: str, payload: Mapping[str, Any]) -> bool:
        before = instance.events.get(name)
        instance.events[name] = payload
        try:
            return bool(expression.holds(self.scope(instance)))
        except (ExpressionError, FetchError):
            return False
        finally:
            if before is None:
                del instance.events[name]
            else:
                instance.events[name] = before

    def _offer(
        self,
        journey: JourneyPlan,
        person: PersonProfile,
        identity: str,
        supplemental: str | None,
        name: str,
        payload: Mapping[str, Any],
    ) -> Discard | None:
        """Feed an event to the instance under way, or begin one; why not, if neither."""
        place = self._place(journey, identity)
        instance = place.instances.get(supplemental)
        if instance is not None:
            return self._feed(instance, name, payload)
        if journey.first.model.event != name:
            return None if journey.ends_by(name) else Discard.NOT_INITIAL
        if not self._may_enter(journey, place, supplemental):
            return Discard.REENTRANCE
        if journey.model.paused:
            return Discard.PAUSED
        if len(place.instances) >= SUPPLEMENTAL_LIMIT:
            return Discard.NOT_CREATED
        self._begin(journey, place, person, identity, supplemental, name, payload)
        return None

    def _feed(self, instance: Instance, name: str, payload: Mapping[str, Any]) -> Discard | None:
        awaited = instance.waiting.get(name)
        if awaited is not None and not awaited.triggered:
            awaited.succeed(payload)
            return None
        journey = instance.journey
        if journey.ends_by(name) and (instance.waiting or not journey.awaits(name)):
            return None
        if instance.waiting or self._steps.is_waiting(instance):
            return Discard.NOT_AWAITED
        if len(instance.queue) >= QUEUE_LIMIT:
            return Discard.STACK_FULL
        instance.queue.append((name, payload))
        return None

    def drop(self, instance: Instance, name: str, payload: Mapping[str, Any]) -> None:
        """An event that queued up for an instance turns out to be for nothing."""
        if not instance.journey.ends_by(name):
            self._discard(
                Discard.NOT_AWAITED, instance.journey, instance.person, instance.identity, name, payload
            )

    def _may_enter(self, journey: JourneyPlan, place: _Place, supplemental: str | None) -> bool:
        last = place.last_entry.get(supplemental)
        if last is None:
            return True
        since = int(self.env.now) - last
        if not journey.model.reentrance.allowed:
            return since >= journey.timeout_ms  # the record of the person is deleted then
        return since >= journey.reentrance_ms

    def _place(self, journey: JourneyPlan, identity: str) -> _Place:
        place = self._places.get((journey.name, identity))
        if place is None:
            place = self._places[journey.name, identity] = _Place()
        return place

    # --- instances ----------------------------------------------------------------------------------------

    def _begin(
        self,
        journey: JourneyPlan,
        place: _Place,
        person: PersonProfile,
        identity: str,
        supplemental: str | None,
        name: str,
        payload: Mapping[str, Any],
    ) -> None:
        now = int(self.env.now)
        place.entries += 1
        place.last_entry[supplemental] = now
        key = mix_int(
            key_of(self._seed, "journey", journey.name, identity, supplemental or "", place.entries)
        )
        instance = Instance(journey, person, identity, supplemental, now, key)
        instance.events[name] = payload
        place.instances[supplemental] = instance
        if self.plan.reactions:
            self._under_way[instance.id] = instance
        detail = {"event": name, "event_id": payload.get("_id"), "entry": place.entries}
        if supplemental is not None:
            detail["supplemental"] = supplemental
        self.note("entered", instance, journey.first.name, detail)
        instance.process = self.env.process(self._steps.conduct(instance))

    def jump(self, target: JourneyPlan, instance: Instance) -> bool:
        """Begin ``target`` for the person of ``instance``; False if they are in it, or may not enter."""
        place = self._place(target, instance.identity)
        now = self._date_of(int(self.env.now))
        if place.instances or self._closed(target, instance.person, now) or target.model.paused:
            return False
        if not self._may_enter(target, place, None):
            return False
        name = target.first.model.event or ""
        payload = instance.events.get(name) or next(iter(instance.events.values()), {})
        self._begin(target, place, instance.person, instance.identity, None, name, payload)
        return True

    def scope(self, instance: Instance) -> InstanceScope:
        """What expressions of an instance can see now."""
        return InstanceScope(instance, self._date_of(int(self.env.now)), self.facts)

    def over(self, instance: Instance, reason: str, detail: Mapping[str, Any]) -> None:
        """An instance has ended."""
        instance.ended = True
        self._under_way.pop(instance.id, None)
        self._place(instance.journey, instance.identity).instances.pop(instance.supplemental, None)
        self.note("ended", instance, instance.current.name, {"reason": reason, **detail})

    def note(self, kind: LogKind, instance: Instance, step: str, detail: Mapping[str, Any]) -> None:
        """Put something that happened to an instance on record."""
        row = LogRow(
            int(self.env.now),
            kind,
            instance.journey.name,
            instance.person.ordinal,
            instance.identity,
            instance.id,
            step,
            detail,
        )
        self._record(row)

    def _discard(
        self,
        reason: Discard,
        journey: JourneyPlan | None,
        person: PersonProfile | None,
        identity: str,
        event: str,
        entity: Mapping[str, Any],
    ) -> None:
        detail = {"event": event, "event_id": entity.get("_id"), "reason": str(reason)}
        ordinal = -1 if person is None else person.ordinal
        name = "" if journey is None else journey.name
        self._record(LogRow(int(self.env.now), "discarded", name, ordinal, identity, "", "", detail))
