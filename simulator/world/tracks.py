"""Recorded tracks, from GPX and CSV files: where somebody was, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from simulator.core.errors import InputError, Problem
from simulator.core.numerics import FloatArray, IntArray
from simulator.scenario.models import Trace, TraceColumns
from simulator.scenario.units import nearest, one_of, shown
from simulator.world.fences import MAX_LATITUDE, BoolArray
from simulator.world.geodesy import distance
from simulator.world.importers.complaints import Complaints, FieldPath, ScenarioOrigin, Where, nowhere
from simulator.world.importers.csv_tracks import csv_tracks
from simulator.world.importers.gpx_tracks import gpx_tracks
from simulator.world.importers.raw_tracks import RawPoint, RawTrack
from simulator.world.importers.table import decode_any, parse_table, read_bytes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Track:
    """The points of one track as columns, by time; there are at least two."""

    name: str
    latitude: FloatArray
    """Degrees."""
    longitude: FloatArray
    time: IntArray
    """Strictly increasing milliseconds: since 1970 (UTC), or since the first point of an undated track."""
    unrecorded: BoolArray
    """Whether the way *to* a point begins a new segment, so that nobody knows how it was travelled."""
    dated: bool = True
    """Whether the file says when the points were recorded."""

    def __len__(self) -> int:
        return len(self.time)

    def at_times(self, time: IntArray) -> Track:
        """The same way at other times; of several points of the same moment, the last one counts."""
        kept = np.append(np.diff(time) > 0, True)
        # A break before a point that is dropped comes before the next one that is kept.
        group = np.cumsum(np.append(False, kept[:-1]))
        breaks = np.zeros(int(group[-1]) + 1, dtype=np.bool_)
        np.logical_or.at(breaks, group, self.unrecorded)
        return Track(self.name, self.latitude[kept], self.longitude[kept], time[kept], breaks, self.dated)


@dataclass(frozen=True, slots=True)
class TrackSet:
    """The tracks that the people of a group follow, one each, in turn."""

    tracks: tuple[Track, ...]
    warnings: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.tracks)


def load_tracks(
    spec: Trace, zone: ZoneInfo, where: Where | None = None, *, file: str = "", field: FieldPath = ("trace",)
) -> TrackSet:
    """The tracks of ``spec``, which stands at ``field`` of the scenario ``file``.

    ``where`` gives line and column of a scenario's field; ``zone`` is that of times without an offset. Raises
    :class:`~simulator.core.errors.InputError` with all mistakes at once.
    """
    source = _Source(spec, zone, ScenarioOrigin(file, field, where or nowhere), Complaints())
    tracks = source.load()
    source.complaints.raise_errors()
    return TrackSet(tuple(tracks), tuple(source.complaints.warnings))


@dataclass(slots=True)
class _Source:
    """One file of tracks on its way in."""

    spec: Trace
    zone: ZoneInfo
    origin: ScenarioOrigin
    complaints: Complaints

    def load(self) -> list[Track]:
        """Read and check the tracks; raises InputError if there is nothing to follow."""
        raw, together = self._read()
        raw = [track for track in raw if track.points]
        if self.complaints.count:  # then all mistakes are told, of those points that could be read
            self._check(raw)
        self.complaints.raise_errors()
        if not raw:
            raise self._fail("file", f"{self.spec.file} holds no points", "expected a recorded track")
        if self.spec.track is not None:
            raw = self._named(raw, self.spec.track)
        raw = self._with_times(raw)
        if together and len(raw) > 1:
            raw.sort(key=_begin)
            raw = [RawTrack(raw[0].name, [segment for track in raw for segment in track.segments])]
        self._check(raw)
        self.complaints.raise_errors()
        return [self._track(track) for track in raw]

    def _read(self) -> tuple[list[RawTrack], bool]:
        """The tracks, and whether they are parts of a single one."""
        path = self.spec.file
        data = read_bytes(path, self._at("file", ""))
        form = self.spec.format or {".gpx": "gpx", ".csv": "csv"}.get(path.suffix.lower())
        if self.spec.columns is not None:
            form = "csv"
        if form is None:
            what = f"the ending of {path.name} doesn't tell what it is"
            raise self._fail("file", what, "give `format: gpx` or `format: csv`")
        if form == "gpx":
            return gpx_tracks(data, path), True
        table = parse_table(decode_any(data, path, self.complaints), path)
        columns = self.spec.columns or TraceColumns()
        at = (*self.origin.path, "columns")
        return csv_tracks(table, columns, self.zone, self.origin, at, self.complaints), False

    def _at(self, key: str, what: str, expected: str = "", *, warning: bool = False) -> Problem:
        return self.origin.at((*self.origin.path, key), what, expected, warning=warning)

    def _fail(self, key: str, what: str, expected: str = "") -> InputError:
        return InputError([self._at(key, what, expected)])

    def _named(self, raw: list[RawTrack], name: str) -> list[RawTrack]:
        chosen = [track for track in raw if track.name == name]
        if chosen:
            return chosen
        names = [track.name for track in raw if track.name]
        near = nearest(name, names)
        hint = f"did you mean {shown(near)}?" if near else "its tracks have no names; remove this"
        if names and not near:
            hint = f"there are {one_of(names, joint='and', limit=_NAMES_SHOWN)}"
        raise self._fail("track", f"{self.spec.file.name} has no track {shown(name)}", hint)

    def _with_times(self, raw: list[RawTrack]) -> list[RawTrack]:
        """The tracks that can be followed: those with times, or all at the given pace if none has any."""
        timed = [track for track in raw if any(point.time for point in track.points)]
        if not timed:
            if self.spec.pace is None:
                what = f"no point of {self.spec.file.name} has a time"
                raise self._fail("file", what, "give a `pace` such as 5 km/h, or a track with times")
            if self.spec.start == "recorded":
                what = f"no point of {self.spec.file.name} has a time, so nobody knows when it was recorded"
                raise self._fail("start", what, "expected run, or a local date and time")
            return raw[:1] if self.spec.track is None else raw
        if self.spec.pace is not None:
            what = f"changes nothing, because the points of {self.spec.file.name} have times"
            self.complaints.add(
                self._at("pace", what, "`speed` makes a track faster or slower", warning=True)
            )
        if len(timed) < len(raw):
            without = [track.name or f"number {raw.index(track) + 1}" for track in raw if track not in timed]
            what = f"left out what has no times: {one_of(without, joint='and', limit=_NAMES_SHOWN)}"
            self.complaints.add(self._at("file", what, "name a `track` to follow another one", warning=True))
        return timed

    # --- one track ----------------------------------------------------------------------------------------

    def _track(self, raw: RawTrack) -> Track:
        points, unrecorded = raw.points, _segment_starts(raw)
        dated = any(point.time for point in points)
        latitude = np.array([point.latitude for point in points])
        longitude = np.array([point.longitude for point in points])
        time = _milliseconds(points) if dated else self._paced(latitude, longitude)
        track = Track(raw.name, latitude, longitude, time, unrecorded, dated).at_times(time)
        if len(track) < 2:
            what = f"the track{' ' + shown(raw.name) if raw.name else ''} has a single moment"
            raise self._fail("file", f"{self.spec.file.name}: {what}", "expected at least two points")
        return track

    def _check(self, raw: Sequence[RawTrack]) -> None:
        for track in raw:
            self._check_points(track.points)

    def _check_points(self, points: Sequence[RawPoint]) -> None:
        dated = any(point.time for point in points)
        before: datetime | None = None
        for point in points:
            if abs(point.latitude) > MAX_LATITUDE:
                self._complain(point, "latitude", f"{point.latitude:g} lies outside -85..85")
            if abs(point.longitude) > 180.0:
                self._complain(point, "longitude", f"{point.longitude:g} lies outside -180..180")
            if not dated:
                continue
            if point.time is None:
                self._complain(
                    point, "time", "is missing, or can't be read", "the other points of the track have times"
                )
                continue
            if before is not None and point.time < before:
                late = point.time.isoformat()
                self._complain(point, "time", f"{late} is earlier than that of the point before")
            before = point.time

    def _complain(self, point: RawPoint, key: str, what: str, expected: str = "") -> None:
        self.complaints.add(Problem(str(self.spec.file), point.number, 0, key, what, expected))

    def _paced(self, latitude: FloatArray, longitude: FloatArray) -> IntArray:
        assert self.spec.pace is not None  # noqa: S101 - looked at where tracks without times are let in
        metres = distance(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])
        seconds = np.append(0.0, np.cumsum(metres)) / self.spec.pace
        return np.rint(seconds * 1000.0).astype(np.int64)


def _begin(track: RawTrack) -> datetime:
    times = [point.time for point in track.points if point.time is not None]
    return min(times, default=_EPOCH)


def _segment_starts(raw: RawTrack) -> BoolArray:
    starts = [number == 0 for segment in raw.segments for number in range(len(segment))]
    starts[0] = False
    return np.array(starts, dtype=np.bool_)


def _milliseconds(points: Sequence[RawPoint]) -> IntArray:
    millisecond = timedelta(milliseconds=1)
    return np.array([(point.time - _EPOCH) // millisecond for point in points if point.time], dtype=np.int64)
