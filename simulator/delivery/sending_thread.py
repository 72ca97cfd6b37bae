"""What all threads that send have in common: how batches get in, how they are told to stop, and how they end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from threading import Event
from typing import Any

from simulator.delivery.base import Batch, Receipt
from simulator.delivery.transport import Transport

Done = Callable[[Receipt | BaseException], None]

LOOK_UP = 0.25  # seconds between looks at whether to stop
LOOK_UP_IN_FLIGHT = 0.01  # the same while answers are awaited: nothing else ends that wait early
DEAD_AFTER = 1.0  # seconds of failures before an endpoint is dead, however short give_up_after is
ASK_EVERY = 1.0  # seconds between requests to a dead endpoint, for events that have a time
INTERRUPTED = "the run was interrupted before it was delivered"


class SendingThread(ABC):
    """Sends batches through ``pool``; ``run`` is the body of its thread, the other methods are for any."""

    def __init__(self, pool: Transport[Any]) -> None:
        self._pool = pool
        self._inbox: deque[tuple[Batch, Done]] = deque()
        self._wake = Event()
        self._stopped = self._closed = False
        self._awaited: set[Done] = set()
        self._fault: BaseException | None = None

    def submit(self, batch: Batch, done: Done) -> None:
        """Send ``batch`` after those before it; ``done`` is called in the sender's thread. From any thread."""

        def told(result: Receipt | BaseException) -> None:
            if told in self._awaited:
                self._awaited.discard(told)
                done(result)

        self._awaited.add(told)
        self._inbox.append((batch, told))
        self._wake.set()
        if self._fault is not None:
            told(self._fault)

    def stop(self) -> None:
        """Start no more requests; what is not in flight stays pending. From any thread."""
        self._stopped = True
        self._wake.set()

    def close(self) -> None:
        """End ``run`` when nothing is left to do. From any thread."""
        self._closed = True
        self._wake.set()

    def run(self) -> None:
        """Send what is handed over, until closed; then drop the connections."""
        try:
            while self._step():
                pass
        except BaseException as error:
            # A fault of ours must not leave a run waiting for ever.
            self._fault = error
            for told in list(self._awaited):
                told(error)
        finally:
            self._pool.close()

    def _take_all(self) -> None:
        """Take what was handed over."""
        if self._wake.is_set():
            self._wake.clear()
            while self._inbox:
                self._take(*self._inbox.popleft())

    @abstractmethod
    def _take(self, batch: Batch, done: Done) -> None:
        """Make requests of a new batch."""

    @abstractmethod
    def _step(self) -> bool:
        """Start what is due and settle what has finished; False when closed and done."""


def resolve(answer: asyncio.Future[Any], result: object) -> None:
    """Give somebody who waits a result, or the error that it is; to be called where the event loop runs."""
    if answer.done():
        return
    if isinstance(result, BaseException):
        answer.set_exception(result)
    else:
        answer.set_result(result)
