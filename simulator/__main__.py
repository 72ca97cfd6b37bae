"""``python -m simulator`` is ``journeysim``."""

from __future__ import annotations

import signal

from simulator.core.interruption import SIGNALS, end_before_anything


def start() -> None:
    """The program: ready for Ctrl-C first, because reading the rest takes a moment."""
    for number in SIGNALS:
        signal.signal(number, end_before_anything)

    from simulator.cli import main

    main()


if __name__ == "__main__":
    start()
