"""A streaming inlet over HTTP as a destination.

A thread of its own sends each batch from first to last (``sending.py``); the event loop only waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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

    def __init__(
        self, url: str, settings: InletSettings, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        single, batch = inlet_urls(url)
        self._url = batch if settings.batch_size > 1 else single
        self.description = self._url.partition("?")[0]
        self.stats = DeliveryStats()
        self._settings = settings
        self._monotonic = monotonic
        self._thread: ThreadPoolExecutor | None = None
        self._sender: Sender | None = None

    async def open(self) -> None:
        """Prepare the sending thread; connections are made when they are needed."""
        settings = self._settings
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inlet")
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

    async def send(self, batch: Batch) -> Receipt:
        """Send the batch. A call that is cancelled still finishes its requests in flight before it ends."""
        if self._thread is None or self._sender is None:
            raise RuntimeError("send() without open()")
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._sender.run, batch)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self.interrupt()
            await work
            raise

    def interrupt(self) -> None:
        """Start no more requests: those in flight are finished, all others stay pending. From any thread."""
        if self._sender is not None:
            self._sender.stop()

    async def close(self) -> None:
        """Drop the connections and end the thread."""
        if self._thread is not None and self._sender is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._sender.close)
            self._thread.shutdown()
            self._thread = self._sender = None
