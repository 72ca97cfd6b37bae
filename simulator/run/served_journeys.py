"""The journeys of a scenario, evaluated on what a receiver accepts, by a clock.

The evaluator is that of a run. Only what surrounds it differs: events come over the network at their moment, and its
virtual time keeps to the wall clock, so many times as fast.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, cast

import numpy as np
import orjson
import simpy

from simulator.core.randomness import key_of, mix_int, uniform_one
from simulator.core.simtime import MS_PER_DAY, MS_PER_SECOND, Calendar
from simulator.journeys import JourneyEngine, LogRow, Message, Plan, StepEventWriter
from simulator.receiver import AcceptedRecord, JourneyRow, JourneyRows
from simulator.run.acquaintances import Acquaintances
from simulator.run.calling import Calling, Callouts, Outbound
from simulator.run.environment import CohortEnvironment
from simulator.run.journal import JourneyCounts, log_line
from simulator.run.knowledge import KnownPeople
from simulator.run.pacing import Pacer, WallClock
from simulator.run.simulation import World

# What would happen later than this is not scheduled; longer than any journey lives.
_HORIZON_MS = 3650 * MS_PER_DAY
# Longest sleep of the clock's thread, in seconds of the wall: a clock that was set never stops it for good.
_LONGEST_SLEEP_S = 60.0
# How often answers to real calls are looked for.
_LISTENING_S = 0.05
# An event that is dated further ahead of the clock than this, in seconds of the wall, has a wrong date.
_LONGEST_WAY_S = 5.0
# Moments at which a clock can begin, in milliseconds since 1970 (up to 2200): those that a scenario can begin at, too.
_CLOCK_MS = range(7_258_118_400_000)
_LATENCY = key_of("purpose", "served journeys latency")

log = logging.getLogger(__name__)


class _Stage:
    """The journeys between two resets: an environment whose time began at one moment, and what happened in it."""

    def __init__(
        self, world: World, plan: Plan, began: datetime, pacer: Pacer, outbound: Outbound | None
    ) -> None:
        """``pacer`` shows ``began`` from now on; where that is before the scenario's start, time counts from there."""
        calendar = world.calendar
        first = calendar_ms(calendar, began)
        self.calendar = calendar if first >= 0 else Calendar(began, calendar.zone)
        self.rows: list[LogRow] = []
        self.counts = JourneyCounts(plan)
        self.writer = StepEventWriter(plan, self.calendar.utc, world.scenario.seed)
        self.env = CohortEnvironment(max(first, 0))
        self.pacer = pacer
        self.outbound = outbound
        if outbound is not None:
            outbound.keep_pace(pacer)
        pacer.restart(max(first, 0))
        self.people = Acquaintances(world, KnownPeople(world))
        self.engine = JourneyEngine(
            self.env,
            plan,
            self.people,
            Callouts(self.env, plan, self.calendar.utc, outbound),
            _OnRecord(),
            self.rows.append,
            date_of=self.calendar.utc,
            seed=world.scenario.seed,
            horizon=_HORIZON_MS,
        )

    def happened(self) -> tuple[list[JourneyRow], list[JourneyRow]]:
        """What is new, as rows of the log and as step events."""
        new = self.rows[:]
        self.rows.clear()
        for row in new:
            self.counts.add(row)
        logged = [
            JourneyRow(row.kind, row.journey, row.identity, log_line(row, self.calendar.utc(row.at)))
            for row in new
        ]
        published = [
            JourneyRow("", row.journey, row.identity, orjson.dumps(event))
            for row in new
            for event in self.writer.events([row])
        ]
        return logged, published


class _OnRecord:
    """Messages are on record in the log; there is no phone here that they could reach."""

    def deliver(self, message: Message) -> bool:
        """Nothing is left to do."""
        return True


