"""The run itself: simulate a window, send it, record what became of it, and so on to the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from simulator import __version__
from simulator.checks import Evidence, evaluate
from simulator.core.errors import DeliveryError, ExitCode, UsageError
from simulator.delivery import (
    Batch,
    DeliveryStats,
    Destination,
    FanOut,
    Fate,
    Receipt,
    Target,
    UndeliveredFiles,
    make_destinations,
)
from simulator.ledger import LedgerWriter, rows_from
from simulator.receiver import EventStore, Receiver
from simulator.run.embedded import EmbeddedReceiver
from simulator.run.folder import RunFolder, writing
from simulator.run.guard import guard, leaves_this_machine
from simulator.run.interrupts import interrupts
from simulator.run.journal import Journal
from simulator.run.knowledge import read_evidence
from simulator.run.legend import ledger_header, ledger_people
from simulator.run.pacing import Pacer, WallClock
from simulator.run.prepare import Prepared
from simulator.run.simulation import World, without_collector
from simulator.run.tally import Tally, settled
from simulator.run.window import Window
from simulator.run.workers import InProcess, WindowSource, Workers
from simulator.scenario import Destination as DestinationSpec
from simulator.scenario import dump_as_run
from simulator.scenario.models import SOURCES
from simulator.sdk import Route
from simulator.xdm import EventValidator

# Events handed to the destination at once: progress and Ctrl-C are seen between hand-overs.
HAND_OVER = 2000
# Where events of phones come from, as destinations tell sources apart.
_PHONE, _POSTBACK = SOURCES.index("phone"), SOURCES.index("postback")
# The reason of events that an interruption kept back, in the words of the destinations that can be interrupted.
INTERRUPTED = "the run was interrupted before it was delivered"
# A paced run looks this far ahead, in seconds of the wall.
PACED_WINDOW_S = 0.25


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run, as the command line says it."""

    out: Path | None = None
    workers: int = 1
    allow_hosts: tuple[str, ...] = ()
    over_limit: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to."""

    summary: dict[str, Any]
    exit_code: ExitCode


ProgressCallback = Callable[[Tally], None]


def run(
    prepared: Prepared,
    options: RunOptions,
    *,
    clock: WallClock | None = None,
    progress: ProgressCallback | None = None,
    on_people: Callable[[int, int], None] = lambda made, people: None,
) -> RunResult:
    """Run a prepared scenario and write its run folder.

    Raises UsageError for a folder or destination that can't be used, ConservationError for a fault of the
    program. Undelivered events, failed expectations and interruptions end in the result's exit code.
    ``on_people`` is told how many people are made, of how many; then ``progress`` after each piece of work.
    """
    clock = clock or WallClock()
    scenario = prepared.scenario
    if options.workers < 1:
        raise UsageError(f"--workers {options.workers}: at least 1 is needed")
    guard(prepared.loaded, allow_hosts=options.allow_hosts, over_limit=options.over_limit)
    if options.out is not None:
        folder = RunFolder.create(options.out)
    else:
        folder = RunFolder.create_unused(Path("runs") / f"{scenario.name}-{clock.folder_stamp()}")
    try:
        destination = _destination(prepared, options, folder, clock)
        with without_collector():
            task = _Run(prepared, options, folder, destination, clock, progress, on_people)
            return asyncio.run(task.execute())
    except BaseException:
        folder.remove_if_empty()
        raise


def _destination(prepared: Prepared, options: RunOptions, folder: RunFolder, clock: WallClock) -> Destination:
    def embedded(spec: DestinationSpec) -> Destination:
        receiver = Receiver(EventStore(folder.received_store), EventValidator(), now_ms=clock.epoch_ms)
        return EmbeddedReceiver(receiver, spec.dataset_id)

    def limited(target: Target) -> bool:
        return leaves_this_machine(target) and not options.over_limit

    return make_destinations(prepared.scenario.all_destinations(), embedded, limited=limited)


class _StoppedError(Exception):
    """The run was interrupted while people were made."""


class _Run:
    """The state of one run."""

    def __init__(
        self,
        prepared: Prepared,
        options: RunOptions,
        folder: RunFolder,
        destination: Destination,
        clock: WallClock,
        progress: ProgressCallback | None,
        on_people: Callable[[int, int], None],
    ) -> None:
        self._prepared = prepared
        self._world: World = prepared.world
        self._options = options
        self._folder = folder
        self._destination = destination
        self._clock = clock
        self._progress = progress or (lambda tally: None)
        self._on_people = on_people
        self._tally = Tally(self._world)
        self._undelivered = UndeliveredFiles(folder.undelivered)
        self._stop = asyncio.Event()
        self._failure: str | None = None
        self._open = rows_from([])
        plan = self._world.journey_plan()
        self._journal: Journal | None = None
        if plan is not None:
            world = self._world
            self._journal = Journal(
                folder.journal, folder.step_events, plan, world.calendar, world.scenario.seed
            )
        self._lag = 0.0
        self._workers = 1

    async def execute(self) -> RunResult:
        began = self._clock.monotonic()
        with interrupts(self._stop, self._destination):
            # Before anything starts a thread: workers are forked where that is safe.
            source = await self._source()
            try:
                await self._destination.open()  # one that can't be used leaves no run folder behind
                self._write_scenario()
                ledger = await self._deliver_all(source)
            finally:
                if source is not None:
                    source.close()
                await self._close_destination()
        self._tally.check_conservation(ledger.outcomes)
        return self._finish(ledger, self._clock.monotonic() - began)

    async def _deliver_all(self, source: WindowSource | None) -> LedgerWriter:
        header, people = ledger_header(self._world), ledger_people(self._world)
        with (
            contextlib.closing(LedgerWriter(self._folder.ledger, header, people)) as ledger,
            contextlib.closing(self._undelivered),
            contextlib.closing(self._journal) if self._journal else contextlib.nullcontext(),
        ):
            if source is not None:
                async for window in self._windows(source):
                    await self._deliver(window, ledger)
                    self._progress(self._tally)
            self._leave_open(ledger)
        return ledger

    async def _close_destination(self) -> None:
        try:
            await self._destination.close()
        except DeliveryError as error:
            self._failure = self._failure or str(error)

    async def _source(self) -> WindowSource | None:
        """Where windows come from; None if the run was interrupted while people were made."""
        cohorts = len(self._world.cohorts())
        workers = min(self._options.workers, cohorts)
        paced = self._world.scenario.clock.speed != "max"
        if workers > 1 and not paced:
            self._workers = workers
            return Workers(self._world, workers)
        try:
            # In a thread, because it takes long for many people, and Ctrl-C must be heard meanwhile.
            return await asyncio.to_thread(InProcess, self._world, self._making_people)
        except _StoppedError:
            return None

    def _making_people(self, made: int, people: int) -> None:
        if self._stop.is_set():
            raise _StoppedError
        self._on_people(made, people)

    @property
    def _ended(self) -> bool:
        """Nothing more is to be simulated."""
        return self._stop.is_set() or self._failure is not None

    # --- windows ------------------------------------------------------------------------------------------

    async def _windows(self, source: WindowSource) -> AsyncIterator[Window]:
        """The event stream in pieces that are handed over at once."""
        speed = self._world.scenario.clock.speed
        if speed == "max":
            for _, end in self._world.windows():
                window = await asyncio.to_thread(source.advance, end)
                for piece in _pieces(window):
                    yield piece
                if self._ended:
                    return
            return
        pacer = Pacer(self._clock, speed)
        for end in self._paced_ends(speed):
            window = source.advance(end)
            async for piece in self._in_time(window, pacer):
                yield piece
            await pacer.wait_for(end, self._stop)
            self._lag = pacer.worst_lag_s
            if self._ended:
                return

    def _paced_ends(self, speed: float) -> Iterator[int]:
        step = max(1, round(speed * PACED_WINDOW_S * 1000.0))
        duration = self._world.duration_ms
        yield from range(step, duration, step)
        yield duration

    async def _in_time(self, window: Window, pacer: Pacer) -> AsyncIterator[Window]:
        """The events of ``window``, each when the wall clock says so."""
        first = 0
        while first < len(window) and not self._stop.is_set():
            await pacer.wait_for(int(window.sent[first]), self._stop)
            due = int(np.searchsorted(window.sent, max(pacer.now(), int(window.sent[first])), side="right"))
            yield window.slice(first, due)
            first = due
        yield window.slice(first, len(window))

    async def _deliver(self, window: Window, ledger: LedgerWriter) -> None:
        """Send one piece and record what became of it; after a stop, only record it."""
        window = self._tally.sort_out(window)
        batch = Batch(
            window.bodies,
            self._tally.sent,
            sources=np.where(window.route == Route.POSTBACK, _POSTBACK, _PHONE).astype(np.uint8),
            edge_only=window.route == Route.EDGE_ONLY,
            times=window.sent,
        )
        if self._failure is not None:
            receipt = Receipt.of(len(window), Fate.PENDING, self._failure)
        elif self._stop.is_set():
            receipt = Receipt.of(len(window), Fate.PENDING, INTERRUPTED)
        else:
            try:
                receipt = await self._destination.send(batch)
            except DeliveryError as error:
                self._failure = str(error)
                receipt = Receipt.of(len(window), Fate.PENDING, self._failure)
        rows = window.rows.copy()
        caused = window.crossing >= 0
        rows["event"] = batch.first_number + np.flatnonzero(caused)
        rows["outcome"] = settled(rows["outcome"], receipt.fates[caused])
        ledger.append(rows)
        ledger.append(window.lost)
        self._open = window.open
        self._undelivered.keep(batch, receipt)
        if self._journal is not None:
            self._journal.append(window.journal)
        self._tally.add(window, receipt)
        self._tally.reached(window.census, window.end)

    def _leave_open(self, ledger: LedgerWriter) -> None:
        """The run is over: what phones were still to notice stays unnoticed."""
        ledger.append(self._open)
        self._tally.add_crossings(self._open)

    # --- the run folder -----------------------------------------------------------------------------------

    def _write_scenario(self) -> None:
        header = (
            f"The scenario as run by journeysim {__version__} with seed {self._world.scenario.seed}.\n"
            f"People: {self._world.people:,}. Run it again: journeysim run {self._folder.scenario.name}"
        )
        sizes = {f"people.{name}.size": size for name, size in self._world.sizes.items()}
        text = dump_as_run(self._prepared.loaded, header=header, seed=self._world.scenario.seed, **sizes)
        self._folder.write_scenario(text)

    def _finish(self, ledger: LedgerWriter, wall_s: float) -> RunResult:
        world, scenario = self._world, self._world.scenario
        calendar = world.calendar
        stats = self._destination.stats
        interrupted = self._stop.is_set()
        summary: dict[str, Any] = {
            "scenario": scenario.name,
            "scenario_file": str(self._prepared.loaded.path),
            "description": scenario.description,
            "journeysim_version": __version__,
            "seed": scenario.seed,
            "people": world.people,
            "groups": dict(world.sizes),
            "places": len(world.places.places),
            "libraries": {library.name: library.size for library in world.places.libraries},
            **self._tally.document(),
            "outcomes": ledger.outcomes,
            **({} if self._journal is None else self._journal.document()),
            "wall_seconds": round(wall_s, 3),
            "events_per_second": round(self._tally.sent / wall_s, 1) if wall_s > 0 else 0.0,
            "speed": scenario.clock.speed,
            "pacing_worst_lag_seconds": round(self._lag, 3),
            "workers": self._workers,
            "destination": self._destination.description,
            "run_folder": str(self._folder.path),
            "started": calendar.local(0).isoformat(),
            "ended": calendar.local(self._tally.simulated_ms).isoformat(),
            "timezone": str(scenario.clock.timezone),
            "delivery": _counts(stats),
            "destinations": self._by_destination(),
            "undelivered_file": str(self._folder.undelivered) if self._undelivered.count else None,
            "attribution": list(world.attribution),
            "warnings": [str(problem) for problem in self._prepared.warnings],
            "interrupted": interrupted,
            "failure": self._failure,
        }
        if self._folder.received_store.is_file():
            self._export_received()
        verdicts = evaluate(scenario.expect, summary, lambda: self._evidence(summary))
        summary["expectations"] = [verdict.document() for verdict in verdicts]
        self._folder.write_summary(summary)
        return RunResult(summary, self._exit_code(not any(verdict.failed for verdict in verdicts)))

    def _evidence(self, summary: dict[str, Any]) -> Evidence:
        """The record of this run, whose summary is not written yet."""
        evidence = read_evidence(self._folder.path, self._world)
        return replace(
            evidence, record=replace(evidence.record, summary=summary), end=self._tally.simulated_ms
        )

    def _by_destination(self) -> dict[str, Any]:
        """What went where, if there are several destinations."""
        if not isinstance(self._destination, FanOut):
            return {}
        return {
            member.name: {
                "to": member.destination.description,
                "sources": list(member.sources),
                **self._tally.at(member.name),
                "delivery": _counts(member.destination.stats),
                "undelivered_file": self._undelivered.file_of(member.name),
            }
            for member in self._destination.members
        }

    def _export_received(self) -> None:
        received = self._folder.received
        with writing(received), EventStore(self._folder.received_store) as store, received.open("wb") as out:
            out.writelines(record.body + b"\n" for record in store.records())

    def _exit_code(self, expectations_hold: bool) -> ExitCode:
        if self._stop.is_set():
            return ExitCode.INTERRUPTED
        if self._failure is not None or self._tally.fates[Fate.PENDING]:
            return ExitCode.NOT_DELIVERED
        # Refused events were not delivered either, unless the scenario says how many may be.
        expected = any(expectation.metric == "rejected" for expectation in self._world.scenario.expect)
        if self._tally.fates[Fate.REJECTED] and not expected:
            return ExitCode.NOT_DELIVERED
        if not expectations_hold:
            return ExitCode.EXPECTATION_FAILED
        return ExitCode.OK


def _counts(stats: DeliveryStats) -> dict[str, Any]:
    return {
        "requests": stats.requests,
        "retries": stats.retries,
        "statuses": {str(status): n for status, n in sorted(stats.statuses.items())},
        "bytes": stats.bytes,
        "resent": stats.resent,
    }


def _pieces(window: Window) -> Iterator[Window]:
    if len(window) <= HAND_OVER:
        yield window
        return
    for first in range(0, len(window), HAND_OVER):
        yield window.slice(first, min(first + HAND_OVER, len(window)))
