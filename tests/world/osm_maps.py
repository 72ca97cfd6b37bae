"""Small maps in OpenStreetMap's XML, drawn for the tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

Node = tuple[int, float, float]
Way = tuple[Iterable[int], Mapping[str, str]]


def tags_of(tags: Mapping[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def write_map(
    folder: Path,
    nodes: Iterable[Node],
    ways: Iterable[Way],
    places: Iterable[tuple[int, float, float, Mapping[str, str]]] = (),
) -> Path:
    """A map of ``nodes`` (id, latitude, longitude), ``ways`` along them, and single nodes with tags."""
    lines = ['<?xml version="1.0"?>', '<osm version="0.6" generator="tests">']
    tagged = [(*node, {}) for node in nodes] + list(places)
    for ref, lat, lon, tags in sorted(tagged, key=lambda node: node[0]):
        lines.append(f'<node id="{ref}" version="1" lat="{lat}" lon="{lon}">{tags_of(tags)}</node>')
    for number, (refs, tags) in enumerate(ways, start=1):
        members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        lines.append(f'<way id="{number}" version="1">{members}{tags_of(tags)}</way>')
    path = folder / "map.osm"
    path.write_text("\n".join([*lines, "</osm>", ""]), encoding="utf-8")
    return path


STEP = 0.001  # degrees between the crossings of a grid: 111 m to the north, 68 m to the east at 52.5 degrees


def grid(size: int, **tags: str) -> tuple[list[Node], list[Way]]:
    """Nodes ``10 * row + column + 1`` of a square grid from (52.5, 13.4) on, and its streets."""
    nodes = [
        (10 * row + column + 1, 52.5 + row * STEP, 13.4 + column * STEP)
        for row in range(size)
        for column in range(size)
    ]
    line = {"highway": "residential", **tags}
    ways: list[Way] = [([10 * row + column + 1 for column in range(size)], line) for row in range(size)]
    ways += [([10 * row + column + 1 for row in range(size)], line) for column in range(size)]
    return nodes, ways
