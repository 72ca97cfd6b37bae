"""Simulating in one process or in several, with the same windows in the same order.

Workers share nothing: cohorts are dealt to them in turn, each hands its windows over (`run/channel.py`), and the
windows of all of them over the same time are merged.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Protocol

from simulator.core.errors import JourneysimError, WorkerError
from simulator.core.interruption import SIGNALS
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
        self, world: World, on_people: Callable[[int, int], None] = lambda made, people: None
    ) -> None:
        self.simulation = Simulation(world, world.cohorts(), on_people)

    def advance(self, until: int) -> Window:
        """The window up to ``until``."""
        return self.simulation.advance(until)

    def keep_pace(self, pacer: Pacer | None) -> None:
        """Calls leave beside the clock from now on, or not at all."""
        if self.simulation.outbound is not None:
            self.simulation.outbound.keep_pace(pacer)

    def close(self) -> None:
        """Make no more calls."""
        self.simulation.close()


class Workers:
    """Simulates in ``count`` processes of their own; windows must be asked for as ``World.windows`` has them."""

    def __init__(self, world: World, count: int) -> None:
        forks = may_fork()
        context: multiprocessing.context.BaseContext = multiprocessing.get_context(
            "fork" if forks else "spawn"
        )
        self._processes: list[BaseProcess] = []
        self._receivers: list[WindowReceiver] = []
        for number in range(count):
            ours, theirs = context.Pipe(duplex=True)
            memory = shared_memory() if forks else None
            self._receivers.append(WindowReceiver(ours, memory))
            # A forked process holds copies of our ends; it must close them to notice when we are gone.
            copies = [receiver.connection for receiver in self._receivers] if forks else []
            process = context.Process(  # type: ignore[attr-defined]
                target=_work,
                args=(world, number, count, WindowSender(theirs, memory), copies),
                name=f"journeysim-{number}",
                daemon=True,
            )
            with _signals_held():
                process.start()
            theirs.close()
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
                f"{_ending(process.exitcode)}; if memory is short, try fewer workers"
            ) from error
        if isinstance(received, Exception):
            raise received
        return received

    def close(self) -> None:
        """End the processes."""
        for receiver in self._receivers:
            receiver.close()
        for process in self._processes:
            process.join(timeout=0.2)
            if process.is_alive():
                process.terminate()
                process.join()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Signals wait meanwhile: one that came to a process just forked would be taken for one to its parent."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(code: int | None) -> str:
    """How a process ended, for a message."""
    if code is None:
        return ""
    return f" (exit code {code})" if code >= 0 else f" (killed by signal {-code})"


def may_fork() -> bool:
    """Whether processes can be forked: at once and without reading anything again, but only from one thread."""
    return sys.platform == "linux" and threading.active_count() == 1


def _work(world: World, number: int, count: int, sender: WindowSender, copies: Sequence[Connection]) -> None:
    """What a worker process does."""
    signal.set_wakeup_fd(-1)  # a forked process must not wake the parent's event loop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    for copy in copies:
        copy.close()
    try:
        try:
            with without_collector():
                simulation = Simulation(world, world.cohorts()[number::count])
                for _, end in world.windows():
                    sender.send(simulation.advance(end))
                simulation.close()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            sender.fail(_portable(error))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the parent has stopped


def _portable(error: Exception) -> Exception:
    """An error for the parent to raise, so that its traceback goes where those of the parent go."""
    known = isinstance(error, JourneysimError)
    portable = error if known else RuntimeError(f"{type(error).__name__}: {error}")
    portable.add_note(f"In a worker process:\n{''.join(traceback.format_exception(error))}")
    return portable