class ServedJourneys:
    """Journeys in a thread of their own, as a context manager: a :class:`simulator.receiver.JourneyEvaluation`.

    The clock runs at ``speed`` times real time. It begins at ``start`` as soon as the journeys are served; without
    one the first event begins it, at the event's own timestamp (the scenario's start if it has none), and it is put
    forward when a later event turns out to be dated a little ahead of it.
    """

    def __init__(
        self,
        world: World,
        plan: Plan,
        *,
        speed: float = 1.0,
        start: datetime | None = None,
        calling: Calling | None = None,
        clock: WallClock | None = None,
    ) -> None:
        """``calling`` says which calls really go out; by default stubs answer all of them."""
        self._world = world
        self._calling = calling
        self._plan = plan
        self._speed = speed
        self._start = start
        self._clock = clock or WallClock()
        self._rows: JourneyRows | None = None
        self._arrived: deque[tuple[float, AcceptedRecord]] = deque()
        self._wake = threading.Condition()
        self._stage_lock = threading.RLock()
        self._stage: _Stage | None = None
        self._stopping = False
        self._seen = self._faults = 0
        self._thread = threading.Thread(target=self._work, name="journeys", daemon=True)

    def keep_in(self, rows: JourneyRows) -> None:
        """Say where what happens is kept; to be called before events come."""
        self._rows = rows

    def __enter__(self) -> ServedJourneys:
        if self._start is not None:
            with self._stage_lock:
                self._begin(self._start)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()
        self._leave()

    # --- what the receiver asks -----------------------------------------------------------------------------

    def take(self, records: Sequence[AcceptedRecord]) -> None:
        """Events were accepted now."""
        now = self._clock.monotonic()
        with self._wake:
            self._arrived.extend((now, record) for record in records)
            self._wake.notify()

    def summary(self) -> dict[str, Any]:
        """The clock, how many events were seen, and the counts of journeys, actions and discards."""
        with self._stage_lock:
            stage = self._stage
            counts = JourneyCounts(self._plan) if stage is None else stage.counts
            now = None if stage is None else stage.calendar.local(stage.pacer.now())
            return {
                "clock": {"now": now and now.isoformat(timespec="milliseconds"), "speed": self._speed},
                "events": self._seen,
                "faults": self._faults,
                **counts.document(),
            }

    def reset(self) -> int:
        """Forget all instances and rows; the clock begins anew. How many rows of the log are gone."""
        with self._stage_lock:
            with self._wake:
                self._arrived.clear()
            self._leave()
            self._seen = self._faults = 0
            if self._start is not None:
                self._begin(self._start)
            return 0 if self._rows is None else self._rows.clear()

    # --- the thread -----------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._stopping:
            with self._wake:
                if not self._arrived and not self._stopping:
                    self._wake.wait(self._until_next())
                arrived = list(self._arrived)
                self._arrived.clear()
            with self._stage_lock:
                for moment, record in arrived:
                    with self._whatever_happens():
                        self._hear(record, moment)
                with self._whatever_happens():
                    self._advance()

    @contextmanager
    def _whatever_happens(self) -> Iterator[None]:
        """What nobody foresaw of one event must not end the journeys of everybody else."""
        try:
            yield
        except Exception:
            self._faults += 1
            log.exception("a fault in the journeys; they go on with the next event")

    def _until_next(self) -> float | None:
        """Seconds until something is to happen; None: only an event can make something happen."""
        stage = self._stage
        if stage is None:
            return None
        ahead = (stage.env.peek() - stage.pacer.now()) / MS_PER_SECOND / self._speed
        return min(max(ahead, 0.001), _LONGEST_SLEEP_S if stage.outbound is None else _LISTENING_S)

    def _begin(self, now: datetime) -> _Stage:
        """Let the clock show ``now``."""
        calling = self._calling
        outbound = None if calling is None else Outbound(self._plan, calling, self._clock)
        self._stage = _Stage(self._world, self._plan, now, Pacer(self._clock, self._speed), outbound)
        return self._stage

    def _leave(self) -> None:
        """Let go of the instances, and of the calls that are under way."""
        if self._stage is not None and self._stage.outbound is not None:
            self._stage.outbound.close()
        self._stage = None

    def _hear(self, record: AcceptedRecord, moment: float) -> None:
        """An event was accepted at ``moment``; the journeys act on it after their latency."""
        self._seen += 1
        behind = round((self._clock.monotonic() - moment) * MS_PER_SECOND * self._speed)
        stage, own = self._stage, record.timestamp_ms
        if own is not None and own not in _CLOCK_MS:
            own = None
        if stage is None:
            calendar = self._world.calendar
            stage = self._begin(calendar.utc(0 if own is None else own - calendar.start_epoch_ms))
            stage.pacer.restart(int(stage.env.now) + behind)
        elif self._start is None and own is not None:
            self._catch_up(stage, own - stage.calendar.start_epoch_ms + behind)
        due = stage.pacer.now() - behind + self._latency_of(record)
        timer = simpy.Timeout(stage.env, max(0, due - int(stage.env.now)), record.body)
        timer.callbacks.append(self._arrives)

    def _catch_up(self, stage: _Stage, dated: int) -> None:
        """Put the clock forward where an event is dated ahead of it: the one that set it was longer on its way."""
        ahead = dated - stage.pacer.now()
        if 0 < ahead <= _LONGEST_WAY_S * MS_PER_SECOND * self._speed:
            stage.pacer.restart(dated)

    def _latency_of(self, record: AcceptedRecord) -> int:
        key = mix_int(key_of(self._world.scenario.seed, record.event_id) ^ _LATENCY)
        u = np.array([uniform_one(key, 0)])
        return max(0, round(float(self._plan.model.latency.ppf(u)[0]) * MS_PER_SECOND))

    def _arrives(self, timer: simpy.Event) -> None:
        stage = self._stage
        if stage is None:
            return
        body = cast(bytes, timer.value)
        entity = orjson.loads(body)
        stage.people.meet(entity.get("identityMap"))
        stage.engine.receive(entity, len(body))

    def _advance(self) -> None:
        """Let everything happen whose time has come, and keep what happened."""
        stage = self._stage
        if stage is None:
            return
        if stage.outbound is not None:
            stage.outbound.settle(int(stage.env.now))
        until = stage.pacer.now() + 1
        while stage.env.peek() < until:
            with self._whatever_happens():
                stage.env.run_before(until)
        if not stage.rows or self._rows is None:
            return
        logged, published = stage.happened()
        try:
            self._rows.add({"log": logged, "step_events": published})
        except sqlite3.Error as error:
            self._faults += 1
            log.error("the record of the journeys can't be written: %s", error)


def calendar_ms(calendar: Calendar, moment: datetime) -> int:
    """A moment as virtual time."""
    return round(moment.timestamp() * MS_PER_SECOND) - calendar.start_epoch_ms
