"""Ctrl-C and SIGTERM as a wish that work can finish in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def interrupts(stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) asks the work to stop; the second one ends the program at once."""
    loop = asyncio.get_running_loop()
    handled: list[signal.Signals] = []

    def ask(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, ask, number)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
