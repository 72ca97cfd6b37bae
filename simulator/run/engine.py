"""The run itself: simulate a window, send it, record what became of it, and so on to the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from simulator import __version__
from simulator.checks import evaluate
from simulator.core.errors import DeliveryError, ExitCode, UsageError
from simulator.core.processes import may_fork
from simulator.delivery import Bulk, Destination, Fate, InProcesses, Pipelined, Receipt, UndeliveredFiles
from simulator.ledger import LedgerWriter, rows_from
from simulator.run.delivering import MOST_UNSETTLED, Deliverer, batch_of
from simulator.run.delivery_log import Past
from simulator.run.driving import HAND_OVER, Driver, goes_by_the_clock
from simulator.run.embedded import export_received, make_destination_of
from simulator.run.folder import RunFolder, folder_of, scenario_as_run
from simulator.run.guard import calling_of, guard
from simulator.run.interrupts import Interruptible, interrupts
from simulator.run.journal import Journal
from simulator.run.knowledge import read_evidence
from simulator.run.legend import ledger_header, ledger_people
from simulator.run.listening import Listening, listening_to
from simulator.run.load import LoadTiming
from simulator.run.measuring import Figures, Meter
from simulator.run.memory import share_one_heap
from simulator.run.options import RunOptions, RunResult
from simulator.run.pacing import WallClock
from simulator.run.prepare import Prepared
from simulator.run.recall import Memory, open_memory, past_of
from simulator.run.simulation import World, without_collector
from simulator.run.staging import Staging
from simulator.run.step_event_sending import step_event_sending
from simulator.run.summary import by_destination, counts, end_of_load, measurements, paced
from simulator.run.tally import Tally, settled
from simulator.run.window import Window
from simulator.run.workers import InProcess, WindowSource, Workers, heed

# Events without a fate that a destination holds in a run at full speed: enough that it never waits for us.
AT_FULL_SPEED = 4 * HAND_OVER


ProgressCallback = Callable[[Tally], None]
FiguresCallback = Callable[[Figures], None]


def run(
    prepared: Prepared,
    options: RunOptions,
    *,
    clock: WallClock | None = None,
    progress: ProgressCallback | None = None,
    on_people: Callable[[int, int], None] = lambda made, people: None,
    on_figures: FiguresCallback = lambda figures: None,
    staging: Staging | None = None,
) -> RunResult:
    """Run a prepared scenario and write its run folder.

    Raises UsageError for a folder or destination that can't be used, ConservationError for a fault of the
    program. Undelivered events, failed expectations and interruptions end in the result's exit code.
    ``on_people`` is told how many people are made, of how many; then ``progress`` after each piece of work, and
    ``on_figures`` every second. ``staging`` puts other parts in the place of the usual ones.
    """
    clock = clock or WallClock()
    scenario = prepared.scenario
    if options.workers < 1:
        raise UsageError(f"--workers {options.workers}: at least 1 is needed")
    calls = calling_of(scenario, options) is not None
    guard(prepared.loaded, allow_hosts=options.allow_hosts, over_limit=options.over_limit, calls=calls)
    if calls and options.resume is not None:
        raise UsageError("--resume: a run whose actions really call would call again; start it anew")
    folder = folder_of(options, f"{scenario.name}-{clock.folder_stamp()}")
    try:
        staging = staging or Staging()
        past = past_of(scenario, folder) if options.resume is not None else Past()
        if options.resume is not None:
            folder.begin_anew()
        senders = 1 if goes_by_the_clock(scenario) or staging.source is not None else options.workers
        destination = make_destination_of(prepared, options, folder, clock, staging.receiver, senders)
        share_one_heap()
        with without_collector(), listening_to(prepared.world, options, folder.calls, clock) as listening:
            task = _Run(
                prepared,
                options,
                folder,
                destination,
                past,
                clock,
                listening,
                progress,
                on_people,
                on_figures,
                staging,
            )
            return asyncio.run(task.execute())
    except BaseException:
        folder.remove_if_empty()
        raise


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
        past: Past,
        clock: WallClock,
        listening: Listening | None,
        progress: ProgressCallback | None,
        on_people: Callable[[int, int], None],
        on_figures: FiguresCallback,
        staging: Staging,
    ) -> None:
        self._staging = staging
        self._prepared = prepared
        self._world: World = replace(prepared.world, calling=calling_of(prepared.scenario, options))
        self._options = options
        self._folder = folder
        self._destination = destination
        self._past = past
        self._clock = clock
        self._listening = listening
        self._progress = progress or (lambda tally: None)
        self._on_people = on_people
        self._tally = Tally(self._world)
        self._undelivered = UndeliveredFiles(folder.undelivered)
        self._stop = asyncio.Event()
        self._aborted: str | None = None
        self._failure: str | None = None
        self._open = rows_from([])
        plan = self._world.journey_plan()
        self._journal: Journal | None = None
        if plan is not None:
            world = self._world
            self._journal = Journal(
                folder.journal, folder.step_events, plan, world.calendar, world.scenario.seed
            )
        self._step_events = step_event_sending(prepared.scenario, options, folder, clock, self._stop)
        self._workers = 1
        self._on_figures = on_figures
        self._load: LoadTiming | None = None
        self._deliverer: Deliverer
        self._driver: Driver | None = None

    async def execute(self) -> RunResult:
        began = self._clock.monotonic()
        with interrupts(self._stop, self._destination):
            source: WindowSource | None = None
            try:
                # Before anything starts a thread: processes are forked where that is safe.
                if isinstance(self._destination, InProcesses):
                    self._destination.start()
                source = await self._source()
                await self._destination.open()  # one that can't be used leaves no run folder behind
                async with self._step_events or contextlib.nullcontext():
                    self._write_scenario()
                    if self._listening is not None and source is not None:
                        source = self._listening.attend(source)
                    ledger = await self._deliver_all(source)
            finally:
                if source is not None:
                    source.close()
                await self._close_destination()
        self._tally.check_conservation(ledger.outcomes)
        return self._finish(ledger, self._clock.monotonic() - began)

    async def _deliver_all(self, source: WindowSource | None) -> LedgerWriter:
        header, people = ledger_header(self._world), ledger_people(self._world)
        memory = open_memory(self._destination, self._world.scenario, self._folder, self._past)
        with (
            contextlib.closing(LedgerWriter(self._folder.ledger, header, people)) as ledger,
            contextlib.closing(self._undelivered),
            contextlib.closing(self._journal) if self._journal else contextlib.nullcontext(),
            contextlib.closing(memory),
        ):
            self._deliverer = self._make_deliverer(ledger, memory)
            if source is not None:
                await self._drive(source)
            if self._listening is not None:
                await self._listening.linger(self._stop)
            self._failure = self._failure or self._deliverer.failure
            self._leave_open(ledger)
        return ledger

    def _make_deliverer(self, ledger: LedgerWriter, memory: Memory) -> Deliverer:
        def record(window: Window, first: int, receipt: Receipt) -> None:
            self._record(window, first, receipt, ledger)

        specs = self._world.scenario.all_destinations().values()
        at_once = self._world.scenario.load is None and self._world.scenario.clock.speed == "max"
        fills_all_lanes = min(max(2 * s.connections * s.batch_size for s in specs), 5 * MOST_UNSETTLED)
        return Deliverer(
            self._destination,
            record,
            clock=self._clock,
            stop=self._stop,
            memory=memory,
            most=max(AT_FULL_SPEED if at_once else MOST_UNSETTLED, fills_all_lanes),
        )

    async def _drive(self, source: WindowSource) -> None:
        """Go through the run, and take figures every second meanwhile."""
        scenario = self._world.scenario
        if scenario.load is not None:
            per_request = max(spec.batch_size for spec in scenario.all_destinations().values())
            self._load = await asyncio.to_thread(LoadTiming, self._world, self._clock, per_request)
        make_driver = self._staging.driver or Driver
        self._driver = make_driver(
            self._world,
            self._deliverer,
            clock=self._clock,
            stop=self._stop,
            spill=self._folder.spill,
            load=self._load,
            on_pace=lambda pacer: source.keep_pace(pacer),
            ahead=isinstance(self._destination, Pipelined) and self._destination.pipelined,
            bulk=self._bulk,
        )
        heed(source, self._stop.is_set)
        meter = Meter(
            self._folder.timeseries,
            self._clock,
            lambda: self._destination.stats,
            self._deliverer,
            self._tally,
            timing=self._load,
            outbox=self._driver.outbox,
            rules=scenario.expect,
            on_abort=self._abort,
            on_figures=self._on_figures,
        )
        async with meter.measuring(self._fail):
            await self._driver.run(source)

    @property
    def _bulk(self) -> bool:
        """Whether events are only written down."""
        return isinstance(self._destination, Bulk) and self._destination.bulk

    def _fail(self, why: str) -> None:
        """Something could not be done; the first word on it is the one that is said."""
        self._failure = self._failure or why

    def _abort(self, why: str) -> None:
        """End the run early, as a rule of the scenario asks."""
        self._aborted = why
        self._stop.set()
        if isinstance(self._destination, Interruptible):
            self._destination.interrupt()

    async def _close_destination(self) -> None:
        try:
            await self._destination.close()
        except DeliveryError as error:
            self._fail(str(error))

    async def _source(self) -> WindowSource | None:
        """Where windows come from; None if the run was interrupted while people were made."""
        scenario = self._world.scenario
        cohorts = len(self._world.cohorts())
        workers = min(self._options.workers, cohorts) if self._staging.source is None else 1
        # A load is sent at its times: making the events must not get in the way, so it has a process of its own.
        apart = scenario.load is not None and may_fork() and self._staging.source is None
        # Events that are only written down are not kept, and need not last.
        fleeting = self._bulk and scenario.load is None and scenario.clock.speed == "max"
        if not goes_by_the_clock(scenario) and (workers > 1 or apart):
            self._workers = workers
            return Workers(self._world, workers, fleeting=fleeting)
        try:
            # In a thread, because it takes long for many people, and Ctrl-C must be heard meanwhile.
            make = self._staging.source or partial(InProcess, fleeting=fleeting)
            return await asyncio.to_thread(make, self._world, self._making_people)
        except _StoppedError:
            return None

    def _making_people(self, made: int, people: int) -> None:
        if self._stop.is_set():
            raise _StoppedError
        self._on_people(made, people)

    def _record(self, window: Window, first: int, receipt: Receipt, ledger: LedgerWriter) -> None:
        """Put on record what became of a piece of the stream."""
        batch = batch_of(window, first)
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
        self._progress(self._tally)
        self._staging.recorded(window, first, receipt, rows)

    def _leave_open(self, ledger: LedgerWriter) -> None:
        """The run is over: what phones were still to notice stays unnoticed."""
        ledger.append(self._open)
        self._tally.add_crossings(self._open)

    # --- the run folder -----------------------------------------------------------------------------------

    def _write_scenario(self) -> None:
        if self._options.resume is not None:
            return  # it is there, and the journal is about the very events that it gives
        self._folder.write_scenario(scenario_as_run(self._prepared.loaded, self._world, self._folder))

    def _finish(self, ledger: LedgerWriter, wall_s: float) -> RunResult:
        world, scenario = self._world, self._world.scenario
        calendar = world.calendar
        stats = self._destination.stats
        interrupted = self._stop.is_set() and self._aborted is None
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
            **({} if self._listening is None else {"listener": self._listening.document()}),
            **({} if self._step_events is None else {"step_events": self._step_events.document()}),
            "wall_seconds": round(wall_s, 3),
            "events_per_second": round(self._tally.sent / wall_s, 1) if wall_s > 0 else 0.0,
            "speed": scenario.clock.speed,
            **paced(self._driver),
            "pacing_worst_lag_seconds": round(self._driver.worst_lag_s if self._driver else 0.0, 3),
            "workers": self._workers,
            "senders": getattr(self._destination, "senders", 1),
            "destination": self._destination.description,
            "run_folder": str(self._folder.path),
            "started": calendar.local(0).isoformat(),
            "ended": calendar.local(self._tally.simulated_ms).isoformat(),
            "timezone": str(scenario.clock.timezone),
            "delivery": counts(stats),
            "destinations": by_destination(
                self._destination,
                self._tally,
                self._undelivered,
                self._deliverer.memory if self._options.resume is not None else None,
            ),
            **measurements(
                stats,
                self._deliverer,
                self._driver,
                self._load,
                resumed=self._options.resume is not None,
                why=end_of_load(self._aborted, self._stop.is_set(), self._load),
            ),
            "undelivered_file": str(self._folder.undelivered) if self._undelivered.count else None,
            "attribution": list(world.attribution),
            "warnings": [str(problem) for problem in self._prepared.warnings],
            "interrupted": interrupted,
            "aborted": self._aborted,
            "failure": self._failure,
        }
        export_received(self._folder)
        verdicts = evaluate(
            scenario.expect,
            summary,
            lambda: read_evidence(self._folder.path, self._world, summary=summary),
            aborted=self._aborted,
        )
        summary["expectations"] = [verdict.document() for verdict in verdicts]
        self._folder.write_summary(summary)
        return RunResult(summary, self._exit_code(not any(verdict.failed for verdict in verdicts)))

    def _exit_code(self, expectations_hold: bool) -> ExitCode:
        if self._aborted is not None:
            return ExitCode.EXPECTATION_FAILED
        if self._stop.is_set():
            return ExitCode.INTERRUPTED
        unsent = self._step_events is not None and self._step_events.incomplete
        if self._failure is not None or self._tally.fates[Fate.PENDING] or unsent:
            return ExitCode.NOT_DELIVERED
        # Refused events were not delivered either, unless the scenario says how many may be.
        expected = any(expectation.metric == "rejected" for expectation in self._world.scenario.expect)
        if self._tally.fates[Fate.REJECTED] and not expected:
            return ExitCode.NOT_DELIVERED
        if not expectations_hold:
            return ExitCode.EXPECTATION_FAILED
        return ExitCode.OK
