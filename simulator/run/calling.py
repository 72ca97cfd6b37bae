"""Custom actions that really call: beside a run that keeps to a clock, or while the run waits at full speed.

Beside the clock a call leaves at its moment, in a thread of its own, and its answer is heard when the next piece of
the run is made. The time-out of a call is real time then, whatever the speed of the run. At full speed, where that was
asked for, nothing happens until the call is answered, and it counts as having taken as long as it really took.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import simpy

from simulator.core.simtime import MS_PER_SECOND
from simulator.delivery import Caller, OutgoingCall, Reply
from simulator.journeys import Answer, Call, Plan, StubCallout
from simulator.listener import Incoming
from simulator.run.pacing import Pacer, WallClock
from simulator.scenario.models import ListenerRoute

ADDRESS_VARIABLE = "JOURNEYSIM_LISTENER"
"""The environment variable that holds the address of the run's listener while the run goes on."""
# Calls under way at the same time; more wait for their turn.
MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Calling:
    """Which calls may leave: to ``allow_hosts`` and this machine, and ``at_full_speed`` too."""

    allow_hosts: tuple[str, ...] = ()
    at_full_speed: bool = False


class PushToCome(NamedTuple):
    """A push message for a person (ordinal within the run), sent at ``at`` (virtual milliseconds)."""

    person: int
    at: int
    action: str
    title: str
    journey: str
    step: str
    instance: str


class _Heard(NamedTuple):
    """An answer that came: when, in virtual milliseconds, and for whom."""

    at: int
    env: simpy.Environment
    answered: simpy.Event
    answer: Answer


class Outbound:
    """The calls of one process. Threads are started as they are needed and end with the process."""

    def __init__(self, plan: Plan, calling: Calling, clock: WallClock) -> None:
        self.plan = plan
        self.real = frozenset(name for name, action in plan.actions.items() if action.model.call)
        self._at_full_speed = calling.at_full_speed
        self._caller = Caller(calling.allow_hosts, clock.monotonic)
        self._pacer: Pacer | None = None
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._heard: deque[_Heard] = deque()
        self._closed = threading.Event()
        self.stopped: Callable[[], bool] = lambda: False
        """Whether the run was interrupted: it waits for no more calls then."""
        self.after_call: Callable[[int, int], None] = lambda person, at: None
        """Told of each call for which the run has waited: whose it was, and when its answer comes."""
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = threading.Semaphore(0)

    def keep_pace(self, pacer: Pacer | None) -> None:
        """From here on the run keeps to a clock; None: it goes as fast as it can."""
        self._pacer = pacer

    def leaves(self, action: str) -> bool:
        """Whether the calls of an action really go out now."""
        return action in self.real and (self._pacer is not None or self._at_full_speed)

    @property
    def pace(self) -> float:
        """Virtual milliseconds in a real one."""
        return 1.0 if self._pacer is None else self._pacer.speed

    def call(self, env: simpy.Environment, call: Call) -> simpy.Event:
        """Make a call; the event happens with its answer, or never where it takes too long."""
        if self._pacer is not None:
            return self._beside(env, call, self._pacer)
        if self.stopped():
            return simpy.Event(env)  # nobody waits for answers any more
        reply = self._caller.call(self._outgoing(call), call.within / MS_PER_SECOND)
        took = min(round(reply.seconds * MS_PER_SECOND), call.within)
        self.after_call(call.person.ordinal, int(env.now) + took)
        if reply.timed_out:
            return simpy.Event(env)
        value: Any = _answer(reply)
        return simpy.Timeout(env, took, value)

    def settle(self, start: int) -> None:
        """Hand over the answers that have come, not earlier than ``start``."""
        while self._heard:
            at, env, answered, answer = self._heard.popleft()
            timer = simpy.Timeout(env, max(start, at) - int(env.now), answer)
            timer.callbacks.append(answered.trigger)

    def close(self) -> None:
        """Make no more calls; what is under way is not waited for, and nobody hears of its answer."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            threads = self._threads
        for _ in range(threads):
            self._waiting.put(lambda: None)
        if not threads:
            self._caller.close()

    # --- beside a clock -----------------------------------------------------------------------------------

    def _beside(self, env: simpy.Environment, call: Call, pacer: Pacer) -> simpy.Event:
        answered, at = simpy.Event(env), int(env.now)
        outgoing = self._outgoing(call)

        def job() -> None:
            # A piece of the run is made a little ahead of the clock.
            if self._closed.wait(max(0.0, pacer.ahead(at))):
                return
            # Where many calls wait for their turn, the time of this one may be over before it begins.
            left = call.within / MS_PER_SECOND + min(0.0, pacer.ahead(at))
            if left <= 0.0:
                return
            reply = self._caller.call(outgoing, left)
            if not reply.timed_out:
                self._heard.append(_Heard(max(at, pacer.now()), env, answered, _answer(reply)))

        self._waiting.put(job)
        if not self._idle.acquire(blocking=False) and self._threads < MOST_AT_ONCE:
            with self._lock:
                self._threads += 1
            threading.Thread(target=self._work, name="call", daemon=True).start()
        return answered

    def _work(self) -> None:
        while not self._closed.is_set():
            self._waiting.get()()
            self._idle.release()
        with self._lock:
            self._threads -= 1
            last = self._threads == 0
        if last:
            self._caller.close()

    def _outgoing(self, call: Call) -> OutgoingCall:
        return OutgoingCall(
            call.action,
            call.method,
            call.url,
            call.headers,
            call.query,
            None if call.method == "GET" else orjson.dumps(call.body),
            self.plan.actions[call.action].model.authentication,
            follow=self.plan.rules.follows_redirects,
        )


class Callouts:
    """The calls of one cohort: those that really go out, and those that stubs answer."""

    def __init__(
        self,
        env: simpy.Environment,
        plan: Plan,
        date_of: Callable[[int], datetime],
        outbound: Outbound | None = None,
        push: Callable[[PushToCome], None] | None = None,
    ) -> None:
        """``push`` delivers the messages that calls become, where stubs answer; else the listener sees to it."""
        self._env = env
        self._plan = plan
        self._push = push
        self._stubs = StubCallout(env, plan, date_of)
        self._outbound = outbound

    def pace(self, action: str) -> float:
        """Real calls take real time."""
        if self._outbound is not None and self._outbound.leaves(action):
            return self._outbound.pace
        return self._stubs.pace(action)

    def call(self, call: Call) -> simpy.Event:
        """Send ``call`` now; the event happens with the answer when it is there."""
        if self._outbound is not None and self._outbound.leaves(call.action):
            return self._outbound.call(self._env, call)
        answered = self._stubs.call(call)
        route = self._plan.actions[call.action].route
        if route is not None and route.becomes and self._push is not None:
            answered.callbacks.append(lambda event: self._become(call, route, event.value))
        return answered

    def _become(self, call: Call, route: ListenerRoute, answer: Answer) -> None:
        """What is called would have sent a message: it does."""
        if self._push is None or answer.status is None or answer.status >= 400:
            return
        texts = {name: str(value) for name, value in call.query.items()}
        headers = {name.lower(): str(value) for name, value in call.headers.items()}
        incoming = Incoming(call.method, "", texts, headers, orjson.dumps(call.body))
        title = incoming.at(route.title) if route.title else ""
        now, person = int(self._env.now), call.person.ordinal
        self._push(
            PushToCome(person, now, call.action, title or call.action, call.journey, call.step, call.instance)
        )


def _answer(reply: Reply) -> Answer:
    return Answer(reply.status, reply.body, reply.error)
