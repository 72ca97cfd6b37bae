"""Recorded tracks from GPX files, read by gpxpy; the lines that mistakes stand in, by expat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

from simulator.core.errors import InputError, Problem
from simulator.scenario.units import shown
from simulator.world.importers.numbers import read_number
from simulator.world.importers.raw_tracks import RawPoint, RawTrack

if TYPE_CHECKING:
    from gpxpy.gpx import GPXRoutePoint, GPXTrackPoint

_EXPECTED = "expected a GPX file with a track: <gpx><trk><trkseg><trkpt lat=... lon=...><time>..."
_TRACK_POINT, _ROUTE_POINT = "trkpt", "rtept"


def gpx_tracks(data: bytes, path: Path) -> list[RawTrack]:
    """The tracks of a GPX file, or its routes if it has no tracks; ``number`` of a point is its line.

    Raises InputError, with the line, if the file is no GPX or a point has no position.
    """
    import gpxpy
    from gpxpy.gpx import GPXException

    lines = _lines_of_points(data, str(path))
    try:
        content = gpxpy.parse(data)
    except GPXException as error:
        raise InputError([Problem(str(path), 0, 0, "", f"is not valid GPX: {error}", _EXPECTED)]) from None
    if not lines[_TRACK_POINT]:
        return [
            RawTrack(route.name or "", [_raw(route.points, lines[_ROUTE_POINT])]) for route in content.routes
        ]
    # Lines are dealt out in the order of the file, which gpxpy keeps.
    return [
        RawTrack(track.name or "", [_raw(segment.points, lines[_TRACK_POINT]) for segment in track.segments])
        for track in content.tracks
    ]


def _raw(points: Sequence[GPXTrackPoint | GPXRoutePoint], lines: list[int]) -> list[RawPoint]:
    own, lines[:] = lines[: len(points)], lines[len(points) :]
    return [
        RawPoint(
            line,
            point.latitude,
            point.longitude,
            # GPX knows no local times: one without a zone is UTC.
            point.time if point.time is None or point.time.tzinfo else point.time.replace(tzinfo=UTC),
        )
        for line, point in zip(own, points, strict=True)
    ]


def _lines_of_points(data: bytes, file: str) -> dict[str, list[int]]:
    """The lines in which track points and route points begin; complains about those without a position."""
    lines: dict[str, list[int]] = {_TRACK_POINT: [], _ROUTE_POINT: []}
    problems: list[Problem] = []
    roots: list[str] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        roots.append(tag)
        if tag not in lines:
            return
        lines[tag].append(parser.CurrentLineNumber)
        for key, word in (("lat", "latitude"), ("lon", "longitude")):
            if read_number(attributes.get(key)) is None:
                given = shown(attributes[key]) + " is no" if key in attributes else "has no"
                where = (file, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1, key)
                problems.append(Problem(*where, f"{given} {word}", "expected degrees such as 52.5"))

    parser.StartElementHandler = start
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        what = f"is not valid XML: {expat.ErrorString(error.code)}"
        raise InputError([Problem(file, error.lineno, error.offset + 1, "", what, _EXPECTED)]) from None
    if roots[0] != "gpx":
        raise InputError([Problem(file, 1, 0, "", f"is not GPX: it begins with <{roots[0]}>", _EXPECTED)])
    if problems:
        raise InputError(problems[:20])
    return lines
