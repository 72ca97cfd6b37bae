"""The scenario file, version 1, as typed models.

Every field has a description: docs/scenario.md and the JSON Schema are made from them, and a test fails
when one is missing. Quantities are plain floats in SI units once loaded (metres, seconds, metres per
second, per second); a field whose type begins with ``Random`` holds a distribution instead, and a plain
quantity in the file is then a constant one.

Defaults carry their source: [v], [m] and [a] are the marks of realism.md (read in the source, quoted from
the literature, assumption).
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.core.distributions import Choice, Constant, LogNormal, Normal, Uniform
from simulator.scenario.quantities import (
    Count,
    Duration,
    FilePath,
    Length,
    LocalDateTime,
    Number,
    Position,
    RandomCount,
    RandomDuration,
    RandomLength,
    RandomNumber,
    RandomSpeed,
    RandomTime,
    Share,
    TimeZone,
    Weights,
)

MINUTE = 60.0
HOUR = 3600.0
KILOMETRE = 1000.0

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WORKING_DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


class Model(BaseModel):
    """Base of all models: unknown keys are mistakes, loaded scenarios don't change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False)


# --- clock ------------------------------------------------------------------------------------------------


class Clock(Model):
    """When the run happens and how fast its time passes."""

    start: LocalDateTime = Field(description="Local date and time at which the run starts.")
    timezone: TimeZone = Field(
        description="Time zone of `start` and of all schedules, by its tz database name."
    )
    duration: Duration = Field(gt=0, description="How much simulated time the run covers.")
    speed: Literal["max"] | Number = Field(
        default="max",
        description="`max` for as fast as possible, or a factor of real time: 1 is real time, 60 makes a "
        "minute pass in a second.",
    )

    @model_validator(mode="after")
    def _speed_is_positive(self) -> Self:
        if self.speed != "max" and self.speed <= 0:
            raise ValueError("speed: must be `max` or greater than 0")
        return self


