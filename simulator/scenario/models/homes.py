"""Where people live and work."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.core.distributions import LogNormal, Uniform
from simulator.scenario.models.base import HOUR, KILOMETRE, WORKING_DAYS, Model, Weekday
from simulator.scenario.quantities import (
    FilePath,
    Length,
    Position,
    RandomDuration,
    RandomLength,
    RandomTime,
    Share,
)

METRES_PER_DEGREE = 111_000.0  # of latitude, roughly
FURTHEST_LATITUDE = 88.0  # areas end there; places lie within 85 degrees


class Around(Model):
    """An area around a point."""

    at: Position = Field(description="Centre: `[latitude, longitude]` in degrees.")
    radius: Length = Field(gt=0, description="Points are spread evenly over the disc of this radius.")

    @model_validator(mode="after")
    def _stays_away_from_the_poles(self) -> Self:
        if abs(self.at.latitude) + self.radius / METRES_PER_DEGREE > FURTHEST_LATITUDE:
            raise ValueError("radius: the area reaches too near a pole; give a smaller one")
        return self


class NearPlaces(Model):
    """An area around the places of a library."""

    library: str | None = Field(default=None, description="Name of the library; by default all of them.")
    within: Length = Field(
        gt=0, description="Points are spread evenly over the disc of this radius around a place."
    )


class TownColumns(Model):
    """Which columns of a towns file hold what."""

    name: str = Field(default="name", description="Column with the name of the town.")
    population: str = Field(default="population", description="Column with the number of inhabitants.")
    latitude: str = Field(default="latitude", description="Column with the latitude in degrees.")
    longitude: str = Field(default="longitude", description="Column with the longitude in degrees.")


class Towns(Model):
    """Towns with their population, from a CSV file; towns are chosen by population."""

    file: FilePath = Field(description="CSV file with one town per row; relative to the scenario file.")
    columns: TownColumns = Field(default=TownColumns(), description="Column names of the file.")
    spread: RandomLength = Field(
        default=LogNormal(3 * KILOMETRE, 0.8, 0.0, 40 * KILOMETRE),
        description="Distance of homes from the centre of the town [a].",
    )
    near_places: Length | None = Field(
        default=None, gt=0, description="Keep only homes that are at most this far from some place."
    )


class Home(Model):
    """Where the people of a group live: exactly one of the three."""

    around: Around | None = Field(default=None, description="In a disc around a point.")
    near_places: NearPlaces | None = Field(default=None, description="In a disc around places of a library.")
    towns: Towns | None = Field(default=None, description="In towns, chosen by population.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(x is not None for x in (self.around, self.near_places, self.towns)) != 1:
            raise ValueError("give exactly one of `around`, `near_places`, `towns`")
        return self


class WorkHabits(Model):
    """When people work, or learn, and where: at most one of `around`, `near_places` and `distance`."""

    share: Share = Field(default=1.0, description="Share of the group that works outside the home.")
    around: Around | None = Field(default=None, description="Work places lie in a disc around a point.")
    near_places: NearPlaces | None = Field(
        default=None, description="Work places lie around places of a library."
    )
    distance: RandomLength | None = Field(
        default=None, description="Work places lie at this distance from home, in any direction."
    )
    days: tuple[Weekday, ...] = Field(
        default=WORKING_DAYS, description="Days of the week on which people work."
    )
    attendance: Share = Field(
        default=1.0, description="Share of those days on which a person really goes: the rest is at home."
    )
    leave_home: RandomTime = Field(
        default=Uniform(8 * HOUR, 10 * HOUR),
        description="When they leave home; default 08:00 + U(0..120 min) (BerlinMOD commute template [v]).",
    )
    leave_work: RandomTime = Field(
        default=Uniform(16 * HOUR, 18 * HOUR),
        description="When they leave work; default 16:00 + U(0..120 min) (BerlinMOD commute template [v]).",
    )
    stay: RandomDuration | None = Field(
        default=None, description="How long they stay at work; takes the place of `leave_work`."
    )
    drawn: Literal["daily", "weekly"] = Field(
        default="daily",
        description="How often the time at which they leave home is drawn: `weekly` makes shifts that last from "
        "Monday to Sunday.",
    )

    @model_validator(mode="after")
    def _one_place_of_work(self) -> Self:
        if sum(x is not None for x in (self.around, self.near_places, self.distance)) > 1:
            raise ValueError("give at most one of `around`, `near_places`, `distance`")
        return self


class Work(WorkHabits):
    """Where and when the people of a group work: exactly one of `around`, `near_places` and `distance`."""

    @model_validator(mode="after")
    def _one_place_of_work(self) -> Self:
        if sum(x is not None for x in (self.around, self.near_places, self.distance)) != 1:
            raise ValueError("give exactly one of `around`, `near_places`, `distance`")
        return self
