"""New times, and new ids, for recorded events that are sent again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

import orjson

from simulator.core.errors import UsageError
from simulator.core.identifiers import derived_uuid
from simulator.run.pacing import WallClock

_STAMP = re.compile(rb"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Retiming:
    """What is done to the events of a file.

    ``to_now``: all times in them move by the same amount, so that the first event happens now; distances stay.
    ``speed``: they are sent at their distances divided by this (None: at once), and with ``to_now`` their times
    shrink with them, so that each is dated when it is sent. ``renew``: gives each a new ``_id``, derived from the
    old one and this word, so that a replay can be repeated with the same ids or with others.
    """

    to_now: bool = False
    speed: float | None = None
    renew: str | None = None
    clock: WallClock = field(default_factory=WallClock)

    async def apply(
        self, events: Iterator[bytes], most: int, stop: asyncio.Event
    ) -> AsyncIterator[list[bytes]]:
        """The events, changed, in groups that are due together, of at most ``most``."""
        if self.speed is None and not self.to_now and self.renew is None:
            while bodies := list(islice(events, most)):
                yield bodies
            return
        began_ms, began = self.clock.epoch_ms(), self.clock.monotonic()
        first: datetime | None = None
        group: list[bytes] = []
        for body in events:
            document = orjson.loads(body)
            happened = _timestamp(document)
            first = first or happened
            offset = (happened - first).total_seconds() / (self.speed or 1.0)
            if self.speed is not None and began + offset > self.clock.monotonic():
                if group:
                    yield group
                    group = []
                await self.clock.until(began + offset, stop)
            group.append(self._changed(body, document, happened, began_ms, offset))
            if len(group) == most:
                yield group
                group = []
        if group:
            yield group

    def _changed(
        self, body: bytes, document: dict[str, object], happened: datetime, began_ms: int, offset: float
    ) -> bytes:
        if self.to_now:
            dated = _EPOCH + timedelta(milliseconds=began_ms + round(offset * 1000.0))
            body = _shifted(body, dated - happened)
        if self.renew is not None and isinstance(old := document.get("_id"), str):
            new = derived_uuid("replay", self.renew, old)
            new = new.upper() if old.isupper() else new
            body = body.replace(orjson.dumps(old), orjson.dumps(new))
        return body


def _timestamp(document: dict[str, object]) -> datetime:
    """When the event happened. Raises UsageError for one that doesn't say."""
    text = document.get("timestamp")
    try:
        found = datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError as error:
        raise UsageError(f"an event has no `timestamp` that can be read: {text!r}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _shifted(body: bytes, by: timedelta) -> bytes:
    """The event with every time in it moved; each keeps its own form."""

    def moved(match: re.Match[bytes]) -> bytes:
        text = match[0].decode()
        moment = datetime.fromisoformat(text) + by
        fraction = len(text.partition(".")[2].rstrip("Z").partition("+")[0].partition("-")[0])
        zone = "Z" if text.endswith("Z") else text[-6:]
        base = moment.strftime("%Y-%m-%dT%H:%M:%S")
        digits = f".{moment.microsecond:06d}"[: fraction + 1] if fraction else ""
        return (base + digits + zone).encode()

    return _STAMP.sub(moved, body)
