"""One transaction for all requests of the same moment.

Each request waits for the transaction that holds its records, so an answer means that they are on disk, and a
thousand small requests do not need a thousand transactions.
"""

from __future__ import annotations

import asyncio

from simulator.receiver.store import EventStore


class GroupCommit:
    """Lets requests of the same moment share one transaction."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._waiting: list[asyncio.Future[None]] = []

    async def committed(self) -> None:
        """Return when everything added so far is on disk; raise what the commit raised."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._commit)
        future = loop.create_future()
        self._waiting.append(future)
        await future

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        error: Exception | None = None
        try:
            self._store.commit()
        except Exception as caught:
            error = caught
        for future in waiting:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
