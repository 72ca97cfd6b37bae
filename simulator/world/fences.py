"""The border of a geofence, as a function whose sign says inside or outside.

A point is *inside* when its distance to the centre is at most the radius. ``Fences`` knows everything about
each place that does not depend on the point, so that the test costs a few dozen additions and
multiplications and no sine: points near a place are described by their offset from it in latitude and
longitude, for which short series are exact. The same function decides where a leg begins, where it ends and
where it meets the border, so the three always agree.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from simulator.core import numerics
from simulator.core.numerics import FloatArray, radians
from simulator.world.geodesy import ECCENTRICITY2, SEMI_MAJOR, chord_of, half_extents, wrap

BoolArray = npt.NDArray[np.bool_]
PlaceIndices = npt.NDArray[np.int32]
_Columns = TypeVar("_Columns", bound="FlatMaps | Fences")

# The series below and the shape of fences (convex, nearly an ellipse) hold to this size and latitude.
MAX_RADIUS = 20_000.0
MAX_LATITUDE = 85.0


@dataclass(frozen=True, slots=True)
class FlatMaps:
    """What tells, on a flat map around each place, whether a line comes near its geofence. Columns."""

    latitude: FloatArray
    longitude: FloatArray
    across: FloatArray
    """Distance of the centre from the Earth's axis, metres; also metres per radian of longitude there."""
    per_lat: FloatArray
    """Metres per radian of latitude at the centre."""
    reach2: FloatArray
    """Square of a radius in flat coordinates that surely holds the fence, square metres."""


