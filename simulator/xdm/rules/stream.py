"""What may follow what in the events of one identity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from simulator.xdm.events import EventType
from simulator.xdm.rules.reading import identity_of, value_at


class StreamRules:
    """Feed it a stream in order; it says which events can't come where they came.

    An exit needs an entry of the same place before it, and launch and close take turns. Somebody who was
    inside of a place, or had the app open, when the stream began is told to the constructor:
    ``inside_at_start`` are pairs of identity and poiID, ``open_at_start`` identities. A second entry
    without an exit is allowed: the phone may have missed the exit.
    """

    __slots__ = ("_inside", "_open")

    def __init__(
        self, inside_at_start: Iterable[tuple[str, str]] = (), open_at_start: Iterable[str] = ()
    ) -> None:
        self._inside = set(inside_at_start)
        self._open = set(open_at_start)

    def feed(self, event: Mapping[str, Any]) -> list[str]:
        """Sentences on what is wrong with the place of ``event`` in the stream; none if it may stand here."""
        identity = identity_of(event)
        match event.get("eventType"):
            case EventType.LOCATION_ENTRY | EventType.LOCATION_EXIT as event_type:
                poi = str(value_at(event, "placeContext.POIinteraction.poiDetail.poiID"))
                return list(self._location(str(event_type), identity, poi))
            case EventType.APPLICATION_LAUNCH | EventType.APPLICATION_CLOSE as event_type:
                return list(self._lifecycle(str(event_type), identity))
        return []

    def _location(self, event_type: str, identity: str, poi: str) -> Iterator[str]:
        if event_type == EventType.LOCATION_ENTRY:
            self._inside.add((identity, poi))
        elif (identity, poi) in self._inside:
            self._inside.remove((identity, poi))
        else:
            yield f"{identity} leaves {poi} without having entered it"

    def _lifecycle(self, event_type: str, identity: str) -> Iterator[str]:
        if event_type == EventType.APPLICATION_LAUNCH:
            if identity in self._open:
                yield f"{identity} launches the app again without a close"
            self._open.add(identity)
        elif identity in self._open:
            self._open.remove(identity)
        else:
            yield f"{identity} closes the app without a launch"
