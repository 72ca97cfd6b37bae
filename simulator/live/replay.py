"""Watching a run again: its scenario simulated as it was, with what is on record of what became of it.

The same seed gives the same bytes, so where people went and what left their phones is found by simulating again, with
what was done by hand done again at the same virtual times. What became of the events, and what happened in journeys,
is read from the record: no event is sent, and no call is made.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import deque
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from simulator import __version__
from simulator.checks import RunRecord, read_record
from simulator.core.errors import UsageError
from simulator.delivery import Fate, Receipt, read_events
from simulator.ledger import Outcome
from simulator.live.api import Api
from simulator.live.interventions import CanNotError, Intervention, perform, read_interventions
from simulator.live.performing import LiveOptions, checked_tiles
from simulator.live.serving import open_port, serving
from simulator.live.setup import Staged, read_people
from simulator.live.show import Show, Stage
from simulator.live.web import create_app, page_files
from simulator.run import RunFolder, WallClock, World, prepare
from simulator.run.evaluation import JournalRow
from simulator.run.interrupts import interrupts
from simulator.run.tally import settled
from simulator.run.window import Window


def watch(folder: Path, options: LiveOptions, *, clock: WallClock | None = None) -> None:
    """Show the run in ``folder`` until it is interrupted.

    Raises UsageError for a folder that is not that of a run, or that is damaged.
    """
    record = read_record(folder)
    files = RunFolder(folder)
    if not files.scenario.is_file():
        raise UsageError(f"{folder}: has no {files.scenario.name}, so it can't be simulated again")
    checked_tiles(options.tiles)
    world = prepare(files.scenario).world
    asyncio.run(_watch(world, record, files, options, clock or WallClock()))


async def _watch(
    world: World, record: RunRecord, files: RunFolder, options: LiveOptions, clock: WallClock
) -> None:
    stop = asyncio.Event()
    sock = open_port(options.port)
    try:
        with interrupts(stop):
            stage = await asyncio.to_thread(Stage, world)
            show = await asyncio.to_thread(_Replay, world, stage, clock, options.speed, record, files)
            spec = next(iter(world.scenario.all_destinations().values()))
            staged = Staged(
                "replay", f"the record in {files.path.name}", None, spec, options.tiles, take_over=False
            )
            api = await asyncio.to_thread(Api, show, staged, files.path, None)
            app = create_app(api, sock.getsockname()[1], page_files(), options.tiles)
            async with serving(sock, app, options.on_ready):
                try:
                    show.pace.go_on(stage.now)
                    show.compare_versions()
                    await show.play(show.advance, show.settle, stop.is_set)
                    await show.attend(stop.is_set)
                finally:
                    show.close()
    finally:
        sock.close()


class _Replay(Show):
    """The show of a record."""

    def __init__(
        self, world: World, stage: Stage, clock: WallClock, speed: float, record: RunRecord, files: RunFolder
    ) -> None:
        summary = record.summary
        end = None if summary is None else round(float(summary.get("simulated_seconds", 0)) * 1000)
        super().__init__(world, stage, clock, speed, end)
        self._made_by = str(record.ledger.header.get("journeysim_version"))
        self._fates = _Fates(record, files)
        self._journal = _read_journal(files.journal)
        self._times = list(map(itemgetter(0), self._journal))
        self._homes = _Homes(world)
        self._deeds: deque[Intervention] = deque(read_interventions(files.path))
        self._first = 0

    def compare_versions(self) -> None:
        """Another version may simulate otherwise: say so."""
        if self._made_by != __version__:
            self.notice(
                f"journeysim {self._made_by} made this run; where people go is as {__version__} has it",
                "warning",
            )

    def next_end(self) -> int:
        """Windows end where something was done by hand."""
        until = super().next_end()
        coming = next((deed.at for deed in self._deeds if deed.at > self.stage.now), until)
        return min(until, coming)

    def advance(self, until: int) -> Window:
        """Do what was done by hand now, and go on."""
        stage = self.stage
        while self._deeds and self._deeds[0].at <= stage.now:
            deed = self._deeds.popleft()
            with suppress(CanNotError):  # the record says what became of it
                perform(stage, deed, self._homes.of(deed.person))
        window = stage.advance(until)
        stage.crossed = [*stage.take_by_hand(), *stage.crossed]
        return window

    def settle(self, window: Window) -> None:
        """What became of the events of a window is known at once; the page hears of it after the events."""
        first, self._first = self._first, self._first + len(window)
        receipt = self._fates.receipt(window, first)
        caused = window.crossing >= 0
        rows = window.rows.copy()
        rows["outcome"] = settled(rows["outcome"], receipt.fates[caused])
        asyncio.get_running_loop().call_soon(self.recorded, window, first, receipt, rows)

    def journal_of(self, window: Window) -> list[JournalRow]:
        """What is on record of the journeys during a window."""
        begin, end = bisect_left(self._times, window.start), bisect_left(self._times, window.end)
        return self._journal[begin:end]


class _Homes:
    """Where people live whose ways nobody knows."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._at: list[tuple[float, float]] | None = None

    def of(self, person: int) -> tuple[float, float]:
        """A position, as exact as the page had it."""
        if self._at is None:
            self._at = [tuple(one["home"]) for one in read_people(self._world)]
        return self._at[person]


class _Fates:
    """What became of the events of a run, by their ids."""

    def __init__(self, record: RunRecord, files: RunFolder) -> None:
        self._accepted = _ids(files.received) if files.received.is_file() else None
        self._pending = _ids(files.undelivered) if files.undelivered.is_file() else frozenset()
        rows = record.ledger.rows
        refused = rows[rows["outcome"] == Outcome.REJECTED]
        self._refused = frozenset(refused["event"].tolist())

    def receipt(self, window: Window, first: int) -> Receipt:
        """The fates of the events of a window whose first has the number ``first``."""
        fates = [self._fate(body, first + row) for row, body in enumerate(window.bodies)]
        return Receipt(np.array(fates, dtype=np.uint8))

    def _fate(self, body: bytes, number: int) -> Fate:
        identifier = orjson.loads(body)["_id"]
        if identifier in self._pending:
            return Fate.PENDING
        refused = number in self._refused if self._accepted is None else identifier not in self._accepted
        return Fate.REJECTED if refused else Fate.ACKNOWLEDGED


def _ids(path: Path) -> frozenset[str]:
    return frozenset(orjson.loads(body)["_id"] for body in read_events(path))


def _read_journal(path: Path) -> list[JournalRow]:
    """The rows of the journeys' record, by time; UsageError where it is damaged."""
    if not path.is_file():
        return []
    rows: list[JournalRow] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row: dict[str, Any] = orjson.loads(line)
            rows.append(
                (
                    *(row["at"], row["kind"], row["journey"], row["person"]),
                    *(row["identity"], row["instance"], row["step"], row["detail"]),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path}:{number}: is damaged") from error
    return rows
