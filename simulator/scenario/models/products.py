"""What can be looked at and bought."""

from __future__ import annotations

from pydantic import Field

from simulator.scenario.models.base import Model
from simulator.scenario.quantities import Number


class Product(Model):
    """A product of the catalogue."""

    sku: str = Field(min_length=1, description="Key of the product, unique in the catalogue.")
    name: str = Field(min_length=1, description="Name of the product.")
    price: Number = Field(
        ge=0, description="Price of one unit, in the currency of the scenario; rounded to hundredths."
    )
    category: str = Field(default="", description="Category of the product, such as `coffee`.")
