"""OpenStreetMap extracts, read by pyosmium (the optional extra ``roads``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simulator.core.errors import InputError, Problem
from simulator.core.numerics import FloatArray, IntArray
from simulator.world.fences import MAX_LATITUDE
from simulator.world.importers.table import read_bytes
from simulator.world.osm_access import DRIVING_KM_H, Use, use_of

if TYPE_CHECKING:
    import osmium

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0 (openstreetmap.org/copyright)"
EXTRA = "install the extra with it: pip install 'journeysim[roads]'"
SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")


@dataclass(frozen=True, slots=True)
class Streets:
    """The streets of an extract: straight segments between nodes, as columns."""

    node: IntArray
    """OpenStreetMap's ids of the nodes, ascending."""
    latitude: FloatArray
    """Of the nodes, degrees."""
    longitude: FloatArray
    start: npt.NDArray[np.int32]
    """Where each segment starts: an index of a node."""
    end: npt.NDArray[np.int32]
    use: npt.NDArray[np.int8]
    """Of each segment: the flags of :class:`~simulator.world.osm_access.Use`."""
    km_h: FloatArray
    """Speed of cars on each segment."""


def is_osm(path: Path) -> bool:
    """Whether a file is an OpenStreetMap extract, by its ending."""
    return path.name.lower().endswith(SUFFIXES)


def read_osm(path: Path, problem_at: Problem, *keys: str, areas: bool = False) -> Iterator[Any]:
    """The objects of an extract that have one of the tags ``keys``, with positions.

    With ``areas``, closed ways and multipolygons come as areas as well. Raises InputError at the place of
    ``problem_at`` if the file can't be read, or nothing is installed to read it with.
    """
    try:
        import osmium
    except ImportError:
        what = f"reading {path.name} needs pyosmium, which is not installed"
        raise InputError([replace(problem_at, what=what, expected=EXTRA)]) from None
    _readable(path, problem_at)
    try:
        yield from _objects(osmium, path, keys, areas)
    except (RuntimeError, ValueError) as error:
        what = f"{path} is no OpenStreetMap extract: {error}"
        raise InputError([replace(problem_at, what=what, expected="expected .osm.pbf or .osm")]) from None


def _readable(path: Path, problem_at: Problem) -> None:
    if not path.is_file():
        read_bytes(path, problem_at)  # says what is wrong with it


def _objects(library: Any, path: Path, keys: tuple[str, ...], areas: bool) -> Iterator[Any]:
    processor: osmium.FileProcessor = library.FileProcessor(str(path)).with_locations()
    wanted = library.filter.KeyFilter(*keys)
    if areas:
        processor = processor.with_areas(wanted)
    yield from processor.with_filter(wanted)


def read_streets(path: Path, problem_at: Problem) -> Streets:
    """The streets of an extract; raises InputError at the place of ``problem_at`` if there are none."""
    places: dict[int, tuple[float, float]] = {}
    starts: list[int] = []
    ends: list[int] = []
    uses: list[int] = []
    speeds: list[float] = []
    for way in read_osm(path, problem_at, "highway"):
        if not way.is_way():
            continue
        use = use_of(way.tags)
        if use is Use.NONE:
            continue
        speed = DRIVING_KM_H.get(way.tags["highway"], 5.0)
        before: int | None = None
        for node in way.nodes:
            # Ways may lead out of the extract, where nothing is known of their nodes.
            if not node.location.valid() or abs(node.lat) > MAX_LATITUDE:
                before = None
                continue
            places[node.ref] = (node.lat, node.lon)
            if before is not None and before != node.ref:
                starts.append(before)
                ends.append(node.ref)
                uses.append(int(use))
                speeds.append(speed)
            before = node.ref
    if not starts:
        what = f"{path.name} holds no streets"
        raise InputError([replace(problem_at, what=what, expected="expected ways with the tag `highway`")])
    node = np.array(sorted(places), dtype=np.int64)
    position = np.array([places[ref] for ref in node.tolist()])
    return Streets(
        node=node,
        latitude=position[:, 0],
        longitude=position[:, 1],
        start=np.searchsorted(node, starts).astype(np.int32),
        end=np.searchsorted(node, ends).astype(np.int32),
        use=np.array(uses, dtype=np.int8),
        km_h=np.array(speeds),
    )
