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


DEFAULT_PRODUCTS = (
    Product(sku="BEANS-250", name="Coffee beans 250 g", price=7.90, category="coffee"),
    Product(sku="BEANS-1000", name="Coffee beans 1 kg", price=26.50, category="coffee"),
    Product(sku="MUG", name="Mug", price=12.00, category="kitchen"),
    Product(sku="FILTER", name="Paper filters", price=3.40, category="kitchen"),
    Product(sku="KETTLE", name="Kettle", price=49.00, category="kitchen"),
    Product(sku="GRINDER", name="Hand grinder", price=64.90, category="kitchen"),
)
"""The catalogue of people who shop in a scenario that names no products; from what is bought often to what is not."""
