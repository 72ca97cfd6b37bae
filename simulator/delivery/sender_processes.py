"""Several processes that send, as one destination: each has the real one, and its part of every batch.

What they say to each other is in ``sender_channel.py``, what a sender does in ``sender_child.py``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt

from simulator.core import processes
from simulator.core.errors import DeliveryError
from simulator.delivery.base import Batch, DeliveryStats, Destination, Fate, Receipt
from simulator.delivery.oauth import TokenError, Tokens, TokenSource
from simulator.delivery.over_http import OverHttp
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
    write_part,
)
from simulator.delivery.sender_child import Make, serve
from simulator.delivery.sending_thread import resolve

_PATIENCE = 5.0  # seconds for a process to end that has said its last word
# Of multiplicative hashing: neighbouring numbers, and numbers at any distance, are spread evenly.
_GOLDEN = np.uint32(2_654_435_769)

Indices = npt.NDArray[np.intp]


class SenderProcesses:
    """Sends through ``makes`` processes, each with the destination that its ``make`` makes.

    ``start`` begins them and is to be called while the program has one thread. One that ends too early leaves its
    events pending, and in doubt; nothing more is sent then: `send` and `close` raise ``DeliveryError``.
    """

    def __init__(self, inner: Destination, makes: Sequence[Make], *, block: int | None) -> None:
        """``inner`` is the same destination as one process would have it; it is never opened.

        ``block`` events after each other go to the same sender, the next ones to the next; None: all of a person's
        events go to the same.
        """
        self.description = inner.description
        self.pipelined = bool(getattr(inner, "pipelined", False))
        self.speaks_edge = bool(getattr(inner, "speaks_edge", False))
        self.senders = len(makes)
        self._senders = [_Sender(number, make, len(makes)) for number, make in enumerate(makes)]
        self._inner = inner
        self._block = block
        self._next = 0

    @property
    def stats(self) -> DeliveryStats:
        """The sums over all senders, as of some moment in the last quarter of a second."""
        total = DeliveryStats()
        for sender in self._senders:
            total.merge(sender.stats)
        return total

    def start(self) -> None:
        """Begin the processes."""
        forks = processes.may_fork()
        for sender in self._senders:
            sender.start(forks)

    async def open(self) -> None:
        """Get a token, and have every sender open its destination."""
        tokens = None
        if isinstance(self._inner, OverHttp):
            tokens = await asyncio.to_thread(self._inner.open_tokens)
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(sender.open(loop, tokens) for sender in self._senders))

    async def send(self, batch: Batch) -> Receipt:
        """Deal the batch to the senders and put together what became of it."""
        for sender in self._senders:
            if sender.lost:
                raise DeliveryError(sender.lost)
        dealt = [
            (sender, indices)
            for sender, indices in zip(self._senders, self._deal(batch), strict=True)
            if len(indices)
        ]
        answers = asyncio.gather(*(sender.send(batch, indices) for sender, indices in dealt))
        try:
            receipts = await asyncio.shield(answers)
        except asyncio.CancelledError:
            self.interrupt()
            await answers
            raise
        whole = Receipt(np.zeros(len(batch), dtype=np.uint8))
        for (_, indices), receipt in zip(dealt, receipts, strict=True):
            whole.fates[indices] = receipt.fates
            whole.reasons.update({int(indices[at]): reason for at, reason in receipt.reasons.items()})
            whole.doubtful.update(indices[list(receipt.doubtful)].tolist())
        return whole

    def interrupt(self) -> None:
        """Start no more requests: those in flight are finished, all others stay pending. From any thread."""
        for sender in self._senders:
            sender.say(Interrupt())

    async def close(self) -> None:
        """Have the senders close their destinations, and end them."""
        await asyncio.gather(*(asyncio.to_thread(sender.close) for sender in self._senders))
        for sender in self._senders:
            if sender.lost:
                raise DeliveryError(sender.lost)
            if sender.error is not None:
                raise sender.error

    def _deal(self, batch: Batch) -> list[Indices]:
        """Which events each sender gets."""
        count, most = len(batch), self.senders
        if self._block is None:
            person = np.zeros(count, dtype=np.int32) if batch.person is None else batch.person
            hashed = (person.astype(np.uint32) * _GOLDEN).astype(np.int64)
            owner = hashed * most >> 32
        else:
            blocks = np.arange(count) // self._block + self._next
            owner = blocks % most
            self._next = (int(blocks[-1]) + 1) % most if count else self._next
        return [np.flatnonzero(owner == number) for number in range(most)]


@dataclass(slots=True)
class _Handed:
    """A part that a sender has: which events of which batch, and what is known of them."""

    batch: Batch
    indices: Indices
    answer: asyncio.Future[Receipt]
    fates: npt.NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.fates = np.zeros(len(self.indices), dtype=np.uint8)

    def settled(self, indices: npt.NDArray[np.int32], fate: Fate) -> None:
        self.fates[indices] = fate
        if self.batch.on_settled is not None:
            self.batch.on_settled(self.indices[indices].tolist(), fate)

    def lost(self, why: str) -> Receipt:
        """The sender is gone: what it told holds, the rest may have arrived."""
        pending = np.flatnonzero(self.fates == Fate.PENDING).tolist()
        reasons = dict.fromkeys(pending, f"{why}; it may have arrived")
        reasons.update(dict.fromkeys(np.flatnonzero(self.fates == Fate.REJECTED).tolist(), "refused"))
        return Receipt(self.fates, reasons, set(pending))


class _Sender:
    """One process, seen from the run. Two threads talk with it: nothing that it does can hold the run up."""

    def __init__(self, number: int, make: Make, of: int) -> None:
        self.stats = DeliveryStats()
        self.lost = ""
        """Why it is gone, if it ended too early."""
        self.error: DeliveryError | None = None
        self._name = f"sender process {number + 1} of {of}"
        self._make = make
        self._process: processes.Process | None = None
        self._connection: Connection | None = None
        self._tokens: Tokens | None = None
        self._out: SimpleQueue[Callable[[Connection], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._handed: dict[int, _Handed] = {}
        self._numbers = 0
        self._ended = False

    def start(self, forks: bool) -> None:
        self._process, self._connection = processes.begin(
            serve, partial(_arguments, self._make), self._name, forks=forks
        )

    async def open(self, loop: asyncio.AbstractEventLoop, tokens: Tokens | None) -> None:
        if self._process is None:
            self.start(processes.may_fork())
        self._loop, self._tokens = loop, tokens
        self._opened: asyncio.Future[None] = loop.create_future()
        self._threads = [
            threading.Thread(target=target, name=self._name, daemon=True)
            for target in (self._write, self._read)
        ]
        for thread in self._threads:
            thread.start()
        self.say(Open())
        await self._opened

    async def send(self, batch: Batch, indices: Indices) -> Receipt:
        """Hand over the events at ``indices``; what became of them."""
        handed = _Handed(batch, indices, asyncio.get_running_loop().create_future())
        with self._lock:
            if self.lost:
                raise DeliveryError(self.lost)
            self._numbers += 1
            number = self._numbers
            self._handed[number] = handed
        part = Part(number, len(indices), batch.due is not None, batch.on_settled is not None)
        whole = len(indices) == len(batch)
        mine = batch if whole else batch.pick(indices)
        self._out.put(lambda connection: write_part(connection, part, mine))
        return await handed.answer

    def say(self, message: Message) -> None:
        """From any thread; in its turn."""
        self._out.put(lambda connection: connection.send(message))

    def close(self) -> None:
        """End the process; blocks until it is gone."""
        self.say(Close())
        for thread in self._threads:
            thread.join()
        self._threads = []
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            processes.end(self._process, _PATIENCE)
            self._process = None

    # --- in threads of their own ----------------------------------------------------------------------------

    def _write(self) -> None:
        assert self._connection is not None  # noqa: S101  it was started
        try:
            while (what := self._out.get()) is not None:
                what(self._connection)
        except OSError:
            pass  # nobody is there: that is heard where the answers are
        except BaseException as error:
            self._gone(error)

    def _read(self) -> None:
        assert self._connection is not None  # noqa: S101  it was started
        try:
            while not self._ended:
                self._hear(self._connection.recv())
        except (EOFError, OSError):
            self._gone()
        except BaseException as error:
            self._gone(error)
        finally:
            self._out.put(None)

    def _hear(self, message: Message) -> None:
        match message:
            case Opened(error):
                self._loop.call_soon_threadsafe(resolve, self._opened, error)
            case Settled(fates):
                for number, fate, indices in fates:
                    self._handed[number].settled(indices, fate)
            case Measured(stats):
                self.stats = stats
            case Done(number, receipt):
                with self._lock:
                    handed = self._handed.pop(number)
                self._loop.call_soon_threadsafe(resolve, handed.answer, receipt)
            case TokenWanted(refused):
                # Where words to the sender wait, because it may take as long as the token service does.
                self._out.put(lambda connection: connection.send(self._token(refused)))
            case Closed(error):
                self.error = error if isinstance(error, DeliveryError) else None
                self._ended = True

    def _token(self, refused: str) -> Token:
        tokens = self._tokens
        assert isinstance(tokens, TokenSource)  # noqa: S101  only destinations with a token ask for one
        if refused:
            tokens.refused(refused)
        try:
            return Token(*tokens.lease())
        except TokenError as error:
            return Token("", 0.0, str(error))

    def _gone(self, error: BaseException | None = None) -> None:
        """The process has ended without a last word; ``error`` is a fault of ours."""
        code = None
        if self._process is not None:
            self._process.join(timeout=1.0)
            code = self._process.exitcode
        why = f"{self._name} ended unexpectedly{processes.ending(code)}"
        with self._lock:
            self.lost = why
            left, self._handed = list(self._handed.values()), {}
        self._loop.call_soon_threadsafe(resolve, self._opened, error or DeliveryError(why))
        for handed in left:
            self._loop.call_soon_threadsafe(resolve, handed.answer, error or handed.lost(why))
        self.stats.in_flight = 0


def _arguments(make: Make, connection: Connection) -> tuple[Make, Connection]:
    return make, connection
