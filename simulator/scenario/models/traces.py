"""Recorded tracks that people follow."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.core.distributions import Constant
from simulator.scenario.models.base import MINUTE, Model
from simulator.scenario.quantities import (
    Duration,
    FilePath,
    LocalDateTime,
    Number,
    RandomDuration,
    Speed,
)


class TraceColumns(Model):
    """Which columns of a CSV file with tracks hold what."""

    time: str = Field(
        default="time",
        description="Column with date and time, such as `2026-03-02T11:00:05Z`; without an offset it is "
        "local time of the scenario. A plain number counts seconds since 1970.",
    )
    latitude: str = Field(default="latitude", description="Column with the latitude in degrees.")
    longitude: str = Field(default="longitude", description="Column with the longitude in degrees.")
    person: str | None = Field(
        default=None,
        description="Column that tells whose points they are. The group's people then follow one track each, "
        "in the order of the file, and begin again with the first when there are more of them.",
    )


class Trace(Model):
    """A recorded track that the people of a group follow, instead of living by a schedule (docs/traces.md)."""

    file: FilePath = Field(description="GPX or CSV file with the track; relative to the scenario file.")
    format: Literal["gpx", "csv"] | None = Field(
        default=None, description="What the file is; by default told by its ending."
    )
    columns: TraceColumns | None = Field(default=None, description="Column names of a CSV file.")
    track: str | None = Field(
        default=None,
        min_length=1,
        description="Follow only the track of this name (in a CSV file, the one of this person). By default "
        "all tracks of a GPX file that have times, one after the other.",
    )
    start: Literal["run", "recorded"] | LocalDateTime = Field(
        default="run",
        description="When the first point is passed: as the `run` starts, when it was `recorded`, or at a "
        "local date and time.",
    )
    delay: RandomDuration = Field(
        default=Constant(0.0), description="Each person follows this much later, drawn once per person."
    )
    speed: Number = Field(
        default=1.0, gt=0, description="How much faster than recorded: 2 takes half the time."
    )
    pace: Speed | None = Field(
        default=None, description="Speed over ground for a track whose points have no times."
    )
    gap: Duration = Field(
        default=5 * MINUTE,
        gt=0,
        description="Two points recorded further apart than this, or in different segments, have a gap "
        "between them [a].",
    )
    gaps: Literal["travel", "jump"] = Field(
        default="travel",
        description="What happens in a gap: the straight way at an even speed, or nothing until the person is "
        "at its end all at once, without passing anything in between.",
    )

    @model_validator(mode="after")
    def _columns_are_for_csv(self) -> Self:
        if self.columns is not None and self.format == "gpx":
            raise ValueError("columns: only for `format: csv`; remove it or change the format")
        return self
