"""A sender: a process that has the real destination and does with it what the run asks for."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from multiprocessing.connection import Connection

import numpy as np

from simulator.core import processes
from simulator.core.errors import DeliveryError
from simulator.delivery.base import Batch, Destination, Fate
from simulator.delivery.oauth import Credentials, TokenError, Tokens
from simulator.delivery.secrets import Vault
from simulator.delivery.sender_channel import (
    Close,
    Closed,
    Done,
    Interrupt,
    Measured,
    Message,
    Open,
    Opened,
    Part,
    Settled,
    Token,
    TokenWanted,
    read_part,
)

Make = Callable[[Vault, dict[Credentials, Tokens]], Destination]
"""Makes the destination of a sender; all its tokens come from the second argument."""

_TELL_EVERY = 0.02  # seconds between words about fates, as the delivery log has it
_MEASURE_EVERY = 0.25  # seconds between figures


def serve(make: Make, connection: Connection) -> None:
    """What a sender process does."""
    processes.settle_in()
    asyncio.run(_Sender(make, connection).serve())


class _Relay:
    """The token of the run, which all senders share; kept as long as it holds."""

    def __init__(self, ask: Callable[[TokenWanted], None], vault: Vault) -> None:
        self._ask = ask
        self._vault = vault
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._answer = Token("", 0.0)
        self._refused = ""

    def token(self) -> str:
        """The token to use now. Raises TokenError if none can be had."""
        with self._lock:
            if not self._answer.token or time.monotonic() >= self._answer.until:
                self._answered.clear()
                self._ask(TokenWanted(self._refused))
                self._answered.wait()
                self._refused = ""
            if self._answer.failure:
                raise TokenError(self._answer.failure)
            return self._answer.token

    def refused(self, token: str) -> None:
        """The other side doesn't want ``token``: ask for another one next time."""
        with self._lock:
            if token == self._answer.token:
                self._answer, self._refused = Token("", 0.0), token

    def take(self, answer: Token) -> None:
        """What the run answered."""
        self._vault.keep(answer.token)
        self._answer = answer
        self._answered.set()


class _Sender:
    def __init__(self, make: Make, connection: Connection) -> None:
        self._connection = connection
        self._writing = threading.Lock()
        vault = Vault()
        self._relay = _Relay(self._say, vault)
        relay: Tokens = self._relay
        self._destination = make(vault, defaultdict(lambda: relay))
        self._settled: defaultdict[tuple[int, Fate], list[int]] = defaultdict(list)
        self._settling = threading.Lock()
        self._parts: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._busy = asyncio.Event()

    async def serve(self) -> None:
        """Until the run says that it is over, or is gone."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, name="run", daemon=True).start()
        telling = asyncio.create_task(self._tell())
        await self._closing.wait()
        telling.cancel()
        error: Exception | None = None
        try:
            await self._destination.close()
        except DeliveryError as failed:
            error = failed
        if self._parts:
            await asyncio.wait(self._parts)
        self._say(Measured(self._destination.stats.copy()))
        self._say(Closed(error))

    # --- from the run ---------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """In a thread of its own: hear what the run has to say."""
        try:
            while True:
                message: Message = self._connection.recv()
                if isinstance(message, Token):
                    self._relay.take(message)
                    continue
                batch = read_part(self._connection, message) if isinstance(message, Part) else None
                self._loop.call_soon_threadsafe(self._take, message, batch)
        except (EOFError, OSError, RuntimeError):  # the last one from a loop that has ended
            os._exit(0)  # the last word is said, or there is nobody to say it to

    def _take(self, message: Message, batch: Batch | None) -> None:
        match message:
            case Open():
                self._begin(self._open())
            case Part() if batch is not None:
                self._begin(self._send(message, batch))
            case Interrupt():
                interrupt = getattr(self._destination, "interrupt", None)
                if interrupt is not None:
                    interrupt()
            case Close():
                self._closing.set()

    # --- to the run -----------------------------------------------------------------------------------------

    def _say(self, message: Message) -> None:
        """From any thread."""
        with self._writing:
            try:
                self._connection.send(message)
            except OSError:
                os._exit(0)

    async def _tell(self) -> None:
        """Say what has changed, again and again while there is something to do."""
        measured = 0.0
        while True:
            await self._busy.wait()
            await asyncio.sleep(_TELL_EVERY)
            self._say_settled()
            if (now := time.monotonic()) >= measured + _MEASURE_EVERY:
                measured = now
                self._say(Measured(self._destination.stats.copy()))
            if not self._parts:
                self._busy.clear()

    def _say_settled(self) -> None:
        with self._settling:
            settled = list(self._settled.items())
            self._settled.clear()
        if settled:
            told = [(number, fate, np.array(indices, dtype=np.int32)) for (number, fate), indices in settled]
            self._say(Settled(told))

    # --- sending --------------------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._parts.add(task)
        task.add_done_callback(self._parts.discard)
        self._busy.set()

    async def _open(self) -> None:
        try:
            await self._destination.open()
        except Exception as error:
            self._say(Opened(processes.portable(error)))
        else:
            self._say(Opened())

    async def _send(self, part: Part, batch: Batch) -> None:
        if part.tells:
            batch.on_settled = self._settler(part.number)
        try:
            receipt = await self._destination.send(batch)
        except Exception as error:
            self._say(Done(part.number, processes.portable(error)))
            return
        self._say_settled()
        if len(self._parts) == 1:  # nothing else to do: the figures are whole
            self._say(Measured(self._destination.stats.copy()))
        self._say(Done(part.number, receipt))

    def _settler(self, number: int) -> Callable[[Sequence[int], Fate], None]:
        def settled(indices: Sequence[int], fate: Fate) -> None:
            with self._settling:
                self._settled[number, fate].extend(indices)

        return settled
