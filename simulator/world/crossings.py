"""The exact times and points at which straight legs enter and leave geofences.

A leg is a straight line in latitude and longitude, walked at constant speed; longitude goes the short way
round, so a leg may cross the date line. Near a fence its way is described in metres before and after the
point where it comes closest to the centre, on a flat map of the fence. On that map the square of the
distance to the centre is almost the parabola u^2 + closest^2, and the true one differs by a factor near 1
that changes slowly: so the closest point and the two meetings with the border are found by a few steps
that each correct the flat answer by the true distance. Unlike Newton's method this stays good where a leg
only just grazes a fence.

Whether a leg begins and ends inside is asked of its end points alone. Legs that share a point therefore
agree about it, and along a continuous way entries and exits of each place strictly alternate.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray, IntArray, radians
from simulator.world.fences import BoolArray, Fences, FenceTable, PlaceIndices
from simulator.world.geodesy import wrap
from simulator.world.index import CHUNK, Indices, neighbours, order_by
from simulator.world.places import PlaceSet

# Each step shrinks the error by the share by which a degree changes over the fence: at the most 1 % at
# 70 degrees and 4 % at 85, from at most 1 km. All pairs take the same steps, so that results never
# depend on what else is calculated.
_STEPS = 4


@dataclass(frozen=True, slots=True)
class Legs:
    """Legs as columns: ends in degrees, times in whole milliseconds (``t0 <= t1``)."""

    lat0: FloatArray
    lon0: FloatArray
    lat1: FloatArray
    lon1: FloatArray
    t0: IntArray
    t1: IntArray

    def __len__(self) -> int:
        return len(self.lat0)

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Legs:
        """The legs of ``rows`` (indices)."""
        return Legs(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Crossings:
    """Crossings as columns, sorted by leg, time and place, an entry before the exit of the same instant.

    ``entry`` says whether it is an entry or an exit, ``time`` is in whole milliseconds, ``fraction`` the
    share of the leg that lies behind, ``latitude`` and ``longitude`` the point on the border in degrees.
    """

    leg: IntArray
    place: PlaceIndices
    entry: BoolArray
    time: IntArray
    fraction: FloatArray
    latitude: FloatArray
    longitude: FloatArray

    def __len__(self) -> int:
        return len(self.leg)


def solve(places: PlaceSet, legs: Legs) -> Crossings:
    """Every crossing of every leg with every place.

    Inside means that the distance to the centre is at most the radius: who touches a fence in one point
    enters and leaves at the same instant. Who stands still crosses nothing. A leg that takes no time is a jump:
    it leaves and enters what its two ends differ in, and meets nothing on the way.
    """
    nothing = np.empty(0, dtype=np.intp)
    found: list[tuple[npt.NDArray[Any], ...]] = [(nothing, nothing, nothing.astype(np.bool_), np.empty(0))]
    for rows in neighbours(legs.lat0, legs.lon0):
        some = legs.take(rows)
        for leg, fence in places.index.along(some.lat0, some.lon0, some.lat1, some.lon1):
            for start in range(0, len(leg), CHUNK):
                pairs = slice(start, start + CHUNK)
                met, *columns = _meetings(places.fences, some, leg[pairs], fence[pairs])
                found.append((rows[met], *columns))
    leg, fence, entry, fraction = (np.concatenate(column) for column in zip(*found, strict=True))
    return _sorted(legs, leg, places.index.order[fence], entry, fraction)


def _meetings(
    table: FenceTable, legs: Legs, leg: Indices, fence: Indices
) -> tuple[Indices, Indices, BoolArray, FloatArray]:
    """Leg, fence, entry and fraction of the crossings among pairs of ``leg`` and ``fence``."""
    ways = _Ways.of(table, legs, leg, fence)
    enters, leaves, first, last = ways.meetings()
    rows = np.concatenate([enters, leaves])
    entry = np.repeat([True, False], [len(enters), len(leaves)])
    return ways.leg[rows], ways.fence[rows], entry, np.concatenate([first, last])


def _sorted(
    legs: Legs, leg: Indices, place: PlaceIndices, entry: BoolArray, fraction: FloatArray
) -> Crossings:
    start = legs.t0[leg]
    after = np.rint(fraction * (legs.t1[leg] - start)).astype(np.int64)
    longest = int(after.max(initial=0)) + 1
    if len(legs) * longest < 2**63:
        order = order_by(leg * longest + after, place, ~entry)
    else:
        order = np.lexsort((~entry, place, after, leg))
    leg, fraction = leg[order], fraction[order]
    lat0, lon0 = legs.lat0[leg], legs.lon0[leg]
    return Crossings(
        leg=leg,
        place=place[order],
        entry=entry[order],
        time=(start + after)[order],
        fraction=fraction,
        latitude=lat0 + fraction * (legs.lat1[leg] - lat0),
        longitude=wrap(lon0 + fraction * wrap(legs.lon1[leg] - lon0)),
    )


@dataclass(frozen=True, slots=True)
class _Ways:
    """Pairs of a leg and a fence near it. The leg passes the fence in metres ``u``, 0 where the flat map
    has it closest to the centre: at offset (``phi``, ``lam``) radians from the centre, and moving by
    (``phi_step``, ``lam_step``) radians per metre.
    """

    leg: Indices
    fence: Indices
    fences: Fences
    starts_inside: BoolArray
    ends_inside: BoolArray
    start: FloatArray
    """Where on the way the leg starts, metres."""
    length: FloatArray
    phi: FloatArray
    lam: FloatArray
    phi_step: FloatArray
    lam_step: FloatArray
    jump: BoolArray
    """Whether the leg takes no time."""

    @classmethod
    def of(cls, table: FenceTable, legs: Legs, leg: Indices, fence: Indices) -> _Ways:
        """The ways of those pairs of ``leg`` and ``fence`` that may meet."""
        lat0, lon0, lat1, lon1 = legs.lat0[leg], legs.lon0[leg], legs.lat1[leg], legs.lon1[leg]
        d_lon = wrap(lon1 - lon0)
        maps = table.flat_maps(fence)
        per_lat, across = maps.per_lat, maps.across
        # Offsets are taken at the middle of the leg: from there, no end is further than 90 degrees away.
        mid_phi = radians(0.5 * (lat0 + lat1) - maps.latitude)
        mid_lam = radians(wrap(lon0 + 0.5 * d_lon - maps.longitude))
        d_phi, d_lam = radians(lat1 - lat0), radians(d_lon)
        x, y, dx, dy = mid_lam * across, mid_phi * per_lat, d_lam * across, d_phi * per_lat
        length2 = dx * dx + dy * dy
        moving = length2 > 0.0
        share = -(x * dx + y * dy) / np.where(moving, length2, 1.0)  # of the leg, from its middle
        x, y = x + share * dx, y + share * dy
        closest2 = x * x + y * y
        beyond = np.maximum(np.abs(share) - 0.5, 0.0)  # how far past an end the closest point lies
        near = np.flatnonzero(moving & (closest2 + beyond * beyond * length2 <= maps.reach2))
        own = table.take(fence[near])
        length = np.sqrt(length2[near])
        share = share[near]
        d_phi, d_lam = d_phi[near], d_lam[near]
        return cls(
            leg=leg[near],
            fence=fence[near],
            fences=own,
            starts_inside=own.contains(lat0[near], lon0[near]),
            ends_inside=own.contains(lat1[near], lon1[near]),
            start=-(0.5 + share) * length,
            length=length,
            phi=mid_phi[near] + share * d_phi,
            lam=mid_lam[near] + share * d_lam,
            phi_step=d_phi / length,
            lam_step=d_lam / length,
            jump=legs.t0[leg[near]] == legs.t1[leg[near]],
        )

    def take(self, rows: Indices) -> _Ways:
        """The ways of ``rows``."""
        return _Ways(*(getattr(self, name).take(rows) for name in self.__slots__))

    def meetings(self) -> tuple[Indices, Indices, FloatArray, FloatArray]:
        """Rows of the ways that enter and of those that leave, and after which share of the leg each does."""
        nearest = self._nearest()
        lowest = self._excess(nearest)
        # A leg that begins and ends outside goes through if its closest point is on the way, and inside.
        at = nearest - self.start
        outside = ~self.starts_inside & ~self.ends_inside & ~self.jump
        through = outside & (at > 0.0) & (at < self.length) & (lowest <= 0.0)
        enters = np.flatnonzero(through | (~self.starts_inside & self.ends_inside))
        leaves = np.flatnonzero(through | (self.starts_inside & ~self.ends_inside))
        depth = np.sqrt(np.maximum(-lowest, 0.0))
        return (
            enters,
            leaves,
            self.take(enters)._border(nearest[enters], lowest[enters], -depth[enters]),
            self.take(leaves)._border(nearest[leaves], lowest[leaves], depth[leaves]),
        )

    def _excess(self, u: FloatArray) -> FloatArray:
        return self.fences.excess(self.phi + u * self.phi_step, self.lam + u * self.lam_step)

    def _nearest(self) -> FloatArray:
        """Where the way is truly closest to the centre: the slope of a parabola u^2 is 2u."""
        u = np.zeros_like(self.phi)
        for _ in range(_STEPS):
            phi, lam = self.phi + u * self.phi_step, self.lam + u * self.lam_step
            u = u - 0.5 * self.fences.excess_slope(phi, lam, self.phi_step, self.lam_step)
        return u

    def _border(self, nearest: FloatArray, lowest: FloatArray, guess: FloatArray) -> FloatArray:
        """After which share of the leg it meets the border, ``guess`` metres from ``nearest`` on the flat map."""
        step = guess
        for _ in range(_STEPS):
            far = np.abs(step) > 1.0  # within a metre, rounding would drown the factor, and it is 1
            square = np.where(far, step * step, 1.0)
            factor = np.where(far, (self._excess(nearest + step) - lowest) / square, 1.0)
            # By the shape of a fence the factor can't be further from 1; rounding must not take it there.
            step = guess / np.sqrt(np.clip(factor, 0.8, 1.25))
        return np.clip((nearest + step - self.start) / self.length, 0.0, 1.0)
