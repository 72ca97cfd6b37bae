"""The nearest places to many points."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.core.numerics import FloatArray
from simulator.world.fences import MAX_RADIUS, PlaceIndices
from simulator.world.geodesy import arc_of, geocentric
from simulator.world.index import CHUNK, BoxIndex, Indices, neighbours, order_by

# How many places there are around a point is guessed from those within this distance, in metres.
_LOOK_AROUND = 16_000.0
# A search looks as far as should do by the number of places around, with some to spare.
_SPARE = 1.3
_GROWTH = (1.2, 4.0)
# Steps of the sort key per metre. Places that share a step are put in order by the exact distance.
_STEPS = 1024.0


class NearestSearch:
    """Finds the nearest of a set of circles, by the distance to their borders; points are circles, too."""

    def __init__(
        self, latitude: FloatArray, longitude: FloatArray, radius: FloatArray, index: BoxIndex
    ) -> None:
        """Circles of ``radius`` metres around points in degrees; ``index`` has their bounding boxes."""
        self._index = index
        self._points = geocentric(latitude[index.order], longitude[index.order])
        self._radius = radius[index.order]

    @classmethod
    def of_points(cls, latitude: FloatArray, longitude: FloatArray) -> NearestSearch:
        """Circles without extent."""
        nothing = np.zeros(len(latitude))
        return cls(latitude, longitude, nothing, BoxIndex(latitude, longitude, nothing, nothing))

    def find(
        self, latitude: FloatArray, longitude: FloatArray, k: int, within: float
    ) -> tuple[PlaceIndices, FloatArray]:
        """See :meth:`simulator.world.PlaceSet.nearest`; distances are negative inside a circle."""
        latitude = np.asarray(latitude, dtype=np.float64)
        longitude = np.asarray(longitude, dtype=np.float64)
        found = np.full((len(latitude), k), -1, dtype=np.int32)
        distance = np.full((len(latitude), k), np.inf)
        if k >= len(self._radius):
            for start in range(0, len(latitude), CHUNK):
                rows = slice(start, start + CHUNK)
                self._all_within(found[rows], distance[rows], latitude[rows], longitude[rows], within)
            return found, distance
        for pending in neighbours(latitude, longitude):
            reach = self._first_reach(latitude[pending], longitude[pending], k, within)
            while len(pending):
                count = np.zeros(len(pending), dtype=np.intp)
                for row, place, metres in self._within(latitude[pending], longitude[pending], reach):
                    seen = np.bincount(row, minlength=len(pending))
                    count += seen
                    # Whoever sees k places this near need not look further.
                    settled = ((seen >= k) | (reach >= within))[row]
                    _keep_nearest(found, distance, pending[row[settled]], place[settled], metres[settled])
                more = (count < k) & (reach < within)
                pending, reach = pending[more], _further(reach[more], count[more], k, within)
        return found, distance

    def _all_within(
        self,
        found: PlaceIndices,
        distance: FloatArray,
        latitude: FloatArray,
        longitude: FloatArray,
        within: float,
    ) -> None:
        """Write into ``found`` and ``distance`` what there is ``within`` metres, where every place is wanted anyway."""
        positions = np.argsort(self._index.order)
        x, y, z = geocentric(latitude, longitude)[:, :, None] - self._points[:, None, positions]
        metres = arc_of(np.sqrt(x * x + y * y + z * z)) - self._radius[positions]
        metres = np.where(metres <= within, metres, np.inf)
        place = np.argsort(metres, axis=1, kind="stable")
        columns = slice(0, len(positions))
        distance[:, columns] = metres = np.take_along_axis(metres, place, axis=1)
        found[:, columns] = np.where(metres < np.inf, place, -1)

    def _first_reach(self, latitude: FloatArray, longitude: FloatArray, k: int, within: float) -> FloatArray:
        reach = np.full(len(latitude), min(_LOOK_AROUND, within))
        around = self._index.estimate(latitude, longitude, reach)
        return reach * np.minimum(np.sqrt(_SPARE * k / np.maximum(around, 1.0)), 1.0)

    def _within(
        self, latitude: FloatArray, longitude: FloatArray, reach: FloatArray
    ) -> Iterator[tuple[Indices, PlaceIndices, FloatArray]]:
        """Point, place and distance of all pairs within ``reach``, in batches that hold whole points."""
        here = geocentric(latitude, longitude)
        for row, position in self._index.around(latitude, longitude, reach):
            x, y, z = (mine[row] - other[position] for mine, other in zip(here, self._points, strict=True))
            metres = arc_of(np.sqrt(x * x + y * y + z * z)) - self._radius[position]
            near = np.flatnonzero(metres <= reach[row])
            yield row[near], self._index.order[position[near]], metres[near]


def _further(reach: FloatArray, count: Indices, k: int, within: float) -> FloatArray:
    """Where to look next after ``count`` places were found within ``reach``."""
    growth = np.clip(np.sqrt(_SPARE * k / np.maximum(count, 0.1)), *_GROWTH)
    further: FloatArray = np.minimum(reach * growth, within)
    return further


def _keep_nearest(
    found: PlaceIndices, distance: FloatArray, row: Indices, place: PlaceIndices, metres: FloatArray
) -> None:
    """Write the nearest places of each row into ``found`` and ``distance``, as many as there are columns."""
    # The Earth is smaller than 2^35 steps, which leaves 28 bits for rows. Inside a circle distances are negative.
    order = order_by((row << 35) + ((metres + MAX_RADIUS) * _STEPS).astype(np.int64), metres, place)
    row, place, metres = row[order], place[order], metres[order]
    count = np.bincount(row)
    column = np.arange(len(row)) - (np.cumsum(count) - count)[row]
    kept = np.flatnonzero(column < found.shape[1])
    row, column = row[kept], column[kept]
    found[row, column] = place[kept]
    distance[row, column] = metres[kept]
