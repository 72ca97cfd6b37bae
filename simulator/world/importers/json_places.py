"""Places from JSON: lists of the management API, and GeoJSON points."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from simulator.core.errors import InputError, Problem
from simulator.scenario.units import shown
from simulator.world.importers.complaints import Complaints, ItemOrigin
from simulator.world.importers.records import TEXTS, Raw

_API_TEXTS = ("id", "lib_id", "radius", *TEXTS)
_POINT_PATHS = {"latitude": "location.coordinates[1]", "longitude": "location.coordinates[0]"}
_GEOJSON_VALUES = ("id", "lib_id", "radius", "attractiveness", *TEXTS)
_FEATURE_PATHS = {
    "latitude": "geometry.coordinates[1]",
    "longitude": "geometry.coordinates[0]",
    **{key: f"properties.{key}" for key in _GEOJSON_VALUES},
}


def parse_documents(text: str, path: Path) -> list[Any]:
    """The JSON documents that follow one another in ``text``: a file may hold several pages of a list."""
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    documents = []
    end, length = 0, len(text)
    try:
        while True:
            while end < length and text[end] in " \t\r\n,":
                end += 1
            if end == length:
                break
            document, end = decoder.raw_decode(text, end)
            documents.append(document)
    except json.JSONDecodeError as error:
        raise InputError(
            [Problem(str(path), error.lineno, error.colno, "", f"not valid JSON: {error.msg}", "")]
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError([Problem(str(path), 0, 0, "", f"not valid JSON: {error}", "")]) from None
    if not documents:
        raise InputError([Problem(str(path), 0, 0, "", "the file is empty", "expected a list of places")])
    return documents


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def is_geojson(documents: list[Any]) -> bool:
    """Whether the first document is GeoJSON."""
    first = documents[0]
    return isinstance(first, dict) and first.get("type") in ("FeatureCollection", "Feature")


def management_items(documents: list[Any], file: str, complaints: Complaints) -> Iterator[Raw]:
    """The places of a list of the management API (mobile_sdk.md 1.4): envelopes, bare lists, any number."""
    origin = ItemOrigin(file, "data", _POINT_PATHS)
    pages, total = _pages(documents, file)
    items = [item for page in pages for item in page]
    if total is not None and total > len(items):
        what = f"the file holds {len(items):,} places of {total:,}"
        expected = "fetch the remaining pages and append them to the file"
        complaints.add(Problem(file, 0, 0, "total_count", what, expected, warning=True))
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            complaints.add(origin.problem(number, "", f"{shown(item)} is not a place", "expected an object"))
            continue
        location = item.get("location")
        values = {key: item.get(key) for key in _API_TEXTS}
        if not _take_point(location, values, origin, number, "location", complaints):
            continue
        metadata = item.get("metadata")
        if metadata is not None and not isinstance(metadata, dict):
            what = f"{shown(metadata)} is not a mapping"
            complaints.add(origin.problem(number, "metadata", what, "expected keys and values"))
            continue
        yield Raw(origin, number, values, {key: _as_text(value) for key, value in (metadata or {}).items()})


def _pages(documents: list[Any], file: str) -> tuple[list[list[Any]], int | None]:
    """The lists of places in all pages, and how many places the server said there are."""
    if len(documents) == 1 and isinstance(documents[0], list):
        inner = documents[0]
        if inner and all(isinstance(page, dict) and isinstance(page.get("data"), list) for page in inner):
            documents = inner
    pages: list[list[Any]] = []
    total: int | None = None
    for number, document in enumerate(documents):
        if isinstance(document, list):
            pages.append(document)
        elif isinstance(document, dict) and isinstance(document.get("data"), list):
            pages.append(document["data"])
            count = document.get("total_count")
            if isinstance(count, int):
                total = max(total or 0, count)
        elif isinstance(document, dict) and "location" in document:
            pages.append([document])
        else:
            what = "no list of places" if len(documents) == 1 else f"page {number + 1} is no list of places"
            expected = "expected a list, or an object with `data`, as the management API answers"
            raise InputError([Problem(file, 0, 0, "", what, expected)])
    return pages, total


def geojson_features(documents: list[Any], file: str, complaints: Complaints) -> Iterator[Raw]:
    """The points of GeoJSON feature collections; properties without a meaning here become metadata."""
    origin = ItemOrigin(file, "features", _FEATURE_PATHS)
    features: list[Any] = []
    for document in documents:
        kind = document.get("type") if isinstance(document, dict) else None
        if kind == "Feature":
            features.append(document)
        elif kind == "FeatureCollection" and isinstance(document.get("features"), list):
            features += document["features"]
        else:
            expected = "expected an object with `type: FeatureCollection` and a list `features`"
            raise InputError([Problem(file, 0, 0, "", "this is no GeoJSON feature collection", expected)])
    for number, feature in enumerate(features):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(feature, dict) or not isinstance(properties, dict | None):
            what = f"{shown(feature)} is not a feature"
            complaints.add(
                origin.problem(number, "", what, "expected an object with geometry and properties")
            )
            continue
        properties = properties or {}
        values = {key: properties.get(key) for key in _GEOJSON_VALUES}
        if values["id"] is None:
            values["id"] = feature.get("id")
        if not _take_point(feature.get("geometry"), values, origin, number, "geometry", complaints):
            continue
        yield Raw(origin, number, values, _metadata_of(properties))


def _metadata_of(properties: dict[str, Any]) -> dict[str, str]:
    inner = properties.get("metadata")
    metadata = dict(inner) if isinstance(inner, dict) else {}
    skip = {*_GEOJSON_VALUES, "metadata"} if isinstance(inner, dict) else set(_GEOJSON_VALUES)
    metadata.update((key, value) for key, value in properties.items() if key not in skip)
    return {key: _as_text(value) for key, value in metadata.items() if value is not None}


def _take_point(
    geometry: Any, values: dict[str, Any], origin: ItemOrigin, number: int, key: str, complaints: Complaints
) -> bool:
    """Put the coordinates of ``geometry`` into ``values``; complain and answer False if there are none."""
    if not isinstance(geometry, dict):
        complaints.add(origin.problem(number, key, "is missing", "expected a GeoJSON point"))
        return False
    if geometry.get("type") != "Point":
        what = f"{shown(geometry.get('type'))} is not a point"
        complaints.add(origin.problem(number, f"{key}.type", what, "expected 'Point': the centre of a fence"))
        return False
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list) or len(coordinates) not in (2, 3):
        what = f"{shown(coordinates)} is not a position"
        complaints.add(origin.problem(number, f"{key}.coordinates", what, "expected [longitude, latitude]"))
        return False
    values["longitude"], values["latitude"] = coordinates[0], coordinates[1]
    return True


def _as_text(value: Any) -> str:
    """A value as the text of a metadata pair: text as it is, anything else as JSON writes it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
