"""Streets that trips follow."""

from __future__ import annotations

from pydantic import Field

from simulator.scenario.models.base import Model
from simulator.scenario.quantities import FilePath, Length


class Roads(Model):
    """A street network that people's trips follow instead of the straight line (docs/roads.md).

    Walking, cycling and driving follow it, each on its own ways; `transit` does not. Needs the optional extra
    `roads`.
    """

    file: FilePath = Field(
        description="OpenStreetMap extract (`.osm.pbf` or `.osm`); relative to the scenario file."
    )
    within: Length = Field(
        default=300.0,
        gt=0,
        description="How far from the next street a trip may begin or end; the way there is straight. A trip from "
        "or to a point further away is straight as a whole, with the mode's `detour` [a].",
    )
