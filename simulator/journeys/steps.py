"""The steps of a journey, one instance at a time, as a SimPy process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import simpy

from simulator.core.simtime import MS_PER_SECOND
from simulator.journeys.calls import CallRunner
from simulator.journeys.expressions import ExpressionError, FetchError, Value
from simulator.journeys.facts import Facts
from simulator.journeys.instance import Instance, InstanceScope, error_code, node_id
from simulator.journeys.mail import Mailbox
from simulator.journeys.plan import END, PathPlan, Plan, StepPlan, milliseconds, time_fits
from simulator.journeys.surroundings import Callout, Message, Post, set_attribute

if TYPE_CHECKING:
    from simulator.journeys.engine import JourneyEngine

Steps = Generator[simpy.Event, Any, str | None]
# A profile attribute that a journey has set can be read this much later; the product says "seconds" [derived].
UPDATE_DELAY_MS = 5 * MS_PER_SECOND


@dataclass(frozen=True, slots=True)
class LeftEarly:
    """Why an instance ends before its last step: ``exit`` (a criterion), ``timeout`` (its life is over)."""

    reason: str
    name: str = ""


class _StepError(Exception):
    """A step failed."""

    def __init__(self, status: str, code: str, detail: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = dict(detail or {})


class _NoPathError(Exception):
    """No path of a condition is true, and there is none for other cases; ``detail`` is what was read."""

    def __init__(self, detail: Mapping[str, Any]) -> None:
        super().__init__()
        self.detail = detail


class StepRunner:
    """Leads instances through their steps."""

    def __init__(
        self,
        env: simpy.Environment,
        plan: Plan,
        facts: Facts,
        callout: Callout,
        post: Post,
        engine: JourneyEngine,
        *,
        date_of: Callable[[int], datetime],
        horizon: int,
        cap_of: Callable[[int], int],
    ) -> None:
        self._env = env
        self._cap_of = cap_of
        self._plan = plan
        self._facts = facts
        self._calls = CallRunner(env, plan, callout, cap_of)
        self._post = post
        self._mailbox = Mailbox(env, engine, self._after)
        self._engine = engine
        self._date_of = date_of
        self._horizon = horizon
        self._caps: Counter[tuple[str, str, str]] = Counter()
        self._resting: set[Instance] = set()

    def is_waiting(self, instance: Instance) -> bool:
        """Whether the instance is at a plain wait, so that events are not for it."""
        return instance in self._resting

    def leave(self, instance: Instance, why: LeftEarly) -> None:
        """End an instance from outside, wherever it is."""
        if instance.process is not None and instance.process.is_alive and not instance.ended:
            instance.ended = True
            instance.process.interrupt(why)

    def conduct(self, instance: Instance) -> Generator[simpy.Event, Any, None]:
        """The life of an instance."""
        detail: dict[str, Any] = {}
        try:
            reason, detail = yield from self._walk(instance)
        except simpy.Interrupt as interrupt:
            why = cast(LeftEarly, interrupt.cause)
            reason, detail = why.reason, ({"criterion": why.name} if why.name else {})
        finally:
            self._resting.discard(instance)
            instance.waiting = {}
        self._drop_queue(instance)
        self._engine.over(instance, reason, detail)

    def _walk(self, instance: Instance) -> Generator[simpy.Event, Any, tuple[str, dict[str, Any]]]:
        journey = instance.journey
        self._passed(instance, journey.first, "transitions", {})
        following = journey.first.next
        while following is not None and following != END:
            step = journey.steps[following]
            instance.previous, instance.current = instance.current, step
            if step.kind == "end":
                self._passed(instance, step, "endStep", {})
                return "end", {}
            try:
                following = yield from self._perform(instance, step)
            except _StepError as error:
                self._failed(instance, step, error)
                if step.on_error is None:
                    return "error", {"error": error.code}
                following = step.on_error
            except _NoPathError as nowhere:
                self._passed(instance, step, "transitions", {"path": None, **nowhere.detail})
                return "no_path", {}
            except TimeoutError:
                return "timeout", {}
        return "end", {}

    def _perform(self, instance: Instance, step: StepPlan) -> Steps:
        return getattr(self, f"_do_{step.kind}")(instance, step)  # type: ignore[no-any-return]

    # --- waiting ------------------------------------------------------------------------------------------

    def _do_wait(self, instance: Instance, step: StepPlan) -> Steps:
        yield from self._rest(instance, milliseconds(step.model.wait) or 0)
        self._passed(instance, step, "transitions", {})
        return step.next

    def _do_wait_until(self, instance: Instance, step: StepPlan) -> Steps:
        moment = self._value(instance, step)
        if not isinstance(moment, datetime):
            raise _StepError("error", "the expression of `wait_until` gives no date and time")
        aware = moment if moment.tzinfo else moment.replace(tzinfo=instance.journey.zone)
        left = (aware - self._date_of(int(self._env.now))) / timedelta(milliseconds=1)
        yield from self._rest(instance, max(0, round(left)))
        self._passed(instance, step, "transitions", {})
        return step.next

    def _rest(self, instance: Instance, length: int) -> Generator[simpy.Event, Any, None]:
        """Wait for a time; a wait that the life of the instance does not cover is not entered."""
        length = self._test(instance, length)
        if self._env.now + length > instance.deadline:
            raise TimeoutError
        self._resting.add(instance)
        self._drop_queue(instance)  # who is resting waits for no event
        yield self._after(length)
        self._resting.discard(instance)

    def _drop_queue(self, instance: Instance) -> None:
        while instance.queue:
            self._engine.drop(instance, *instance.queue.popleft())

    def _test(self, instance: Instance, length: int) -> int:
        return min(length, instance.journey.test_wait_ms) if instance.journey.model.test_mode else length

    def _after(self, length: int) -> simpy.Event:
        """Happens after ``length`` milliseconds; never, if that is after the end of the run."""
        if self._env.now + length > self._horizon:
            return simpy.Event(self._env)
        return simpy.Timeout(self._env, length)

    def _do_event(self, instance: Instance, step: StepPlan) -> Steps:
        limit = milliseconds(step.model.timeout)
        outcome = yield from self._await(instance, [step.awaits], limit)
        if outcome is None:
            self._passed(instance, step, "timedOut", {"path": "timeout"})
            return step.on_timeout
        self._passed(instance, step, "transitions", {"path": outcome})
        return step.next

    _do_reaction = _do_event

    def _do_race(self, instance: Instance, step: StepPlan) -> Steps:
        events = {event: following for event, _, following in step.race if event is not None}
        waits = [(length, following) for _, length, following in step.race if length is not None]
        # The shortest wait wins; of two that are equal, the upper one.
        shortest = min(waits, key=lambda wait: wait[0]) if waits else None
        outcome = yield from self._await(instance, list(events), shortest[0] if shortest else None)
        if outcome is None:
            self._passed(instance, step, "transitions", {"path": "wait"})
            return shortest[1] if shortest else None
        self._passed(instance, step, "transitions", {"path": outcome})
        return events[outcome]

    def _await(
        self, instance: Instance, names: list[str], limit: int | None
    ) -> Generator[simpy.Event, Any, str | None]:
        """Wait for one of several events; None if ``limit`` milliseconds pass first."""
        while instance.queue:
            name, payload = instance.queue.popleft()
            if name in names:
                instance.events[name] = payload
                return name
            self._engine.drop(instance, name, payload)
        for name in names:
            if name in instance.reactions:
                return name
        left = instance.deadline - int(self._env.now)
        length = left if limit is None else min(self._test(instance, limit), left)
        instance.waiting = {name: simpy.Event(self._env) for name in names}
        timer = self._after(length)
        yield simpy.AnyOf(self._env, [*instance.waiting.values(), timer])
        came = [name for name, event in instance.waiting.items() if event.triggered]
        if not came:
            instance.waiting = {}
            if length == left:
                raise TimeoutError
            return None
        brought = instance.waiting[came[0]].value
        if brought is not None:  # reactions bring nothing
            instance.events[came[0]] = cast("Mapping[str, Any]", brought)
        instance.waiting = {}
        return came[0]

    # --- conditions ---------------------------------------------------------------------------------------

    def _do_condition(self, instance: Instance, step: StepPlan) -> Steps:
        yield from ()
        scope = self._engine.scope(instance)
        draw: float | None = None
        passed = 0.0
        for path in step.paths:
            if path.model.percentage is not None:
                draw = self._split(instance) if draw is None else draw
                passed += path.model.percentage
                taken = draw < passed
            else:
                taken = self._true(instance, step, path, scope)
            if taken:
                self._passed(
                    instance, step, "transitions", {"path": path.name, **self._read(instance, step, scope)}
                )
                return path.next
        if step.model.other is None:
            raise _NoPathError(self._read(instance, step, scope))
        self._passed(instance, step, "transitions", {"path": "other", **self._read(instance, step, scope)})
        return step.other

    def _split(self, instance: Instance) -> float:
        """The draw of a percentage split; test mode always takes the top path."""
        return 0.0 if instance.journey.model.test_mode else instance.draw()

    def _true(self, instance: Instance, step: StepPlan, path: PathPlan, scope: InstanceScope) -> bool:
        model = path.model
        if path.expression is not None:
            try:
                return path.expression.holds(scope)
            except ExpressionError as error:
                raise _StepError("error", error.message, {"path": path.name}) from None
            except FetchError as error:
                instance.lately["lastDataFetchErrorCode"] = error_code(error.code)
                raise _StepError("error", str(error), {"path": path.name}) from None
        local = scope.now.astimezone(instance.journey.zone)
        if model.time is not None:
            return time_fits(model.time, local)
        if model.date is not None:
            naive = local.replace(tzinfo=None)
            after, before = model.date.after, model.date.before
            return (after is None or naive >= after) and (before is None or naive < before)
        if model.cap is not None and not instance.journey.model.test_mode:
            counter = (instance.journey.name, step.name, path.name)
            if self._caps[counter] >= self._cap_of(model.cap):
                return False
            self._caps[counter] += 1
        return True

    def _read(self, instance: Instance, step: StepPlan, scope: InstanceScope) -> dict[str, Any]:
        """What the conditions of a step read, for the record."""
        values: dict[str, Any] = dict(scope.seen)
        for path in step.paths:
            for reference in path.expression.references if path.expression else ():
                if not reference.plain or len(values) >= _MOST_VALUES:
                    continue
                label = ".".join((reference.head, *reference.path))
                if reference.kind == "event":
                    values[label] = _plain(instance.events.get(reference.head), reference.path)
                elif reference.kind == "data" and (reference.head, reference.path[0]) in scope.fetched:
                    fetched = scope.fetched[reference.head, reference.path[0]]
                    values[label] = _plain(fetched, reference.path[1:])
        return {"values": values} if values else {}

    # --- actions ------------------------------------------------------------------------------------------

    def _do_action(self, instance: Instance, step: StepPlan) -> Steps:
        action = self._plan.actions[step.model.action or ""]
        scope = self._engine.scope(instance)
        began = int(self._env.now)
        if action.model.channel is not None:
            yield from ()
            try:
                title = self._calls.filled(action, action.model.title, scope)
                body = self._calls.filled(action, action.model.body, scope)
            except (ExpressionError, FetchError) as error:
                raise _StepError("error", str(error), {"action": action.name}) from None
            message = Message(
                began,
                instance.journey.name,
                step.name,
                instance.id,
                action.name,
                action.model.channel,
                "" if title is None else str(title),
                body,
                instance.person,
                instance.identity,
            )
            self._engine.note(
                "message",
                instance,
                step.name,
                {"action": action.name, "channel": message.channel, "title": message.title, "body": body},
            )
            self._passed(instance, step, "transitions", {"action": action.name, "elapsed": 0})
            taken = self._post.deliver(message)
            self._engine.react(instance.id, step.name, "sent" if taken else "failed")
            if message.channel == "email":
                self._mailbox.receive(instance, step.name, action)
            return step.next
        try:
            result = yield from self._calls.perform(instance, action, scope)
        except (ExpressionError, FetchError) as error:
            raise _StepError("error", str(error), {"action": action.name}) from None
        elapsed = instance.lately["lastActionExecutionElapsedTime"] = result.elapsed
        self._engine.note("call", instance, step.name, result.detail(action))
        instance.actions[action.name] = result.readable()
        if result.code.startswith("http_2"):
            self._passed(instance, step, "transitions", {"action": action.name, "elapsed": elapsed})
            return step.next
        instance.lately["lastExecutedActionErrorCode"] = error_code(result.code)
        status = {"timedout": "timedOut", "capped": "cappingError"}.get(result.code, "error")
        raise _StepError(status, result.code, {"action": action.name, "elapsed": elapsed})

    def _do_update_profile(self, instance: Instance, step: StepPlan) -> Steps:
        yield from ()
        scope = self._engine.scope(instance)
        try:
            values = [(path, expression.evaluate(scope)) for path, expression in step.updates]
        except (ExpressionError, FetchError) as error:
            raise _StepError("error", str(error)) from None
        timer = self._after(UPDATE_DELAY_MS)
        timer.callbacks.append(lambda _: _set_all(instance.person.attributes, values))
        self._passed(instance, step, "transitions", {})
        return step.next

    def _do_jump(self, instance: Instance, step: StepPlan) -> Steps:
        yield from ()
        started = self._engine.jump(self._plan.journeys[step.model.jump or ""], instance)
        self._passed(instance, step, "transitions", {"jump": step.model.jump, "started": started})
        return step.next

    # --- record -------------------------------------------------------------------------------------------

    def _value(self, instance: Instance, step: StepPlan) -> Value:
        try:
            return None if step.expression is None else step.expression.evaluate(self._engine.scope(instance))
        except (ExpressionError, FetchError) as error:
            raise _StepError("error", str(error)) from None

    def _passed(self, instance: Instance, step: StepPlan, status: str, detail: Mapping[str, Any]) -> None:
        previous = instance.previous.name if instance.previous is not None else None
        row = {"kind": step.kind, "status": status, "previous": previous, **detail}
        self._engine.note("step", instance, step.name, row)

    def _failed(self, instance: Instance, step: StepPlan, error: _StepError) -> None:
        instance.lately |= {
            "lastNodeUIDInError": node_id(instance.journey, step.name),
            "lastNodeNameInError": step.name,
            "lastNodeTypeInError": step.kind,
            "lastErrorCode": error_code(error.code),
        }
        self._passed(instance, step, error.status, {"error": error.code, **error.detail})


# Values of fields that one row keeps.
_MOST_VALUES = 12


def _plain(payload: Any, path: tuple[str, ...]) -> Any:
    """The value at ``path`` where it is a plain one; null where there is none."""
    for name in path:
        if not isinstance(payload, Mapping):
            return None
        payload = payload.get(name)
    return payload if isinstance(payload, str | int | float | bool) else None


def _set_all(attributes: dict[str, Any], values: list[tuple[tuple[str, ...], Value]]) -> None:
    for path, value in values:
        set_attribute(attributes, path, value)
