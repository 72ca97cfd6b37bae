"""The ways between two places: straight, or along streets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray
from simulator.scenario.models import Mode
from simulator.world import RoadNetwork

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways of several people at once, as pieces: straight lines that belong to the person at ``row``."""

    row: Rows
    lat0: FloatArray
    lon0: FloatArray
    lat1: FloatArray
    lon1: FloatArray
    done0: FloatArray
    """The share of the way that lies behind at the start of a piece."""
    done1: FloatArray
    metres: FloatArray
    """Of each person: length of the way, detours included."""

    def pieces(self) -> tuple[npt.NDArray[Any], ...]:
        """The columns of the pieces."""
        return self.row, self.lat0, self.lon0, self.lat1, self.lon1, self.done0, self.done1

    def of(self, pieces: Rows) -> Ways:
        """Only some of the pieces."""
        row, lat0, lon0, lat1, lon1, done0, done1 = (column[pieces] for column in self.pieces())
        return Ways(row, lat0, lon0, lat1, lon1, done0, done1, self.metres)

    def times(self, start: FloatArray, arrive: FloatArray) -> tuple[FloatArray, FloatArray]:
        """When each piece begins and ends, at an even speed from ``start`` to ``arrive`` of its person."""
        first, last = start[self.row], arrive[self.row]
        begin, end = first + (last - first) * self.done0, first + (last - first) * self.done1
        return begin, np.where(self.done1 >= 1.0, last, end)


def straight_ways(
    lat0: FloatArray, lon0: FloatArray, lat1: FloatArray, lon1: FloatArray, metres: FloatArray
) -> Ways:
    """Ways of one piece each; ``metres`` is their length."""
    rows = np.arange(len(lat0))
    return Ways(rows, lat0, lon0, lat1, lon1, np.zeros(len(rows)), np.ones(len(rows)), metres)


def ways_along_streets(
    roads: RoadNetwork, modes: Sequence[tuple[str, Mode]], chosen: Rows, straight: Ways
) -> Ways:
    """``straight`` ways put onto the streets, as far as the modes ``chosen`` and the network let them.

    ``modes`` are all there are, with their names, and ``chosen`` says which one each person takes.
    """
    metres = straight.metres.copy()
    on_streets = np.zeros(len(chosen), dtype=np.bool_)
    parts: list[Ways] = []
    for number, (name, _) in enumerate(modes):
        takes = np.flatnonzero(chosen == number)
        if name not in roads.kinds or not len(takes):
            continue
        columns = (straight.lat0, straight.lon0, straight.lat1, straight.lon1)
        routes = roads.routes(name, *(column[takes] for column in columns))
        kept = takes[routes.on_streets]
        on_streets[kept] = True
        metres[kept] = routes.length[routes.on_streets]
        # Pieces lie between neighbouring points of the same trip.
        trip = np.repeat(np.arange(len(takes)), np.diff(routes.first))
        begin = np.flatnonzero((trip[:-1] == trip[1:]) & routes.on_streets[trip[:-1]])
        end, length = begin + 1, np.maximum(routes.length, np.finfo(np.float64).tiny)[trip[begin]]
        parts.append(
            Ways(
                takes[trip[begin]],
                routes.latitude[begin],
                routes.longitude[begin],
                routes.latitude[end],
                routes.longitude[end],
                routes.along[begin] / length,
                routes.along[end] / length,
                metres,
            )
        )
    parts.append(straight.of(np.flatnonzero(~on_streets)))
    row, lat0, lon0, lat1, lon1, done0, done1 = (
        np.concatenate(column) for column in zip(*(part.pieces() for part in parts), strict=True)
    )
    return Ways(row, lat0, lon0, lat1, lon1, done0, done1, metres)
