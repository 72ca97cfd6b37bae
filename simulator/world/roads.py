"""Routes along streets: the shortest for those who walk or cycle, the fastest for those who drive.

Points are brought to the nearest node of the network, the rest is Dijkstra's algorithm (scipy's), for many
trips at once. Costs are whole numbers, so that adding them up is exact, and each segment carries a tiny part of
its own on top, so that no two routes cost the same: the route between two nodes is always the same one,
whatever else is asked for, in whatever order, on whatever machine.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.errors import InputError
from simulator.core.numerics import FloatArray, IntArray
from simulator.core.randomness import bits, key_of, member_keys
from simulator.scenario.models import Roads
from simulator.world.fences import BoolArray
from simulator.world.geodesy import distance
from simulator.world.importers.complaints import ScenarioOrigin, Where, nowhere
from simulator.world.osm import EXTRA, Streets, read_streets
from simulator.world.osm_access import Use
from simulator.world.search import NearestSearch

Rows = npt.NDArray[np.intp]

_DIRECTIONS = {
    "walk": (Use.WALK, Use.WALK),
    "cycle": (Use.CYCLE, Use.CYCLE_BACK),
    "car": (Use.DRIVE, Use.DRIVE_BACK),
}
# Costs count millimetres, of cars milliseconds, in steps of 2^-20 of them.
_STEPS = 1 << 20
# A search looks this far beyond twice the straight way at first; it looks everywhere for those it doesn't find.
_SPARE_M = 1_000.0
# A car is about as slow as this where routes are long for their length; it changes no result.
_SLOW_CAR_MS_PER_M = 240.0
# So many distances are held at once while searching, and so many points of routes afterwards.
_AT_ONCE = 4_000_000
_KEPT = 4_000_000


@dataclass(frozen=True, slots=True)
class Routes:
    """Ways of many trips as columns of points; each trip has two points or more."""

    first: Rows
    """Where the points of each trip begin, and the end of all: one more than there are trips."""
    latitude: FloatArray
    longitude: FloatArray
    along: FloatArray
    """Metres from the beginning of the trip."""
    on_streets: BoolArray
    """Of each trip: whether it follows streets, or is straight because it can't."""

    @property
    def length(self) -> FloatArray:
        """Length of each trip in metres."""
        ends: FloatArray = self.along[self.first[1:] - 1]
        return ends


def load_roads(spec: Roads, where: Where | None = None, *, file: str = "") -> RoadNetwork:
    """The street network of ``spec``, which stands at ``roads`` of the scenario ``file``.

    Raises :class:`~simulator.core.errors.InputError` if there is none, or the extra is not installed.
    """
    at = ScenarioOrigin(file, ("roads",), where or nowhere).at(("roads", "file"), "")
    streets = read_streets(spec.file, at)
    try:
        import scipy.sparse.csgraph  # noqa: F401 - needed later, in the middle of a run
    except ImportError:
        what, field = "routes need scipy, which is not installed", at.field
        raise InputError([type(at)(at.file, at.line, at.column, field, what, EXTRA)]) from None
    return RoadNetwork(streets, spec.within)


class RoadNetwork:
    """The streets of a scenario, one graph for each way of getting about; graphs are made when first needed."""

    def __init__(self, streets: Streets, within: float) -> None:
        """Trips that begin or end further than ``within`` metres from the next street don't follow any."""
        self.streets = streets
        self.within = within
        self._graphs: dict[str, RoadGraph] = {}

    @property
    def kinds(self) -> Collection[str]:
        """The ways of getting about that follow streets: `walk`, `cycle`, `car`."""
        return _DIRECTIONS.keys()

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs; it makes its own graphs."""
        return self.__dict__ | {"_graphs": {}}

    def graph(self, kind: str) -> RoadGraph:
        """The graph of one way of getting about."""
        if kind not in self._graphs:
            self._graphs[kind] = RoadGraph(self.streets, kind)
        return self._graphs[kind]

    def reaches(self, kind: str, latitude: FloatArray, longitude: FloatArray) -> BoolArray:
        """Whether there is a street near enough to each point, degrees."""
        near: BoolArray = self.graph(kind).snap(latitude, longitude, self.within) >= 0
        return near

    def routes(
        self, kind: str, lat0: FloatArray, lon0: FloatArray, lat1: FloatArray, lon1: FloatArray
    ) -> Routes:
        """The ways of trips from (lat0, lon0) to (lat1, lon1), degrees, the access to the streets included."""
        graph = self.graph(kind)
        start, end = (graph.snap(lat, lon, self.within) for lat, lon in ((lat0, lon0), (lat1, lon1)))
        on_streets = (start >= 0) & (end >= 0) & (start != end)
        paths = graph.paths(start[on_streets], end[on_streets])
        sizes = np.full(len(lat0), 2)
        sizes[on_streets] += np.array([len(path) for path in paths], dtype=np.intp)
        first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
        latitude, longitude = np.empty(first[-1]), np.empty(first[-1])
        latitude[first[:-1]], longitude[first[:-1]] = lat0, lon0
        latitude[first[1:] - 1], longitude[first[1:] - 1] = lat1, lon1
        inner = np.ones(first[-1], dtype=np.bool_)
        inner[first[:-1]] = inner[first[1:] - 1] = False
        if paths:
            nodes = np.concatenate(paths)
            latitude[inner], longitude[inner] = graph.latitude[nodes], graph.longitude[nodes]
        return Routes(first, latitude, longitude, _along(first, latitude, longitude), on_streets)


def _along(first: Rows, latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Metres from the beginning of each trip."""
    steps = np.zeros(len(latitude))
    steps[1:] = distance(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])
    steps[first[:-1]] = 0.0
    # Summed trip by trip: the sum of one must not depend, in its last bits, on those before it.
    lengths = np.diff(first)
    table = np.zeros((len(lengths), int(lengths.max(initial=0))))
    column = np.arange(len(steps)) - np.repeat(first[:-1], lengths)
    row = np.repeat(np.arange(len(lengths)), lengths)
    table[row, column] = steps
    total: FloatArray = np.cumsum(table, axis=1)[row, column]
    return total


