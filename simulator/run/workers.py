"""Simulating in one process or in several, with the same windows in the same order.

Workers share nothing: cohorts are dealt to them in turn, each sends its windows through a pipe, and the
windows of all of them over the same time are merged. A pipe holds little, so workers run at most about one
window ahead.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Protocol

import numpy as np

from simulator.core.errors import JourneysimError, WorkerError
from simulator.ledger import ROW
from simulator.run.simulation import Simulation, World, without_collector
from simulator.run.window import Window, merge

# Linux: how much of a window a pipe holds, so that a worker need not wait for every page to be fetched.
_PIPE_BYTES = 1 << 20


class WindowSource(Protocol):
    """Where windows come from."""

    def advance(self, until: int) -> Window:
        """The window up to ``until``."""

    def close(self) -> None:
        """Stop; may be called at any time, and more than once."""


class InProcess:
    """Simulates in this process."""

    def __init__(
        self, world: World, on_people: Callable[[int, int], None] = lambda made, people: None
    ) -> None:
        self.simulation = Simulation(world, world.cohorts(), on_people)

    def advance(self, until: int) -> Window:
        """The window up to ``until``."""
        return self.simulation.advance(until)

    def close(self) -> None:
        """Nothing to stop."""


class Workers:
    """Simulates in ``count`` processes of their own; windows must be asked for as ``World.windows`` has them."""

    def __init__(self, world: World, count: int) -> None:
        forks = _may_fork()
        context: multiprocessing.context.BaseContext = multiprocessing.get_context(
            "fork" if forks else "spawn"
        )
        self._processes: list[BaseProcess] = []
        self._pipes: list[Connection] = []
        for number in range(count):
            ours, theirs = context.Pipe(duplex=False)
            _widen(theirs)
            # A forked process holds copies of our ends; it must close them to notice when we are gone.
            copies = [*self._pipes, ours] if forks else []
            process = context.Process(  # type: ignore[attr-defined]
                target=_work,
                args=(world, number, count, theirs, copies),
                name=f"journeysim-{number}",
                daemon=True,
            )
            process.start()
            theirs.close()
            self._processes.append(process)
            self._pipes.append(ours)

    def advance(self, until: int) -> Window:
        """The window up to ``until``, merged."""
        windows = [self._receive(number) for number in range(len(self._pipes))]
        for window in windows:
            if window.end != until:
                raise ValueError(f"workers are at {window.end}, not at {until}")
        return merge(windows)

    def _receive(self, number: int) -> Window:
        try:
            received = _receive(self._pipes[number])
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
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(timeout=0.2)
            if process.is_alive():
                process.terminate()
                process.join()


def _ending(code: int | None) -> str:
    """How a process ended, for a message."""
    if code is None:
        return ""
    return f" (exit code {code})" if code >= 0 else f" (killed by signal {-code})"


def _may_fork() -> bool:
    """Whether processes can be forked: at once and without reading anything again, but only from one thread."""
    return sys.platform == "linux" and threading.active_count() == 1


def _widen(pipe: Connection) -> None:
    if sys.platform == "linux":
        import fcntl  # not there on every system

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _work(world: World, number: int, count: int, pipe: Connection, copies: Sequence[Connection]) -> None:
    """What a worker process does."""
    signal.set_wakeup_fd(-1)  # a forked process must not wake the parent's event loop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for copy in copies:
        copy.close()
    try:
        try:
            with without_collector():
                simulation = Simulation(world, world.cohorts()[number::count])
                for _, end in world.windows():
                    _send(pipe, simulation.advance(end))
        except BrokenPipeError:
            raise
        except Exception as error:
            pipe.send(_portable(error))
    except BrokenPipeError:
        pass  # the parent has stopped


def _portable(error: Exception) -> Exception:
    """An error for the parent to raise, so that its traceback goes where those of the parent go."""
    known = isinstance(error, JourneysimError)
    portable = error if known else RuntimeError(f"{type(error).__name__}: {error}")
    portable.add_note(f"In a worker process:\n{''.join(traceback.format_exception(error))}")
    return portable


def _send(pipe: Connection, window: Window) -> None:
    lengths = np.fromiter((len(body) for body in window.bodies), dtype=np.int64, count=len(window.bodies))
    head = (window.start, window.end, window.census, len(window.bodies), len(window.rows))
    pipe.send(head)
    for part in (
        *(window.sent, window.person, window.event_type, window.crossing, lengths),
        *(window.rows, window.lost, window.open),
    ):
        pipe.send_bytes(part.tobytes())
    pipe.send_bytes(b"".join(window.bodies))


def _receive(pipe: Connection) -> Window | Exception:
    """The next window of a worker, or the error that ended it."""
    head = pipe.recv()
    if isinstance(head, Exception):
        return head
    start, end, census, _, _ = head
    sent, person, event_type, crossing, lengths, rows, lost, open_rows = (
        np.frombuffer(pipe.recv_bytes(), dtype=dtype)
        for dtype in ("<i8", "<i4", "u1", "<i4", "<i8", ROW, ROW, ROW)
    )
    blob = pipe.recv_bytes()
    ends = np.cumsum(lengths)
    bodies = [blob[a:b] for a, b in zip((ends - lengths).tolist(), ends.tolist(), strict=True)]
    return Window(start, end, sent, person, event_type, crossing, bodies, rows, lost, open_rows, census)
