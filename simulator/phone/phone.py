"""The phone in somebody's pocket, in its ideal form: it notices every crossing at once.

What it notices goes to the app on it, through the one interface that an SDK has to offer.
"""

from __future__ import annotations

from typing import Protocol


class AppOnPhone(Protocol):
    """What the operating system tells the app."""

    def region_event(self, region: RegionEvent) -> None:
        """The border of a monitored region was crossed."""

    def foreground(self, now: int) -> None:
        """The app came to the front at virtual time ``now``."""

    def background(self, now: int) -> None:
        """The app left the front."""


class RegionEvent:
    """A region event as the operating system delivers it.

    Times are virtual milliseconds: ``crossed`` when the border was truly crossed, ``noticed`` when the
    callback came. ``latitude`` and ``longitude`` are the position fix in degrees; ``inside`` are the places
    (indices) that the phone is in after the event.
    """

    __slots__ = ("crossed", "entry", "inside", "latitude", "longitude", "noticed", "place")

    def __init__(
        self,
        place: int,
        entry: bool,
        crossed: int,
        noticed: int,
        latitude: float,
        longitude: float,
        inside: dict[int, None],
    ) -> None:
        self.place = place
        self.entry = entry
        self.crossed = crossed
        self.noticed = noticed
        self.latitude = latitude
        self.longitude = longitude
        self.inside = inside


class Phone:
    """One person's phone."""

    __slots__ = ("app", "inside")

    def __init__(self, app: AppOnPhone) -> None:
        self.app = app
        # Places that the phone is in, in the order of entering (a dict keeps it, a set would not).
        self.inside: dict[int, None] = {}

    def cross(self, now: int, place: int, entry: bool, latitude: float, longitude: float) -> None:
        """The person crosses the border of ``place``'s geofence."""
        inside = self.inside
        if entry:
            inside[place] = None
        else:
            inside.pop(place, None)
        self.app.region_event(RegionEvent(place, entry, now, now, latitude, longitude, inside))
