"""Several destinations as one: every event goes to all of those that take its source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from simulator.core.errors import DeliveryError
from simulator.delivery.base import Batch, DeliveryStats, Destination, Fate, Indices, InProcesses, Receipt
from simulator.scenario.models import SOURCES, Source

_UNROUTED = "no destination takes events of this source"


@dataclass(slots=True)
class Member:
    """One of several destinations, by its name in the scenario."""

    name: str
    destination: Destination
    sources: tuple[Source, ...] = SOURCES
    failure: str = ""
    takes: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self.takes = frozenset(SOURCES.index(source) for source in self.sources)


class FanOut:
    """Sends each batch to its members at the same time and waits for the slowest.

    An event is acknowledged when all that take it have acknowledged it, and pending while one hasn't decided; it
    is rejected if none is undecided and one refused it. A member that can't deliver at all (a full disk) leaves its
    events pending; the others go on, and ``close`` raises its ``DeliveryError`` in the end.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = list(members)
        self.description = ", ".join(member.destination.description for member in self.members)

    @property
    def pipelined(self) -> bool:
        """Whether all members are."""
        return all(getattr(member.destination, "pipelined", False) for member in self.members)

    @property
    def stats(self) -> DeliveryStats:
        """The sums over all members; each has its own too."""
        total = DeliveryStats()
        for member in self.members:
            stats = member.destination.stats.copy()
            # They share their events, as far as they take the same.
            stats.events, total.events = 0, max(total.events, stats.events)
            total.merge(stats)
        return total

    @property
    def senders(self) -> int:
        """How many processes send to the member that has most."""
        return max((getattr(member.destination, "senders", 1) for member in self.members), default=1)

    def start(self) -> None:
        """Begin the processes of those members that have some."""
        for member in self.members:
            if isinstance(member.destination, InProcesses):
                member.destination.start()

    async def open(self) -> None:
        """Open all members, or none."""
        for number, member in enumerate(self.members):
            try:
                await member.destination.open()
            except BaseException:
                for opened in self.members[:number]:
                    with suppress(DeliveryError):
                        await opened.destination.close()
                raise

    async def send(self, batch: Batch) -> Receipt:
        """Send to all members what is theirs."""
        shares = self.shares(batch) if batch.shares is None else batch.shares
        receipts = await asyncio.gather(
            *(self._send(member, batch, shares[member.name]) for member in self.members)
        )
        return combined(
            len(batch),
            {
                member.name: (shares[member.name], receipt)
                for member, receipt in zip(self.members, receipts, strict=True)
            },
        )

    def shares(self, batch: Batch) -> dict[str, Indices]:
        """By name, which events (by index) each member takes."""
        return {member.name: self._indices(member, batch) for member in self.members}

    def _indices(self, member: Member, batch: Batch) -> Indices:
        sources = np.zeros(len(batch), dtype=np.uint8) if batch.sources is None else batch.sources
        taken = np.isin(sources, list(member.takes))
        if batch.edge_only is not None and not getattr(member.destination, "speaks_edge", False):
            taken &= ~batch.edge_only
        return np.flatnonzero(taken)

    async def _send(self, member: Member, batch: Batch, indices: Indices) -> Receipt:
        if member.failure:
            return Receipt.of(len(indices), Fate.PENDING, member.failure)
        if not len(indices):
            return Receipt.of(0, Fate.PENDING)
        mine = batch if len(indices) == len(batch) else batch.pick(indices)
        mine = replace(mine, on_settled=_heard(member.name, batch, indices), shares=None, on_settled_at=None)
        try:
            return await member.destination.send(mine)
        except DeliveryError as error:
            member.failure = str(error)
            receipt = Receipt.of(len(indices), Fate.PENDING, member.failure)
            receipt.doubtful.update(range(len(indices)))
            return receipt

    def interrupt(self) -> None:
        """Tell all members that can be told to start nothing more."""
        for member in self.members:
            interrupt = getattr(member.destination, "interrupt", None)
            if interrupt is not None:
                interrupt()

    async def close(self) -> None:
        """Close all members; raises what made one of them give up."""
        failures = [f"{member.name}: {member.failure}" for member in self.members if member.failure]
        for member in self.members:
            try:
                await member.destination.close()
            except DeliveryError as error:
                failures.append(f"{member.name}: {error}")
        if failures:
            raise DeliveryError("; ".join(failures))


def combined(count: int, parts: Mapping[str, tuple[Indices, Receipt]]) -> Receipt:
    """What became of ``count`` events as a whole, from their fates at each destination that takes them."""
    whole = Receipt.of(count, Fate.PENDING)
    whole.reasons.clear()
    rejected, pending, routed = (np.zeros(count, dtype=np.bool_) for _ in range(3))
    for name, (indices, receipt) in parts.items():
        routed[indices] = True
        rejected[indices] |= receipt.fates == Fate.REJECTED
        pending[indices] |= receipt.fates == Fate.PENDING
        for index, reason in receipt.reasons.items():
            whole.reasons.setdefault(int(indices[index]), f"{name}: {reason}" if name else reason)
        whole.doubtful.update(indices[sorted(receipt.doubtful)].tolist())
        whole.parts[name] = (indices, receipt)
    whole.fates[routed & ~pending & ~rejected] = Fate.ACKNOWLEDGED
    whole.fates[rejected & ~pending] = Fate.REJECTED
    whole.reasons.update(dict.fromkeys(np.flatnonzero(~routed).tolist(), _UNROUTED))
    return whole


def _heard(name: str, batch: Batch, indices: Indices) -> Callable[[Sequence[int], Fate], None] | None:
    """What a member calls with indices of its own events, as those of the batch."""
    told = batch.on_settled_at
    if told is None:
        return None
    whole = len(indices) == len(batch)

    def heard(settled: Sequence[int], fate: Fate) -> None:
        told(name, settled if whole else indices[list(settled)].tolist(), fate)

    return heard
