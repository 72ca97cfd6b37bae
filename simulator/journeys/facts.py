"""What conditions can look up: profiles with their history of events, stubs of outside systems, audiences."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import numpy as np
import orjson

from simulator.core.randomness import key_of, mix_int, uniform_one
from simulator.core.simtime import MS_PER_SECOND
from simulator.journeys.dialects import HISTORY_AGE_MS, HISTORY_LIMIT
from simulator.journeys.expressions import ExpressionError, FetchError, Value, parse_expression
from simulator.journeys.instance import Instance
from simulator.journeys.plan import Plan
from simulator.journeys.surroundings import PersonProfile
from simulator.scenario.models.journeys import Stub

# Names under which profile and history can be read without a definition of the data source.
PLATFORM = "ExperiencePlatform"
PROFILE = "Profile"


@dataclass(slots=True)
class CallScope:
    """What the conditions of stub answers can see: the call, as `@event{call....}`."""

    call: Mapping[str, Value]
    now: datetime

    def event(self, name: str) -> Value:
        """The call."""
        return self.call if name == "call" else None

    def data(self, source: str, field_group: str, parameters: Mapping[str, Value]) -> Value:
        """Stubs have no data sources."""
        raise ExpressionError("the condition of a stub can read only `@event{call....}`")

    def action(self, name: str) -> Value:
        """Stubs have no actions."""
        return None

    def constant(self, name: str) -> Value:
        """Stubs have no constants."""
        return None

    def member(self, audience: str) -> bool:
        """Stubs know no audiences."""
        return False

    def random(self) -> float:
        """Stubs draw by `share`."""
        raise ExpressionError("use `share` instead of random() in a stub")

    def uuid(self) -> str:
        """Stubs must give the same answer to the same call."""
        raise ExpressionError("uuid() can't be used in the condition of a stub")


@dataclass(frozen=True, slots=True)
class StubResult:
    """What a stub answers, and after how many milliseconds."""

    status: int
    body: Any
    delay_ms: int


def stub_answer(
    stub: Stub, name: str, call: Mapping[str, Value], person: PersonProfile, number: int, now: datetime
) -> StubResult:
    """The answer of a stub called ``name``; draws depend on the person, and the delay on ``number``, too."""
    chosen: Any = stub
    for index, answer in enumerate(stub.answers):
        if answer.share < 1.0 and _draw(person, "stub", name, index) >= answer.share:
            continue
        if answer.when is None or parse_expression(answer.when).holds(CallScope(call, now)):
            chosen = answer
            break
    u = np.array([uniform_one(mix_int(person.key ^ key_of("stub delay", name)), number)])
    delay = max(0, round(float(chosen.delay.ppf(u)[0]) * MS_PER_SECOND))
    return StubResult(chosen.status, chosen.body, delay)


def _draw(person: PersonProfile, *purpose: object) -> float:
    return uniform_one(mix_int(person.key ^ key_of(*purpose)), 0)


class _Remembered:
    """An event of somebody's history, as JSON until it is looked at: most never are, and as objects they take
    several times as much memory."""

    __slots__ = ("_event", "at")

    def __init__(self, at: int, event: bytes) -> None:
        self.at = at
        self._event: bytes | Mapping[str, Any] = event

    @property
    def entity(self) -> Mapping[str, Any]:
        """The event."""
        if isinstance(self._event, bytes):
            self._event = orjson.loads(self._event)
        return cast("Mapping[str, Any]", self._event)


class Facts:
    """Looks things up for the expressions of journeys."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._history: dict[int, deque[_Remembered]] = {}

    def remember(self, person: PersonProfile, at: int, entity: Mapping[str, Any]) -> None:
        """Add an accepted event to the person's history; ``at`` is virtual time in milliseconds."""
        if self._plan.reads_history:
            events = self._history.setdefault(person.ordinal, deque(maxlen=HISTORY_LIMIT))
            # A copy of the size that is needed: what the library gives has room for much more.
            events.appendleft(_Remembered(at, memoryview(orjson.dumps(entity)).tobytes()))

    def data(self, instance: Instance, source: str, parameters: Mapping[str, Value], now: datetime) -> Value:
        """What a data source says of the person. Raises FetchError when it answers with an error."""
        model = self._plan.model.data_sources.get(source)
        if model is None or model.type == "platform":
            return self._platform(instance.person, instance.entered)
        call: dict[str, Value] = {"parameters": dict(parameters), "person": instance.person.name}
        result = stub_answer(model.stub, source, call, instance.person, instance.entered, now)
        if result.delay_ms > instance.journey.activity_timeout_ms:
            raise FetchError(f"{source} took longer than the journey waits", "timedout")
        if not 200 <= result.status < 300:
            raise FetchError(f"{source} answered {result.status}", str(result.status))
        body: Value = result.body
        return body

    def _platform(self, person: PersonProfile, at: int) -> Value:
        events = self._history.get(person.ordinal, ())
        recent = [event.entity for event in events if at - event.at <= HISTORY_AGE_MS]
        attributes = person.attributes
        # Field groups show the profile both bare and under `profile`, as the documentation's examples do.
        return {**attributes, "profile": attributes, "experienceevent": recent}

    def member(self, person: PersonProfile, audience: str, now: datetime) -> bool:
        """Whether a person is in an audience. Raises ExpressionError for one that is not declared."""
        model = self._plan.model.audiences.get(audience)
        if model is None:
            raise ExpressionError(f'no audience "{audience}"')
        if model.share is not None:
            return _draw(person, "audience", audience) < model.share
        expression = self._plan.audiences[audience]
        return expression is not None and expression.holds(_ProfileScope(self._platform(person, 0), now))


@dataclass(slots=True)
class _ProfileScope(CallScope):
    """What the condition of an audience can see: the profile, by any name of a data source."""

    profile: Value = None

    def __init__(self, profile: Value, now: datetime) -> None:
        CallScope.__init__(self, {}, now)
        self.profile = profile

    def data(self, source: str, field_group: str, parameters: Mapping[str, Value]) -> Value:
        """The profile."""
        return self.profile
