"""What a run and its senders say to each other, over a connection for each sender.

Events go as one block of bytes behind the message that announces them; everything else is small and pickled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.delivery.base import Batch, DeliveryStats, Fate, Receipt

Indices = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Open:
    """To the sender: get ready to send."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """To the sender: start nothing more."""


@dataclass(frozen=True, slots=True)
class Close:
    """To the sender: there is nothing more to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """To the sender: its part of a batch. ``tells``: fates are wanted as they come.

    Behind it follow the lengths of the events, their times if there are any, whose they are and where they come from
    if that is known, and the events themselves.
    """

    number: int
    count: int
    timed: bool
    tells: bool
    personal: bool = False
    sourced: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """To the sender: the token that it asked for, good until then (monotonic clock); or why there is none."""

    token: str
    until: float
    failure: str = ""

    def __repr__(self) -> str:
        return "Token(***)"


@dataclass(frozen=True, slots=True)
class TokenWanted:
    """To the run: a sender needs a token; ``refused`` is one that the other side didn't want."""

    refused: str = ""

    def __repr__(self) -> str:
        return "TokenWanted()"


@dataclass(frozen=True, slots=True)
class Opened:
    """To the run: ready to send, or why not."""

    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """To the run: events of parts, by number and index, that were acknowledged or rejected since the last word."""

    fates: Sequence[tuple[int, Fate, Indices]]


@dataclass(frozen=True, slots=True)
class Done:
    """To the run: what became of a part, or the error that ended it."""

    number: int
    receipt: Receipt | Exception


@dataclass(frozen=True, slots=True)
class Measured:
    """To the run: what the sender did so far."""

    stats: DeliveryStats


@dataclass(frozen=True, slots=True)
class Closed:
    """To the run: the last word of a sender."""

    error: Exception | None = None


Message = Open | Interrupt | Close | Part | Token | TokenWanted | Opened | Settled | Done | Measured | Closed


def write_part(connection: Connection, part: Part, batch: Batch) -> None:
    """Hand a part of a batch to a sender."""
    lengths = np.fromiter(map(len, batch.bodies), dtype=np.int32, count=len(batch.bodies))
    columns = (lengths, batch.due, batch.person, batch.sources)
    known = [column.tobytes() for column in columns if column is not None]
    connection.send(replace(part, personal=batch.person is not None, sourced=batch.sources is not None))
    connection.send_bytes(b"".join((*known, *batch.bodies)))


def read_part(connection: Connection, part: Part) -> Batch:
    """The events that follow ``part``."""
    data = connection.recv_bytes()
    at = 0

    def column(kind: type[np.generic], there: bool) -> Any:
        nonlocal at
        if not there:
            return None
        values = np.frombuffer(data, dtype=kind, count=part.count, offset=at)
        at += values.nbytes
        return values

    lengths, due = column(np.int32, True), column(np.float64, part.timed)
    person, sources = column(np.int32, part.personal), column(np.uint8, part.sourced)
    ends = accumulate(lengths.tolist(), initial=at)
    bodies = [data[first:last] for first, last in pairwise(ends)]
    return Batch(bodies, sources=sources, person=person, due=due)
