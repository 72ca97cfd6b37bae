"""The spatial index: which fences a leg may touch, for many legs in one call.

Places are sorted into strips along the parallels, by longitude within each strip. Each strip is divided into
cells, a few for each of its places, that say where in the strip a longitude begins: so finding what matters
to a leg costs the same among a thousand and among a hundred thousand places. There is a set of strips for
small, one for middling and one for large fences: a few large ones do not make the search for the small ones
any wider. The further the places are from each other, the higher the strips.

The answer is generous, never short: exact decisions are made by :mod:`simulator.world.crossings`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.core.numerics import FloatArray, IntArray
from simulator.world.geodesy import bounding_boxes, wrap

Indices = npt.NDArray[np.intp]

# Half heights of boxes, in degrees, that divide the sets of strips: 200 m and 2 km.
_LAYER_LIMITS = (0.00181, 0.0181)
# Strips are at least this high, in degrees (2.2 km): about twice a walk, so most legs touch one or two.
_STRIP_HEIGHT = 0.02
# Where places are few, strips are higher, as long as a square of that height around a place holds no more
# than this many, and up to this height in degrees.
_CROWD = 3.0
_MAX_STRIP_HEIGHT = 5.0
# Strips follow one another in the sort key at this distance; longitudes need less.
_STRIP_KEY = 1000.0
# Cells of a strip for each of its places.
_CELLS = 4
# Where the cells of a range hold more places than this, they are looked at one by one.
_LONG_RANGE = 32
# Boxes are compared in single precision, and widened by this much, in degrees, against rounding: two metres.
_MARGIN = 2e-5
# Points are ordered in tiles of this height, in degrees.
_TILE = 0.05
# Points that are worked on together: their columns fit into the processor's cache.
CHUNK = 8192
# Boxes that are looked at in one step, at most, unless a single leg needs more; bounds the memory.
_BATCH = 1 << 18
# With no more boxes than this, comparing all of them costs less than a search.
_FEW = 16
# From this radius on, in metres, a search looks at everything.
_HALF_THE_WORLD = 2_000_000.0


def expand(
    start: npt.NDArray[np.integer[Any]], count: npt.NDArray[np.integer[Any]]
) -> tuple[Indices, Indices]:
    """Rows and positions of all ranges ``start[row] .. start[row] + count[row]``, one after the other."""
    row = np.repeat(np.arange(len(count)), count)
    first = np.repeat(start - (np.cumsum(count) - count), count)
    return row, np.arange(len(row)) + first


def spatial_order(latitude: FloatArray, longitude: FloatArray) -> Indices:
    """Rows of points (degrees) such that neighbours mostly follow one another."""
    # Sixteen bits are sorted digit by digit, in a fraction of the time that longer numbers take.
    east = ((wrap(longitude) + 180.0) * (65_535.0 / 360.0)).astype(np.uint16)
    north = (np.clip(latitude + 90.0, 0.0, 180.0) * (1.0 / _TILE)).astype(np.uint16)
    order = np.argsort(east, kind="stable")
    return order[np.argsort(north[order], kind="stable")]


def neighbours(latitude: FloatArray, longitude: FloatArray) -> Iterator[Indices]:
    """The rows of all points (degrees) in chunks; what one chunk needs of the index is mostly the same."""
    order = spatial_order(latitude, longitude)
    for start in range(0, len(order), CHUNK):
        yield order[start : start + CHUNK]


def order_by(coarse: IntArray, *finer: npt.NDArray[Any]) -> Indices:
    """The order of rows by ``coarse``, then by each of ``finer``.

    Much sooner than ``np.lexsort`` where few rows have the same ``coarse``; rows that agree in everything
    come in any order.
    """
    order = np.argsort(coarse)
    ordered = coarse[order]
    same = ordered[1:] == ordered[:-1]
    if same.any():
        tied = np.zeros(len(order), dtype=np.bool_)
        tied[1:] = same
        tied[:-1] |= same
        rows = order[tied]
        keys = [column[rows] for column in (coarse, *finer)]
        order[tied] = rows[np.lexsort(keys[::-1])]
    return order


def _strip_height(latitude: FloatArray, longitude: FloatArray) -> float:
    """The height of strips, degrees, that suits how close to each other these points are."""
    height = _STRIP_HEIGHT
    while height < _MAX_STRIP_HEIGHT:
        square = np.floor(latitude / (2.0 * height)) * _STRIP_KEY * 1e3 + np.floor(longitude / (2.0 * height))
        _, crowd = np.unique(square, return_counts=True)
        if float((crowd * crowd).sum()) > _CROWD * len(latitude):
            break
        height *= 2.0
    return height


@dataclass(frozen=True, slots=True)
class _Boxes:
    """Boxes in degrees; ``owner`` is the index of the leg, point or place that each belongs to."""

    owner: Indices
    south: FloatArray
    west: FloatArray
    north: FloatArray
    east: FloatArray

    def take(self, rows: Indices | slice) -> _Boxes:
        return _Boxes(self.owner[rows], self.south[rows], self.west[rows], self.north[rows], self.east[rows])


class _Sides(NamedTuple):
    """The sides of boxes in single precision."""

    south: npt.NDArray[np.float32]
    west: npt.NDArray[np.float32]
    north: npt.NDArray[np.float32]
    east: npt.NDArray[np.float32]


def _sides(boxes: _Boxes) -> _Sides:
    return _Sides(
        (boxes.south - 0.5 * _MARGIN).astype(np.float32),
        (boxes.west - 0.5 * _MARGIN).astype(np.float32),
        (boxes.north + 0.5 * _MARGIN).astype(np.float32),
        (boxes.east + 0.5 * _MARGIN).astype(np.float32),
    )


@dataclass(frozen=True, slots=True)
class _Ranges:
    """What may overlap: for the wanted box ``query``, ``count`` boxes of a layer from ``start`` on."""

    query: Indices
    start: npt.NDArray[np.integer[Any]]
    count: npt.NDArray[np.integer[Any]]


class _Layer:
    """The strips of boxes of about one size."""

    def __init__(self, boxes: _Boxes, latitude: FloatArray, longitude: FloatArray) -> None:
        tall = float((boxes.north - boxes.south).max())
        self.height = max(_strip_height(latitude, longitude), tall)
        self._reach = tall
        strip = np.floor((boxes.south + 90.0) / self.height).astype(np.intp)
        self._strips = int(strip.max()) + 1
        self._half_width = np.zeros(self._strips)  # of the widest box of each strip
        np.maximum.at(self._half_width, strip, 0.5 * (boxes.east - boxes.west))
        key = strip * _STRIP_KEY + longitude
        order = np.argsort(key, kind="stable")
        self._key = key[order]
        boxes = boxes.take(order)
        self.owner = boxes.owner
        self._sides = _sides(boxes)
        self._divide(strip[order], longitude[order])

    def _divide(self, strip: Indices, longitude: FloatArray) -> None:
        """Divide the strips into cells; both columns are in the order of the boxes."""
        count = np.bincount(strip, minlength=self._strips)
        stop = np.cumsum(count)
        held = np.flatnonzero(count)
        self._west = np.zeros(self._strips)
        self._west[held] = longitude[(stop - count)[held]]
        extent = longitude[stop[held] - 1] - self._west[held]
        cells = _CELLS * count + 1
        self._last_cell = (cells - 1).astype(np.float64)
        self._first_cell = np.cumsum(cells) - cells
        self._per_degree = np.zeros(self._strips)
        self._per_degree[held] = cells[held] / np.maximum(extent, 1e-9)
        holds = np.bincount(self._cell(strip, longitude), minlength=int(cells.sum()))
        self._cell_start = np.concatenate([[0], np.cumsum(holds)]).astype(np.int32)

    def _cell(self, strip: Indices, longitude: FloatArray) -> Indices:
        """The cell of each longitude in its strip; further east is never a lower cell."""
        steps = (longitude - self._west[strip]) * self._per_degree[strip]
        cell: Indices = self._first_cell[strip] + np.clip(steps, 0.0, self._last_cell[strip]).astype(np.intp)
        return cell

    def ranges(self, wanted: _Boxes) -> _Ranges:
        """Where the boxes are that may overlap the ``wanted`` ones, as far as there are any."""
        # A box belongs to the strip of its southern end, so look for those that begin below, too.
        first = np.floor((wanted.south - self._reach + 90.0 - _MARGIN) / self.height).astype(np.intp)
        last = np.floor((wanted.north + 90.0 + _MARGIN) / self.height).astype(np.intp)
        first, last = np.maximum(first, 0), np.minimum(last, self._strips - 1)
        query, strip = expand(first, np.maximum(last - first + 1, 0))
        width = self._half_width[strip] + _MARGIN
        west, east = wanted.west[query] - width, wanted.east[query] + width
        start = self._cell_start[self._cell(strip, west)]
        stop = self._cell_start[self._cell(strip, east) + 1]
        long = np.flatnonzero(stop - start > _LONG_RANGE)
        if len(long):
            base = strip[long] * _STRIP_KEY
            start[long] = np.searchsorted(self._key, base + west[long])
            stop[long] = np.searchsorted(self._key, base + east[long], side="right")
        some = np.flatnonzero(stop > start)
        start = start[some]
        return _Ranges(query[some], start, stop[some] - start)

    def overlaps(self, wanted: _Boxes, sides: _Sides, ranges: _Ranges) -> tuple[Indices, Indices]:
        """Owners of the ``wanted`` boxes, and positions of those of the boxes in ``ranges`` that overlap them.

        ``sides`` are those of the ``wanted`` boxes.
        """
        row, position = expand(ranges.start, ranges.count)
        row = ranges.query[row]
        south, west, north, east = self._sides
        # Most are out by their latitude, so only the others are looked at further.
        hit = np.flatnonzero((north[position] >= sides.south[row]) & (south[position] <= sides.north[row]))
        row, position = row[hit], position[hit]
        hit = np.flatnonzero((east[position] >= sides.west[row]) & (west[position] <= sides.east[row]))
        return wanted.owner[row[hit]], position[hit]


class _Few:
    """Boxes that are so few that all of them are compared."""

    height = np.inf

    def __init__(self, boxes: _Boxes) -> None:
        self.owner = boxes.owner
        self._sides = _sides(boxes)

    def ranges(self, wanted: _Boxes) -> _Ranges:
        """All boxes for each of the ``wanted`` ones."""
        query = np.arange(len(wanted.owner))
        return _Ranges(query, np.zeros_like(query), np.full_like(query, len(self.owner)))

    def overlaps(self, wanted: _Boxes, sides: _Sides, ranges: _Ranges) -> tuple[Indices, Indices]:
        """See :meth:`_Layer.overlaps`."""
        south, west, north, east = (side[:, None] for side in sides)
        overlap = (self._sides.north >= south) & (self._sides.south <= north)
        overlap &= (self._sides.east >= west) & (self._sides.west <= east)
        row, position = np.divmod(np.flatnonzero(overlap), len(self.owner))
        return wanted.owner[row], position


class BoxIndex:
    """An index of boxes given by their middle and half their size, degrees.

    It answers with positions in :attr:`order`.
    """

    def __init__(
        self, latitude: FloatArray, longitude: FloatArray, half_height: FloatArray, half_width: FloatArray
    ) -> None:
        self._count = len(latitude)
        self._widest = float(half_width.max(initial=0.0))
        boxes = _Boxes(
            np.arange(self._count),
            latitude - half_height,
            longitude - half_width,
            latitude + half_height,
            longitude + half_width,
        )
        self._layers: list[_Layer | _Few] = []
        if self._count <= _FEW:
            self._layers += [_Few(boxes)] if self._count else []
        else:
            layer = np.searchsorted(_LAYER_LIMITS, half_height)
            members = [np.flatnonzero(layer == number) for number in range(len(_LAYER_LIMITS) + 1)]
            self._layers += [
                _Layer(boxes.take(some), latitude[some], longitude[some]) for some in members if len(some)
            ]
        self.order: npt.NDArray[np.int32] = np.concatenate(
            [np.empty(0, dtype=np.int32), *(each.owner for each in self._layers)]
        ).astype(np.int32)
        """The boxes as the index has them: neighbours mostly follow one another."""
        # Legs whose box is more than this wide and high are cut up, or their box would hold half a city.
        self._piece = min((each.height for each in self._layers), default=_STRIP_HEIGHT)

    def around(
        self, latitude: FloatArray, longitude: FloatArray, radius: FloatArray
    ) -> Iterator[tuple[Indices, Indices]]:
        """Pairs (point, position) of boxes that come within ``radius`` metres of points, and some more.

        They come in batches of bounded size, all pairs of a point in the same one.
        """
        return self._batches(self._divided(_surroundings(latitude, longitude, radius)))

    def estimate(self, latitude: FloatArray, longitude: FloatArray, radius: FloatArray) -> FloatArray:
        """About how many boxes come within ``radius`` metres of points, rather more than fewer."""
        wanted = _surroundings(latitude, longitude, radius)
        total = np.zeros(len(latitude))
        for layer in self._layers:
            ranges = layer.ranges(wanted)
            total += np.bincount(ranges.query, ranges.count, minlength=len(total))
        return total

    def along(
        self, lat0: FloatArray, lon0: FloatArray, lat1: FloatArray, lon1: FloatArray
    ) -> Iterator[tuple[Indices, Indices]]:
        """Pairs (leg, position) of boxes that legs may touch, each once, in no particular order.

        Legs go from (``lat0``, ``lon0``) to (``lat1``, ``lon1``), degrees, the short way round. Pairs come in
        batches of bounded size, all pairs of a leg in the same one.
        """
        d_lat, d_lon = lat1 - lat0, wrap(lon1 - lon0)
        thin = np.minimum(np.abs(d_lat), np.abs(d_lon))
        pieces = np.maximum(np.ceil(thin / self._piece), 1.0).astype(np.intp)
        if (pieces == 1).all():
            owner = np.arange(len(lat0))
            lat_a, lat_b, lon_a, lon_b = lat0, lat1, lon0, lon0 + d_lon
        else:
            owner, step = expand(np.zeros(len(pieces), dtype=np.intp), pieces)
            share = pieces[owner]
            d_lat, d_lon = d_lat[owner] / share, d_lon[owner] / share
            lat_a, lon_a = lat0[owner] + step * d_lat, lon0[owner] + step * d_lon
            lat_b, lon_b = lat_a + d_lat, lon_a + d_lon
        west = np.minimum(lon_a, lon_b)
        turn = wrap(west) - west
        east = np.maximum(lon_a, lon_b) + turn
        south, north = np.minimum(lat_a, lat_b), np.maximum(lat_a, lat_b)
        return self._batches(self._divided(_Boxes(owner, south, west + turn, north, east)))

    def _divided(self, wanted: _Boxes) -> _Boxes:
        """What lies near the date line is looked for on its other side, too."""
        over_east = np.flatnonzero(wanted.east > 180.0 - self._widest - _MARGIN)
        over_west = np.flatnonzero(wanted.west < -180.0 + self._widest + _MARGIN)
        if not len(over_east) and not len(over_west):
            return wanted
        rows = np.concatenate([np.arange(len(wanted.owner)), over_east, over_west])
        turns = np.repeat([0.0, -360.0, 360.0], [len(wanted.owner), len(over_east), len(over_west)])
        order = np.argsort(wanted.owner[rows], kind="stable")
        turns, wanted = turns[order], wanted.take(rows[order])
        return replace(wanted, west=wanted.west + turns, east=wanted.east + turns)

    def _batches(self, wanted: _Boxes) -> Iterator[tuple[Indices, Indices]]:
        """Pairs of owner and position, each once; ``wanted`` is in the order of its owners, and none is left out."""
        if not self._layers or not len(wanted.owner):
            return
        found = [layer.ranges(wanted) for layer in self._layers]
        low, high = int(wanted.owner[0]), int(wanted.owner[-1]) + 1
        parts = min(sum(int(ranges.count.sum()) for ranges in found) // _BATCH + 1, high - low)
        if parts > 1:
            bounds = np.linspace(low, high, parts + 1).astype(np.intp)
            cuts = np.searchsorted(wanted.owner, bounds).tolist()
            del found
            for start, stop in pairwise(cuts):
                yield from self._batches(wanted.take(slice(start, stop)))
            return
        sides, base, owners, boxes = _sides(wanted), 0, [], []
        for layer, ranges in zip(self._layers, found, strict=True):
            owner, position = layer.overlaps(wanted, sides, ranges)
            owners.append(owner)
            boxes.append(base + position)
            base += len(layer.owner)
        owner, box = np.concatenate(owners), np.concatenate(boxes)
        if len(wanted.owner) > high - low:  # some owners have several boxes
            pair = np.sort(owner * self._count + box)
            pair = pair[np.flatnonzero(np.diff(pair, prepend=-1))]
            owner, box = np.divmod(pair, self._count)
        yield owner, box


def _surroundings(latitude: FloatArray, longitude: FloatArray, radius: FloatArray) -> _Boxes:
    """Boxes around points that hold all that is within ``radius`` metres."""
    south, west, north, east = bounding_boxes(latitude, longitude, radius)
    everything = radius > _HALF_THE_WORLD
    south, north = np.where(everything, -90.0, south), np.where(everything, 90.0, north)
    west, east = np.where(everything, -180.0, west), np.where(everything, 180.0, east)
    return _Boxes(np.arange(len(latitude)), south, west, north, east)
