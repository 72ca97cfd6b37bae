"""How fast events are sent, whatever the endpoint does."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.scenario.models.base import Model
from simulator.scenario.profiles import LoadProfile


class Load(Model):
    """An open load: every event, or request, gets a time of its own; a slow endpoint changes none of them."""

    profile: LoadProfile = Field(
        description="How many events or requests a second, such as `500/s`, `20 requests/s for 5 min`, "
        "`ramp 10/s to 500/s over 5 min`, `spike 50/s to 500/s at 1 min for 10 s`, `daily 200/s over 10 min`, "
        "or stages with commas between them."
    )
    spacing: Literal["even", "poisson"] = Field(
        default="even",
        description="`even`: at equal distances; `poisson`: at random, as independent phones would send.",
    )
