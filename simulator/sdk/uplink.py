"""The seam between the SDK and the network: what leaves the phones goes out through an object with one method.

A hit is not bytes yet. It names its template and the values that only the SDK knows; ids and timestamps are
filled in when it is rendered, for a whole window of hits at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from simulator.core.identifiers import UUID_LENGTH, uuid_block
from simulator.core.simtime import STAMP_LENGTH, Calendar
from simulator.ledger import CrossingRow
from simulator.xdm import Template


class Sender(NamedTuple):
    """The phone, or other system, that a hit comes from."""

    person: int
    """Ordinal of the person."""
    id_key: int
    """Key of the phone's event ids."""
    capitals: bool
    """Whether its ids are in capitals, as iOS writes them (mobile_sdk.md 4.3)."""
    source: int = 0
    """Which system it is, as a position in ``scenario.models.SOURCES``; a phone unless it says otherwise."""


# One event on its way out of one phone, once for every request that reaches the endpoint; a plain tuple, because
# there are millions of them:
# - virtual time at which it leaves the phone, milliseconds
# - the sender
# - index into KINDS
# - time that it is dated by the phone's clock, virtual milliseconds
# - number of the event on this phone, which decides its id
# - the template of the event, whose first slots are the id and the timestamp
# - the values of its other slots
# - the crossing that caused it, or None; with the last request for it that the phone takes for answered
# - whether the endpoint was sent it before
Hit = tuple[int, Sender, int, int, int, Template, tuple[bytes, ...], CrossingRow | None, bool]


class Uplink(Protocol):
    """Takes hits."""

    def post(self, hit: Hit, /) -> None:
        """Send ``hit`` now."""


class HitList:
    """Every hit that reaches the endpoint; ``hits`` holds them in order until the window is collected."""

    __slots__ = ("hits", "post")

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.post = self.hits.append

    def collect(self) -> list[Hit]:
        """The hits since the last call, in the order of sending."""
        taken = self.hits[:]
        self.hits.clear()
        return taken


def render_hits(
    senders: Sequence[Sender],
    dated: Sequence[int],
    numbers: Sequence[int],
    templates: Sequence[Template],
    values: Sequence[tuple[bytes, ...]],
    calendar: Calendar,
) -> list[bytes]:
    """The events of hits in XDM wire form, as JSON; the arguments are the columns of the hits."""
    _, keys, capitals, _ = zip(*senders, strict=True)
    ids = uuid_block(
        np.array(keys, dtype=np.uint64), np.array(numbers, dtype=np.int64), np.array(capitals, dtype=np.bool_)
    )
    stamps = calendar.stamps(np.array(dated, dtype=np.int64))
    id_at, stamp_at = range(0, len(ids), UUID_LENGTH), range(0, len(stamps), STAMP_LENGTH)
    return [
        template.render(ids[a : a + UUID_LENGTH], stamps[b : b + STAMP_LENGTH], *rest)
        if (pattern := template.pattern) is None
        else pattern % (ids[a : a + UUID_LENGTH], stamps[b : b + STAMP_LENGTH], *rest)
        for template, a, b, rest in zip(templates, id_at, stamp_at, values, strict=True)
    ]
