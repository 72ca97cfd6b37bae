"""Ctrl-C and SIGTERM as a wish that work can finish in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn, Protocol, runtime_checkable

from simulator.core.errors import ExitCode
from simulator.delivery import Destination

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STANDARD_ERROR = 2


@runtime_checkable
class Interruptible(Protocol):
    """A destination that can be told to start nothing more."""

    def interrupt(self) -> None:
        """Finish what is in flight; everything else stays pending."""


@contextlib.contextmanager
def interrupts(stop: asyncio.Event, destination: Destination | None = None) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) asks the work to stop; the second one ends the program at once."""
    loop = asyncio.get_running_loop()
    handled: list[signal.Signals] = []

    def ask() -> None:
        stop.set()
        if isinstance(destination, Interruptible):
            destination.interrupt()
        for number in handled:
            loop.remove_signal_handler(number)
            signal.signal(number, _end_at_once)

    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in _SIGNALS}
    for number in _SIGNALS:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, ask)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])


def _end_at_once(number: int, frame: FrameType | None) -> NoReturn:
    """End without waiting for anything: threads that wait for a dead endpoint would hold an orderly end."""
    os.write(_STANDARD_ERROR, b"journeysim: interrupted twice; what was not yet recorded is lost\n")
    os._exit(ExitCode.INTERRUPTED)
