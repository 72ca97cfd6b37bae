"""Places (points of interest) and the set of all places of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray, IntArray
from simulator.world.fences import MAX_LATITUDE, MAX_RADIUS, FenceTable, PlaceIndices
from simulator.world.geodesy import half_extents
from simulator.world.index import BoxIndex, neighbours
from simulator.world.opening import OpeningTable, Week
from simulator.world.search import NearestSearch

# What a set of places builds from its columns when it is first needed.
_DERIVED = frozenset({"index", "fences", "metres_per_radian", "opening", "_search", "_border_search"})


@dataclass(frozen=True, slots=True)
class Place:
    """One place with its circular geofence, as the places database of the platform knows it."""

    id: str
    name: str
    latitude: float
    longitude: float
    radius: float
    library_id: str
    library_name: str
    rank: int = 1
    description: str = ""
    category: str = ""
    country: str = ""
    state: str = ""
    city: str = ""
    street: str = ""
    icon: str = ""
    color: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    attractiveness: float = 1.0
    opening: Week = ()
    """Opening hours; none at all means always open."""
    dead_zone: bool = False
    """Phones have no signal inside."""


@dataclass(frozen=True, slots=True)
class PlaceLibrary:
    """A library of places. ``rank`` counts from 1; the lower rank wins (mobile_sdk.md 1.2)."""

    id: str
    name: str
    rank: int
    size: int


class PlaceSet:
    """The places of a run: as objects in file order, and as columns for whole-cohort calculations.

    Latitudes lie within 85 degrees and radii within 20 km, as the platform demands (mobile_sdk.md 1.4).
    """

    def __init__(self, places: Sequence[Place]) -> None:
        """Raises ``ValueError`` for a place that cannot be: importers check first and say where it is."""
        self.places: tuple[Place, ...] = tuple(places)
        self.latitude = _column([place.latitude for place in places])
        self.longitude = _column([place.longitude for place in places])
        self.radius = _column([place.radius for place in places])
        self.attractiveness = _column([place.attractiveness for place in places])
        self.rank: PlaceIndices = np.array([place.rank for place in places], dtype=np.int32)
        valid = (np.abs(self.latitude) <= MAX_LATITUDE) & (np.abs(self.longitude) <= 180.0)
        valid &= (self.radius > 0.0) & (self.radius <= MAX_RADIUS)
        if not valid.all():
            raise ValueError(f"place out of range: {self.places[int(np.argmin(valid))]}")

    def __len__(self) -> int:
        return len(self.places)

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs; it builds its own index."""
        return {name: value for name, value in self.__dict__.items() if name not in _DERIVED}

    @cached_property
    def libraries(self) -> tuple[PlaceLibrary, ...]:
        """The libraries by rank."""
        found: dict[str, PlaceLibrary] = {}
        for place in self.places:
            known = found.get(place.library_id)
            size = known.size + 1 if known else 1
            found[place.library_id] = PlaceLibrary(place.library_id, place.library_name, place.rank, size)
        return tuple(sorted(found.values(), key=lambda library: library.rank))

    @cached_property
    def dead_zones(self) -> frozenset[int]:
        """The places in which phones have no signal."""
        return frozenset(i for i, place in enumerate(self.places) if place.dead_zone)

    @cached_property
    def index(self) -> BoxIndex:
        """The spatial index of the geofences, built when it is first asked for."""
        return BoxIndex(self.latitude, self.longitude, *half_extents(self.latitude, self.radius))

    @cached_property
    def fences(self) -> FenceTable:
        """The geofences, one after the other as in the :attr:`index`."""
        order = self.index.order
        return FenceTable(self.latitude[order], self.longitude[order], self.radius[order])

    @cached_property
    def metres_per_radian(self) -> tuple[FloatArray, FloatArray]:
        """How many metres a radian of latitude and one of longitude measure at each place."""
        maps = self.fences.flat_maps(np.argsort(self.index.order))
        return maps.per_lat, maps.across

    @cached_property
    def opening(self) -> OpeningTable | None:
        """When the places are open; None where all of them always are."""
        weeks = [place.opening for place in self.places]
        return OpeningTable(weeks) if any(weeks) else None

    @cached_property
    def _search(self) -> NearestSearch:
        return NearestSearch.of_points(self.latitude, self.longitude)

    @cached_property
    def _border_search(self) -> NearestSearch:
        return NearestSearch(self.latitude, self.longitude, self.radius, self.index)

    def by_library(self, name: str) -> PlaceIndices:
        """Indices of the places of the library called ``name``, in order; empty for an unknown name."""
        return np.array(
            [i for i, place in enumerate(self.places) if place.library_name == name], dtype=np.int32
        )

    def select(self, indices: npt.NDArray[np.integer[Any]]) -> PlaceSet:
        """A set of only the places at ``indices``, in that order."""
        return PlaceSet([self.places[i] for i in indices.tolist()])

    def nearest(
        self, latitude: FloatArray, longitude: FloatArray, k: int, within: float
    ) -> tuple[PlaceIndices, FloatArray]:
        """The ``k`` nearest places of each of n points (degrees), as far as they lie ``within`` metres.

        Gives indices and distances in metres, both of shape (n, k), nearest first and the lower index first
        at equal distance; where there are fewer places, index -1 and an infinite distance.
        """
        return self._search.find(latitude, longitude, k, within)

    def nearest_borders(
        self, latitude: FloatArray, longitude: FloatArray, k: int
    ) -> tuple[PlaceIndices, FloatArray]:
        """The ``k`` places (at most all) whose borders are nearest to each of n points (degrees).

        Gives what :meth:`nearest` gives, with distances to the border, negative inside: the order of the places
        service (mobile_sdk.md 1.2).
        """
        return self._border_search.find(latitude, longitude, min(k, len(self)), np.inf)

    def inside(self, latitude: FloatArray, longitude: FloatArray) -> tuple[IntArray, PlaceIndices]:
        """Which points (degrees) lie in which places: pairs of indices, sorted by point and place.

        Inside means that the distance to the centre is at most the radius, by the same formula as
        :func:`simulator.world.solve` uses for the ends of legs.
        """
        latitude = np.asarray(latitude, dtype=np.float64)
        longitude = np.asarray(longitude, dtype=np.float64)
        nothing = np.empty(0, dtype=np.intp)
        found = [(nothing, nothing)]
        for rows in neighbours(latitude, longitude):
            lat, lon = latitude[rows], longitude[rows]
            for point, fence in self.index.along(lat, lon, lat, lon):
                within = self.fences.take(fence).contains(lat[point], lon[point])
                found.append((rows[point[within]], fence[within]))
        point, fence = (np.concatenate(column) for column in zip(*found, strict=True))
        place = self.index.order[fence]
        order = np.argsort(point * max(len(self), 1) + place)
        return point[order], place[order]


def _column(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=np.float64)
