"""Region monitoring as all phones of one operating system do it: a profile and the places, ready for use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core import numerics
from simulator.core.numerics import FloatArray, IntArray, radians
from simulator.core.randomness import KeyArray, bits, bits_one, uniform
from simulator.phone.life import LifeRules
from simulator.phone.nearby import PlacesService, Registrations
from simulator.phone.os_profiles import OsProfile
from simulator.phone.permission import Permission
from simulator.phone.phone import Sighting
from simulator.phone.positions import Positions
from simulator.phone.tables import TO_QUANTILE, quantile_table
from simulator.world import PlaceSet
from simulator.world.geodesy import METRES_PER_DEGREE

# What is drawn about a person at a place at a time: how long detection takes, whether there is any, the position, and
# whether a mistake follows.
DELAY, SIGHT, POSITION, MISTAKE = range(4)

PlaceArray = npt.NDArray[np.integer[Any]]


class RegionService(LifeRules):
    """What phones of one profile know of the places, and how long they take."""

    __slots__ = (
        "_east",
        "_east_of",
        "_places",
        "_positions",
        "_radius",
        "delays",
        "foreground_delays",
        "initial_trigger",
        "nearby",
        "reliability",
    )

    def __init__(self, profile: OsProfile, places: PlaceSet) -> None:
        """``places`` are all places of the run."""
        super().__init__(profile, places.dead_zones)
        self.delays = quantile_table(profile.detection_delay, profile.persistence)
        self.foreground_delays = quantile_table(profile.foreground_delay, profile.persistence)
        self.initial_trigger = profile.initial_trigger
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
        self._radius = places.radius
        self._east_of: FloatArray = METRES_PER_DEGREE * numerics.cos(radians(places.latitude))
        self._east: Sequence[float] = self._east_of.tolist()

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

    def sightings(
        self,
        keys: KeyArray,
        place: PlaceArray,
        time: IntArray,
        latitude: FloatArray,
        longitude: FloatArray,
    ) -> Iterator[Sighting]:
        """What phones with these keys make of crossings at ``place`` and ``time``, if they notice them.

        ``latitude`` and ``longitude`` are where the people are, degrees.
        """
        keys, moment = bits(keys, place.astype(np.int64)), 4 * time
        rank = (bits(keys, moment + DELAY) >> np.uint64(TO_QUANTILE)).astype(np.int64)
        accuracy, east, north = self._positions.fixes(bits(keys, moment + POSITION))
        longitude = longitude + east / self._east_of[place]
        outside = (longitude < -180.0) | (longitude >= 180.0)
        longitude = np.where(outside, longitude - np.copysign(360.0, longitude), longitude)
        latitude = latitude + north / METRES_PER_DEGREE
        share = self.profile.false_triggers * np.minimum(accuracy / self._radius[place], 1.0)
        errs = uniform(keys, moment + MISTAKE) < share
        columns = (rank, latitude, longitude, accuracy, errs)
        return zip(*(column.tolist() for column in columns), strict=True)

    def sighting(self, key: int, place: int, time: int, latitude: float, longitude: float) -> Sighting:
        """:meth:`sightings` of one crossing."""
        keys = np.array([key % (1 << 64)], dtype=np.uint64)
        where = np.array([latitude]), np.array([longitude])
        return next(self.sightings(keys, np.array([place]), np.array([time]), *where))

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
