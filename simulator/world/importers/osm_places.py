"""Places from OpenStreetMap extracts, chosen by their tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.core.errors import InputError, Problem
from simulator.core.identifiers import derived_uuid
from simulator.scenario.units import shown
from simulator.world.importers.complaints import Complaints
from simulator.world.importers.records import TEXT_LIMITS, Raw
from simulator.world.osm import read_osm

_ADDRESS = {"country": "addr:country", "state": "addr:state", "city": "addr:city"}


@dataclass(frozen=True, slots=True)
class OsmOrigin:
    """Things of an extract, by kind and id: ``node/123``."""

    file: str
    names: list[str] = field(default_factory=list)

    def problem(
        self, number: int, key: str, what: str, expected: str = "", *, warning: bool = False
    ) -> Problem:
        name = self.label(number)
        return Problem(self.file, 0, 0, f"{name}.{key}" if key else name, what, expected, warning)

    def label(self, number: int) -> str:
        return self.names[number]


def osm_places(
    path: Path, tags: Sequence[str], file_at: Problem, tags_at: Problem, complaints: Complaints
) -> Iterator[Raw]:
    """The named things that have one of ``tags``: nodes, and the middles of areas.

    ``file_at`` and ``tags_at`` are problems at the fields with the file and the tags, to be filled in. Raises
    InputError if no tags are given, or the file can't be read.
    """
    wanted = [_split(tag, tags_at) for tag in tags]
    if not wanted:
        what, expected = "is missing", "expected what is a place in the extract, such as [amenity=cafe, shop]"
        raise InputError([_renewed(tags_at, what, expected)])
    origin = OsmOrigin(str(path))
    nameless = found = 0
    for thing in read_osm(path, file_at, *dict.fromkeys(key for key, _ in wanted), areas=True):
        position = _position(thing)
        category = next((thing.tags[key] for key, value in wanted if _fits(thing.tags, key, value)), None)
        if position is None or category is None:
            continue
        found += 1
        name = thing.tags.get("name", "").strip()
        if not name:
            nameless += 1
            continue
        kind, number = _kind(thing)
        origin.names.append(f"{kind}/{number}")
        values: dict[str, object] = {
            "id": derived_uuid("openstreetmap", kind, number),
            "latitude": position[0],
            "longitude": position[1],
            **_texts(thing.tags, name, category),
        }
        yield Raw(origin, len(origin.names) - 1, values, {"osm": f"{kind}/{number}"})
    if not origin.names:
        what = f"{path.name} has no named place with {' or '.join(tags)}"
        raise InputError([_renewed(tags_at, what, "expected tags such as amenity=cafe that it holds")])
    if nameless:
        what = f"{nameless:,} of {found:,} places have no name in {path.name} and are left out"
        complaints.add(_renewed(tags_at, what, warning=True))


def _renewed(problem: Problem, what: str, expected: str = "", *, warning: bool = False) -> Problem:
    return Problem(problem.file, problem.line, problem.column, problem.field, what, expected, warning)


def _split(tag: str, tags_at: Problem) -> tuple[str, str | None]:
    key, equals, value = (part.strip() for part in tag.partition("="))
    if not key or (equals and not value):
        raise InputError([_renewed(tags_at, f"{shown(tag)} is not a tag", "expected amenity=cafe or shop")])
    return key, value or None


def _fits(tags: Mapping[str, str], key: str, value: str | None) -> bool:
    given = tags.get(key)
    # Several values stand in one tag, divided by semicolons.
    return given is not None and (value is None or value in (part.strip() for part in given.split(";")))


def _position(thing: Any) -> tuple[float, float] | None:
    """Latitude and longitude of a node, or the middle of an area's bounds; ways come again as areas."""
    if thing.is_node():
        return thing.lat, thing.lon
    if not thing.is_area():
        return None
    points = [(node.lat, node.lon) for ring in thing.outer_rings() for node in ring]
    latitudes, longitudes = zip(*points, strict=True)
    return 0.5 * (min(latitudes) + max(latitudes)), 0.5 * (min(longitudes) + max(longitudes))


def _kind(thing: Any) -> tuple[str, int]:
    if thing.is_node():
        return "node", thing.id
    return ("way" if thing.from_way() else "relation"), thing.orig_id()


def _texts(tags: Mapping[str, str], name: str, category: str) -> dict[str, object]:
    texts = {key: tags.get(tag, "") for key, tag in _ADDRESS.items()}
    texts["street"] = f"{tags.get('addr:street', '')} {tags.get('addr:housenumber', '')}".strip()
    texts |= {"name": name, "category": category}
    # Nobody can change the map for us: what is too long for the places database is cut off.
    return {key: text[: TEXT_LIMITS[key]] for key, text in texts.items()}
