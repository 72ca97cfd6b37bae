"""Recorded tracks from CSV files: one row per point, of one person or of many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.core.errors import InputError
from simulator.scenario.models import TraceColumns
from simulator.scenario.units import shown
from simulator.world.importers.complaints import Complaints, FieldPath, RowOrigin, ScenarioOrigin
from simulator.world.importers.numbers import read_number
from simulator.world.importers.raw_tracks import RawPoint, RawTrack
from simulator.world.importers.table import Row, Table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_EXPECTED = "expected a date and time such as 2026-03-02T11:00:05Z, or seconds since 1970"


def csv_tracks(
    table: Table,
    columns: TraceColumns,
    zone: ZoneInfo,
    scenario: ScenarioOrigin,
    path: FieldPath,
    complaints: Complaints,
) -> list[RawTrack]:
    """The tracks of a CSV file, one per person in the order of their first rows.

    ``columns`` stand at ``path`` in the scenario; times without an offset are local to ``zone``. Raises
    InputError if a column that is named there doesn't exist; rows with mistakes go to ``complaints``.
    """
    named = {
        key: column
        for key in ("time", "latitude", "longitude", "person")
        if (column := getattr(columns, key)) is not None
    }
    missing = [
        scenario.at((*path, key), f"{table.file} has no column {shown(column)}", table.missing(column))
        for key, column in named.items()
        if column not in table.columns
    ]
    if missing:
        raise InputError(missing)
    reader = _Reader(table, named, zone, complaints)
    tracks: dict[str, list[RawPoint]] = {}
    for row in table.rows(complaints):
        point = reader.point(row)
        if point is not None:
            person = row.cells[named["person"]].strip() if "person" in named else ""
            tracks.setdefault(person, []).append(point)
    return [RawTrack(name, [points]) for name, points in tracks.items()]


class _Reader:
    """Reads rows as points."""

    def __init__(self, table: Table, named: dict[str, str], zone: ZoneInfo, complaints: Complaints) -> None:
        self._named = named
        self._zone = zone
        self._decimal_comma = table.decimal_comma
        self._origin = RowOrigin(table.file, named)
        self._complaints = complaints

    def point(self, row: Row) -> RawPoint | None:
        latitude = self._degrees(row, "latitude")
        longitude = self._degrees(row, "longitude")
        text = row.cells[self._named["time"]].strip()
        time = self._time(text)
        if text and time is None:
            what = f"{shown(text)} is not a date and time"
            self._complaints.add(self._origin.problem(row.number, "time", what, _TIME_EXPECTED))
            return None
        if latitude is None or longitude is None:
            return None
        return RawPoint(row.number, latitude, longitude, time)

    def _degrees(self, row: Row, key: str) -> float | None:
        text = row.cells[self._named[key]].strip()
        number = read_number(text, decimal_comma=self._decimal_comma)
        if number is None:
            what = f"{shown(text)} is not a number" if text else "is missing"
            expected = "expected degrees such as 52.5"
            self._complaints.add(self._origin.problem(row.number, key, what, expected))
        return number

    def _time(self, text: str) -> datetime | None:
        seconds = read_number(text, decimal_comma=self._decimal_comma)
        try:
            if seconds is not None:
                return _EPOCH + timedelta(seconds=seconds)
            time = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            return None
        return time if time.tzinfo else time.replace(tzinfo=self._zone)
