"""Places by area, so that a new place anywhere in reach can be chosen by gravity without looking at all of them.

Places are divided into areas of equally many places, halving the longer side again and again. A choice is
made as people make it, in two steps: first an area, by all that it offers over its distance, then a place
in it, by the place's own. With distances well beyond the size of an area that is gravity over single places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.core import numerics
from simulator.core.numerics import FloatArray
from simulator.world import PlaceSet, geodesy

Indices = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]

# Places of an area: this many, or more where that would make more areas than are looked at in a choice.
_AREA = 16
_MOST_AREAS = 2048
# Pairs of a person and an area that are looked at in one step; bounds the memory.
_BATCH = 1 << 20


@dataclass(frozen=True, slots=True)
class Traveller:
    """Those who choose, as columns of points, (3, n) metres from the Earth's centre."""

    here: FloatArray
    """Where they are."""
    base: FloatArray
    """What their reach is measured from: home, or work at noon."""

    def rows(self, rows: Rows | slice) -> Traveller:
        """Only some of them."""
        return Traveller(self.here[:, rows], self.base[:, rows])


class Areas:
    """The places of a library, or of all of them, by area."""

    def __init__(self, places: PlaceSet, indices: Indices | None) -> None:
        """``places`` at ``indices`` (of the whole run), all of them by default."""
        self.points = geodesy.geocentric(places.latitude, places.longitude)
        self.attractiveness = places.attractiveness
        self.among = np.zeros(len(places), dtype=np.bool_)
        """Which places of the run belong to it."""
        chosen = np.arange(len(places)) if indices is None else indices.astype(np.intp)
        self.among[chosen] = True
        self.members = _divided(places.latitude, places.longitude, chosen)
        """Places of each area, padded with -1."""
        inside = self.members >= 0
        points = self.points[:, self.members]
        number = np.maximum(inside.sum(axis=1), 1)
        self.centre = np.where(inside, points, 0.0).sum(axis=2) / number
        off = np.where(inside, points - self.centre[:, :, None], 0.0)
        squared = _dot(off)
        self.spread = np.sqrt(squared.sum(axis=1) / number)
        """Root of the mean squared distance of the places from the centre, metres."""
        self.extent = np.sqrt(squared.max(axis=1, initial=0.0))
        self.pull = np.where(inside, self.attractiveness[self.members], 0.0).sum(axis=1)

    def choose(self, who: Traveller, u: FloatArray, within: float, softening: float, exponent: float) -> Rows:
        """An area for each of ``who``, by gravity from where they are; -1 where none has a place in reach."""
        chosen = np.full(len(u), -1, dtype=np.intp)
        step = max(1, _BATCH // max(1, len(self.pull)))
        for first in range(0, len(u), step):
            part = slice(first, first + step)
            few = who.rows(part)
            distance = np.sqrt(_squared(few.here, self.centre) + self.spread * self.spread)
            pull = self.pull / _power(distance + softening, exponent)
            reach = np.sqrt(_squared(few.base, self.centre)) <= within + self.extent
            chosen[part] = picked(np.where(reach, pull, 0.0), u[part])
        return chosen

    def places_in(
        self, area: Rows, who: Traveller, within: float, softening: float, exponent: float
    ) -> tuple[Indices, FloatArray]:
        """The places of each one's area and how much they pull, both (n, k); 0 where they are out of reach."""
        members = self.members[area]
        points = self.points[:, members]
        distance = from_each(points, who.here)
        pull = self.attractiveness[members] / _power(distance + softening, exponent)
        reach = from_each(points, who.base) <= within
        return members, np.where((members >= 0) & reach, pull, 0.0)


def picked(weights: FloatArray, u: FloatArray) -> Rows:
    """A column for each row of ``weights`` by the uniform numbers ``u``; -1 where there is no weight."""
    edges = np.cumsum(weights, axis=1)
    whole = edges[:, -1]
    column = (edges <= (u * whole)[:, None]).sum(axis=1)
    # Rounding may let the draw reach the very end: the last column with any weight takes it.
    last = weights.shape[1] - 1 - np.argmax((weights > 0.0)[:, ::-1], axis=1)
    chosen: Rows = np.where(whole > 0.0, np.minimum(column, last), -1)
    return chosen


def from_each(points: FloatArray, origin: FloatArray) -> FloatArray:
    """How far each one's k points (3, n, k) are from the one's own ``origin`` (3, n): metres (n, k), straight."""
    distance: FloatArray = np.sqrt(_dot(points - origin[:, :, None]))
    return distance


def _divided(latitude: FloatArray, longitude: FloatArray, chosen: Rows) -> Indices:
    """``chosen`` places in areas of about the same number, (areas, places), padded with -1."""
    most = max(_AREA, -(-len(chosen) // _MOST_AREAS))
    pending, done = [chosen], []
    while pending:
        part = pending.pop()
        if len(part) <= most:
            done.append(part)
            continue
        north = latitude[part]
        # Nearest at the middle of the places: those on both sides of the date line stay together.
        east = geodesy.wrap(longitude[part] - longitude[part[0]])
        shrink = float(numerics.cos(numerics.radians(north[0])))
        wide = (east.max() - east.min()) * shrink > north.max() - north.min()
        order = np.argsort(east if wide else north, kind="stable")
        half = len(part) // 2
        pending += [part[order[half:]], part[order[:half]]]
    areas = np.full((len(done), max((len(part) for part in done), default=1) or 1), -1, dtype=np.int32)
    for row, part in enumerate(done):
        areas[row, : len(part)] = part
    return areas


def _dot(vectors: FloatArray) -> FloatArray:
    x, y, z = vectors
    result: FloatArray = x * x + y * y + z * z
    return result


def _squared(points: FloatArray, others: FloatArray) -> FloatArray:
    """Squared distances of all ``points`` (3, n) from all ``others`` (3, k): (n, k)."""
    result = np.zeros((points.shape[1], others.shape[1]))
    for mine, other in zip(points, others, strict=True):
        apart = mine[:, None] - other[None, :]
        result += apart * apart
    return result


def _power(distance: FloatArray, exponent: float) -> FloatArray:
    result: FloatArray = distance * distance if exponent == 2.0 else numerics.power(distance, exponent)
    return result
