"""Groups of people."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from simulator.scenario.models.base import Model
from simulator.scenario.models.days import Schedule, Travel
from simulator.scenario.models.homes import Home, Work
from simulator.scenario.models.phones import PhoneMix
from simulator.scenario.models.traces import Trace
from simulator.scenario.quantities import RandomCount, Weights


class Group(Model):
    """People who are alike."""

    size: RandomCount = Field(description="Number of people; drawn once a run if it is a distribution.")
    home: Home | None = Field(
        default=None, description="Where they live; needed unless they follow a `trace`."
    )
    work: Work | None = Field(default=None, description="Where and when they work; without it nobody works.")
    schedule: Schedule = Field(default=Schedule(), description="What their days are made of.")
    travel: Travel = Field(default=Travel(), description="How they get about.")
    phone: PhoneMix = Field(default=PhoneMix(), description="Which phones they have.")
    locale: Weights = Field(
        default={"en_US": 1.0}, description="Locales of names and addresses, as Faker spells them."
    )
    trace: Trace | None = Field(
        default=None, description="A recorded track that they follow, instead of living by a schedule."
    )

    @model_validator(mode="after")
    def _somewhere_to_be(self) -> Self:
        if self.home is None and self.trace is None:
            raise ValueError("give the group a `home`, or a `trace` to follow")
        return self
