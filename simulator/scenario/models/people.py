"""Groups of people."""

from __future__ import annotations

from pydantic import Field

from simulator.scenario.models.base import Model
from simulator.scenario.models.days import Schedule, Travel
from simulator.scenario.models.homes import Home, Work
from simulator.scenario.models.phones import PhoneMix
from simulator.scenario.quantities import RandomCount, Weights


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
