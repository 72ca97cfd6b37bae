"""How somebody moves among products: a small state machine, one step at a time.

Between sessions only the cart stays. Every choice is a draw of the person's own, counted from the first one on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from simulator.core.randomness import uniform_one
from simulator.people.carts import Cart, Catalogue, Line
from simulator.scenario.models import Shopping, ShoppingMood
from simulator.xdm import EventType


class Whereabouts(IntEnum):
    """Where somebody shops."""

    ELSEWHERE = 0
    AT_HOME = 1
    IN_STORE = 2


class Deed(NamedTuple):
    """Something done with products, as an event tells it."""

    type: EventType
    lines: Sequence[Line]
    cart: str | None = None
    """Id of the cart that it is about."""
    order: str | None = None
    """Id of the order of a purchase."""


class _Page(IntEnum):
    START = 0
    PRODUCT = 1
    ADDED = 2
    CART = 3
    CHECKOUT = 4


@dataclass(frozen=True, slots=True)
class Chances:
    """The chances of one kind of surroundings."""

    sessions: float
    look_at_cart: float
    add: float
    remove: float
    check_out: float
    pay: float


def chances_of(habits: Shopping) -> tuple[Chances, ...]:
    """What people with these habits do, by :class:`Whereabouts`."""
    names = [field.name for field in fields(Chances)]
    moods = ShoppingMood(), habits.at_home, habits.in_store
    return tuple(
        Chances(*(getattr(habits if getattr(mood, name) is None else mood, name) for name in names))
        for mood in moods
    )


class Browsing:
    """One person among products, in the app or in the web shop."""

    __slots__ = ("_chances", "_checkout", "_draws", "_habits", "_key", "_page", "_seen", "cart", "catalogue")

    def __init__(
        self, habits: Shopping, chances: Sequence[Chances], key: int, cart: Cart, catalogue: Catalogue
    ) -> None:
        """``key`` is that of the person's draws; ``cart`` may be in use elsewhere, too."""
        self._habits = habits
        self._chances = chances
        self._key = key
        self._draws = 0
        self._page = _Page.START
        self._checkout = 0
        self._seen = ""
        self.cart = cart
        self.catalogue = catalogue

    def begin(self) -> None:
        """A session begins."""
        self._page = _Page.START

    def step(self, where: Whereabouts) -> Iterator[Deed]:
        """The next step of the session, and what it makes known."""
        chances = self._chances[where]
        full = len(self.cart) > 0
        if self._page is _Page.CHECKOUT and full:
            yield from self._go_on(chances)
        elif self._page is _Page.CART and full and self._happens(chances.check_out):
            self._page, self._checkout = _Page.CHECKOUT, 1
            yield self._about_cart(EventType.CHECKOUTS)
        elif self._page is _Page.CART and full and self._happens(chances.remove):
            yield self._take_out()
        elif self._page is _Page.PRODUCT and self._happens(chances.add):
            yield from self._put_in()
        elif self._page is not _Page.CART and full and self._happens(chances.look_at_cart):
            yield from self._look_at_cart()
        else:
            self._page, self._seen = _Page.PRODUCT, self.catalogue.popular(self._draw())
            yield Deed(EventType.PRODUCT_VIEWS, [self.catalogue.line(self._seen, 1)])

    def basket(self, products: int) -> list[Line]:
        """So many products, as somebody takes them from the shelf."""
        return self.catalogue.lines(self.catalogue.popular(self._draw()) for _ in range(products))

    def _go_on(self, chances: Chances) -> Iterator[Deed]:
        if not self._happens(chances.pay):
            self._page = _Page.START  # the cart stays as it is
        elif self._checkout < self._habits.checkout_steps:
            self._checkout += 1
            yield self._about_cart(EventType.CHECKOUTS)
        else:
            self._page = _Page.START
            bought = self._about_cart(EventType.PURCHASES)
            yield bought._replace(order=self.cart.next_order())
            self.cart.bought()

    def _put_in(self) -> Iterator[Deed]:
        self._page = _Page.ADDED
        units = max(1, round(float(self._habits.quantity.ppf(np.array([self._draw()]))[0])))
        if self.cart.add(self._seen, units):
            yield Deed(EventType.PRODUCT_LIST_OPENS, [], self.cart.id)
        yield Deed(EventType.PRODUCT_LIST_ADDS, [self.catalogue.line(self._seen, units)], self.cart.id)

    def _take_out(self) -> Deed:
        lines = self.cart.lines(self.catalogue)
        line = lines[int(self._draw() * len(lines))]
        self.cart.remove(line.product.sku, line.units)
        return Deed(EventType.PRODUCT_LIST_REMOVALS, [line], self.cart.id)

    def _look_at_cart(self) -> Iterator[Deed]:
        if self._page is _Page.START:  # what was left there in an earlier session, or at an earlier checkout
            yield self._about_cart(EventType.PRODUCT_LIST_REOPENS)
        self._page = _Page.CART
        yield self._about_cart(EventType.PRODUCT_LIST_VIEWS)

    def _about_cart(self, type: EventType) -> Deed:
        return Deed(type, self.cart.lines(self.catalogue), self.cart.id)

    def _draw(self) -> float:
        self._draws += 1
        return uniform_one(self._key, self._draws)

    def _happens(self, chance: float) -> bool:
        return self._draw() < chance
