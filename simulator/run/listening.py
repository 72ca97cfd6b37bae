"""The listener within a run: what it hears is put on record with its moment and person, and may reach a phone."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from simulator.core.errors import UsageError
from simulator.listener import CallListener, CallRecord, HeardCall, ListenerThread, actions_of, listen
from simulator.run.calling import ADDRESS_VARIABLE, PushToCome
from simulator.run.guard import calling_of
from simulator.run.options import RunOptions
from simulator.run.pacing import Pacer, WallClock
from simulator.run.simulation import Simulation, World
from simulator.run.window import Window
from simulator.run.workers import InProcess, WindowSource, Workers
from simulator.scenario import load_yaml
from simulator.scenario.models import Listener

# Of a message whose person or time is not known when its call comes.
_NOBODY = _NEVER = -1


class Listening:
    """The listener of one run. Calls that come before :meth:`attend` wait."""

    def __init__(self, model: Listener, world: World, record: Path, clock: WallClock, *, calls: bool) -> None:
        """``calls`` says that actions of the run really call."""
        self._plan = plan = world.journey_plan()
        self._calls_leave = calls
        self._clock = clock
        self._live_since: int | None = None
        if world.scenario.clock.speed == "live":
            self._live_since = world.calendar.start_epoch_ms
        self._known_actions = {name.casefold(): name for name in (plan.actions if plan else ())}
        self._thread = ListenerThread(
            CallListener(model.routes, self._heard, clock.epoch_ms), port=model.port
        )
        self.url = self._thread.url
        self._path = record
        self._routes = model.routes
        self._linger = _linger_of(world)
        self._record: CallRecord | None = None
        self._pacer: Pacer | None = None
        self._simulation: Simulation | None = None
        self._shown = False
        """Whether somebody looks on, who sets the pace: the clock is then the simulation's."""
        self._person_of: dict[str, int] = {}
        """People by the ids of their events and by their identities, as far as events of theirs were made."""
        self._pushes: deque[PushToCome] = deque()
        self._pushed: set[int] = set()
        self._people: dict[str, set[int]] = {}
        self._deliveries: dict[str, set[int]] = {}
        self._calls: Counter[str] = Counter()
        self._unknown: list[tuple[str, str, str]] = []
        """Action, event and identity of calls whose person was not known when they came."""

    def attend(self, source: WindowSource) -> WindowSource:
        """Begin to take calls; the windows of the run come from what is returned."""
        self._record = CallRecord(self._path, self._stands_for())
        self._thread.start()
        simulation = getattr(source, "simulation", None)  # those of several workers are out of reach
        self._simulation = simulation if isinstance(simulation, Simulation) else None
        self._shown = not isinstance(source, InProcess | Workers)
        return _Attended(source, self, self._simulation)

    def _stands_for(self) -> dict[str, str]:
        """The actions of which only what arrives here counts: those whose calls don't end at a stub."""
        actions = actions_of(self._routes)
        if self._plan is None or self._plan.model.evaluation == "platform":
            return actions
        real = {
            name for name, action in self._plan.actions.items() if action.model.call and self._calls_leave
        }
        return {name: becomes for name, becomes in actions.items() if name in real}

    async def linger(self, stop: asyncio.Event) -> None:
        """Go on listening after the last event for as long as the scenario says, or until ``stop``; then no more."""
        await self._clock.until(self._clock.monotonic() + self._linger, stop)
        self.stop()

    def stop(self) -> None:
        """Take no more calls; may be called more than once."""
        self._thread.stop()
        if self._record is not None:
            self._record.close(self._clock.epoch_ms())
            self._record = None

    def keep_pace(self, pacer: Pacer | None) -> None:
        """From here on the run keeps to a clock; None: it goes as fast as it can."""
        self._pacer = pacer

    def pushes(self) -> Iterator[PushToCome]:
        """The calls that have become push messages since last asked."""
        while self._pushes:
            yield self._pushes.popleft()

    def learn(self, window: Window) -> None:
        """Whose the events of a window are: calls name them."""
        for person, body in zip(window.person.tolist(), window.bodies, strict=True):
            event = orjson.loads(body)
            self._person_of[str(event.get("_id"))] = person
            for identities in (event.get("identityMap") or {}).values():
                for identity in identities:
                    self._person_of[str(identity.get("id"))] = person

    def document(self) -> dict[str, Any]:
        """What was heard, as the summary has it."""
        nobody = 0
        for action, event, identity in self._unknown:
            person = self._person(event, identity)
            if person is None:
                nobody += 1
            else:
                self._people[action].add(person)
        return {
            "url": self.url,
            "calls": sum(self._calls.values()),
            "deliveries": sum(map(len, self._deliveries.values())),
            "unknown_people": nobody,
            "actions": {
                name: {
                    "calls": self._calls[name],
                    "deliveries": len(self._deliveries[name]),
                    "people": len(self._people[name]),
                }
                for name in sorted(self._calls)
            },
        }

    # --- in the listener's thread -------------------------------------------------------------------------

    def _heard(self, call: HeardCall) -> None:
        call.action = self._known_actions.get(call.action.casefold(), call.action)
        call.at = self._now()
        call.ordinal = self._person(call.keys.event, call.keys.person)
        if self._record is None:
            return
        self._record.append(call)
        self._calls[call.action] += 1
        self._deliveries.setdefault(call.action, set()).add(call.delivery)
        people = self._people.setdefault(call.action, set())
        if call.ordinal is not None:
            people.add(call.ordinal)
        elif call.attempt == 1:
            self._unknown.append((call.action, call.keys.event, call.keys.person))
        if call.becomes == "push" and call.status < 400 and call.delivery not in self._pushed:
            self._push(call)

    def _person(self, event: str, identity: str) -> int | None:
        person = self._person_of.get(event)
        return self._person_of.get(identity) if person is None else person

    def _push(self, call: HeardCall) -> None:
        person = _NOBODY if call.ordinal is None else call.ordinal
        at = _NEVER if call.at is None else call.at
        self._pushed.add(call.delivery)
        step = call.keys.step or call.action
        instance = call.keys.instance or f"call-{call.delivery}"
        title = call.title or call.action
        self._pushes.append(PushToCome(person, at, call.action, title, self._journey(call), step, instance))

    def _journey(self, call: HeardCall) -> str:
        """The journey that a call comes from: as it says, else the one that has the action."""
        for journey in self._plan.journeys.values() if self._plan else ():
            if call.keys.journey in (journey.name, journey.version_id, journey.id):
                return journey.name
        users = [
            journey.name
            for journey in (self._plan.journeys.values() if self._plan else ())
            if any(step.model.action == call.action for step in journey.steps.values())
        ]
        return users[0] if len(users) == 1 else call.keys.journey

    def _now(self) -> int | None:
        """Virtual time, where the run keeps to a clock."""
        if self._live_since is not None:
            return self._clock.epoch_ms() - self._live_since
        if self._pacer is not None:
            return self._pacer.now()
        return self._simulation.now if self._simulation is not None and self._shown else None


