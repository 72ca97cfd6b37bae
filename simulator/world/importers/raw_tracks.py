"""Tracks as files have them, before anything is known about their times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class RawPoint(NamedTuple):
    """One point: degrees, and an aware time if it has one. ``number`` is its line or row in the file."""

    number: int
    latitude: float
    longitude: float
    time: datetime | None


@dataclass(frozen=True, slots=True)
class RawTrack:
    """The points of one track; between two segments nothing was recorded."""

    name: str
    segments: list[list[RawPoint]]

    @property
    def points(self) -> list[RawPoint]:
        """All points, in the order of the file."""
        return [point for segment in self.segments for point in segment]
