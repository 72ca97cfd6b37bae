"""Custom actions: what is sent, time-outs, retries and caps (journeys.md 6.1, 6.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import simpy

from simulator.journeys.dialects import CALL_RETRIES, NEVER_RETRIED
from simulator.journeys.expressions import Value, json_value, text_of
from simulator.journeys.instance import Instance, InstanceScope
from simulator.journeys.plan import ActionPlan, Plan, milliseconds
from simulator.journeys.surroundings import Answer, Call, Callout
from simulator.scenario.references import Reference

# What every call says of its body (journeys.md 6.1).
_HEADERS = {"Content-Type": "application/json", "Charset": "UTF-8"}


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of a custom action: ``code`` as `jo_status_code` says it, ``elapsed`` in milliseconds."""

    code: str
    body: Any
    attempts: int
    method: str
    url: str
    elapsed: int
    error: str = ""

    def detail(self, action: ActionPlan) -> dict[str, Any]:
        """The result for the record."""
        return {
            "action": action.name,
            "method": self.method,
            "url": self.url,
            "attempts": self.attempts,
            "status": self.code,
            **({"becomes": action.becomes} if action.becomes else {}),
            **({"error": self.error} if self.error else {}),
        }

    def readable(self) -> dict[str, Any]:
        """The response as expressions read it."""
        fields = self.body if isinstance(self.body, Mapping) else {}
        if self.code.startswith("http_2"):
            return {**fields, "jo_status_code": self.code}
        return {"errorResponse": fields, "jo_status_code": self.code}


class CallRunner:
    """Performs custom actions. ``cap_of`` says how much of a cap falls to the people here."""

    def __init__(
        self, env: simpy.Environment, plan: Plan, callout: Callout, cap_of: Callable[[int], int]
    ) -> None:
        self._env = env
        self._plan = plan
        self._callout = callout
        self._cap_of = cap_of
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

    def _text(self, action: ActionPlan, template: Reference, scope: InstanceScope) -> str | Reference | None:
        """What an expression gives; a text as it stands; a secret as the reference to it."""
        if not template.literal:
            return template
        value: Value = self.filled(action, template.text, scope)
        return None if value is None else text_of(value)

    def _texts(
        self, action: ActionPlan, templates: Mapping[str, Reference], scope: InstanceScope
    ) -> dict[str, str | Reference]:
        texts = {key: self._text(action, item, scope) for key, item in templates.items()}
        return {key: text for key, text in texts.items() if text is not None}

    def _call_of(self, instance: Instance, action: ActionPlan, scope: InstanceScope) -> Call:
        model = action.model
        url = None if model.url is None else self._text(action, model.url, scope)
        return Call(
            action=action.name,
            method=model.method,
            url="" if url is None else url,
            headers=_HEADERS | self._texts(action, model.headers, scope),
            query=self._texts(action, model.query, scope),
            body=None if model.method == "GET" else self.filled(action, model.body, scope),
            person=instance.person,
            attempt=1,
            within=0,
            journey=instance.journey.name,
            step=instance.current.name,
            instance=instance.id,
        )

    def perform(
        self, instance: Instance, action: ActionPlan, scope: InstanceScope
    ) -> Generator[simpy.Event, Any, CallResult]:
        """Call, and call again as long as the time allows."""
        call, pace = self._call_of(instance, action, scope), self._callout.pace(action.name)
        began = int(self._env.now)
        deadline = began + round(instance.journey.activity_timeout_ms * pace)

        def result(code: str, body: Any, attempts: int, error: str = "") -> CallResult:
            elapsed = round((int(self._env.now) - began) / pace)
            return CallResult(code, body, attempts, call.method, str(call.url), elapsed, error)

        last: Answer | None = None
        for attempt in range(1, CALL_RETRIES + 2):
            if not self._slot(action):
                return result("capped", None, attempt - 1)
            left = max(0, deadline - int(self._env.now))
            attempted = call._replace(attempt=attempt, within=round(left / pace))
            answer = yield from self._once(attempted, left)
            if answer is None:
                # What came before is kept, as the product keeps the original error.
                return result(
                    "timedout",
                    None if last is None else last.body,
                    attempt,
                    "" if last is None else f"{_code(last)} before{f': {last.error}' if last.error else ''}",
                )
            last = answer
            if not _worth_another(answer):
                break
        if last is None:
            raise RuntimeError("a call without an attempt")
        return result(_code(last), last.body, attempt, last.error)

    def _once(self, call: Call, left: int) -> Generator[simpy.Event, Any, Answer | None]:
        """One attempt; None if the time is over before it is answered."""
        answered = self._callout.call(call)
        done = yield simpy.AnyOf(self._env, [answered, simpy.Timeout(self._env, left)])
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
        if len(recent) >= self._cap_of(action.cap):
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
