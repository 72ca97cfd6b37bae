"""Region monitoring as all phones of one operating system do it: a profile and the places, ready for use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.core import numerics
from simulator.core.numerics import radians
from simulator.core.randomness import bits_one
from simulator.phone.life import LifeRules
from simulator.phone.nearby import PlacesService, Registrations
from simulator.phone.os_profiles import OsProfile
from simulator.phone.permission import Permission
from simulator.phone.positions import Positions
from simulator.phone.tables import quantile_table
from simulator.world import PlaceSet
from simulator.world.geodesy import METRES_PER_DEGREE


class RegionService(LifeRules):
    """What phones of one profile know of the places, and how long they take."""

    __slots__ = (
        "_east",
        "_places",
        "_positions",
        "delays",
        "false_triggers",
        "foreground_delays",
        "initial_trigger",
        "nearby",
        "radius",
        "reliability",
    )

    def __init__(self, profile: OsProfile, places: PlaceSet) -> None:
        """``places`` are all places of the run."""
        super().__init__(profile, places.dead_zones)
        self.delays = quantile_table(profile.detection_delay, profile.persistence)
        self.foreground_delays = quantile_table(profile.foreground_delay, profile.persistence)
        self.initial_trigger = profile.initial_trigger
        self.false_triggers = profile.false_triggers
        self.radius: Sequence[float] = places.radius.tolist()
        self.reliability: list[float] | None = None
        """The share of visits that are noticed, per place; None when it is all of them everywhere."""
        if (places.radius < profile.smallest_radius).any():
            self.reliability = np.minimum(places.radius / profile.smallest_radius, 1.0).tolist()
        self.nearby: PlacesService | None = None
        """Says which places are registered; None when all of them are."""
        if len(places) > profile.watched:
            self.nearby = PlacesService(places, profile.watched)
        self._positions = Positions(profile)
        self._places = places.places
        self._east: Sequence[float] = (METRES_PER_DEGREE * numerics.cos(radians(places.latitude))).tolist()

    def registrations(
        self, permission: Permission, latitude: float, longitude: float
    ) -> Registrations | None:
        """What the app on one phone has registered; None if nobody needs to ask.

        ``latitude`` and ``longitude`` are those of the person's home, degrees.
        """
        if self.nearby is None or permission > Permission.WHILE_IN_USE:
            return None
        return Registrations(self.nearby, latitude, longitude)

    def centre(self, place: int) -> tuple[float, float]:
        """The centre of a place, degrees."""
        found = self._places[place]
        return found.latitude, found.longitude

    def fix(
        self, key: int, counter: int, place: int, latitude: float, longitude: float
    ) -> tuple[float, float, float]:
        """A position near ``place`` as the phone gets it: degrees, and the accuracy in metres that it claims.

        A draw of (``key``, ``counter``).
        """
        accuracy, east, north = self._positions.fix(bits_one(key, counter))
        longitude += east / self._east[place]
        if not -180.0 <= longitude < 180.0:
            longitude -= 360.0 if longitude > 0.0 else -360.0
        return latitude + north / METRES_PER_DEGREE, longitude, accuracy
