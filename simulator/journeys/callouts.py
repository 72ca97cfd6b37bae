"""Where the calls of custom actions go when they don't really go out: to the stubs of the scenario."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import simpy

from simulator.journeys.expressions import Value
from simulator.journeys.facts import stub_answer
from simulator.journeys.plan import Plan
from simulator.journeys.surroundings import Answer, Call


class StubCallout:
    """Answers calls from the stubs of the actions, after their delay, in virtual time."""

    def __init__(self, env: simpy.Environment, plan: Plan, date_of: Callable[[int], datetime]) -> None:
        self._env = env
        self._plan = plan
        self._date_of = date_of

    def pace(self, action: str) -> float:
        """Stubs answer in the time of the journeys."""
        return 1.0

    def call(self, call: Call) -> simpy.Event:
        """Answer as the stub of the action says; its conditions see `@event{call....}`."""
        now = int(self._env.now)
        seen: dict[str, Value] = {
            "body": call.body,
            "query": {name: str(value) for name, value in call.query.items()},
            "person": call.person.name,
            "attempt": call.attempt,
        }
        stub = self._plan.actions[call.action].model.stub
        result = stub_answer(stub, call.action, seen, call.person, now + call.attempt, self._date_of(now))
        value: Any = Answer(result.status, result.body)
        return simpy.Timeout(self._env, result.delay_ms, value)
