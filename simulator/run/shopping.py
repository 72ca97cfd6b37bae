"""What one person looks at, puts into the cart and buys, as events: from the app, the web shop and the till.

Those who shop by habit and those with a script go the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from simulator.core.randomness import bits_one, uniform_one
from simulator.people import Browsing, Cart, Deed, chances_of, read_step
from simulator.scenario.models import ScriptStep
from simulator.sdk import KINDS, MobileSdk
from simulator.sources import item_facts
from simulator.xdm import EventType, OrderFacts

if TYPE_CHECKING:
    from simulator.run.trade import Trade

# How people pay in the app [a].
APP_PAYMENT = "credit_card"


class Shopper:
    """One person among products."""

    def __init__(self, trade: Trade, who: int) -> None:
        self._trade = trade
        self._sdk: MobileSdk = trade.phones.sdks[who]
        self._catalogue = trade.catalogue
        self._cart = Cart(trade.cohort.person_id(who))
        self._customer = trade.customer(who, self._sdk.sender.id_key)
        self._start = trade.points_at_start(who)
        habits, key = trade.habits_of(who), int(trade.keys[who])
        self._habits = habits
        self._in_app, self._on_web, self._in_store = (
            None
            if habits is None
            else Browsing(habits, chances_of(habits), bits_one(key, n), self._cart, self._catalogue)
            for n in range(3)
        )

    # --- by habit -----------------------------------------------------------------------------------------

    def browse(self, now: int, value: int) -> None:
        """A step of a session in the app; there is none while the app is not in front."""
        browsing, (where, begins) = self._in_app, read_step(value)
        if browsing is None or not self._sdk.in_front:
            return
        if begins:
            browsing.begin()
        for deed in browsing.step(where):
            self._tell(now, deed)

    def browse_web(self, now: int, value: int) -> None:
        """A step of a session in the web shop."""
        browsing, web, (where, begins) = self._on_web, self._trade.web, read_step(value)
        if browsing is None or web is None:
            return
        if begins:
            browsing.begin()
        for deed in browsing.step(where):
            web.tell(now, self._customer, deed)
            if deed.order is not None:
                self._earn(now, deed)

    def pay(self, now: int) -> None:
        """Something is bought in a store."""
        browsing, habits = self._in_store, self._habits
        if browsing is None or habits is None:
            return
        u = uniform_one(bits_one(self._customer.key, 10), now)
        size = max(1, round(float(habits.stores.basket.ppf(np.array([u]))[0])))
        self._at_the_till(
            now, Deed(EventType.PURCHASES, browsing.basket(size), None, self._cart.next_order())
        )

    # --- by a script --------------------------------------------------------------------------------------

    def do(self, step: ScriptStep, now: int) -> None:
        """What a step about products says."""
        for deed in self._scripted(step):
            if step.buy_in_store:
                self._at_the_till(now, deed)
            else:
                self._tell(now, deed)

    def _scripted(self, step: ScriptStep) -> Iterable[Deed]:
        cart, line = self._cart, self._catalogue.line
        if step.view is not None:
            yield Deed(EventType.PRODUCT_VIEWS, [line(step.view, 1)])
        elif step.add_to_cart is not None:
            if cart.add(step.add_to_cart, step.quantity):
                yield Deed(EventType.PRODUCT_LIST_OPENS, [], cart.id)
            yield Deed(EventType.PRODUCT_LIST_ADDS, [line(step.add_to_cart, step.quantity)], cart.id)
        elif step.remove_from_cart is not None:
            taken = cart.remove(step.remove_from_cart, step.quantity)
            if taken:
                yield Deed(EventType.PRODUCT_LIST_REMOVALS, [line(step.remove_from_cart, taken)], cart.id)
        elif step.check_out is not None:
            yield from self._check_out(step.check_out == "buy")
        else:
            bought = self._catalogue.lines(step.buy_in_store)
            yield Deed(EventType.PURCHASES, bought, None, cart.next_order())

    def _check_out(self, buys: bool) -> Iterable[Deed]:
        cart, lines = self._cart, self._cart.lines(self._catalogue)
        if not lines:
            return
        yield Deed(EventType.PRODUCT_LIST_VIEWS, lines, cart.id)
        yield Deed(EventType.CHECKOUTS, lines, cart.id)
        if buys:
            yield Deed(EventType.PURCHASES, lines, cart.id, cart.next_order())
            cart.bought()

    # --- telling of it ------------------------------------------------------------------------------------

    def _tell(self, now: int, deed: Deed) -> None:
        """The app tells of something done in it."""
        sdk = self._sdk
        order = None if deed.order is None else OrderFacts(deed.order, APP_PAYMENT)
        items = [item_facts(line) for line in deed.lines]
        templates = self._trade.app_templates(sdk)
        form = templates.form(deed.type, sdk.identities, items, deed.cart, order)
        sdk.send_form(now, KINDS.index(deed.type), *form)
        if deed.order is not None:
            self._earn(now, deed)

    def _at_the_till(self, now: int, deed: Deed) -> None:
        self._trade.till.tell(now, self._customer, deed.lines, deed.order or "")
        self._earn(now, deed)

    def _earn(self, now: int, deed: Deed) -> None:
        programme = self._trade.programme
        if programme is not None and self._customer.member:
            programme.earn(now, self._customer, sum(line.cents for line in deed.lines), self._start)