class _Attended:
    """Windows of a run that is listened to."""

    def __init__(self, source: WindowSource, listening: Listening, simulation: Simulation | None) -> None:
        self._source = source
        self._listening = listening
        self.simulation = self._simulation = simulation
        if simulation is not None and simulation.outbound is not None:
            simulation.outbound.after_call = self._called

    def _called(self, person: int, at: int) -> None:
        """The run has waited for a call of a person's: what it became comes with its answer."""
        for push in self._listening.pushes():
            if self._simulation is not None:
                whose = person if push.person == _NOBODY else push.person
                self._simulation.take(push._replace(person=whose, at=at))

    def advance(self, until: int) -> Window:
        """The window up to ``until``."""
        for push in self._listening.pushes():
            if self._simulation is not None and push.person != _NOBODY and push.at != _NEVER:
                self._simulation.take(push)
        window = self._source.advance(until)
        self._listening.learn(window)
        return window

    def keep_pace(self, pacer: Pacer | None) -> None:
        """From the next window on the run keeps to a clock."""
        self._listening.keep_pace(pacer)
        self._source.keep_pace(pacer)

    def close(self) -> None:
        """Stop."""
        self._source.close()


@contextlib.contextmanager
def listening_to(
    world: World, options: RunOptions, record: Path, clock: WallClock
) -> Iterator[Listening | None]:
    """The listener of a run, if it has one. Raises UsageError where its port or a secret can't be had."""
    journeys = world.scenario.journeys
    model = None if journeys is None else journeys.listener
    if options.listen is not None:
        model = (model or Listener()).model_copy(update={"port": options.listen})
    if model is None:
        yield None
        return
    calls = calling_of(world.scenario, options) is not None
    listening = Listening(model, world, record, clock, calls=calls)
    before = os.environ.get(ADDRESS_VARIABLE)
    os.environ[ADDRESS_VARIABLE] = listening.url
    options.on_listening(listening.url)
    try:
        yield listening
    finally:
        listening.stop()
        if before is None:
            os.environ.pop(ADDRESS_VARIABLE, None)
        else:
            os.environ[ADDRESS_VARIABLE] = before


def _linger_of(world: World) -> float:
    """How long to go on listening after the last event, in seconds of the wall."""
    journeys = world.scenario.journeys
    if journeys is None:
        return 0.0
    if journeys.listener is not None and journeys.listener.linger is not None:
        return journeys.listener.linger
    return journeys.patience if journeys.evaluation == "platform" else 0.0


def patience_ms(world: World) -> int:
    """What is added to deadlines in virtual milliseconds, because somebody else evaluates the journeys."""
    journeys = world.scenario.journeys
    if journeys is None or journeys.evaluation != "platform":
        return 0
    return round(journeys.patience * pace_of(world) * 1000)


def pace_of(world: World) -> float:
    """Seconds of the run in one of the wall, as far as it keeps to a clock; else 1."""
    speed = world.scenario.clock.speed
    return float(speed) if isinstance(speed, int | float) else 1.0


def listen_to_calls(
    *,
    host: str,
    port: int | None,
    answers: Path | None,
    out: Path | None,
    on_ready: Callable[[str], None],
    on_call: Callable[[HeardCall], None],
) -> int:
    """Listen until told to stop; how many calls were heard.

    Raises UsageError or InputError for what is wrong with the call or its files.
    """
    model = Listener()
    if answers is not None:
        model = load_yaml(answers, Listener, expected="expected `routes:` (docs/listener.md)")
    if out is not None and out.exists():
        raise UsageError(f"--out {out}: is there already; name a new file, or remove it first")
    heard = 0
    with contextlib.ExitStack() as stack:
        record: CallRecord | None = None

        def hear(call: HeardCall) -> None:
            nonlocal heard
            heard += 1
            if record is not None:
                record.append(call)
            on_call(call)

        clock = WallClock()
        listener = CallListener(model.routes, hear, clock.epoch_ms)
        if out is not None:
            record = CallRecord(out, actions_of(model.routes))
            stack.callback(lambda kept: kept.close(clock.epoch_ms()), record)
        try:
            listen(listener, host=host, port=model.port if port is None else port, on_ready=on_ready)
        except UsageError:  # it did not begin: the next try must not find a record of it
            stack.close()
            if out is not None:
                out.unlink()
            raise
    return heard
