"""Simulating in one process or in several, with the same windows in the same order.

Workers share nothing: cohorts are dealt to them in turn, each hands its windows over (`run/channel.py`), and the
windows of all of them over the same time are merged.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Protocol

from simulator.core import processes
from simulator.core.errors import WorkerError
from simulator.core.processes import may_fork
from simulator.run.channel import WindowReceiver, WindowSender, shared_memory
from simulator.run.pacing import Pacer
from simulator.run.simulation import Simulation, World, without_collector
from simulator.run.window import Window, merge


class WindowSource(Protocol):
    """Where windows come from."""

    def advance(self, until: int) -> Window:
        """The window up to ``until``."""

    def keep_pace(self, pacer: Pacer | None) -> None:
        """From the next window on the run keeps to a clock; None: it goes as fast as it can."""

    def close(self) -> None:
        """Stop; may be called at any time, and more than once."""


def heed(source: WindowSource, stopped: Callable[[], bool]) -> None:
    """A run that waits for calls waits for no more once it is ``stopped``; worker processes are ended from outside."""
    outbound = getattr(getattr(source, "simulation", None), "outbound", None)
    if outbound is not None:
        outbound.stopped = stopped


class InProcess:
    """Simulates in this process."""

    def __init__(
        self,
        world: World,
        on_people: Callable[[int, int], None] = lambda made, people: None,
        *,
        fleeting: bool = False,
    ) -> None:
        """The events of ``fleeting`` windows are made where they are used, and should be used only once."""
        self.simulation = Simulation(world, world.dealt(1)[0], on_people)
        self._fleeting = fleeting

    def advance(self, until: int) -> Window:
        """The window up to ``until``."""
        return self.simulation.advance(until, fleeting=self._fleeting)

    def keep_pace(self, pacer: Pacer | None) -> None:
        """Calls leave beside the clock from now on, or not at all."""
        if self.simulation.outbound is not None:
            self.simulation.outbound.keep_pace(pacer)

    def close(self) -> None:
        """Make no more calls."""
        self.simulation.close()


class Workers:
    """Simulates in ``count`` processes of their own; windows must be asked for as ``World.windows`` has them."""

    def __init__(self, world: World, count: int, *, fleeting: bool = False) -> None:
        """The events of ``fleeting`` windows are good until the next one is asked for."""
        forks = may_fork()
        self._processes: list[BaseProcess] = []
        self._receivers: list[WindowReceiver] = []
        for number in range(count):
            memory = shared_memory() if forks else None
            arguments = partial(_arguments, world, number, count, memory)
            process, ours = processes.begin(_work, arguments, f"journeysim-{number}", forks=forks)
            self._receivers.append(WindowReceiver(ours, memory, fleeting=fleeting))
            self._processes.append(process)

    def advance(self, until: int) -> Window:
        """The window up to ``until``, merged."""
        windows = [self._receive(number) for number in range(len(self._receivers))]
        for window in windows:
            if window.end != until:
                raise ValueError(f"workers are at {window.end}, not at {until}")
        return merge(windows)

    def keep_pace(self, pacer: Pacer | None) -> None:
        """Workers never keep to a clock."""

    def _receive(self, number: int) -> Window:
        try:
            received = self._receivers[number].receive()
        except (EOFError, OSError) as error:
            process = self._processes[number]
            process.join(timeout=1.0)
            raise WorkerError(
                f"worker process {number + 1} of {len(self._processes)} ended unexpectedly"
                f"{processes.ending(process.exitcode)}; if memory is short, try fewer workers"
            ) from error
        if isinstance(received, Exception):
            raise received
        return received

    def close(self) -> None:
        """End the processes."""
        for receiver in self._receivers:
            receiver.close()
        for process in self._processes:
            processes.end(process, 0.2)


def _arguments(
    world: World, number: int, count: int, memory: mmap.mmap | None, connection: Connection
) -> tuple[World, int, int, WindowSender]:
    return world, number, count, WindowSender(connection, memory)


def _work(world: World, number: int, count: int, sender: WindowSender) -> None:
    """What a worker process does."""
    processes.settle_in()
    try:
        try:
            with without_collector():
                simulation = Simulation(world, world.dealt(count)[number])
                for _, end in world.windows():
                    sender.send(simulation.advance(end, fleeting=True))
                simulation.close()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            sender.fail(processes.portable(error))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the parent has stopped
