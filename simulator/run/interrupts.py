"""Ctrl-C and SIGTERM as a wish that work can finish in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from simulator.core import interruption
from simulator.core.interruption import SIGNALS, end_at_once
from simulator.delivery import Destination


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
            signal.signal(number, end_at_once)

    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in SIGNALS}
    for number in SIGNALS:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, ask)
            handled.append(number)
    try:
        interruption.check()  # of a signal that came before
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
