"""What phones make of crossings, drawn for many of them at once when they are planned.

None of it depends on what the phone is doing. Whether the phone notices the crossing at all does, and is decided
when it comes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.core.numerics import FloatArray, IntArray
from simulator.core.randomness import KeyArray
from simulator.phone.phone import Sighting
from simulator.phone.regions import PlaceArray, RegionService


class CohortSight:
    """The phones of a cohort as far as they matter for that: each has a system, and a key for its draws."""

    def __init__(self, people: int) -> None:
        self._keys: KeyArray = np.zeros(people, dtype=np.uint64)
        self._service = np.full(people, -1)
        self._services: list[RegionService] = []

    def add(self, people: IntArray, keys: KeyArray, services: Sequence[RegionService]) -> None:
        """Some of the people, by index, with the key and the system of each one's phone."""
        for service in services:
            if service not in self._services:
                self._services.append(service)
        self._keys[people] = keys
        self._service[people] = [self._services.index(service) for service in services]

    def of(
        self, person: IntArray, place: PlaceArray, time: IntArray, latitude: FloatArray, longitude: FloatArray
    ) -> list[Sighting | None]:
        """What each one's phone makes of a crossing; None where phones notice everything exactly as it is."""
        found: list[Sighting | None] = [None] * len(person)
        which = self._service[person]
        for number, service in enumerate(self._services):
            rows = np.flatnonzero(which == number)
            keys, where = self._keys[person[rows]], (latitude[rows], longitude[rows])
            sightings = service.sightings(keys, place[rows], time[rows], *where)
            for row, sighting in zip(rows.tolist(), sightings, strict=True):
                found[row] = sighting
        return found
