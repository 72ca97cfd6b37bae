"""Personas: named bundles of habits that the people of a group mix."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from simulator.scenario.models.app import Sessions
from simulator.scenario.models.base import Model
from simulator.scenario.models.days import Mobility, Schedule, Travel
from simulator.scenario.models.homes import Home, WorkHabits
from simulator.scenario.models.phones import PhoneMix
from simulator.scenario.models.shopping import Shopping
from simulator.scenario.quantities import Weights


class Persona(Model):
    """Habits of one kind of people. What a persona leaves open is as the group says.

    A persona is laid over the group key by key. Whatever else people are to have habits of is one more field
    of the same name here and in the group (of sessions: in the app).
    """

    extends: str | None = Field(
        default=None,
        description="Begin with this persona, one of the scenario or a built-in one, and change what is given.",
    )
    home: Home | None = Field(default=None, description="Where they live, if not where the group does.")
    work: WorkHabits | None = Field(
        default=None,
        description="Where and when they work or learn; an explicit `null` means that they do not.",
    )
    schedule: Schedule | None = Field(default=None, description="What their days are made of.")
    mobility: Mobility | None = Field(default=None, description="How they choose places to go to.")
    travel: Travel | None = Field(default=None, description="How they get about.")
    sessions: Sessions | None = Field(
        default=None, description="When they use the app; what is left open is as the app says."
    )
    phone: PhoneMix | None = Field(
        default=None, description="Which phones they have, and what the app may know of their location."
    )
    shopping: Shopping | None = Field(default=None, description="How they shop, in the app and elsewhere.")
    locale: Weights | None = Field(default=None, description="Locales of their names and addresses.")

    @model_validator(mode="after")
    def _towns_are_for_groups(self) -> Self:
        if self.home is not None and self.home.towns is not None:
            raise ValueError("home: only a group can live in towns; give `towns` to the group")
        return self
