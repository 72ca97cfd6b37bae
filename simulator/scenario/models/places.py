"""Libraries of places."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.core.distributions import Constant
from simulator.scenario.models.base import Model, Weekday
from simulator.scenario.quantities import FilePath, Position, RandomLength, RandomNumber, TimeOfDay


class OpeningHours(Model):
    """When a place is open on some days of the week. After midnight it is the next day."""

    days: tuple[Weekday, ...] | None = Field(
        default=None, min_length=1, description="Days of the week; by default every day."
    )
    opens: TimeOfDay = Field(description="When it opens.")
    closes: TimeOfDay = Field(description="When it closes, `24:00` at the latest.")

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError(
                "opens: must be before `closes`; write hours after midnight as those of the next day"
            )
        return self


class Place(Model):
    """One place (point of interest) written in the scenario itself."""

    name: str = Field(min_length=1, max_length=512, description="Name of the place, as events carry it.")
    at: Position = Field(description="Centre of the geofence: `[latitude, longitude]` in degrees.")
    radius: RandomLength | None = Field(
        default=None, description="Radius of the geofence; by default the library's."
    )
    id: str | None = Field(
        default=None,
        min_length=1,
        description="Id of the place; by default derived from library, name and position.",
    )
    description: str = Field(default="", max_length=512, description="Free text.")
    category: str = Field(
        default="", max_length=100, description="Category chosen by the owner, such as `retail`."
    )
    country: str = Field(default="", max_length=32, description="Country.")
    state: str = Field(default="", max_length=32, description="State or region.")
    city: str = Field(default="", max_length=32, description="City.")
    street: str = Field(default="", max_length=256, description="Street and number.")
    icon: str = Field(default="", max_length=50, description="Icon name of the places database.")
    color: str = Field(
        default="", max_length=8, description="Colour of the places database, such as `#3E76D0`."
    )
    metadata: dict[str, str] = Field(
        default_factory=dict, max_length=10, description="The owner's own keys and values; events carry them."
    )
    attractiveness: RandomNumber = Field(
        default=Constant(1.0), description="How much people like to go there, relative to other places."
    )
    opening: tuple[OpeningHours, ...] | None = Field(
        default=None, description="When it is open; by default as the library says."
    )
    dead_zone: bool | None = Field(
        default=None, description="Phones have no signal inside; by default as the library says."
    )


class PlaceColumns(Model):
    """Which columns of a CSV file hold what."""

    latitude: str = Field(default="latitude", description="Column with the latitude in degrees.")
    longitude: str = Field(default="longitude", description="Column with the longitude in degrees.")
    name: str = Field(
        default="name",
        description="Column with the name, or a pattern of columns in braces: `Store {number} {city}`.",
    )
    id: str | None = Field(default=None, description="Column with a unique id; without it ids are derived.")
    radius: str | None = Field(default=None, description="Column with the radius in metres.")
    description: str | None = Field(default=None, description="Column with a description.")
    category: str | None = Field(default=None, description="Column with the category.")
    country: str | None = Field(default=None, description="Column with the country.")
    state: str | None = Field(default=None, description="Column with the state or region.")
    city: str | None = Field(default=None, description="Column with the city.")
    street: str | None = Field(default=None, description="Column with street and number.")
    attractiveness: str | None = Field(default=None, description="Column with the relative attractiveness.")
    metadata: tuple[str, ...] = Field(default=(), description="Columns that become metadata of the place.")


class Library(Model):
    """A library of places. The order of libraries in the scenario is their rank: the first one wins."""

    library: str = Field(min_length=1, max_length=256, description="Name of the library.")
    id: str | None = Field(default=None, description="Id of the library; by default derived from its name.")
    file: FilePath | None = Field(
        default=None, description="File with the places; relative to the scenario file."
    )
    format: Literal["importer_csv", "management_json", "geojson", "csv", "osm"] | None = Field(
        default=None,
        description="What the file is: the CSV of the platform's own importer, the JSON list of the "
        "management API, GeoJSON points, any CSV read by `columns`, or an OpenStreetMap extract. By default "
        "told by the ending and by `columns`.",
    )
    columns: PlaceColumns | None = Field(default=None, description="Column names of a CSV of your own.")
    tags: tuple[str, ...] = Field(
        default=(),
        description="Which things of an OpenStreetMap extract are places, such as `amenity=cafe`, or `shop` for shops "
        "of all kinds (docs/roads.md).",
    )
    inline: tuple[Place, ...] = Field(default=(), description="Places written here instead of in a file.")
    radius: RandomLength = Field(
        default=Constant(100.0), description="Radius of places for which the source gives none."
    )
    opening: tuple[OpeningHours, ...] = Field(
        default=(),
        description="When its places are open; by default always. People go only where it is open, and leave when it "
        "closes.",
    )
    dead_zone: bool = Field(default=False, description="Phones have no signal inside these places.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (not self.inline):
            raise ValueError("a library needs either `file` or `inline` places; give exactly one of them")
        if self.columns is not None and self.format not in (None, "csv"):
            raise ValueError("columns: only for `format: csv`; remove it or change the format")
        if self.tags and self.format not in (None, "osm"):
            raise ValueError("tags: only for `format: osm`; remove them or change the format")
        return self
