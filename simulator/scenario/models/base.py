"""What all models share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

MINUTE = 60.0
HOUR = 3600.0
KILOMETRE = 1000.0

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKING_DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


class Model(BaseModel):
    """Base of all models: unknown keys are mistakes, loaded scenarios don't change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False)
