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
from simulator.world.fences import BoolArray, Fences, PlaceIndices
from simulator.world.geodesy import wrap
from simulator.world.places import PlaceSet

# Each step shrinks the error by the share by which a degree changes over the fence: at the most 1 % at
# 70 degrees and 4 % at 85, from at most 1 km. All pairs take the same steps, so that results never
# depend on what else is calculated.
_STEPS = 4
# Pairs of leg and place that are worked on together: their columns fit into the processor's cache.
_CHUNK = 8192


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
    enters and leaves at the same instant. Who stands still crosses nothing.
    """
    leg, place = places.index.along(legs.lat0, legs.lon0, legs.lat1, legs.lon1)
    parts = [
        _meetings(places.fences, legs, leg[start : start + _CHUNK], place[start : start + _CHUNK])
        for start in range(0, max(len(leg), 1), _CHUNK)
    ]
    return _sorted(legs, *(np.concatenate(column) for column in zip(*parts, strict=True)))


def _meetings(
    fences: Fences, legs: Legs, leg: npt.NDArray[np.intp], place: npt.NDArray[np.intp]
) -> tuple[IntArray, PlaceIndices, BoolArray, FloatArray]:
    """Leg, place, entry and fraction of the crossings among pairs of ``leg`` and ``place``."""
    ways = _Ways.of(fences, legs, leg, place)
    enters, leaves, first, last = ways.meetings()
    rows = np.concatenate([np.flatnonzero(enters), np.flatnonzero(leaves)])
    entry = np.repeat([True, False], [int(enters.sum()), int(leaves.sum())])
    return ways.leg[rows], ways.place[rows], entry, np.concatenate([first[enters], last[leaves]])


def _sorted(
    legs: Legs, leg: IntArray, place: PlaceIndices, entry: BoolArray, fraction: FloatArray
) -> Crossings:
    start = legs.t0[leg]
    time = start + np.rint(fraction * (legs.t1[leg] - start)).astype(np.int64)
    order = np.lexsort((~entry, place, time, leg))
    leg, fraction = leg[order], fraction[order]
    lat0, lon0 = legs.lat0[leg], legs.lon0[leg]
    return Crossings(
        leg=leg,
        place=place[order],
        entry=entry[order],
        time=time[order],
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

    leg: IntArray
    place: PlaceIndices
    fences: Fences
    starts_inside: BoolArray
    ends_inside: BoolArray
    start: FloatArray
    """Where on the way the leg starts, metres."""
    length: FloatArray
    closest2: FloatArray
    """Square of the distance to the centre at u = 0 on the flat map, square metres."""
    phi: FloatArray
    lam: FloatArray
    phi_step: FloatArray
    lam_step: FloatArray

    @classmethod
    def of(
        cls,
        fences: Fences,
        legs: Legs,
        leg: npt.NDArray[np.intp],
        place: npt.NDArray[np.intp],
    ) -> _Ways:
        """The ways of those pairs of ``leg`` and ``place`` that may meet."""
        lat0, lon0, lat1, lon1 = legs.lat0[leg], legs.lon0[leg], legs.lat1[leg], legs.lon1[leg]
        d_lon = wrap(lon1 - lon0)
        per_lat, across = fences.per_lat[place], fences.across[place]
        # Offsets are taken at the middle of the leg: from there, no end is further than 90 degrees away.
        mid_phi = radians(0.5 * (lat0 + lat1) - fences.latitude[place])
        mid_lam = radians(wrap(lon0 + 0.5 * d_lon - fences.longitude[place]))
        d_phi, d_lam = radians(lat1 - lat0), radians(d_lon)
        x, y, dx, dy = mid_lam * across, mid_phi * per_lat, d_lam * across, d_phi * per_lat
        length2 = dx * dx + dy * dy
        moving = length2 > 0.0
        share = -(x * dx + y * dy) / np.where(moving, length2, 1.0)  # of the leg, from its middle
        x, y = x + share * dx, y + share * dy
        closest2 = x * x + y * y
        near = np.flatnonzero(moving & (closest2 <= fences.reach2[place]))
        leg, place = leg[near], place[near]
        own = fences.take(place)
        length = np.sqrt(length2[near])
        share = share[near]
        return cls(
            leg=leg.astype(np.int64),
            place=place.astype(np.int32),
            fences=own,
            starts_inside=own.contains(lat0[near], lon0[near]),
            ends_inside=own.contains(lat1[near], lon1[near]),
            start=-(0.5 + share) * length,
            length=length,
            closest2=closest2[near],
            phi=mid_phi[near] + share * d_phi[near],
            lam=mid_lam[near] + share * d_lam[near],
            phi_step=d_phi[near] / length,
            lam_step=d_lam[near] / length,
        )

    def meetings(self) -> tuple[BoolArray, BoolArray, FloatArray, FloatArray]:
        """Which ways enter, which leave, and after which share of the leg each does."""
        nearest = self._nearest()
        lowest = self._excess(nearest)
        # A leg that begins and ends outside goes through if its closest point is on the way, and inside.
        at = nearest - self.start
        through = ~self.starts_inside & ~self.ends_inside & (at > 0.0) & (at < self.length) & (lowest <= 0.0)
        enters = through | (~self.starts_inside & self.ends_inside)
        leaves = through | (self.starts_inside & ~self.ends_inside)
        depth = np.maximum(-lowest, 0.0)
        first = self._border(nearest, lowest, -np.sqrt(depth))
        last = self._border(nearest, lowest, np.sqrt(depth))
        return enters, leaves, self._share(first), self._share(last)

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
        """Where the way meets the border on the side of ``guess``, metres from ``nearest``."""
        step = guess
        for _ in range(_STEPS):
            far = np.abs(step) > 1.0  # within a metre, rounding would drown the factor, and it is 1
            square = np.where(far, step * step, 1.0)
            factor = np.where(far, (self._excess(nearest + step) - lowest) / square, 1.0)
            # By the shape of a fence the factor can't be further from 1; rounding must not take it there.
            step = guess / np.sqrt(np.clip(factor, 0.8, 1.25))
        return nearest + step

    def _share(self, u: FloatArray) -> FloatArray:
        return np.clip((u - self.start) / self.length, 0.0, 1.0)
