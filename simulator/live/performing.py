"""A live run: a scenario run at the pace of the page, with everything that a run leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulator.core.errors import ExitCode, UsageError
from simulator.delivery import Destination, Receipt
from simulator.ledger import Rows
from simulator.live.api import Api
from simulator.live.assets import Asset
from simulator.live.interventions import Interventions
from simulator.live.pace import Beside
from simulator.live.served import ServedReceiver
from simulator.live.serving import DEFAULT_PORT, open_port, serving
from simulator.live.setup import Staged
from simulator.live.show import Show, Stage
from simulator.live.web import create_app, page_files
from simulator.run import Prepared, RunFolder, RunOptions, RunResult, WallClock, World
from simulator.run import run as run_scenario
from simulator.run.driving import Driver
from simulator.run.spill import Held
from simulator.run.staging import Staging
from simulator.run.window import Window
from simulator.run.workers import WindowSource
from simulator.scenario import Destination as DestinationSpec
from simulator.scenario import Scenario


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """How to show a run; ``speed`` is times real time, ``tiles`` the address of map tiles."""

    port: int = DEFAULT_PORT
    speed: float = 1.0
    tiles: str | None = None
    on_ready: Callable[[str], None] = lambda url: None
    """Told the address of the page."""


def live(
    prepared: Prepared,
    options: LiveOptions,
    run_options: RunOptions,
    *,
    clock: WallClock | None = None,
    on_people: Callable[[int, int], None] = lambda made, people: None,
) -> RunResult:
    """Run a scenario with its page until it is interrupted, which is how such a run ends; its folder is then whole.

    Raises UsageError for a port, speed or destination that can't be used.
    """
    clock = clock or WallClock()
    checked_tiles(options.tiles)
    performance = _Performance(prepared, options, clock, page_files())
    try:
        staging = Staging(
            driver=performance.driver,
            source=performance.stage,
            receiver=performance.receiver,
            recorded=performance.recorded,
        )
        # There is a clock, so actions that call do call.
        run_options = replace(run_options, call_actions=_calls(prepared.scenario))
        result = run_scenario(prepared, run_options, clock=clock, on_people=on_people, staging=staging)
    finally:
        performance.close()
    good = (ExitCode.INTERRUPTED, ExitCode.EXPECTATION_FAILED)
    return replace(result, exit_code=ExitCode.OK) if result.exit_code in good else result


def _calls(scenario: Scenario) -> bool:
    journeys = scenario.journeys
    return journeys is not None and any(action.call for action in journeys.actions.values())


def checked_tiles(tiles: str | None) -> None:
    """UsageError for an address that tiles can't come from."""
    if tiles is not None and not (tiles.startswith(("http://", "https://")) and "{z}" in tiles):
        raise UsageError(f"--tiles {tiles}: expected an address such as https://HOST/{{z}}/{{x}}/{{y}}.png")


class _Performance:
    """The parts of one live run, as they come into being."""

    def __init__(
        self, prepared: Prepared, options: LiveOptions, clock: WallClock, files: dict[str, Asset]
    ) -> None:
        self.world = prepared.world
        self.options = options
        self.files = files
        self.clock = clock
        self.socket = open_port(options.port)
        self.show: Show | None = None
        self.folder: Path | None = None
        self._stage: Stage | None = None
        self._receiver: ServedReceiver | None = None
        specs = list(prepared.scenario.all_destinations().values())
        self._spec: DestinationSpec = specs[0]

    def close(self) -> None:
        """Let go of the port."""
        self.socket.close()

    # --- parts, as a run makes them ---------------------------------------------------------------------------

    def stage(self, world: World, on_people: Callable[[int, int], None]) -> WindowSource:
        """What simulates."""
        self._stage = Stage(world, on_people)
        return self._stage

    def receiver(self, spec: DestinationSpec, folder: RunFolder, clock: WallClock) -> Destination:
        """The embedded receiver."""
        self._spec = spec
        self._receiver = ServedReceiver(spec, folder, clock)
        return self._receiver

    def driver(self, *args: Any, **named: Any) -> Driver:
        """What lets time go on."""
        self.folder = named["spill"].parent
        return _LiveDriver(self, *args, **named)

    def recorded(self, window: Window, first: int, receipt: Receipt, rows: Rows) -> None:
        """What became of events is on record."""
        if self.show is not None:
            self.show.recorded(window, first, receipt, rows)

    # --- the show -----------------------------------------------------------------------------------------------

    def open(self) -> tuple[Show, Api]:
        """Everything is there: the show can begin."""
        if self._stage is None or self.folder is None:
            raise ValueError("there is no stage yet")
        stage = self._stage
        self.show = show = Show(self.world, stage, self.clock, self.options.speed)
        stage.keep_pace(Beside(self.clock, show.pace, lambda: stage.now))
        return show, Api(show, self._staged(), self.folder, Interventions(self.folder))

    def _staged(self) -> Staged:
        receiver, spec = self._receiver, self._spec
        url = None if receiver is None else receiver.url
        if url is None and spec.to.startswith(("http://", "https://")):
            url = spec.to
        to = spec.to if receiver is None else receiver.description
        return Staged("live", to, url, spec, self.options.tiles, take_over=True)


class _LiveDriver(Driver):
    """Drives a run as the page wishes."""

    def __init__(self, performance: _Performance, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._performance = performance

    async def run(self, source: WindowSource) -> None:
        """Go on until somebody interrupts it."""
        show, api = await asyncio.to_thread(self._performance.open)
        options = self._performance.options
        sock = self._performance.socket
        app = create_app(api, sock.getsockname()[1], self._performance.files, options.tiles)
        delivering = asyncio.create_task(self._send())
        async with serving(sock, app, options.on_ready):
            try:
                show.pace.go_on(show.stage.now)
                await show.play(
                    lambda until: self._advance(source, until),
                    self._hold_back,
                    lambda: self._over(delivering),
                )
                await show.attend(lambda: self._over(delivering))
            finally:
                self.outbox.end()
                try:
                    await delivering
                    await self._deliverer.finish()
                finally:
                    self.outbox.close()
                    show.close()

    def _over(self, delivering: asyncio.Task[None]) -> bool:
        self._deliverer.settle()
        return self._ended or delivering.done()

    def _hold_back(self, window: Window) -> None:
        """Time goes on whether or not the destination keeps up."""
        self.outbox.put(Held(window, False))

    async def _send(self) -> None:
        while held := await self.outbox.get():
            await self._deliverer.put(held.window)
