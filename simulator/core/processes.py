"""Processes of a run: how they begin, what they must not keep of their parent's, and how they ended.

A forked process holds copies of everything its parent has open. Its ends of connections to *other* processes are the
harm in that: those would not notice that the parent is gone while a brother still holds a copy. So a parent
remembers its ends (``begin``), and each process closes the copies when it begins (``settle_in``).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.util
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess as Process
from typing import Any
from weakref import WeakSet

from simulator.core.errors import JourneysimError
from simulator.core.interruption import SIGNALS

__all__ = ["Process", "begin", "end", "ending", "may_fork", "portable", "settle_in"]

_ends: WeakSet[Connection] = WeakSet()
_at_exit: list[object] = []


def may_fork() -> bool:
    """Whether processes can be forked: at once and without reading anything again, but only from one thread."""
    return sys.platform == "linux" and threading.active_count() == 1


def begin(
    target: Callable[..., None], args: Callable[[Connection], tuple[Any, ...]], name: str, *, forks: bool
) -> tuple[Process, Connection]:
    """Begin a process that runs ``target`` with ``args`` of its end of a connection; the process, and our end.

    ``target`` must call `settle_in` first of all. ``forks`` is what `may_fork` says.
    """
    context: BaseContext = multiprocessing.get_context("fork" if forks else "spawn")
    ours, theirs = context.Pipe(duplex=True)
    _own(ours)
    process: Process = context.Process(  # type: ignore[attr-defined]
        target=target, args=args(theirs), name=name, daemon=True
    )
    with _signals_held():
        process.start()
    theirs.close()
    return process, ours


def end(process: Process, patience: float) -> None:
    """Wait for a process that has no reason to stay, at most ``patience`` seconds; then end it from outside."""
    process.join(timeout=patience)
    if process.is_alive():
        process.kill()
        process.join()


def _own(connection: Connection) -> None:
    """This end of a connection is this process's: no other must hold a copy."""
    if not _at_exit:
        # At exit Python waits for processes that are left: they end when nobody is there any more.
        _at_exit.append(multiprocessing.util.Finalize(None, _let_go, exitpriority=100))
    _ends.add(connection)


def settle_in() -> None:
    """In a process that has just begun: the parent decides when to stop, and what it has open is not ours."""
    signal.set_wakeup_fd(-1)  # a forked process must not wake the parent's event loop
    for number in SIGNALS:
        # A terminal, or who stops a service, tells all processes at once.
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    _let_go()


def ending(code: int | None) -> str:
    """How a process ended, for a message."""
    if code is None:
        return ""
    return f" (exit code {code})" if code >= 0 else f" (killed by signal {-code})"


def portable(error: Exception) -> Exception:
    """An error for the parent to raise, so that its traceback goes where those of the parent go."""
    known = isinstance(error, JourneysimError)
    moved = error if known else RuntimeError(f"{type(error).__name__}: {error}")
    moved.add_note(f"In another process of the run:\n{''.join(traceback.format_exception(error))}")
    return moved


def _let_go() -> None:
    for connection in list(_ends):
        connection.close()
    _ends.clear()


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
