"""Which sockets can be read or written: epoll where it is, else what the system has."""

from __future__ import annotations

import select
import selectors
from collections.abc import Sequence

# epoll counts milliseconds, select microseconds; below this many seconds the difference matters.
_EXACT_BELOW = 0.02
_SELECT_DESCRIPTORS = 1024


class Readiness:
    """Which sockets can be read or written: epoll where it is, else what the system has."""

    def __init__(self) -> None:
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        self._selector = selectors.DefaultSelector() if self._epoll is None else None

    def watch(self, fd: int, *, write: bool, new: bool = False) -> None:
        if self._epoll is not None:
            mask = select.EPOLLIN | (select.EPOLLOUT if write else 0)
            (self._epoll.register if new else self._epoll.modify)(fd, mask)
        elif self._selector is not None:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if write else 0)
            (self._selector.register if new else self._selector.modify)(fd, events)

    def forget(self, fd: int) -> None:
        if self._epoll is not None:
            self._epoll.unregister(fd)
        elif self._selector is not None:
            self._selector.unregister(fd)

    def ready(self, seconds: float) -> Sequence[tuple[int, int]]:
        """Descriptors that are ready, after ``seconds`` at the latest."""
        epoll = self._epoll
        if epoll is None:
            assert self._selector is not None  # noqa: S101  one of the two is there
            return [(key.fd, events) for key, events in self._selector.select(seconds)]
        if not 0.0 < seconds < _EXACT_BELOW or epoll.fileno() >= _SELECT_DESCRIPTORS:
            return epoll.poll(seconds)
        if found := epoll.poll(0):
            return found
        select.select((epoll.fileno(),), (), (), seconds)
        return epoll.poll(0)

    def close(self) -> None:
        if self._epoll is not None:
            self._epoll.close()
        elif self._selector is not None:
            self._selector.close()
