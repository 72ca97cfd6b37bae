"""The web shop: pages and products, told by the browser at once."""

from __future__ import annotations

from collections.abc import Callable

import simpy

from simulator.core.distributions import Constant
from simulator.core.randomness import bits_one, uniform_one
from simulator.people import Deed
from simulator.scenario.models import Web
from simulator.sdk import Hit
from simulator.sources.customers import Customer, item_facts
from simulator.sources.sending import Outbox
from simulator.xdm import CommerceTemplates, EventType, OrderFacts, Slot, Template, json_string, page_view

# How people pay in the web shop [a].
WEB_PAYMENT = "paypal"
# Pages by what is done on them; a product has a page of its own.
_PAGES = {
    EventType.PRODUCT_LIST_VIEWS: ("Cart", "/cart"),
    EventType.CHECKOUTS: ("Checkout", "/checkout"),
    EventType.PURCHASES: ("Thank you", "/checkout/done"),
}


class WebShop:
    """The web shop, as the people of a cohort meet it."""

    def __init__(
        self, env: simpy.Environment, post: Callable[[Hit], None], spec: Web, templates: CommerceTemplates
    ) -> None:
        self._logs_in = spec.logs_in
        self._address = spec.address
        self._outbox = Outbox(env, post, "web", Constant(0.0))
        self._templates = templates
        self._page = Template.compile(
            page_view(
                id=Slot("id", quoted=True),
                timestamp=Slot("timestamp", quoted=True),
                identities=Slot("identities"),
                name=Slot("name"),
                url=Slot("url"),
            )
        )

    def tell(self, now: int, customer: Customer, deed: Deed) -> None:
        """The page that something is done on, if it is another one, and what is done."""
        logged_in = uniform_one(bits_one(customer.key, 9)) < self._logs_in
        identities = customer.browser if logged_in else customer.anonymous_browser
        page = _PAGES.get(deed.type)
        if deed.type is EventType.PRODUCT_VIEWS:
            product = deed.lines[0].product
            page = product.name, f"/products/{product.sku.lower()}"
        if page is not None:
            values = identities, json_string(page[0]), json_string(self._address + page[1])
            self._outbox.put(now, customer, EventType.PAGE_VIEWS, self._page, values)
        order = None if deed.order is None else OrderFacts(deed.order, WEB_PAYMENT)
        items = [item_facts(line) for line in deed.lines]
        form = self._templates.form(deed.type, identities, items, deed.cart, order)
        self._outbox.put(now, customer, deed.type, *form)