# --- places -----------------------------------------------------------------------------------------------


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
    format: Literal["importer_csv", "management_json", "geojson", "csv"] | None = Field(
        default=None,
        description="What the file is: the CSV of the platform's own importer, the JSON list of the "
        "management API, GeoJSON points, or any CSV read by `columns`. By default told by the ending and "
        "by `columns`.",
    )
    columns: PlaceColumns | None = Field(default=None, description="Column names of a CSV of your own.")
    inline: tuple[Place, ...] = Field(default=(), description="Places written here instead of in a file.")
    radius: RandomLength = Field(
        default=Constant(100.0), description="Radius of places for which the source gives none."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (not self.inline):
            raise ValueError("a library needs either `file` or `inline` places; give exactly one of them")
        if self.columns is not None and self.format not in (None, "csv"):
            raise ValueError("columns: only for `format: csv`; remove it or change the format")
        return self


# --- people -----------------------------------------------------------------------------------------------


class Around(Model):
    """An area around a point."""

    at: Position = Field(description="Centre: `[latitude, longitude]` in degrees.")
    radius: Length = Field(gt=0, description="Points are spread evenly over the disc of this radius.")


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


class Work(Model):
    """Where and when the people of a group work."""

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
    leave_home: RandomTime = Field(
        default=Uniform(8 * HOUR, 10 * HOUR),
        description="When they leave home; default 08:00 + U(0..120 min) (BerlinMOD commute template [v]).",
    )
    leave_work: RandomTime = Field(
        default=Uniform(16 * HOUR, 18 * HOUR),
        description="When they leave work; default 16:00 + U(0..120 min) (BerlinMOD commute template [v]).",
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(x is not None for x in (self.around, self.near_places, self.distance)) != 1:
            raise ValueError("give exactly one of `around`, `near_places`, `distance`")
        return self


class Outing(Model):
    """A trip to a place, chosen by distance and attractiveness, and back."""

    share: Share = Field(default=1.0, description="Share of people and days on which it happens.")
    at: RandomTime = Field(description="When the person sets out.")
    stay: RandomDuration = Field(description="How long the person stays there.")
    within: Length = Field(gt=0, description="Places further away than this are not considered.")
    library: str | None = Field(
        default=None, description="Go only to places of this library; by default all."
    )
    days: tuple[Weekday, ...] | None = Field(
        default=None, description="Days of the week; by default every day."
    )


class Lunch(Outing):
    """A trip from work at noon."""

    at: RandomTime = Field(
        default=Normal(12.5 * HOUR, 0.5 * HOUR, 11 * HOUR, 14.5 * HOUR),
        description="When the person sets out [a].",
    )
    stay: RandomDuration = Field(
        default=LogNormal(25 * MINUTE, 0.4, 5 * MINUTE, 2 * HOUR),
        description="How long the person stays [a].",
    )
    within: Length = Field(
        default=1 * KILOMETRE, gt=0, description="Furthest place considered, from work [a]."
    )


class Errands(Outing):
    """Trips from home during the day; several a day are possible."""

    per_day: RandomNumber = Field(
        default=Choice((0.0, 1.0, 2.0), (5.0, 4.0, 1.0)),
        description="Number of errands on a day off, rounded to a whole number [a].",
    )
    per_working_day: RandomNumber = Field(
        default=Choice((0.0, 1.0), (3.0, 1.0)),
        description="Number of errands on a working day, done on the way home, rounded [a].",
    )
    at: RandomTime = Field(
        default=Uniform(9 * HOUR, 18 * HOUR), description="When the person sets out on a day off [a]."
    )
    stay: RandomDuration = Field(
        default=LogNormal(22 * MINUTE, 0.7, 2 * MINUTE, 3 * HOUR),
        description="How long the person stays; mean about 28 min, as measured in large stores [v].",
    )
    within: Length = Field(
        default=8 * KILOMETRE, gt=0, description="Furthest place considered, from home [a]."
    )


class Evening(Outing):
    """Leisure in the evening, from home."""

    share: Share = Field(default=0.25, description="Share of people and evenings on which it happens [a].")
    at: RandomTime = Field(
        default=Uniform(20 * HOUR, 21.5 * HOUR),
        description="When the person sets out; default 20:00 + U(0..90 min) (BerlinMOD [v]).",
    )
    stay: RandomDuration = Field(
        default=LogNormal(75 * MINUTE, 0.4, 15 * MINUTE, 4 * HOUR),
        description="How long the person stays [a].",
    )
    within: Length = Field(
        default=8 * KILOMETRE, gt=0, description="Furthest place considered, from home [a]."
    )


class Schedule(Model):
    """What a day is made of, besides work."""

    lunch: Lunch | None = Field(
        default=None, description="Lunch outside, on working days, starting from work."
    )
    errands: Errands | None = Field(default=Errands(), description="Errands to places.")
    evening: Evening | None = Field(default=Evening(), description="Leisure in the evening.")


class Mode(Model):
    """A way of getting about."""

    speed: RandomSpeed = Field(description="Speed over ground, drawn per trip.")
    up_to: Length | None = Field(default=None, gt=0, description="Longest trip for which it is used.")
    beyond: Length = Field(default=0.0, ge=0, description="Shortest trip for which it is used.")
    weight: Number = Field(
        default=1.0, ge=0, description="Weight in the choice among the modes that suit the distance."
    )
    detour: Number = Field(
        default=1.3,
        ge=1,
        description="Length of the way over the straight line; makes trips longer in time [a].",
    )


class Travel(Model):
    """How people get about: the mode is chosen per trip by its distance. All defaults are assumptions [a]."""

    walk: Mode | None = Field(
        default=Mode(speed=Normal(1.35, 0.2, 0.7, 2.2), up_to=1800.0, weight=6.0), description="Walking."
    )
    cycle: Mode | None = Field(
        default=Mode(speed=Normal(4.5, 0.8, 2.5, 8.0), beyond=500.0, up_to=8 * KILOMETRE, weight=1.0),
        description="Cycling.",
    )
    transit: Mode | None = Field(
        default=Mode(speed=Normal(6.5, 1.5, 3.0, 14.0), beyond=1000.0, weight=1.5, detour=1.4),
        description="Bus, tram and train.",
    )
    car: Mode | None = Field(
        default=Mode(speed=Normal(9.5, 2.5, 4.0, 22.0), beyond=800.0, weight=4.0), description="Driving."
    )

    @model_validator(mode="after")
    def _any_distance_has_a_mode(self) -> Self:
        modes = [m for m in (self.walk, self.cycle, self.transit, self.car) if m is not None and m.weight > 0]
        if not any(m.up_to is None for m in modes):
            raise ValueError(
                "at least one mode must have no `up_to`, so that every distance can be travelled"
            )
        return self


class PhoneMix(Model):
    """The phones of a group, as weighted choices."""

    os: Weights = Field(
        default={"ios": 53.7, "android": 46.0},
        description="Operating systems: `ios`, `android` (North America, June 2021, StatCounter [v, dated]).",
    )
    models: Weights | None = Field(
        default=None,
        description="Models by the names of the built-in catalogue; by default all of the system's.",
    )
    language: Weights = Field(default={"en-US": 1.0}, description="Languages as BCP 47 tags.")
    carrier: Weights = Field(
        default={"Example Mobile": 2.0, "Sample Wireless": 1.0},
        description="Mobile network operators (sent by Android; iOS 16 and later hide it).",
    )


class Group(Model):
    """People who are alike."""

    size: RandomCount = Field(description="Number of people; drawn once a run if it is a distribution.")
    home: Home = Field(description="Where they live.")
    work: Work | None = Field(default=None, description="Where and when they work; without it nobody works.")
    schedule: Schedule = Field(default=Schedule(), description="What their days are made of.")
    travel: Travel = Field(default=Travel(), description="How they get about.")
    phone: PhoneMix = Field(default=PhoneMix(), description="Which phones they have.")
    locale: Weights = Field(
        default={"en_US": 1.0}, description="Locales of names and addresses, as Faker spells them."
    )


# --- app --------------------------------------------------------------------------------------------------


class Sessions(Model):
    """When people use the app."""

    per_day: RandomNumber = Field(
        default=LogNormal(3.0, 0.7, 0.0, 12.0), description="Sessions a day, drawn once per person [a]."
    )
    length: RandomDuration = Field(
        default=LogNormal(40.0, 0.9, 1.0, 1 * HOUR),
        description="Length of a session; mean below 1 min (Boehmer et al. 2011 [v]).",
    )
    gap: Duration = Field(
        default=30 * MINUTE,
        ge=1,
        description="Shortest time between two sessions; an exponential time comes on top (eventsim [v]).",
    )
    night: Share = Field(
        default=0.1,
        description="Activity between 23:00 and 06:00 as a share of the day's (night damping [a]).",
    )
    weekend: Share = Field(
        default=0.8,
        description="Activity on Saturday and Sunday as a share of a working day's (weekend damping [a]).",
    )


class App(Model):
    """The app on the phones, with the Mobile SDK in it."""

    id: str = Field(min_length=1, description="Bundle or package id, such as `com.example.shop`.")
    name: str = Field(min_length=1, description="Name of the app.")
    version: Weights = Field(
        default={"1.0.0 (1)": 1.0},
        description="Version as `version (build)`, or weighted versions in the field.",
    )
    sessions: Sessions = Field(default=Sessions(), description="When people use it.")
    location_events: Literal["sdk", "rich"] = Field(
        default="sdk",
        description="`sdk`: entry and exit events as the Mobile SDK sends them. `rich`: with coordinates, "
        "local time, distance, fence and device, as an app may add them.",
    )


# --- destination ------------------------------------------------------------------------------------------


class Destination(Model):
    """Where events go, and how."""

    to: str = Field(
        default="receiver",
        min_length=1,
        description="`receiver` (embedded, in this process), `http(s)://HOST/collection/INLET`, "
        "`file:PATH.ndjson[.gz|.zst]`, or `-` for standard output.",
    )
    batch_size: Count = Field(
        default=1,
        ge=1,
        le=10_000,
        description="Events per request; from 2 on the batch form of the inlet is used.",
    )
    connections: Count = Field(default=16, ge=1, le=1024, description="Requests in flight at the same time.")
    timeout: Duration = Field(default=10.0, gt=0, description="Longest time to wait for an answer.")
    give_up_after: Duration = Field(
        default=30.0,
        ge=0,
        description="How long an event is tried again after answers that allow it, or while nobody answers.",
    )
    sync_validation: bool = Field(
        default=False,
        description="Ask a single-message inlet to validate before it answers (`syncValidation=true`).",
    )
    organization: str = Field(
        default="0123456789ABCDEF01234567@AdobeOrg", description="`imsOrgId` in the header of each message."
    )
    schema_id: str = Field(
        default="https://ns.adobe.com/journeysim/schemas/mobile-events", description="Id of the XDM schema."
    )
    dataset_id: str = Field(default="6650f2a1c3d4e5f601234567", description="Dataset that the messages name.")
    flow_id: str | None = Field(default=None, description="Dataflow, where the connection has several.")
    source_name: str = Field(default="journeysim", description="`header.source.name` of each message.")


# --- expectations -----------------------------------------------------------------------------------------


class Expectation(Model):
    """A number of the run's summary and what it must be."""

    metric: str = Field(
        description="Dotted path into summary.json, such as `rejected` or `events.location.entry`.",
        min_length=1,
    )
    equals: Number | None = Field(default=None, description="The value must be this.")
    at_least: Number | None = Field(default=None, description="The value must not be lower.")
    at_most: Number | None = Field(default=None, description="The value must not be higher.")

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.equals is None and self.at_least is None and self.at_most is None:
            raise ValueError("give at least one of `equals`, `at_least`, `at_most`")
        return self


# --- the file ---------------------------------------------------------------------------------------------


class Scenario(Model):
    """A scenario: who moves where, what their phones do, what is sent, and what must come of it."""

    version: Literal[1] = Field(description="Version of the file format.")
    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        max_length=80,
        description="Short name in lower case; names the run folder.",
    )
    description: str = Field(min_length=1, description="One sentence that says what the scenario shows.")
    seed: int = Field(
        ge=0,
        lt=2**63,
        strict=True,
        default=1,
        description="Root of all randomness: the same seed gives the same bytes.",
    )
    clock: Clock = Field(description="When the run happens and how fast its time passes.")
    places: tuple[Library, ...] = Field(
        min_length=1, description="Libraries of places, in the order of their rank."
    )
    people: dict[str, Group] = Field(min_length=1, description="Groups of people by name.")
    app: App = Field(description="The app on the phones.")
    destination: Destination = Field(default=Destination(), description="Where events go, and how.")
    expect: tuple[Expectation, ...] = Field(
        default=(), description="What must hold at the end; a failed expectation makes the exit code 1."
    )
