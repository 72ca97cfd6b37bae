"""One show: a simulation that goes on at a pace, and everything the page is told of it.

Virtual time goes on in windows. Between two of them nothing moves: that is when the page's wishes are granted, and when
whatever it asks for is looked up (:meth:`Show.between`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar

from simulator.delivery import Receipt
from simulator.journeys import LogRow
from simulator.ledger import Outcome, Rows
from simulator.live.crossings import CrossingCounts
from simulator.live.feed import Feed
from simulator.live.hub import Hub, encode
from simulator.live.pace import TICK_S, Pace
from simulator.live.phones import Phones
from simulator.live.progress import Progress
from simulator.live.trips import all_of, news_of
from simulator.run import Pacer, Simulation, WallClock, World
from simulator.run.evaluation import JournalRow
from simulator.run.movements import Crossed, Movements
from simulator.run.window import Window

T = TypeVar("T")
Message = tuple[str, Any]

# So many crossings, losses and rows of journeys are in one message; beyond, only their number.
_MOST = 200
# Events that a page sees that has just come.
_LAST_EVENTS = 200
# The clock and the counters are told about so often, in seconds of the wall.
_CLOCK_S = 0.25
# What the page takes for granted of people.
_USUAL: dict[str, Any] = {
    "inside": [],
    "taken": False,
    "messages": 0,
    "journey": [],
    "online": True,
    "why_offline": [],
    "power": True,
    "app": "off",
    "queue": 0,
    "noticing": [],
    "permission": None,
}


class Stage:
    """The simulation, with somebody who looks on; what a live run gets its windows from."""

    def __init__(
        self, world: World, on_people: Callable[[int, int], None] = lambda made, people: None
    ) -> None:
        self.movements = Movements()
        self.simulation = Simulation(world, world.cohorts(), on_people, self.movements)
        self.phones = Phones(self.simulation)
        self.crossed: list[Crossed] = []
        """The crossings of the last window."""
        self._by_hand: list[Crossed] = []

    def advance(self, until: int) -> Window:
        """The window up to ``until``."""
        window = self.simulation.advance(until)
        self.crossed = self.movements.advance(until)
        return window

    def keep_pace(self, pacer: Pacer | None) -> None:
        """Calls of journeys leave beside the clock from now on, or not at all."""
        if self.simulation.outbound is not None:
            self.simulation.outbound.keep_pace(pacer)

    def close(self) -> None:
        """Let go of what the simulation holds."""
        self.simulation.close()

    def crossed_by_hand(self) -> None:
        """Somebody was moved: the borders that are crossed by that are crossed now, and not only with time."""
        self._by_hand += self.movements.pull(self.now + 1)

    def take_by_hand(self) -> list[Crossed]:
        """The crossings that came of moving people since the last call."""
        taken, self._by_hand = self._by_hand, []
        return taken

    @property
    def now(self) -> int:
        """Virtual time: everything before has happened."""
        return self.simulation.now


class Show:
    """What is shown of a stage. All methods belong to the event loop, but for what :meth:`between` runs."""

    def __init__(
        self, world: World, stage: Stage, clock: WallClock, speed: float, end: int | None = None
    ) -> None:
        """``end`` is virtual time at which it is over, by default the end of the scenario."""
        self.world = world
        self.end = world.duration_ms if end is None else end
        self.stage = stage
        self.hub = Hub()
        self.pace = Pace(clock, speed, self.end)
        self.feed = Feed()
        self.counts = CrossingCounts()
        self.progress = Progress(world.journey_plan())
        self._clock = clock
        self._number = 0
        self._wishes: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._wished = asyncio.Event()
        self._goal: Callable[[Window], bool] | None = None
        self._jump_to: int | None = None
        self._told_clock = self._told_counters = -1.0
        self._counters: dict[str, Any] = {}
        self._over = False

    # --- how time goes on -----------------------------------------------------------------------------------

    async def play(
        self, advance: Callable[[int], Window], hand_over: Callable[[Window], Any], ended: Callable[[], bool]
    ) -> None:
        """Go on to the end, as the pace says; ``hand_over`` gets every window, ``ended`` says when to stop early."""
        stage, pace = self.stage, self.pace
        while not ended():
            await self._grant()
            at, until = stage.now, self.next_end()
            if until > at:
                window = await asyncio.to_thread(advance, until)
                pace.reached(until)
                hand_over(window)
                self._happened(window)
                if pace.jumping and self._arrived(window):
                    pace.play(stage.now)
                    self._goal = None
                    self.tell_clock()
            self._tell_often()
            if stage.now >= self.end:
                return
            behind = pace.due(stage.now) - stage.now
            if not pace.jumping and behind < TICK_S * 1000.0 * pace.speed:
                await self._rest(TICK_S)

    async def attend(self, ended: Callable[[], bool]) -> None:
        """The scenario is over: answer what is asked until it is enough."""
        self.tell_clock()
        while not ended():
            await self._grant()
            self._tell_often()
            await self._rest(TICK_S)

    def close(self) -> None:
        """Nobody is told anything any more, and nothing is granted."""
        self._over = True
        self.hub.close()
        while self._wishes:
            self._wishes.popleft()[1].cancel()

    def next_end(self) -> int:
        """The end of the next window; now, if none is due."""
        stage, pace = self.stage, self.pace
        if not pace.jumping:
            return pace.next_end(stage.now)
        step = stage.now + max(1_000, min(60_000, round(pace.speed * 1_000.0)))
        return min(step, self.end if self._jump_to is None else self._jump_to, self.end)

    async def _rest(self, seconds: float) -> None:
        if not self._wishes:
            self._wished.clear()
            try:
                await asyncio.wait_for(self._wished.wait(), seconds)
            except TimeoutError:
                return

    # --- between two windows --------------------------------------------------------------------------------

    async def between(self, wish: Callable[[], T]) -> T:
        """Do something between two windows, in a thread, and give what it gives."""
        if self._over:
            raise asyncio.CancelledError
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._wishes.append((wish, future))
        self._wished.set()
        return await future

    async def _grant(self) -> None:
        granted = bool(self._wishes)
        while self._wishes:
            wish, future = self._wishes.popleft()
            try:
                found = await asyncio.to_thread(wish)
            except Exception as error:
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(found)
        if granted:
            by_hand = self.stage.take_by_hand()
            self._publish(_crossings(by_hand))
            self._publish(self._changes({one.person for one in by_hand}, by_hand))

    def jump(self, person: int | None) -> None:
        """Go on at full speed to the next moment of interest: of a person, or of the journeys, or a crossing."""
        pace, stage = self.pace, self.stage
        lead = round(min(2_000.0 * pace.speed, 60_000.0))
        pace.play(stage.now)
        self._jump_to, self._goal = None, None
        if person is None and self.world.scenario.journeys is not None:
            self._goal = lambda window: any(row[1] != "discarded" for row in self.journal_of(window))
        else:
            coming = stage.movements.next_crossing(person, after=stage.now + lead)
            if coming is not None:
                self._jump_to = max(stage.now + 1, coming.time - lead)
            if person is not None:
                self._goal = lambda window: any(row[3] == person for row in self.journal_of(window))
            elif coming is None:
                return
        pace.jumping = True

    def _arrived(self, window: Window) -> bool:
        if self._jump_to is not None and self.stage.now >= self._jump_to:
            return True
        return self._goal is not None and self._goal(window)

    # --- what is told ---------------------------------------------------------------------------------------

    def _happened(self, window: Window) -> None:
        first, self._number = self._number, self._number + len(window)
        self.counts.window(window)
        crossed = self.stage.crossed
        self._publish(_crossings(crossed))
        self._publish(_losses(window))
        concerned = {one.person for one in crossed}
        concerned.update(
            window.person.tolist(), window.open["person"].tolist(), window.lost["person"].tolist()
        )
        rows, pushes, people = self.progress.read(LogRow(*row) for row in self.journal_of(window))  # type: ignore[arg-type]
        if (events := self.feed.window(window, first)) is not None:
            self.hub.publish("events", events)
        self._publish(self._changes(concerned, crossed, people))
        if rows:
            listed = rows[-_MOST:]
            self.hub.publish(
                "journey",
                {
                    "rows": listed,
                    "skipped": len(rows) - len(listed),
                    "totals": self.progress.totals(),
                    "discards": dict(self.progress.discards),
                },
            )
        for push in pushes[-_MOST:]:
            self.hub.publish("push", push)

    def journal_of(self, window: Window) -> list[JournalRow]:
        """What happened in journeys during a window."""
        return window.journal

    def recorded(self, window: Window, first: int, receipt: Receipt, rows: Rows) -> None:
        """What became of events is on record."""
        self.counts.recorded(rows)
        if (fates := self.feed.recorded(first, receipt)) is not None:
            self.hub.publish("fates", fates)

    def tell_clock(self) -> None:
        """Tell what time it is."""
        self._told_clock = self._clock.monotonic()
        self.hub.publish("clock", self.pace.document(self.stage.now))

    def notice(self, text: str, level: str = "info") -> None:
        """Tell the presenter something."""
        self.hub.publish("notice", {"text": text, "level": level})

    def _tell_often(self) -> None:
        now = self._clock.monotonic()
        if now - self._told_clock >= _CLOCK_S:
            self.tell_clock()
        if now - self._told_counters >= _CLOCK_S and (counters := self.counters()) != self._counters:
            self._told_counters, self._counters = now, counters
            self.hub.publish("counters", counters)

    def counters(self) -> dict[str, Any]:
        """The four truths and what lies between them."""
        progress = self.progress
        return {
            **self.counts.document(),
            "entered": progress.entered,
            "acted": progress.acted,
            "received": progress.received,
            "opened": progress.opened,
            "events": self.feed.document(),
            "discards": dict(progress.discards),
            "ended": progress.ended,
        }

    def _changes(
        self, concerned: Collection[int], crossed: Sequence[Crossed] = (), people: Collection[int] = ()
    ) -> Iterator[Message]:
        """Where people go, and how they stand."""
        movements = self.stage.movements
        news = movements.take_news()
        if news:
            yield from (("trips", trips) for trips in news_of(movements, news))
        changed: dict[int, dict[str, Any]] = dict(self.stage.phones.changes({*concerned, *news.cut}))
        for one in crossed:
            changed.setdefault(one.person, {})["inside"] = list(movements.inside(one.person))
        for person in news.cut:
            changed.setdefault(person, {}).update(taken=True, inside=list(movements.inside(person)))
        for person in people:
            if person >= 0:
                changed.setdefault(person, {}).update(self.progress.state(person))
        if changed:
            yield "state", {"people": list(changed.items())}

    def _publish(self, messages: Iterator[Message]) -> None:
        for event, data in messages:
            self.hub.publish(event, data)

    # --- for a page that has just come ----------------------------------------------------------------------

    async def snapshot(self, reason: str) -> tuple[int, list[bytes]]:
        """Everything as it is now: the number of the last message that is in it, and the messages."""
        number, messages = await self.between(lambda: (self.hub.last, list(self._everything(reason))))
        identifier = self.hub.identifier(number)
        return number, [encode(event, data, identifier) for event, data in messages]

    def _everything(self, reason: str) -> Iterator[Message]:
        yield "reset", {"reason": reason}
        yield from (("trips", trips) for trips in all_of(self.stage.movements))
        people = range(self.world.people)
        yield "state", {"people": [(person, state) for person in people if (state := self._unusual(person))]}
        yield "events", {"events": self.feed.last(_LAST_EVENTS), "skipped": 0}
        yield (
            "journey",
            {
                "rows": [],
                "skipped": 0,
                "replace": True,
                "totals": self.progress.totals(everything=True),
                "discards": dict(self.progress.discards),
            },
        )
        yield from (("push", message) for message in self.progress.last_messages())
        yield "counters", self.counters()
        yield "clock", self.pace.document(self.stage.now)

    def state(self, person: int) -> dict[str, Any]:
        """How a person stands."""
        movements = self.stage.movements
        return {
            **self.stage.phones.state(person),
            **self.progress.state(person),
            "inside": list(movements.inside(person)),
            "taken": person in movements.led,
        }

    def _unusual(self, person: int) -> dict[str, Any]:
        """What of a person's state is not as the page takes it to be."""
        return {name: value for name, value in self.state(person).items() if value != _USUAL.get(name, ...)}


def _crossings(crossed: Sequence[Crossed]) -> Iterator[Message]:
    if crossed:
        listed = [_crossing(one) for one in crossed[-_MOST:]]
        yield "crossings", {"crossings": listed, "skipped": len(crossed) - len(listed)}


def _losses(window: Window) -> Iterator[Message]:
    lost = window.lost
    if len(lost):
        listed = [_loss(row) for row in lost[-_MOST:]]
        yield "losses", {"losses": listed, "skipped": len(lost) - len(listed)}


def _crossing(one: Crossed) -> dict[str, Any]:
    return {"t": one.time, "person": one.person, "place": one.place, "entry": one.entry}


def _loss(row: Any) -> dict[str, Any]:
    return {
        "t": int(row["crossed"]),
        "person": int(row["person"]),
        "place": int(row["place"]),
        "entry": bool(row["entry"]),
        "outcome": Outcome(int(row["outcome"])).label,
    }
