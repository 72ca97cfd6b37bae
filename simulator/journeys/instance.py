"""One instance of a journey: a person on their way through its steps, and what expressions can see there."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import simpy

from simulator.core.identifiers import uuid_one
from simulator.core.randomness import uniform_one
from simulator.journeys.expressions import Value
from simulator.journeys.expressions.scope import PROPERTIES_SOURCE
from simulator.journeys.plan import JourneyPlan, StepPlan
from simulator.journeys.surroundings import PersonProfile


class Instance:
    """A person in a journey.

    ``waiting`` are the events that it waits for now, each with what happens when it comes; ``queue`` the events
    that came while it was busy, ``reactions`` what has become of its messages. Times are virtual milliseconds.
    """

    __slots__ = (
        "actions",
        "current",
        "draws",
        "ended",
        "entered",
        "events",
        "id",
        "identity",
        "journey",
        "key",
        "lately",
        "person",
        "previous",
        "process",
        "queue",
        "reactions",
        "supplemental",
        "waiting",
    )

    def __init__(
        self,
        journey: JourneyPlan,
        person: PersonProfile,
        identity: str,
        supplemental: str | None,
        entered: int,
        key: int,
    ) -> None:
        """``key`` is that of the instance's own draws."""
        self.journey = journey
        self.person = person
        self.identity = identity
        self.supplemental = supplemental
        self.entered = entered
        self.key = key
        self.id = uuid_one(key, 0).decode()
        self.draws = 1
        self.events: dict[str, Mapping[str, Any]] = {}
        self.actions: dict[str, Any] = {}
        self.waiting: dict[str, simpy.Event] = {}
        self.queue: deque[tuple[str, Mapping[str, Any]]] = deque()
        self.reactions: set[str] = set()
        self.current: StepPlan = journey.first
        self.previous: StepPlan | None = None
        self.lately: dict[str, Value] = {}
        """What its steps came to, as properties of the journey."""
        self.process: simpy.Process | None = None
        self.ended = False

    @property
    def deadline(self) -> int:
        """When the instance ends whatever it does."""
        return self.entered + self.journey.timeout_ms

    def draw(self) -> float:
        """The next of its draws, from 0 to below 1."""
        self.draws += 1
        return uniform_one(self.key, self.draws)


class LookUp(Protocol):
    """Looks things up for expressions."""

    def data(self, instance: Instance, source: str, parameters: Mapping[str, Value], now: datetime) -> Value:
        """What a data source says. Raises FetchError."""

    def member(self, person: PersonProfile, audience: str, now: datetime) -> bool:
        """Whether a person is in an audience."""


class InstanceScope:
    """What an expression in a step can see."""

    __slots__ = ("_instance", "_look_up", "fetched", "now", "seen")

    def __init__(self, instance: Instance, now: datetime, look_up: LookUp) -> None:
        self._instance = instance
        self._look_up = look_up
        self.now = now
        self.seen: dict[str, Value] = {}
        """What was read, for the record: audiences with what they said."""
        self.fetched: dict[tuple[str, str], Value] = {}
        """What data sources said, by source and field group."""

    def event(self, name: str) -> Value:
        """The payload of an event of this instance."""
        return self._instance.events.get(name)

    def data(self, source: str, field_group: str, parameters: Mapping[str, Value]) -> Value:
        """What a data source says."""
        if source == PROPERTIES_SOURCE:
            return self.constant(field_group)
        said = self.fetched[source, field_group] = self._look_up.data(
            self._instance, source, parameters, self.now
        )
        return said

    def action(self, name: str) -> Value:
        """The response of a custom action."""
        response: Value = self._instance.actions.get(name)
        return response

    def constant(self, name: str) -> Value:
        """A property of the journey or instance (journeys.md 3.4)."""
        return journey_properties(self._instance).get(name)

    def member(self, audience: str) -> bool:
        """Whether the person is in an audience."""
        answer = self._look_up.member(self._instance.person, audience, self.now)
        self.seen[f"in {audience}"] = answer
        return answer

    def random(self) -> float:
        """A draw."""
        return self._instance.draw()

    def uuid(self) -> str:
        """A random UUID."""
        self._instance.draws += 1
        return uuid_one(self._instance.key, self._instance.draws).decode()


# All that the product has (journeys.md 3.4); those that are not told below are null here.
PROPERTIES = (
    *("journeyUID", "journeyVersionUID", "journeyVersionName", "journeyVersionDescription", "journeyVersion"),
    *(
        "instanceUID",
        "externalKey",
        "organizationId",
        "sandboxName",
        "profileId",
        "namespace",
        "supplementalId",
    ),
    *("currentNodeId", "currentNodeName", "previousNodeId", "previousNodeName"),
    *("lastNodeUIDInError", "lastNodeNameInError", "lastNodeTypeInError", "lastErrorCode"),
    *("lastExecutedActionErrorCode", "lastDataFetchErrorCode"),
    *("lastActionExecutionElapsedTime", "lastDataFetchElapsedTime"),
)


def journey_properties(instance: Instance) -> dict[str, Value]:
    """The properties of a journey that expressions can read, by their names in the product."""
    journey, previous = instance.journey, instance.previous
    return {
        "supplementalId": instance.supplemental,
        "journeyUID": journey.id,
        "journeyVersionUID": journey.version_id,
        "journeyVersionName": journey.name,
        "journeyVersionDescription": journey.model.description,
        "journeyVersion": "1.0",
        "instanceUID": instance.id,
        "externalKey": instance.identity,
        "profileId": instance.identity,
        "namespace": journey.namespace,
        "currentNodeId": node_id(journey, instance.current.name),
        "currentNodeName": instance.current.name,
        "previousNodeId": node_id(journey, previous.name) if previous else None,
        "previousNodeName": previous.name if previous else None,
        **instance.lately,
    }


def node_id(journey: JourneyPlan, step: str) -> str:
    """The id of a step."""
    return f"{journey.version_id[:8]}-{step}"


def error_code(code: str) -> str:
    """What went wrong as the properties of journeys say it: an HTTP code, or one of three words (journeys.md 3.4)."""
    if code.startswith("http_"):
        return code.removeprefix("http_")
    return code if code.isdecimal() else {"timedout": "timedOut", "capped": "capped"}.get(code, "error")
