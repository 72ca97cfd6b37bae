"""``python -m simulator`` is ``journeysim``."""

from __future__ import annotations

import signal
import sys

from simulator.core.interruption import SIGNALS, end_before_anything


def start() -> None:
    """The program: ready for Ctrl-C first, because reading the rest takes a moment."""
    for number in SIGNALS:
        signal.signal(number, end_before_anything)

    from simulator.cli import main
    from simulator.core.errors import ExitCode

    try:
        main()
    except OSError as error:  # help, or what is wrong with an option, that nobody could be told
        print(f"journeysim: {error.strerror or error}", file=sys.stderr)
        sys.exit(ExitCode.NOT_DELIVERED)


if __name__ == "__main__":
    start()
