"""The phone under an operating system: what it notices of the crossings of its person, and when.

A crossing is noticed when the app is allowed to know, the place is being watched, the fence is large enough
to be seen, and nobody turns back before the detection delay is over (mobile_sdk.md 3). Every other crossing is
lost, and is recorded with the reason.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt
import simpy

from simulator.core.distributions import Distribution
from simulator.core.randomness import bits_one, uniform_one
from simulator.core.simtime import MS_PER_SECOND
from simulator.ledger import CrossingRow, Outcome
from simulator.phone.nearby import PlacesService, Registrations
from simulator.phone.os_profiles import OsProfile
from simulator.phone.permission import Permission
from simulator.phone.phone import AppOnPhone, RegionEvent
from simulator.world import PlaceSet

# Delays are drawn from this many quantiles of their distribution: a power of two.
_QUANTILES = 1 << 14
_TO_QUANTILE = 64 - 14
# A crossing has two draws: how long detection takes, and whether there is any.
_DELAY, _SIGHT = 0, 1

_NO_PERMISSION = int(Outcome.NO_PERMISSION)
_NOT_MONITORED = int(Outcome.NOT_MONITORED)
_TOO_SHORT = int(Outcome.TOO_SHORT)
_NOT_NOTICED = int(Outcome.NOT_NOTICED)


@dataclass(slots=True)
class Unreported:
    """The crossings of many phones that the apps on them have not been told of."""

    lost: list[CrossingRow] = field(default_factory=list)
    """Crossings that nobody will be told of any more."""
    open: dict[RegionEvent, int] = field(default_factory=dict)
    """Crossings whose detection is under way, each with the ordinal of its person."""

    def collect(self) -> list[CrossingRow]:
        """The lost crossings since the last call."""
        taken = self.lost[:]
        self.lost.clear()
        return taken

    def pending(self) -> list[CrossingRow]:
        """The crossings under way, as they stand in the ledger if the run ends now."""
        return [_row(person, region, int(Outcome.PENDING_DETECTION)) for region, person in self.open.items()]


def _row(person: int, region: RegionEvent, outcome: int) -> CrossingRow:
    return person, region.place, region.entry, region.crossed, -1, -1, -1, outcome


class RegionService:
    """Region monitoring as all phones of one operating system do it: a profile, ready for use."""

    __slots__ = ("delays", "foreground_delays", "nearby", "reliability")

    def __init__(self, profile: OsProfile, places: PlaceSet) -> None:
        """``places`` are all places of the run."""
        self.delays = _delays(profile.detection_delay, profile.persistence)
        self.foreground_delays = _delays(profile.foreground_delay, profile.persistence)
        self.reliability: list[float] | None = None
        """The share of visits that are noticed, per place; None when it is all of them everywhere."""
        if (places.radius < profile.smallest_radius).any():
            self.reliability = np.minimum(places.radius / profile.smallest_radius, 1.0).tolist()
        self.nearby: PlacesService | None = None
        """Says which places are registered; None when all of them are."""
        if len(places) > profile.watched:
            self.nearby = PlacesService(places, profile.watched)

    def registrations(
        self, permission: Permission, latitude: float, longitude: float
    ) -> Registrations | None:
        """What the app on one phone has registered; None if nobody needs to ask.

        ``latitude`` and ``longitude`` are those of the person's home, degrees.
        """
        if self.nearby is None or permission > Permission.WHILE_IN_USE:
            return None
        return Registrations(self.nearby, latitude, longitude)


def _delays(distribution: Distribution, persistence: float) -> Sequence[int]:
    """Equally likely times from the crossing to the region event, milliseconds."""
    shares = (np.arange(_QUANTILES, dtype=np.float64) + 0.5) / _QUANTILES
    seconds = np.maximum(distribution.ppf(shares), persistence)
    milliseconds: npt.NDArray[np.int64] = np.rint(seconds * MS_PER_SECOND).astype(np.int64)
    return array("q", milliseconds.tobytes())


class MonitoredPhone:
    """One person's phone, with an operating system that takes its time and may look away."""

    __slots__ = (
        "_allowed",
        "_app",
        "_env",
        "_in_front",
        "_key",
        "_only_in_use",
        "_pending",
        "_person",
        "_service",
        "_unreported",
        "_unseen",
        "_watched",
        "inside",
    )

    def __init__(
        self,
        env: simpy.Environment,
        app: AppOnPhone,
        person: int,
        key: int,
        permission: Permission,
        service: RegionService,
        unreported: Unreported,
        watched: Registrations | None,
    ) -> None:
        """``key`` is that of the person's draws for detection; ``watched`` is None when all places are."""
        self._env = env
        self._app = app
        self._person = person
        self._key = key
        # Whether regions are monitored now, and whether that depends on the app being in front.
        self._allowed = permission == Permission.ALWAYS
        self._only_in_use = permission == Permission.WHILE_IN_USE
        self._service = service
        self._unreported = unreported
        self._watched = watched
        self._in_front = False
        self._pending: dict[int, RegionEvent] = {}
        # Places that the person is in without the system having seen the entry.
        self._unseen: dict[int, None] = {}
        # Places that the phone knows to be in, in the order of entering.
        self.inside: dict[int, None] = {}

    # --- what happens to the phone ------------------------------------------------------------------------

    def foreground(self, now: int) -> None:
        """The person opens the app, which then asks for the places around."""
        self._in_front = True
        if self._only_in_use:
            self._allowed = True
        if self._watched is not None and self._allowed:
            self._watched.refresh(now)
        self._app.foreground(now)

    def background(self, now: int) -> None:
        """The app leaves the front; if it may know the location only there, detection ends."""
        self._in_front = False
        if self._only_in_use:
            self._allowed = False
            for region in list(self._pending.values()):
                self._give_up(region, _NO_PERMISSION)
        self._app.background(now)

    def cross(self, now: int, place: int, entry: bool, latitude: float, longitude: float) -> None:
        """The person crosses the border of ``place``'s geofence."""
        reason = self._why_not(place, entry, now)
        if not entry:
            self._unseen.pop(place, None)
        if reason is not None:
            self._unreported.lost.append((self._person, place, entry, now, -1, -1, -1, reason))
            return
        due = now + self._delay(place, now)
        region = RegionEvent(place, entry, now, due, latitude, longitude, self.inside)
        self._pending[place] = region
        self._unreported.open[region] = self._person
        simpy.Timeout(self._env, due - now, region).callbacks.append(self._notice)

    # --- what the operating system makes of it ------------------------------------------------------------

    def _why_not(self, place: int, entry: bool, now: int) -> int | None:
        """Why a crossing is lost at once; None if its detection begins."""
        before = self._pending.get(place)
        if before is not None:  # crossings of a place alternate, so this one is the way back
            self._give_up(before, _TOO_SHORT)
            return _TOO_SHORT
        if not self._allowed:
            return _NO_PERMISSION
        if self._watched is not None and not self._watched.has(place, now):
            return _NOT_MONITORED
        reliability = self._service.reliability
        if reliability is not None and not self._sees(place, entry, now, reliability[place]):
            return _NOT_NOTICED
        return None

    def _sees(self, place: int, entry: bool, now: int, reliability: float) -> bool:
        """Whether a visit is noticed at all: who was not seen coming is not seen going."""
        if not entry and (place in self._unseen or place in self.inside):
            return place not in self._unseen
        seen = uniform_one(bits_one(self._key, place), 2 * now + _SIGHT) < reliability
        if entry and not seen:
            self._unseen[place] = None
        return seen

    def _delay(self, place: int, crossed: int) -> int:
        """Time from a crossing to its region event, milliseconds; a draw of (person, place, time)."""
        delays = self._service.foreground_delays if self._in_front else self._service.delays
        return delays[bits_one(bits_one(self._key, place), 2 * crossed + _DELAY) >> _TO_QUANTILE]

    def _notice(self, timer: simpy.Event) -> None:
        """The detection delay of a crossing is over: the app is told, unless that came to nothing."""
        region = cast(RegionEvent, timer.value)
        place = region.place
        if self._pending.get(place) is not region:
            return
        watched = self._watched
        if watched is not None:
            if not watched.has(place, region.noticed):
                self._give_up(region, _NOT_MONITORED)
                return
            watched.refresh(region.noticed)
        del self._pending[place], self._unreported.open[region]
        if region.entry:
            self.inside[place] = None
        else:
            self.inside.pop(place, None)
        self._app.region_event(region)

    def _give_up(self, region: RegionEvent, reason: int) -> None:
        """The detection of a crossing comes to nothing."""
        del self._pending[region.place], self._unreported.open[region]
        self._unreported.lost.append(_row(self._person, region, reason))