@dataclass(frozen=True, slots=True)
class Fences:
    """Geofences as columns, one entry per place."""

    latitude: FloatArray
    longitude: FloatArray
    sin_lat: FloatArray
    cos_lat: FloatArray
    across: FloatArray
    """Distance of the centre from the Earth's axis, metres."""
    along: FloatArray
    """Height of the centre over the plane of the equator, metres."""
    chord2: FloatArray
    """Square of the straight line from the centre to the border, square metres."""
    half_height: FloatArray
    """Half the height of the bounding box, degrees."""
    half_width: FloatArray
    """Half the width of the bounding box, degrees."""

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Fences:
        """The fences of ``rows`` (indices), with repetition."""
        return Fences(*(getattr(self, name)[rows] for name in self.__slots__))

    def offsets(self, latitude: Any, longitude: Any) -> tuple[FloatArray, FloatArray]:
        """Points in degrees as differences from the centres, degrees, longitude the short way."""
        return latitude - self.latitude, wrap(longitude - self.longitude)

    def contains(self, latitude: Any, longitude: Any) -> BoolArray:
        """Whether each point (degrees) lies in the fence of the same row."""
        d_lat, d_lon = self.offsets(latitude, longitude)
        # Far from the fence the series mean nothing; the box is what keeps them near.
        near = (np.abs(d_lat) <= self.half_height) & (np.abs(d_lon) <= self.half_width)
        inside: BoolArray = near & (self.excess(radians(d_lat), radians(d_lon)) <= 0.0)
        return inside

    def excess(self, d_phi: Any, d_lam: Any) -> FloatArray:
        """Square of the chord to the centre less that of the border: at most zero inside, square metres.

        ``d_phi`` and ``d_lam`` are offsets from the centre in radians, at most about twice the fence's size.
        """
        return self._excess_and_slopes(d_phi, d_lam, slopes=False)[0]

    def excess_slope(self, d_phi: Any, d_lam: Any, along_phi: Any, along_lam: Any) -> FloatArray:
        """How fast :meth:`excess` grows in the direction (``along_phi``, ``along_lam``)."""
        _, by_phi, by_lam = self._excess_and_slopes(d_phi, d_lam, slopes=True)
        slope: FloatArray = by_phi * along_phi + by_lam * along_lam
        return slope

    def _excess_and_slopes(
        self, x: Any, y: Any, *, slopes: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        x2 = x * x
        # Sine and cosine of the offset in latitude: |x| < 0.01, the remainders are below 1e-16.
        sin_x = x * (1.0 - x2 * (1.0 / 6.0 - x2 * (1.0 / 120.0)))
        cos_x = 1.0 - x2 * (0.5 - x2 * (1.0 / 24.0 - x2 * (1.0 / 720.0)))
        sin_phi = self.sin_lat * cos_x + self.cos_lat * sin_x
        cos_phi = self.cos_lat * cos_x - self.sin_lat * sin_x
        w2 = 1.0 - ECCENTRICITY2 * sin_phi * sin_phi
        normal = SEMI_MAJOR / np.sqrt(w2)
        across, along = normal * cos_phi, normal * ((1.0 - ECCENTRICITY2) * sin_phi)
        # 4 sin^2(y/2) = 2 - 2 cos y: |y| < 0.1 even at 85 degrees; the remainder is below 1e-16.
        y2 = y * y
        turn = y2 * (1.0 - y2 * (1.0 / 12.0 - y2 * (1.0 / 360.0 - y2 * (1.0 / 20160.0 - y2 / 1814400.0))))
        d_across, d_along = across - self.across, along - self.along
        product = across * self.across
        excess = d_across * d_across + d_along * d_along + product * turn - self.chord2
        if not slopes:
            return excess, excess, excess
        meridian = normal * (1.0 - ECCENTRICITY2) / w2
        by_phi = meridian * (cos_phi * (2.0 * d_along) - sin_phi * (2.0 * d_across + self.across * turn))
        sin_y = y * (1.0 - y2 * (1.0 / 6.0 - y2 * (1.0 / 120.0 - y2 * (1.0 / 5040.0 - y2 / 362880.0))))
        return excess, by_phi, product * (2.0 * sin_y)


class _Table(Generic[_Columns]):
    """Columns kept row by row: to take a few rows of many, each is read from one spot of memory."""

    def __init__(self, columns: _Columns) -> None:
        self._kind: type[_Columns] = type(columns)
        self._rows = np.column_stack([getattr(columns, field.name) for field in fields(columns)])

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> _Columns:
        """The columns of ``rows`` (indices), with repetition."""
        return self._kind(*np.ascontiguousarray(self._rows.take(rows, axis=0).T))


class FenceTable:
    """All geofences, to take those from that a calculation needs."""

    def __init__(self, latitude: FloatArray, longitude: FloatArray, radius: FloatArray) -> None:
        """Fences of ``radius`` metres around points in degrees."""
        phi = radians(latitude)
        sin_lat, cos_lat = numerics.sin(phi), numerics.cos(phi)
        w2 = 1.0 - ECCENTRICITY2 * sin_lat * sin_lat
        normal = SEMI_MAJOR / np.sqrt(w2)
        across = normal * cos_lat
        # How much the length of a degree changes over the fence, several times over.
        slack = 1e-6 + 4.0 * (radius / SEMI_MAJOR) * (1.0 + np.abs(sin_lat) / cos_lat)
        half_height, half_width = half_extents(latitude, radius)
        chord = chord_of(radius)
        self._flat_maps = _Table(
            FlatMaps(
                latitude=latitude,
                longitude=longitude,
                across=across,
                per_lat=normal * (1.0 - ECCENTRICITY2) / w2,
                reach2=(radius * (1.0 + slack)) ** 2,
            )
        )
        self._fences = _Table(
            Fences(
                latitude=latitude,
                longitude=longitude,
                sin_lat=sin_lat,
                cos_lat=cos_lat,
                across=across,
                along=normal * (1.0 - ECCENTRICITY2) * sin_lat,
                chord2=chord * chord,
                half_height=half_height,
                half_width=half_width,
            )
        )

    def flat_maps(self, rows: npt.NDArray[np.integer[Any]]) -> FlatMaps:
        """The flat maps of the fences of ``rows`` (indices), with repetition."""
        return self._flat_maps.take(rows)

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Fences:
        """The fences of ``rows`` (indices), with repetition."""
        return self._fences.take(rows)
