"""A streaming inlet over HTTP as a destination.

A thread of its own sends (``sending.py``); the event loop only waits for it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from simulator.delivery.base import Batch, DeliveryStats, Receipt
from simulator.delivery.curl import Pool
from simulator.delivery.envelope import Envelope, MessageHeader, inlet_urls
from simulator.delivery.sending import Sender


@dataclass(frozen=True, slots=True)
class InletSettings:
    """How to talk to an inlet, field by field as in a scenario's ``destination``; durations in seconds."""

    header: MessageHeader
    batch_size: int = 1
    connections: int = 16
    timeout: float = 10.0
    give_up_after: float = 30.0
    sync_validation: bool = False


class InletDestination:
    """``http(s)://HOST/collection/INLET``: single messages, or batches if ``batch_size`` is 2 or more.

    Synchronous validation is for single messages only (ingestion.md 1.1) and left out of batches.
    """

    pipelined = True

    def __init__(
        self, url: str, settings: InletSettings, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        single, batch = inlet_urls(url)
        self._url = batch if settings.batch_size > 1 else single
        self.description = self._url.partition("?")[0]
        self.stats = DeliveryStats()
        self._settings = settings
        self._monotonic = monotonic
        self._thread: threading.Thread | None = None
        self._sender: Sender | None = None

    async def open(self) -> None:
        """Start the sending thread; connections are made when they are needed."""
        settings = self._settings
        self._sender = Sender(
            self._url,
            Pool(settings.connections, settings.timeout, ["Content-Type: application/json"]),
            Envelope(settings.header),
            self.stats,
            batch_size=settings.batch_size,
            sync_validation=settings.sync_validation and settings.batch_size == 1,
            give_up_after=settings.give_up_after,
            monotonic=self._monotonic,
        )
        self._thread = threading.Thread(target=self._sender.run, name="inlet", daemon=True)
        self._thread.start()

    async def send(self, batch: Batch) -> Receipt:
        """Send the batch. A call that is cancelled still finishes its requests in flight before it ends."""
        if self._sender is None:
            raise RuntimeError("send() without open()")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Receipt] = loop.create_future()

        def done(result: Receipt | BaseException) -> None:
            loop.call_soon_threadsafe(_resolve, answer, result)

        self._sender.submit(batch, done)
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            self.interrupt()
            await answer
            raise

    def interrupt(self) -> None:
        """Start no more requests: those in flight are finished, all others stay pending. From any thread."""
        if self._sender is not None:
            self._sender.stop()

    async def close(self) -> None:
        """Drop the connections and end the thread."""
        if self._thread is not None and self._sender is not None:
            self._sender.close()
            await asyncio.to_thread(self._thread.join)
            self._thread = self._sender = None


def _resolve(answer: asyncio.Future[Receipt], result: Receipt | BaseException) -> None:
    if answer.done():
        return
    if isinstance(result, BaseException):
        answer.set_exception(result)
    else:
        answer.set_result(result)
