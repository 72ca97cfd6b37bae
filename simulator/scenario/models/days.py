"""What days are made of, and how people get about."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from simulator.core.distributions import Choice, LogNormal, Normal, Uniform
from simulator.scenario.models.base import HOUR, KILOMETRE, MINUTE, Model, Weekday
from simulator.scenario.quantities import (
    Length,
    Number,
    RandomDuration,
    RandomNumber,
    RandomSpeed,
    RandomTime,
    Share,
)


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
    chain: Share = Field(
        default=0.0,
        description="Share of errands on a day off after which the next one follows at once, without going "
        "home in between.",
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


class Mobility(Model):
    """How people choose among the places in reach: exploration and preferential return (density EPR).

    A person who knows S places (home and work among them) goes somewhere new with probability `explore` times
    S to the power of -`fading`; a new place draws by its attractiveness over the distance to the power of
    `gravity`. Otherwise the person returns to a known place, the more likely the more often it was visited.
    What people know begins with the run.
    """

    explore: Share = Field(
        default=0.6, description="Readiness to go somewhere new, rho (Song et al. 2010 [v])."
    )
    fading: Number = Field(
        default=0.21,
        ge=0,
        le=5,
        description="How the readiness fades with the number of known places, gamma (Song et al. 2010 [v]).",
    )
    gravity: Number = Field(
        default=2.0,
        ge=0,
        le=6,
        description="Exponent of the distance in the choice of a new place (Pappalardo et al. 2015 [m]).",
    )
    softening: Length = Field(
        default=500.0,
        gt=0,
        description="Added to distances: nearer than this, distance hardly matters [a].",
    )


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
    long_distance: Mode | None = Field(
        default=None, description="Fast train and motorway, for trips between towns."
    )

    def modes(self) -> list[tuple[str, Mode]]:
        """The modes that can be chosen, with their names."""
        return [(name, mode) for name, mode in self if isinstance(mode, Mode) and mode.weight > 0]

    @model_validator(mode="after")
    def _any_distance_has_a_mode(self) -> Self:
        if not any(mode.up_to is None for _, mode in self.modes()):
            raise ValueError(
                "at least one mode must have no `up_to`, so that every distance can be travelled"
            )
        return self
