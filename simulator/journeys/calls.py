"""Custom actions: what is sent, time-outs, retries and caps (journeys.md 6.1, 6.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import simpy

from simulator.journeys.dialects import CALL_RETRIES, NEVER_RETRIED
from simulator.journeys.expressions import Value, json_value, text_of
from simulator.journeys.instance import Instance, InstanceScope
from simulator.journeys.plan import ActionPlan, Plan, milliseconds
from simulator.journeys.surroundings import Answer, Call, Callout


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of a custom action: ``code`` as `jo_status_code` says it."""

    code: str
    body: Any
    attempts: int
    method: str
    url: str

    def detail(self, action: ActionPlan) -> dict[str, Any]:
        """The result for the record."""
        return {
            "action": action.name,
            "method": self.method,
            "url": self.url,
            "attempts": self.attempts,
            "status": self.code,
        }

    def readable(self) -> dict[str, Any]:
        """The response as expressions read it."""
        fields = self.body if isinstance(self.body, Mapping) else {}
        if self.code.startswith("http_2"):
            return {**fields, "jo_status_code": self.code}
        return {"errorResponse": fields, "jo_status_code": self.code}


class CallRunner:
    """Performs custom actions."""

    def __init__(self, env: simpy.Environment, plan: Plan, callout: Callout) -> None:
        self._env = env
        self._plan = plan
        self._callout = callout
        self._recent: dict[str, deque[int]] = {}

    def filled(self, action: ActionPlan, template: Any, scope: InstanceScope) -> Any:
        """A template with its expressions evaluated; parameters without a value are left out or null."""
        if isinstance(template, Mapping):
            filled = {key: self.filled(action, item, scope) for key, item in template.items()}
            return {
                key: value
                for key, value in filled.items()
                if value is not None or template[key] is None or action.model.allow_null
            }
        if isinstance(template, list | tuple):
            items = [self.filled(action, item, scope) for item in template]
            return [item for item in items if item is not None]  # documented: nulls in arrays are removed
        if isinstance(template, str) and template.startswith("="):
            return json_value(action.expressions[template[1:]].evaluate(scope))
        return template

    def _texts(
        self, action: ActionPlan, templates: Mapping[str, str], scope: InstanceScope
    ) -> dict[str, str]:
        values: dict[str, Value] = {key: self.filled(action, item, scope) for key, item in templates.items()}
        return {key: text_of(value) for key, value in values.items() if value is not None}

    def perform(
        self, instance: Instance, action: ActionPlan, scope: InstanceScope
    ) -> Generator[simpy.Event, Any, CallResult]:
        """Call, and call again as long as the time allows."""
        model = action.model
        call = Call(
            action=action.name,
            method=model.method,
            url=text_of(self.filled(action, model.url, scope)),
            headers={"Content-Type": "application/json", **self._texts(action, model.headers, scope)},
            query=self._texts(action, model.query, scope),
            body=None if model.method == "GET" else self.filled(action, model.body, scope),
            person=instance.person,
            attempt=1,
        )
        deadline = int(self._env.now) + instance.journey.activity_timeout_ms
        code, body = "timedout", None
        attempts = 0
        for attempt in range(1, CALL_RETRIES + 2):
            if not self._slot(action):
                return CallResult("capped", None, attempts, call.method, call.url)
            attempts = attempt
            answer = yield from self._once(call._replace(attempt=attempt), deadline)
            if answer is None:
                return CallResult("timedout", body, attempts, call.method, call.url)
            code, body = _code(answer), answer.body
            if not _worth_another(answer):
                break
        return CallResult(code, body, attempts, call.method, call.url)

    def _once(self, call: Call, deadline: int) -> Generator[simpy.Event, Any, Answer | None]:
        """One attempt; None if the time is over before it is answered."""
        answered = self._callout.call(call)
        left = deadline - int(self._env.now)
        done = yield simpy.AnyOf(self._env, [answered, simpy.Timeout(self._env, max(0, left))])
        return cast(Answer, done[answered]) if answered in done else None

    def _slot(self, action: ActionPlan) -> bool:
        """Whether a call is still within the cap; every attempt takes a slot."""
        if action.cap is None:
            return True
        now = int(self._env.now)
        recent = self._recent.setdefault(action.name, deque())
        period = milliseconds(action.model.cap_period) or 0
        while recent and recent[0] <= now - period:
            recent.popleft()
        if len(recent) >= action.cap:
            return False
        recent.append(now)
        return True


def _code(answer: Answer) -> str:
    return "internalError" if answer.status is None else f"http_{answer.status}"


def _worth_another(answer: Answer) -> bool:
    """Whether the product would try again: every HTTP error except those that can't change."""
    if answer.status is None:
        return True
    return answer.status >= 400 and answer.status not in NEVER_RETRIED
