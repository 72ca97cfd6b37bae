"""The nearest places to many points."""

from __future__ import annotations

import numpy as np

from simulator.core.numerics import FloatArray
from simulator.world.fences import PlaceIndices
from simulator.world.geodesy import arc_of, geocentric
from simulator.world.index import BoxIndex, Indices

# Points that are searched for together; bounds the memory of one step.
_CHUNK = 4096
# The first search looks this far, in metres.
_FIRST_REACH = 500.0
# The next one looks as far as should do by the number of places found so far, with some to spare.
_SPARE = 1.3
_GROWTH = (1.2, 4.0)
# Where points times circles are no more than this, looking at all of them is quicker than any index.
_FEW_PAIRS = 4096


class NearestSearch:
    """Finds the nearest of a set of circles, by the distance to their borders; points are circles, too."""

    def __init__(
        self, latitude: FloatArray, longitude: FloatArray, radius: FloatArray, index: BoxIndex
    ) -> None:
        """Circles of ``radius`` metres around points in degrees; ``index`` has their bounding boxes."""
        self._index = index
        self._points = geocentric(latitude, longitude)
        self._radius = radius

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
        here = geocentric(latitude, longitude)
        if len(latitude) * len(self._radius) <= _FEW_PAIRS:
            row, place = np.divmod(np.arange(len(latitude) * len(self._radius)), len(self._radius))
            metres = self._distance(here, row, place)
            near = metres <= within
            _keep_nearest(found, distance, row[near], place[near].astype(np.int32), metres[near])
            return found, distance
        for start in range(0, len(latitude), _CHUNK):
            pending = np.arange(start, min(start + _CHUNK, len(latitude)))
            reach = np.full(len(pending), min(_FIRST_REACH, within))
            while len(pending):
                row, place = self._index.around(latitude[pending], longitude[pending], reach)
                metres = self._distance(here, pending[row], place)
                near = metres <= reach[row]
                row, place, metres = row[near], place[near], metres[near]
                # Whoever sees k places this near need not look further.
                count = np.bincount(row, minlength=len(pending))
                done = (count >= k) | (reach >= within)
                settled = done[row]
                _keep_nearest(
                    found, distance, pending[row[settled]], place[settled].astype(np.int32), metres[settled]
                )
                growth = np.sqrt(_SPARE * k / np.maximum(count, 0.1))
                reach = np.minimum(reach * np.clip(growth, *_GROWTH), within)[~done]
                pending = pending[~done]
        return found, distance

    def _distance(self, here: FloatArray, row: Indices, place: Indices) -> FloatArray:
        """Metres from the points ``row`` to the borders of ``place``."""
        x, y, z = here[:, row] - self._points[:, place]
        metres: FloatArray = arc_of(np.sqrt(x * x + y * y + z * z)) - self._radius[place]
        return metres


def _keep_nearest(
    found: PlaceIndices, distance: FloatArray, row: Indices, place: PlaceIndices, metres: FloatArray
) -> None:
    """Write the nearest places of each row into ``found`` and ``distance``, as many as there are columns."""
    order = np.lexsort((place, metres, row))
    row, place, metres = row[order], place[order], metres[order]
    column = np.arange(len(row)) - np.searchsorted(row, row)
    kept = column < found.shape[1]
    found[row[kept], column[kept]] = place[kept]
    distance[row[kept], column[kept]] = metres[kept]