class RoadGraph:
    """The connected part of the streets for one way of getting about."""

    def __init__(self, streets: Streets, kind: str) -> None:
        from scipy.sparse.csgraph import connected_components

        start, end, cost = _edges(streets, kind)
        count = len(streets.node)
        matrix = _matrix(start, end, cost, count)
        _, label = connected_components(matrix, directed=True, connection="strong")
        kept = np.flatnonzero(label == np.bincount(label).argmax())
        self._matrix = matrix[kept][:, kept]
        self._cost_per_m = _STEPS * (_SLOW_CAR_MS_PER_M if kind == "car" else 1000.0)
        self.latitude, self.longitude = streets.latitude[kept], streets.longitude[kept]
        self.node = streets.node[kept]
        self._search = NearestSearch.of_points(self.latitude, self.longitude)
        self._known: dict[int, npt.NDArray[np.int32]] = {}
        self._kept = 0

    def __len__(self) -> int:
        return len(self.node)

    def snap(self, latitude: FloatArray, longitude: FloatArray, within: float) -> Rows:
        """The nearest node to each point (degrees), or -1 if none is within so many metres."""
        nearest, _ = self._search.find(latitude, longitude, 1, within)
        return nearest[:, 0].astype(np.intp)

    def paths(self, start: Rows, end: Rows) -> list[npt.NDArray[np.int32]]:
        """The nodes on the way from each of ``start`` to each of ``end``, both included."""
        if self._kept > _KEPT:
            self._known.clear()
            self._kept = 0
        wanted = start * len(self) + end
        new = np.array([pair for pair in dict.fromkeys(wanted.tolist()) if pair not in self._known])
        if len(new):
            self._find(new)
        return [self._known[pair] for pair in wanted.tolist()]

    def _find(self, pairs: IntArray) -> None:
        """Search for the paths of ``pairs`` (start times number of nodes, plus end)."""
        start, end = np.divmod(pairs, len(self))
        straight = distance(
            self.latitude[start], self.longitude[start], self.latitude[end], self.longitude[end]
        )
        limit = (2.0 * straight + _SPARE_M) * self._cost_per_m
        order = np.argsort(limit, kind="stable")  # neighbours in this order look about equally far
        sources, first = np.unique(start[order], return_index=True)
        sources = sources[np.argsort(first, kind="stable")]
        at_once = max(1, _AT_ONCE // len(self))
        for chunk in range(0, len(sources), at_once):
            some = sources[chunk : chunk + at_once]
            mine = np.flatnonzero(np.isin(start, some))
            missed = self._search_from(some, mine, pairs, float(limit[mine].max()))
            if len(missed):
                self._search_from(np.unique(start[missed]), missed, pairs, np.inf)

    def _search_from(self, sources: Rows, rows: Rows, pairs: IntArray, limit: float) -> Rows:
        """Search from ``sources`` up to a cost of ``limit``; gives those of ``rows`` of ``pairs`` not found."""
        from scipy.sparse.csgraph import dijkstra

        start, end = np.divmod(pairs[rows], len(self))
        _, before = dijkstra(self._matrix, indices=sources, return_predecessors=True, limit=limit)
        line = np.argsort(sources, kind="stable")[np.searchsorted(np.sort(sources), start)]
        found = before[line, end] >= 0
        for pair, row, node, source in zip(
            pairs[rows][found].tolist(), line[found].tolist(), end[found].tolist(), start[found].tolist(),
            strict=True,
        ):  # fmt: skip
            way, back = [node], before[row]
            while node != source:
                node = int(back[node])
                way.append(node)
            self._known[pair] = np.array(way[::-1], dtype=np.int32)
            self._kept += len(way)
        missed: Rows = rows[~found]
        return missed


def _edges(streets: Streets, kind: str) -> tuple[Rows, Rows, FloatArray]:
    """The directed edges of a graph and their costs."""
    forward, backward = (np.flatnonzero(streets.use & flag) for flag in _DIRECTIONS[kind])
    start = np.concatenate([streets.start[forward], streets.end[backward]]).astype(np.intp)
    end = np.concatenate([streets.end[forward], streets.start[backward]]).astype(np.intp)
    segment = np.concatenate([forward, backward])
    metres = distance(
        streets.latitude[streets.start],
        streets.longitude[streets.start],
        streets.latitude[streets.end],
        streets.longitude[streets.end],
    )[segment]
    # Milliseconds of a car at so many km/h: metres * 3600 / (km/h).
    amount = metres * 3600.0 / streets.km_h[segment] if kind == "car" else metres * 1000.0
    low, high = (which(streets.node[start], streets.node[end]) for which in (np.minimum, np.maximum))
    part = bits(member_keys(key_of("roads"), low), high) >> np.uint64(44)  # 20 bits, the same both ways
    cost: FloatArray = (np.rint(amount) + 1.0) * _STEPS + part.astype(np.float64)
    return start, end, cost


def _matrix(start: Rows, end: Rows, cost: FloatArray, count: int) -> Any:
    """A sparse matrix of costs; of several edges between the same nodes, the cheapest."""
    from scipy.sparse import csr_matrix

    order = np.lexsort((cost, end, start))
    start, end, cost = start[order], end[order], cost[order]
    cheapest = np.append(True, (np.diff(start) != 0) | (np.diff(end) != 0))
    return csr_matrix((cost[cheapest], (start[cheapest], end[cheapest])), shape=(count, count))
