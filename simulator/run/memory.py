"""How the C library hands out memory."""

from __future__ import annotations

import ctypes
import sys

_M_ARENA_MAX = -8  # of glibc's malloc.h


def share_one_heap() -> None:
    """All threads take memory from one heap (glibc).

    By default each thread has one of its own, and what was freed in one is not used by the others: after a burst, such
    as the catching up when an endpoint is back, tens of megabytes would stay with the process for nothing. Threads of
    this program take turns anyway.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
