"""Groups of people."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from simulator.scenario.models.base import Model
from simulator.scenario.models.days import Mobility, Schedule, Travel
from simulator.scenario.models.homes import Home, Work
from simulator.scenario.models.phones import PhoneMix
from simulator.scenario.models.scripts import ScriptStep
from simulator.scenario.models.shopping import Shopping
from simulator.scenario.models.traces import Trace
from simulator.scenario.quantities import RandomCount, Weights

# So many people may share a home: neighbours are dealt into households in blocks of this size.
LARGEST_HOUSEHOLD = 64


class Group(Model):
    """People who are alike."""

    size: RandomCount = Field(description="Number of people; drawn once a run if it is a distribution.")
    personas: Weights | None = Field(
        default=None,
        description="Personas of its people, by weight: those of the scenario, or `commuter`, `student`, "
        "`tourist`, `shift_worker`, `stay_at_home`. What a persona says goes before what the group says.",
    )
    household: Weights | None = Field(
        default=None,
        description="Sizes of households, such as `{1: 4, 2: 3, 4: 2}`: neighbours in the group share a home. By "
        "default everybody lives alone.",
    )
    home: Home | None = Field(
        default=None, description="Where they live; needed unless they follow a `trace`."
    )
    work: Work | None = Field(default=None, description="Where and when they work; without it nobody works.")
    schedule: Schedule = Field(default=Schedule(), description="What their days are made of.")
    mobility: Mobility | None = Field(
        default=None,
        description="How they choose places to go to; by default by attractiveness and distance from home "
        "alone, without memory.",
    )
    travel: Travel = Field(default=Travel(), description="How they get about.")
    phone: PhoneMix = Field(default=PhoneMix(), description="Which phones they have.")
    shopping: Shopping | None = Field(
        default=None,
        description="How they shop, in the app and elsewhere; by default they don't (docs/sources.md).",
    )
    locale: Weights = Field(
        default={"en_US": 1.0}, description="Locales of names and addresses, as Faker spells them."
    )
    attributes: dict[str, Weights] = Field(
        default={},
        description="Attributes of the people's profiles, by dotted path, such as `loyalty.tier: {gold: 1, none: 4}`; "
        "`true`, `false` and numbers count as such. Conditions of journeys can read them.",
    )
    trace: Trace | None = Field(
        default=None, description="A recorded track that they follow, instead of living by a schedule."
    )

    script: tuple[ScriptStep, ...] = Field(
        default=(),
        description="What they do, step by step, instead of living by a schedule (docs/scripts.md).",
    )

    @model_validator(mode="after")
    def _somewhere_to_be(self) -> Self:
        if self.home is None and self.trace is None:
            raise ValueError("give the group a `home`, or a `trace` to follow")
        return self

    @model_validator(mode="after")
    def _track_or_script(self) -> Self:
        if self.script and self.trace is not None:
            raise ValueError("script: not together with a `trace`; give one of the two")
        return self
