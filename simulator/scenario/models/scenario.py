"""The scenario as a whole."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.core.simtime import Calendar
from simulator.scenario.models.app import App
from simulator.scenario.models.base import Model
from simulator.scenario.models.delivery import SOURCES, Destination
from simulator.scenario.models.expectations import Expectation
from simulator.scenario.models.journeys import Journeys
from simulator.scenario.models.load import Load
from simulator.scenario.models.network import Network
from simulator.scenario.models.people import Group
from simulator.scenario.models.personas import Persona
from simulator.scenario.models.places import Library
from simulator.scenario.models.products import DEFAULT_PRODUCTS, Product
from simulator.scenario.models.roads import Roads
from simulator.scenario.models.sources import Sources
from simulator.scenario.quantities import Duration, LocalDateTime, Number, TimeZone

STEP_EVENTS_FIELD = ("journeys", "step_events")
# The class of journey step events (journeys.md 5.1), as the id of their schema.
STEP_EVENT_SCHEMA = "https://ns.adobe.com/experience/journeyOrchestration/stepEvents/journeyStepEvent"


class Clock(Model):
    """When the run happens and how fast its time passes."""

    start: LocalDateTime = Field(description="Local date and time at which the run starts.")
    timezone: TimeZone = Field(
        description="Time zone of `start` and of all schedules, by its tz database name."
    )
    duration: Duration = Field(gt=0, description="How much simulated time the run covers.")
    speed: Literal["max", "live"] | Number = Field(
        default="max",
        description="`max` for as fast as possible, or a factor of real time: 1 is real time, 60 makes a "
        "minute pass in a second. `live` sends each event at its own date and time: what is past at full "
        "speed, what is to come when it comes.",
    )

    @property
    def calendar(self) -> Calendar:
        """The calendar of the run."""
        return Calendar(self.start.replace(tzinfo=self.timezone), self.timezone)

    @model_validator(mode="after")
    def _speed_is_positive(self) -> Self:
        if not isinstance(self.speed, str) and self.speed <= 0:
            raise ValueError("speed: must be `max`, `live` or greater than 0")
        return self


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
    roads: Roads | None = Field(
        default=None, description="Streets that trips follow; without it they are straight."
    )
    people: dict[str, Group] = Field(min_length=1, description="Groups of people by name.")
    personas: dict[str, Persona] = Field(
        default_factory=dict,
        description="Personas of your own by name; one of the name of a built-in persona takes its place.",
    )
    products: tuple[Product, ...] = Field(
        default=(),
        description="The catalogue: what can be looked at and bought, from the most popular to the least. People "
        "with `shopping` have a small one of their own if there is none.",
    )
    currency: str = Field(
        default="USD", pattern=r"^[A-Z]{3}$", description="Currency of all prices, by its ISO 4217 code."
    )
    app: App = Field(description="The app on the phones.")
    sources: Sources = Field(
        default=Sources(), description="Other systems that send events (docs/sources.md)."
    )
    network: Network = Field(
        default=Network(),
        description="The way between the phones and the endpoint; by default a perfect one.",
    )
    destination: Destination = Field(default=Destination(), description="Where events go, and how.")
    load: Load | None = Field(
        default=None,
        description="Send at a rate of its own instead of the clock's speed; see [load.md](load.md).",
    )
    destinations: dict[str, Destination] = Field(
        default_factory=dict,
        description="Several destinations by name, instead of one. What an entry doesn't say is taken from "
        "`destination`, but for `to`.",
    )
    allow_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts besides this machine that events may be sent to, such as `dcs.adobedc.net` or "
        "`*.example.com`.",
    )
    journeys: Journeys | None = Field(
        default=None, description="Journeys that the events start, and what they refer to (docs/journeys.md)."
    )
    expect: tuple[Expectation, ...] = Field(
        default=(), description="What must hold at the end; a failed expectation makes the exit code 1."
    )

    @property
    def catalogue(self) -> tuple[Product, ...]:
        """What can be looked at and bought."""
        return self.products or DEFAULT_PRODUCTS

    def all_destinations(self) -> dict[str, Destination]:
        """Where events go, by name, each with everything that it takes from `destination`.

        A single destination has the empty name.
        """
        if not self.destinations:
            return {"": self.destination}
        return {
            name: self.destination.model_copy(
                update={key: getattr(entry, key) for key in entry.model_fields_set}
            )
            for name, entry in self.destinations.items()
        }

    def step_event_destination(self) -> Destination | None:
        """Where journey step events are sent, with everything that it takes from `destination`; None for nowhere."""
        given = None if self.journeys is None else self.journeys.step_events
        if given is None:
            return None
        own = {key: getattr(given, key) for key in given.model_fields_set}
        return self.destination.model_copy(update={"schema_id": STEP_EVENT_SCHEMA, "sources": SOURCES, **own})

    def ways_out(self) -> dict[tuple[str, ...], Destination]:
        """Everything that the run sends to, by its field in the scenario."""
        ways: dict[tuple[str, ...], Destination] = {
            ("destinations", name) if name else ("destination",): spec
            for name, spec in self.all_destinations().items()
        }
        step_events = self.step_event_destination()
        return ways if step_events is None else {**ways, STEP_EVENTS_FIELD: step_events}
