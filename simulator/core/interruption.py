"""Ctrl-C and SIGTERM wherever nothing better is done about them: none gets lost, and none ends in a traceback.

The exception that Python raises can vanish, for instance where it falls into a destructor. So it is remembered that
somebody wanted the program to stop; whoever begins something long asks ``check``. Worse are imports: there it may
vanish, become another error, or make the interpreter believe that nobody handled it. They come before there is
anything to finish, so the program simply ends.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn

from simulator.core.errors import ExitCode

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STANDARD_ERROR = 2


class _State:
    asked = False
    answered = False


def listen() -> None:
    """From now on the first signal raises KeyboardInterrupt; the second one ends the program at once."""
    if _State.answered:
        _State.asked = _State.answered = False
    for number in SIGNALS:
        signal.signal(number, _ask)


def check() -> None:
    """Raise KeyboardInterrupt if somebody has asked to stop, whether or not that was heard."""
    if asked():
        raise KeyboardInterrupt


def asked() -> bool:
    """Whether somebody has asked to stop and has no answer yet."""
    return _State.asked and not _State.answered


def answered() -> None:
    """The program stops, as was asked."""
    _State.answered = True


def _ask(number: int, frame: FrameType | None) -> NoReturn:
    if _State.asked:
        end_at_once(number, frame)
    if _importing(frame):
        end_before_anything(number, frame)
    _State.asked = True
    raise KeyboardInterrupt


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib."):
            return True
        frame = frame.f_back
    return False


def end_at_once(number: int, frame: FrameType | None) -> NoReturn:
    """End without waiting for anything: threads that wait for a dead endpoint would hold an orderly end."""
    os.write(_STANDARD_ERROR, b"journeysim: interrupted twice; what was not yet recorded is lost\n")
    os._exit(ExitCode.INTERRUPTED)


def end_before_anything(number: int, frame: FrameType | None) -> NoReturn:
    """End while the program is still being read: there is nothing to finish."""
    os.write(_STANDARD_ERROR, b"journeysim: interrupted\n")
    os._exit(ExitCode.INTERRUPTED)
