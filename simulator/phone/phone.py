"""The seam between a phone and the app on it, and the phone in its perfect form.

What the phone notices goes to the app through the one interface that an SDK has to offer, ``AppOnPhone``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

# A process that is never suspended runs until then: virtual milliseconds, beyond the end of any run.
FOREVER = 1 << 62
# Accuracy that a perfect phone claims for its position, metres: the median of satellites (realism.md 2 [v]).
PERFECT_ACCURACY = 8.0

# What a phone makes of a crossing: which of its equally likely delays detection takes, the position that it has then
# (degrees), the accuracy that it claims for that (metres), and whether a mistake about the side of the border follows.
# A plain tuple, because there are millions of them.
Sighting = tuple[int, float, float, float, bool]


class ProcessEnd(IntEnum):
    """Why the app's process ended."""

    FORCE_QUIT = 0
    """The person ended it by force (swiped it away)."""
    CRASH = 1
    """It failed, while in front."""
    SYSTEM = 2
    """The operating system took its memory back."""
    POWER_OFF = 3
    """The phone was switched off or restarted."""


class Cause(IntEnum):
    """What a region event goes back to."""

    CROSSING = 0
    """The person crossed the border."""
    ALREADY_INSIDE = 1
    """The region was registered while the phone was in it (the initial trigger of Android)."""
    POOR_POSITION = 2
    """The position was so far off that the system was wrong about the side of the border."""


class AppOnPhone(Protocol):
    """What the operating system tells the app; ``now`` is virtual milliseconds and never decreases.

    Before the first call the network is up, and the process is not running. A process that is not awake is
    suspended or gone: it does nothing, and its timers stand still, until the next call that wakes it.
    What is stored on the phone survives everything but ``installed``.
    """

    def region_event(self, region: RegionEvent) -> None:
        """The border of a monitored region was crossed; the process is awake (``awake`` came before)."""

    def foreground(self, now: int) -> None:
        """The app came to the front at virtual time ``now``; it is awake as long as it stays there."""

    def background(self, now: int) -> None:
        """The app left the front. ``awake`` came before and says how long the process still runs."""

    def awake(self, now: int, until: int) -> None:
        """The process runs now, and at least until ``until``; it may be a new one, or woken up."""

    def ended(self, now: int, why: ProcessEnd) -> None:
        """The process ended without a word, in front or not; it may be called when there was none."""

    def network(self, now: int, up: bool) -> None:
        """The phone lost its connection or got it back; called only when that changes, awake or not."""

    def installed(self, now: int) -> None:
        """The app was installed afresh: all that was stored is gone. It is not running."""

    def updated(self, now: int) -> None:
        """A new version of the app replaced the old one; the next launch is an upgrade. It is not running."""


class RegionEvent:
    """A region event as the operating system delivers it.

    Times are virtual milliseconds: ``crossed`` when the border was truly crossed (-1 if no crossing caused the
    event: see ``cause``), ``noticed`` when the callback came. ``latitude`` and ``longitude`` are the position
    fix in degrees, ``accuracy`` the radius in metres that the phone claims for it; ``inside`` are the places
    (indices) that the phone takes itself to be in after the event. ``exact`` says that the position is that of the
    crossing itself, ``errs`` that the phone will soon be wrong about the side of the border. ``listed`` is False if
    the app no longer had the place among those nearby when the callback came.
    """

    __slots__ = (
        "accuracy",
        "cause",
        "crossed",
        "entry",
        "errs",
        "exact",
        "inside",
        "latitude",
        "listed",
        "longitude",
        "noticed",
        "place",
    )

    def __init__(
        self,
        place: int,
        entry: bool,
        crossed: int,
        noticed: int,
        latitude: float,
        longitude: float,
        inside: dict[int, None],
        accuracy: float = PERFECT_ACCURACY,
        cause: Cause = Cause.CROSSING,
        exact: bool = True,
        errs: bool = False,
    ) -> None:
        self.place = place
        self.entry = entry
        self.crossed = crossed
        self.noticed = noticed
        self.latitude = latitude
        self.longitude = longitude
        self.inside = inside
        self.accuracy = accuracy
        self.cause = cause
        self.exact = exact
        self.errs = errs
        self.listed = True


# What perfect phones tell their apps of: one event for all, because apps keep none, and making it anew for each
# crossing would take a tenth of all that such phones do.
_EVENT = RegionEvent(0, False, 0, 0, 0.0, 0.0, {})


class Phone:
    """One person's perfect phone: always on, always connected, and it notices every crossing at once."""

    __slots__ = ("app", "inside")

    def __init__(self, app: AppOnPhone) -> None:
        self.app = app
        # Places that the phone is in, in the order of entering (a dict keeps it, a set would not).
        self.inside: dict[int, None] = {}

    def start_in(self, place: int) -> None:
        """The run finds the person in ``place``."""
        self.inside[place] = None

    def cross(
        self,
        now: int,
        place: int,
        entry: bool,
        latitude: float,
        longitude: float,
        sight: Sighting | None = None,
    ) -> None:
        """The person crosses the border of ``place``'s geofence; ``sight`` makes no difference."""
        inside = self.inside
        if entry:
            inside[place] = None
        else:
            inside.pop(place, None)
        event = _EVENT
        event.place, event.entry, event.inside = place, entry, inside
        event.crossed = event.noticed = now
        event.latitude, event.longitude = latitude, longitude
        self.app.region_event(event)
