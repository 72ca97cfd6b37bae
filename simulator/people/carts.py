"""The cart of one person: what is in it, and what it costs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from simulator.core.identifiers import derived_uuid
from simulator.scenario.models import Product


@dataclass(frozen=True, slots=True)
class Line:
    """So many units of one product."""

    product: Product
    units: int

    @property
    def cents(self) -> int:
        """What the line costs, in hundredths of the currency."""
        cents: int = round(self.product.price * 100)
        return cents * self.units


class Catalogue:
    """The products of a scenario by their SKU."""

    def __init__(self, products: Iterable[Product], currency: str) -> None:
        self.currency = currency
        self._products: Mapping[str, Product] = {product.sku: product for product in products}
        self._by_rank = list(self._products)
        # Zipf's law: the second is looked at half as often as the first, and so on.
        self._edges = list(accumulate(1.0 / rank for rank in range(1, len(self._by_rank) + 1)))

    def line(self, sku: str, units: int) -> Line:
        """So many units of a product; KeyError if there is no such product."""
        return Line(self._products[sku], units)

    def popular(self, u: float) -> str:
        """The SKU of a product, by a uniform number: the earlier in the catalogue, the more often."""
        found = bisect_right(self._edges, u * self._edges[-1])
        return self._by_rank[min(found, len(self._by_rank) - 1)]

    def lines(self, skus: Iterable[str]) -> list[Line]:
        """The products of a list in which each stands as often as it is wanted."""
        units: dict[str, int] = {}
        for sku in skus:
            units[sku] = units.get(sku, 0) + 1
        return [self.line(sku, count) for sku, count in units.items()]


@dataclass(slots=True)
class Cart:
    """The cart of one person, and after it the next one.

    Carts and orders are numbered per person, and their ids derive from the person's.
    """

    owner: str
    """What the ids of its carts and orders derive from."""
    number: int = 0
    orders: int = 0
    _units: dict[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the cart in use."""
        return derived_uuid("cart", self.owner, self.number)

    def __len__(self) -> int:
        return len(self._units)

    def add(self, sku: str, units: int) -> bool:
        """Put units of a product in; whether they are the first of all."""
        first = not self._units
        self._units[sku] = self._units.get(sku, 0) + units
        return first

    def remove(self, sku: str, units: int) -> int:
        """Take units of a product out; gives how many there were to take."""
        taken = min(units, self._units.get(sku, 0))
        if taken:
            self._units[sku] -= taken
            if not self._units[sku]:
                del self._units[sku]
        return taken

    def lines(self, catalogue: Catalogue) -> list[Line]:
        """What is in the cart, in the order in which it came in."""
        return [catalogue.line(sku, units) for sku, units in self._units.items()]

    def bought(self) -> None:
        """What was in the cart is bought; the next one is empty."""
        self._units.clear()
        self.number += 1

    def next_order(self) -> str:
        """The id of the next order, from the cart or not."""
        self.orders += 1
        return derived_uuid("order", self.owner, self.orders)
