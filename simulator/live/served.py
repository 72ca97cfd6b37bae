"""The embedded receiver as a live run talks to it: a server of its own on loopback, reached over HTTP."""

from __future__ import annotations

from simulator.delivery import Batch, DeliveryStats, Destination, Receipt, make_destination
from simulator.receiver import EventStore, Receiver, ServerThread
from simulator.run import RunFolder, WallClock
from simulator.scenario import Destination as DestinationSpec
from simulator.xdm import EventValidator

INLET = "live"


class ServedReceiver:
    """A receiver in a thread of its own, and what sends to it as to any other inlet."""

    description = "embedded receiver, over HTTP"
    pipelined = True

    def __init__(self, spec: DestinationSpec, folder: RunFolder, clock: WallClock) -> None:
        self._spec = spec
        self._folder = folder
        self._clock = clock
        self._store: EventStore | None = None
        self._server: ServerThread | None = None
        self._inner: Destination | None = None
        self._stats = DeliveryStats()
        self.url = ""
        """The address of the inlet, once it is open."""

    @property
    def stats(self) -> DeliveryStats:
        """What was done so far."""
        return self._stats if self._inner is None else self._inner.stats

    async def open(self) -> None:
        """Begin to serve, and to send."""
        self._store = EventStore(self._folder.received_store)
        receiver = Receiver(self._store, EventValidator(), inlets=[INLET], now_ms=self._clock.epoch_ms)
        self._server = ServerThread(receiver).start()
        self.url = self._server.inlet_url(INLET)
        self._inner = make_destination(self._spec.model_copy(update={"to": self.url}))
        await self._inner.open()

    async def send(self, batch: Batch) -> Receipt:
        """Send events, and say what the receiver says."""
        if self._inner is None:
            raise ValueError("not open")
        return await self._inner.send(batch)

    async def close(self) -> None:
        """Finish the requests under way and end the server."""
        inner, self._inner = self._inner, None
        if inner is not None:
            self._stats = inner.stats
            await inner.close()
        server, self._server = self._server, None
        if server is not None:
            server.stop()
        store, self._store = self._store, None
        if store is not None:
            store.close()
