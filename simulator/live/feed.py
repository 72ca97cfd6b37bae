"""The events that left phones, as the feed of the page shows them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import orjson

from simulator.delivery import Fate, Receipt
from simulator.run.window import Window
from simulator.scenario.models import SOURCES
from simulator.sdk import KINDS

# So many events are remembered with their bodies.
_REMEMBERED = 5_000
# Of those that left at once, so many are listed, and so many of them with their bodies.
_LISTED, _WITH_BODY = 300, 60
_STATUS = {
    Fate.ACKNOWLEDGED: "accepted",
    Fate.REJECTED: "rejected",
    Fate.PENDING: "pending",
    Fate.NOT_DUE: "pending",
}


class Feed:
    """The last events, and how many there were."""

    def __init__(self) -> None:
        self._events: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._bodies: dict[int, bytes] = {}
        self.sent = 0
        self.counts = dict.fromkeys(("accepted", "rejected", "pending"), 0)

    def window(self, window: Window, first: int) -> dict[str, Any] | None:
        """The `events` message of a window whose first event has the number ``first``; None if it has none."""
        count = len(window)
        self.sent += count
        if not count:
            return None
        begin = max(0, count - _LISTED)
        listed = []
        places = window.rows["place"].tolist()
        for row in range(begin, count):
            number, crossing = first + row, int(window.crossing[row])
            event = {
                "n": number,
                "t": int(window.sent[row]),
                "person": int(window.person[row]),
                "type": KINDS[int(window.event_type[row])],
                "place": None if crossing < 0 else places[crossing],
                "source": SOURCES[int(window.source[row])],
                "status": "sent",
            }
            self._remember(number, event, window.bodies[row])
            listed.append(event if row < count - _WITH_BODY else self._with_body(event))
        return {"events": listed, "skipped": begin}

    def _remember(self, number: int, event: dict[str, Any], body: bytes) -> None:
        self._events[number] = event
        self._bodies[number] = body
        while len(self._events) > _REMEMBERED:
            gone, _ = self._events.popitem(last=False)
            del self._bodies[gone]

    def _with_body(self, event: dict[str, Any]) -> dict[str, Any]:
        return {**event, "xdm": orjson.Fragment(self._bodies[event["n"]])}

    def recorded(self, first: int, receipt: Receipt) -> dict[str, Any] | None:
        """The `fates` message of events that were settled; None if there are none."""
        fates: list[list[Any]] = []
        for row, fate in enumerate(receipt.fates.tolist()):
            status = _STATUS[Fate(fate)]
            self.counts[status] += 1
            event = self._events.get(first + row)
            if event is None:
                continue
            event["status"] = status
            why = receipt.reasons.get(row)
            if why:
                event["why"] = why
            fates.append([first + row, status, why] if why else [first + row, status])
        return {"fates": fates} if fates else None

    def last(self, count: int) -> list[dict[str, Any]]:
        """The last events with their bodies."""
        numbers = list(self._events)[-count:]
        return [self._with_body(self._events[number]) for number in numbers]

    def event(self, number: int) -> dict[str, Any] | None:
        """An event with its body, if it is remembered."""
        event = self._events.get(number)
        return None if event is None else self._with_body(event)

    def document(self) -> dict[str, int]:
        """The counts of events."""
        return {"sent": self.sent, **self.counts}
