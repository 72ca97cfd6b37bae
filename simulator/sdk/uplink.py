"""The seam between the SDK and the network: what leaves the phones goes out through an object with one method.

A hit is not bytes yet. It names its template and the values that only the SDK knows; ids and timestamps are
filled in when it is rendered, for a whole window of hits at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, overload

import numpy as np
import numpy.typing as npt

from simulator.core.identifiers import UUID_LENGTH, uuid_block, uuid_one
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


class Rendering(Sequence[bytes]):
    """The events of hits in XDM wire form, as JSON, each made when it is asked for; a part of them is one too.

    Whoever takes a few at a time, and lets go of them, has them in the processor's cache. Whoever needs them more than
    once makes a list of them.
    """

    __slots__ = ("_ids", "_stamps", "_templates", "_values")

    def __init__(
        self,
        ids: npt.NDArray[np.bytes_],
        stamps: npt.NDArray[np.bytes_],
        templates: Sequence[Template],
        values: Sequence[tuple[bytes, ...]],
    ) -> None:
        self._ids = ids
        self._stamps = stamps
        self._templates = templates
        self._values = values

    def __len__(self) -> int:
        return len(self._templates)

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> Rendering: ...

    def __getitem__(self, index: int | slice) -> bytes | Rendering:
        if isinstance(index, slice):
            return Rendering(
                self._ids[index], self._stamps[index], self._templates[index], self._values[index]
            )
        return self._templates[index].render(
            bytes(self._ids[index]), bytes(self._stamps[index]), *self._values[index]
        )

    def __iter__(self) -> Iterator[bytes]:
        ids, stamps = self._ids.tolist(), self._stamps.tolist()
        return iter(
            [
                template.render(id, stamp, *rest)
                if (pattern := template.pattern) is None
                else pattern % (id, stamp, *rest)
                for template, id, stamp, rest in zip(self._templates, ids, stamps, self._values, strict=True)
            ]
        )


def render_hits(
    keys: npt.NDArray[np.uint64],
    capitals: npt.NDArray[np.bool_],
    dated: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.int64],
    templates: Sequence[Template],
    values: Sequence[tuple[bytes, ...]],
    calendar: Calendar,
) -> Rendering:
    """The events of hits; the arguments are the columns of the hits and of their senders."""
    # Neither ids nor stamps hold NULs, so numpy cuts them as they are, faster than slices do.
    ids = np.frombuffer(uuid_block(keys, numbers, capitals), dtype=f"S{UUID_LENGTH}")
    stamps = np.frombuffer(calendar.stamps(dated), dtype=f"S{STAMP_LENGTH}")
    return Rendering(ids, stamps, templates, values)


def render_hit(hit: Hit, calendar: Calendar) -> bytes:
    """One event, as :func:`render_hits` makes it."""
    _, sender, _, dated, number, template, values, _, _ = hit
    id = uuid_one(sender.id_key, number, upper=sender.capitals)
    return template.render(id, calendar.stamp(dated), *values)
