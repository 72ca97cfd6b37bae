"""What scripted people look at, put into their carts and buy, as events: from the app, and from the till."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.core.randomness import bits_one
from simulator.people import Cart, Catalogue, Cohort, Line
from simulator.run.phones import ModelContext, logins
from simulator.scenario.models import ScriptStep
from simulator.sdk import KINDS, MobileSdk, Sender
from simulator.xdm import EventType, ItemFacts, OrderFacts, Slot, Template, commerce_event, json_value

# How people pay in the app and at the till [a].
APP_PAYMENT, TILL_PAYMENT = "credit_card", "debit_card"


def item_facts(line: Line) -> ItemFacts:
    """A line as events speak of it."""
    product = line.product
    return ItemFacts(product.sku, product.name, line.units, line.cents, product.category)


class Shopper:
    """One person among products."""

    def __init__(self, context: ModelContext, cohort: Cohort, who: int, sdk: MobileSdk) -> None:
        scenario = context.scenario
        self._post = context.sdk.post
        self._sdk = sdk
        self._catalogue = Catalogue(scenario.products, scenario.currency)
        self._cart = Cart(cohort.person_id(who))
        self._who = who
        self._login = logins(cohort, cohort.by_habits()[0])
        # The till is a sender of its own: its events neither wait on the phone nor number with the phone's.
        self._till = Sender(sdk.sender.person, bits_one(sdk.sender.id_key, 1), False)

    def do(self, step: ScriptStep, now: int) -> None:
        """What a step about products says."""
        if step.view is not None:
            self._in_app(EventType.PRODUCT_VIEWS, [self._catalogue.line(step.view, 1)], now, cart=False)
        elif step.add_to_cart is not None:
            self._add(step.add_to_cart, step.quantity, now)
        elif step.remove_from_cart is not None:
            taken = self._cart.remove(step.remove_from_cart, step.quantity)
            if taken:
                line = self._catalogue.line(step.remove_from_cart, taken)
                self._in_app(EventType.PRODUCT_LIST_REMOVALS, [line], now)
        elif step.check_out is not None:
            self._check_out(step.check_out == "buy", now)
        else:
            self._buy_in_store(self._catalogue.lines(step.buy_in_store), now)

    def _add(self, sku: str, units: int, now: int) -> None:
        if self._cart.add(sku, units):
            self._in_app(EventType.PRODUCT_LIST_OPENS, [], now)
        self._in_app(EventType.PRODUCT_LIST_ADDS, [self._catalogue.line(sku, units)], now)

    def _check_out(self, buys: bool, now: int) -> None:
        lines = self._cart.lines(self._catalogue)
        if not lines:
            return
        self._in_app(EventType.PRODUCT_LIST_VIEWS, lines, now)
        self._in_app(EventType.CHECKOUTS, lines, now)
        if buys:
            self._in_app(EventType.PURCHASES, lines, now, OrderFacts(self._cart.next_order(), APP_PAYMENT))
            self._cart.bought()

    def _in_app(
        self,
        event_type: EventType,
        lines: Iterable[Line],
        now: int,
        order: OrderFacts | None = None,
        *,
        cart: bool = True,
    ) -> None:
        self._sdk.track(
            now,
            commerce_event(
                event_type=event_type,
                id=Slot("id", quoted=True),
                timestamp=Slot("timestamp", quoted=True),
                identities=Slot("identities"),
                currency=self._catalogue.currency,
                items=[item_facts(line) for line in lines],
                cart_id=self._cart.id if cart else None,
                order=order,
                sdk=self._sdk.facts,
            ),
        )

    def _buy_in_store(self, lines: Iterable[Line], now: int) -> None:
        """The till tells of the purchase, and knows the customer by the mail address."""
        number = self._cart.orders
        event = commerce_event(
            event_type=EventType.PURCHASES,
            id=Slot("id", quoted=True),
            timestamp=Slot("timestamp", quoted=True),
            identities=Slot("identities"),
            currency=self._catalogue.currency,
            items=[item_facts(line) for line in lines],
            order=OrderFacts(self._cart.next_order(), TILL_PAYMENT),
        )
        mail = {"id": self._login(self._who, "Email"), "authenticatedState": "authenticated", "primary": True}
        values = (json_value({"Email": [mail]}),)
        kind = KINDS.index(EventType.PURCHASES)
        self._post((now, self._till, kind, now, number, Template.compile(event), values, None, False))
