"""Simulating in one process or in several, with the same windows in the same order.

Workers share nothing: cohorts are dealt to them in turn, each sends its windows through a pipe, and the
windows of all of them over the same time are merged. A pipe holds little, so workers run at most about one
window ahead.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Protocol

import numpy as np

from simulator.core.errors import JourneysimError
from simulator.ledger import ROW
from simulator.run.simulation import Simulation, World, without_collector
from simulator.run.window import Window, merge


class WindowSource(Protocol):
    """Where windows come from."""

    def advance(self, until: int) -> Window:
        """The window up to ``until``."""

    def close(self) -> None:
        """Stop; may be called at any time, and more than once."""


class InProcess:
    """Simulates in this process."""

    def __init__(self, world: World) -> None:
        self.simulation = Simulation(world, world.cohorts())

    def advance(self, until: int) -> Window:
        """The window up to ``until``."""
        return self.simulation.advance(until)

    def close(self) -> None:
        """Nothing to stop."""


class Workers:
    """Simulates in ``count`` processes of their own; windows must be asked for as ``World.windows`` has them."""

    def __init__(self, world: World, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._processes: list[BaseProcess] = []
        self._pipes: list[Connection] = []
        for number in range(count):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=_work, args=(world, number, count, theirs), name=f"journeysim-{number}", daemon=True
            )
            process.start()
            theirs.close()
            self._processes.append(process)
            self._pipes.append(ours)

    def advance(self, until: int) -> Window:
        """The window up to ``until``, merged."""
        windows = [_receive(pipe) for pipe in self._pipes]
        for window in windows:
            if window.end != until:
                raise ValueError(f"workers are at {window.end}, not at {until}")
        return merge(windows)

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(timeout=0.2)
            if process.is_alive():
                process.terminate()
                process.join()


def _work(world: World, number: int, count: int, pipe: Connection) -> None:
    """What a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    try:
        try:
            with without_collector():
                simulation = Simulation(world, world.cohorts()[number::count])
                for _, end in world.windows():
                    _send(pipe, simulation.advance(end))
        except JourneysimError as error:
            pipe.send(error)
    except BrokenPipeError:
        pass  # the parent has stopped


def _send(pipe: Connection, window: Window) -> None:
    lengths = np.fromiter((len(body) for body in window.bodies), dtype=np.int64, count=len(window.bodies))
    head = (window.start, window.end, window.census, len(window.bodies), len(window.rows))
    pipe.send(head)
    for part in (window.sent, window.person, window.event_type, window.crossing, lengths, window.rows):
        pipe.send_bytes(part.tobytes())
    pipe.send_bytes(b"".join(window.bodies))


def _receive(pipe: Connection) -> Window:
    try:
        head = pipe.recv()
        if isinstance(head, Exception):
            raise head
        start, end, census, _, _ = head
        sent, person, event_type, crossing, lengths, rows = (
            np.frombuffer(pipe.recv_bytes(), dtype=dtype) for dtype in ("<i8", "<i4", "u1", "<i4", "<i8", ROW)
        )
        blob = pipe.recv_bytes()
    except EOFError as error:
        raise JourneysimError("a worker process ended unexpectedly; try fewer workers") from error
    return Window(start, end, sent, person, event_type, crossing, list(_split(blob, lengths)), rows, census)


def _split(blob: bytes, lengths: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Iterator[bytes]:
    at = 0
    for length in lengths.tolist():
        yield blob[at : at + length]
        at += length
