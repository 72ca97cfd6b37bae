"""Loading all libraries of a scenario into one set of places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from simulator.core.distributions import Constant, Distribution
from simulator.core.errors import InputError, Problem
from simulator.core.identifiers import derived_uuid
from simulator.core.numerics import FloatArray
from simulator.core.randomness import key_of, purpose_keys, uniform
from simulator.scenario.models import WEEKDAYS, Library, PlaceColumns
from simulator.scenario.models import Place as InlinePlace
from simulator.world.fences import MAX_RADIUS
from simulator.world.importers import csv_places, json_places
from simulator.world.importers.complaints import Complaints, FieldPath, ScenarioOrigin, Where, nowhere
from simulator.world.importers.osm_places import osm_places
from simulator.world.importers.records import MIN_RADIUS, TEXTS, Checker, Draft, Raw
from simulator.world.importers.table import Table, decode_any, decode_utf8, parse_table, read_bytes
from simulator.world.opening import Week
from simulator.world.osm import is_osm
from simulator.world.places import Place, PlaceSet

# Limits of the places database (mobile_sdk.md 1.4).
_PLACES_PER_LIBRARY = 150_000
_LIBRARIES = 100
_LARGEST_OF_THE_API = 2_000.0
# Below this, systems of phones notice visits unreliably (mobile_sdk.md 3).
_SMALLEST_RELIABLE = 100.0


def load_places(
    libraries: Sequence[Library], *, seed: int, where: Where | None = None, file: str = ""
) -> tuple[PlaceSet, list[Problem]]:
    """All places of ``libraries``, and warnings.

    ``where`` gives line and column of a scenario's field by its path, ``file`` is the name of the scenario,
    and ``seed`` fixes the radii that are drawn. Raises :class:`~simulator.core.errors.InputError` with all
    mistakes of all libraries at once; of one file, the first 20 are listed and the others counted.
    """
    complaints = Complaints()
    loaded = []
    for number, library in enumerate(libraries):
        source = _Source(
            library, number, ScenarioOrigin(file, ("places", number), where or nowhere), complaints
        )
        try:
            loaded.append(source.load())
        except InputError as error:
            for problem in error.problems:
                complaints.add(problem)
    _check_ids(loaded, complaints)
    complaints.raise_errors()
    places: list[Place] = []
    ranks: dict[str, int] = {}
    for one in loaded:
        places += one.places(seed, ranks, complaints)
    complaints.raise_errors()
    if len(ranks) > _LIBRARIES:
        what = f"there are {len(ranks):,} libraries"
        raise InputError(
            [loaded[0].origin.at(("places",), what, f"an organisation has at most {_LIBRARIES}")]
        )
    return PlaceSet(places), complaints.warnings


@dataclass(slots=True)
class _Source:
    """One library of the scenario on its way in."""

    spec: Library
    number: int
    origin: ScenarioOrigin
    complaints: Complaints

    def load(self) -> _Loaded:
        """Read and check the records; raises InputError if the source as a whole is no good."""
        records, checker = self._records()
        drafts = []
        seen, before = 0, self.complaints.count
        for raw in records:
            seen += 1
            draft = checker.check(raw)
            if draft is not None:
                drafts.append(draft)
        checker.finish()
        if not seen and self.complaints.count == before:
            raise InputError(
                [self._at(("file",), f"{self.spec.file} holds no places", "expected at least one")]
            )
        return _Loaded(self.spec, self.origin, drafts)

    def _at(self, path: FieldPath, what: str, expected: str = "") -> Problem:
        return self.origin.at((*self.origin.path, *path), what, expected)

    def _records(self) -> tuple[Iterable[Raw], Checker]:
        path = self.spec.file
        if path is None:
            return self._inline(), Checker(self.complaints)
        if self.spec.format == "osm" or (self.spec.format is None and is_osm(path)):
            places = osm_places(
                path, self.spec.tags, self._at(("file",), ""), self._at(("tags",), ""), self.complaints
            )
            return places, Checker(self.complaints)
        if self.spec.tags:
            raise InputError([self._at(("tags",), "only OpenStreetMap extracts have tags", "remove this")])
        data = read_bytes(path, self._at(("file",), ""))
        suffix = path.suffix.lower()
        form = self.spec.format or {".json": "json", ".geojson": "geojson"}.get(suffix, "table")
        if self.spec.columns is not None:
            form = "csv"
        if form in ("json", "management_json", "geojson"):
            documents = json_places.parse_documents(decode_utf8(data, path, self._at(("file",), "")), path)
            if form == "geojson" or (form == "json" and json_places.is_geojson(documents)):
                features = json_places.geojson_features(documents, str(path), self.complaints)
                return features, Checker(self.complaints)
            items = json_places.management_items(documents, str(path), self.complaints)
            return items, Checker(self.complaints)
        if form == "importer_csv":
            text = decode_utf8(data, path, self._at(("file",), ""))
            return self._importer(parse_table(text, path), path)
        table = parse_table(decode_any(data, path, self.complaints), path)
        if form == "table" and csv_places.looks_like_importer(table):
            return self._importer(table, path)
        columns = self.spec.columns or PlaceColumns()
        rows = csv_places.mapped_rows(
            table, columns, self.origin, (*self.origin.path, "columns"), self.complaints
        )
        return rows, Checker(self.complaints, decimal_comma=table.decimal_comma)

    def _importer(self, table: Table, path: Path) -> tuple[Iterable[Raw], Checker]:
        if path.suffix.lower() != ".csv":
            self.complaints.add(
                self._at(
                    ("file",), f"the importer takes no file named {path.name}", "expected a name in .csv"
                )
            )
        return csv_places.importer_rows(table, self.complaints), Checker(self.complaints, importer=True)

    def _inline(self) -> Iterator[Raw]:
        origin = ScenarioOrigin(self.origin.file, (*self.origin.path, "inline"), self.origin.where)
        for number, place in enumerate(self.spec.inline):
            values: dict[str, object] = {key: getattr(place, key) for key in ("id", *TEXTS)}
            values["latitude"], values["longitude"] = place.at.latitude, place.at.longitude
            drawn = _take_drawn(place, values)
            yield Raw(origin, number, values, place.metadata, drawn)


def _take_drawn(place: InlinePlace, values: dict[str, object]) -> dict[str, Distribution]:
    """Put the constant ones of radius and attractiveness into ``values``; the others are to be drawn."""
    drawn: dict[str, Distribution] = {}
    for key, given in (("radius", place.radius), ("attractiveness", place.attractiveness)):
        if isinstance(given, Constant):
            values[key] = given.value
        elif given is not None:
            drawn[key] = given
    return drawn


@dataclass(slots=True)
class _Loaded:
    """The checked records of one library of the scenario."""

    spec: Library
    origin: ScenarioOrigin
    drafts: list[Draft]
    ids: list[str] = field(default_factory=list)
    library_ids: list[str] = field(default_factory=list)

    def name_them(self) -> None:
        """Give every place its id and that of its library."""
        own_id = self.spec.id or derived_uuid("library", self.spec.library)
        occurrences: dict[tuple[object, ...], int] = {}
        for draft in self.drafts:
            library_id = draft.library_id or own_id
            self.library_ids.append(library_id)
            if draft.id:
                self.ids.append(draft.id)
                continue
            facts = (library_id, draft.texts["name"], draft.latitude, draft.longitude)
            # Stores of a chain may share name and coordinates: their order tells them apart.
            count = occurrences[facts] = occurrences.get(facts, 0) + 1
            self.ids.append(derived_uuid(*facts) if count == 1 else derived_uuid(*facts, count))

    def places(self, seed: int, ranks: dict[str, int], complaints: Complaints) -> list[Place]:
        """The places, ranked by the order in which libraries appear; ``ranks`` goes on from before."""
        radius = self._radii(seed, complaints)
        attractiveness = np.array([draft.attractiveness for draft in self.drafts])
        for rows, given in self._drawn("attractiveness", None):
            attractiveness[rows] = np.maximum(self._draw(seed, "attractiveness", rows, given), 0.0)
        return [
            Place(
                id=place_id,
                latitude=draft.latitude,
                longitude=draft.longitude,
                radius=metres,
                library_id=library_id,
                library_name=self.spec.library,
                rank=ranks.setdefault(library_id, len(ranks) + 1),
                metadata=draft.metadata,
                attractiveness=pull,
                opening=self._opening(draft),
                dead_zone=self._is_dead(draft),
                **draft.texts,
            )
            for draft, place_id, library_id, metres, pull in zip(
                self.drafts, self.ids, self.library_ids, radius.tolist(), attractiveness.tolist(), strict=True
            )
        ]

    def _opening(self, draft: Draft) -> Week:
        """Opening hours of a place: its own, or those of the library."""
        own = self.spec.inline[draft.number].opening if self.spec.inline else None
        hours = self.spec.opening if own is None else own
        return tuple(
            (WEEKDAYS.index(day), one.opens, one.closes) for one in hours for day in one.days or WEEKDAYS
        )

    def _is_dead(self, draft: Draft) -> bool:
        """Whether phones have no signal in a place: as it says itself, or else as its library does."""
        own = self.spec.inline[draft.number].dead_zone if self.spec.inline else None
        return self.spec.dead_zone if own is None else own

    def _radii(self, seed: int, complaints: Complaints) -> FloatArray:
        radius = np.array([np.nan if draft.radius is None else draft.radius for draft in self.drafts])
        for rows, given in self._drawn("radius", self.spec.radius):
            low, high = given.bounds()
            if high < MIN_RADIUS or low > MAX_RADIUS:
                complaints.add(
                    self._impossible_radius(self.drafts[rows[0]], high if high < MIN_RADIUS else low)
                )
            drawn = self._draw(seed, "radius", rows, given)
            # Radii of places are whole metres on the wire (mobile_sdk.md 1.2); a constant one stays as it is.
            whole = drawn if isinstance(given, Constant) else np.rint(drawn)
            radius[rows] = np.clip(whole, MIN_RADIUS, MAX_RADIUS)
        self._warn_of_radii(radius, complaints)
        return radius

    def _impossible_radius(self, first: Draft, bound: float) -> Problem:
        what = f"a radius of {bound:g} m is impossible"
        expected = f"the places database takes {MIN_RADIUS:g} m to {MAX_RADIUS:,.0f} m"
        if "radius" in first.drawn:
            return first.origin.problem(first.number, "radius", what, expected)
        return self.origin.at((*self.origin.path, "radius"), what, expected)

    def _drawn(self, key: str, default: Distribution | None) -> Iterator[tuple[list[int], Distribution]]:
        """The rows that have a value to draw, together with those of the same distribution."""
        groups: dict[int, tuple[list[int], Distribution]] = {}
        for row, draft in enumerate(self.drafts):
            given = draft.drawn.get(key)
            if given is None and key == "radius" and draft.radius is None:
                given = default
            if given is not None:
                groups.setdefault(id(given), ([], given))[0].append(row)
        yield from groups.values()

    def _draw(self, seed: int, purpose: str, rows: list[int], given: Distribution) -> FloatArray:
        if isinstance(given, Constant):
            return np.full(len(rows), given.value)
        # By the id of the place alone: another place more or less changes nothing.
        keys = np.array([key_of(seed, "place", self.ids[row]) for row in rows], dtype=np.uint64)
        return given.ppf(uniform(purpose_keys(keys, purpose)))

    def _warn_of_radii(self, radius: FloatArray, complaints: Complaints) -> None:
        for rows, what, expected in (
            (
                np.flatnonzero(radius > _LARGEST_OF_THE_API),
                f"above {_LARGEST_OF_THE_API:,.0f} m",
                "the management API refuses those; only the importer takes them",
            ),
            (
                np.flatnonzero(radius < _SMALLEST_RELIABLE),
                f"below {_SMALLEST_RELIABLE:g} m",
                "real phones notice visits to those unreliably",
            ),
        ):
            if len(rows):
                first = self.drafts[int(rows[0])]
                example = f"{first.texts['name']!r} with {radius[rows[0]]:g} m"
                have = f"{len(rows):,} of {len(radius):,} places {'has' if len(rows) == 1 else 'have'}"
                count = f"{have} a radius {what}, the first is {example}"
                if len(radius) == 1:
                    count = f"the place has a radius {what}: {example}"
                complaints.add(self.origin.at(self.origin.path, count, expected, warning=True))


def _check_ids(loaded: Sequence[_Loaded], complaints: Complaints) -> None:
    """Complain about ids that occur twice, about libraries in two entries, and about too large ones."""
    first_place: dict[str, Draft] = {}
    first_entry: dict[str, _Loaded] = {}
    sizes: dict[str, int] = {}
    for one in loaded:
        one.name_them()
        for draft, place_id in zip(one.drafts, one.ids, strict=True):
            other = first_place.setdefault(place_id, draft)
            if other is not draft:
                what = f"{place_id!r} is already the id of {other.label}"
                problem = draft.origin.problem(draft.number, "id", what, "give each place an id of its own")
                complaints.add(problem)
        for library_id in one.library_ids:
            sizes[library_id] = sizes.get(library_id, 0) + 1
        for library_id in dict.fromkeys(one.library_ids):
            entry = first_entry.setdefault(library_id, one)
            if entry is not one:
                what = f"the library {library_id} is already part of {entry.spec.library!r}"
                expected = "give both files to one library, or the places ids of different libraries"
                complaints.add(one.origin.at(one.origin.path, what, expected))
            if one.spec.id and library_id != one.spec.id:
                what = f"the file has its own library id {library_id}, which counts"
                path = (*one.origin.path, "id")
                complaints.add(one.origin.at(path, what, "remove `id`", warning=True))
    for library_id, size in sizes.items():
        if size > _PLACES_PER_LIBRARY:
            what = f"library {library_id} has {size:,} places"
            entry = first_entry[library_id]
            complaints.add(
                entry.origin.at(entry.origin.path, what, f"the places database takes {_PLACES_PER_LIBRARY:,}")
            )
