"""Builders of events about products, carts and orders (xdm.md 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.xdm.events import EventType, implementation_details
from simulator.xdm.facts import Part, SdkFacts, Text
from simulator.xdm.template import Slot, Template, json_string, json_value

Event = dict[str, Any]

# How products get into the cart where nothing else is known.
ADD_METHOD = "app"
COMMERCE_TYPES = frozenset(
    {
        EventType.PRODUCT_VIEWS,
        EventType.PRODUCT_LIST_OPENS,
        EventType.PRODUCT_LIST_ADDS,
        EventType.PRODUCT_LIST_REMOVALS,
        EventType.PRODUCT_LIST_VIEWS,
        EventType.PRODUCT_LIST_REOPENS,
        EventType.SAVE_FOR_LATERS,
        EventType.CHECKOUTS,
        EventType.PURCHASES,
    }
)
"""Types of events about products."""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """Units of a product; ``cents`` is what all of them cost, in hundredths of the currency."""

    sku: str
    name: str
    quantity: int
    cents: int
    category: str = ""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order: its id and how it was paid; it is paid at once, and costs what its items cost."""

    id: str
    payment_type: str


def commerce_event(
    *,
    event_type: EventType,
    id: Text,
    timestamp: Text,
    identities: Part,
    currency: str,
    items: Sequence[ItemFacts] = (),
    cart_id: str | None = None,
    order: OrderFacts | None = None,
    sdk: SdkFacts | None = None,
) -> Event:
    """Something done with products: ``event_type`` says what.

    ``currency`` is an ISO 4217 code. Without ``sdk`` the event comes from a system that knows the person, such as a
    till. Raises ``ValueError`` for an event type that is not about products, and for a purchase without an order.
    """
    if event_type not in COMMERCE_TYPES:
        raise ValueError(f"{event_type.value} is not about products")
    if (event_type is EventType.PURCHASES) != (order is not None):
        raise ValueError("a purchase, and nothing else, has an order")
    sender = {} if sdk is None else {"implementationDetails": implementation_details(*_versions(sdk))}
    content: Event = {event_type.value.removeprefix("commerce."): {"value": 1}}
    if cart_id is not None:
        content["cart"] = {"cartID": cart_id}
    if order is not None:
        content["order"] = _order(order, sum(item.cents for item in items), currency)
    added = event_type is EventType.PRODUCT_LIST_ADDS
    lines = [_item(item, currency, added) for item in items]
    return {
        "_id": id,
        "timestamp": timestamp,
        "eventType": event_type.value,
        "identityMap": identities,
        **sender,
        "commerce": content,
        **({"productListItems": lines} if lines else {}),
    }


class CommerceTemplates:
    """Prepared events about products, of one sender; each is the same as :func:`commerce_event` would make it."""

    def __init__(
        self,
        currency: str,
        sdk: SdkFacts | None = None,
        change: Callable[[Event], Event] = lambda event: event,
    ) -> None:
        """``change`` is applied to each event before it is prepared."""
        self._currency = currency
        self._sdk = sdk
        self._change = change
        self._templates: dict[tuple[EventType, bool, bool], Template] = {}
        self._items: dict[tuple[ItemFacts, bool], bytes] = {}

    def form(
        self,
        event_type: EventType,
        identities: bytes,
        items: Sequence[ItemFacts],
        cart_id: str | None = None,
        order: OrderFacts | None = None,
    ) -> tuple[Template, tuple[bytes, ...]]:
        """A template, and the values of its slots after the id and the timestamp."""
        which = event_type, cart_id is not None, bool(items)
        template = self._templates.get(which)
        if template is None:
            template = self._templates[which] = self._prepared(*which)
        values = [identities]
        if cart_id is not None:
            values.append(json_string(cart_id))
        if order is not None:
            cents = sum(item.cents for item in items)
            values.append(json_value(_order(order, cents, self._currency)))
        if items:
            added = event_type is EventType.PRODUCT_LIST_ADDS
            values.append(b"[" + b",".join(self._line(item, added) for item in items) + b"]")
        return template, tuple(values)

    def _prepared(self, event_type: EventType, cart: bool, items: bool) -> Template:
        buys = event_type is EventType.PURCHASES
        event = commerce_event(
            event_type=event_type,
            id=Slot("id", quoted=True),
            timestamp=Slot("timestamp", quoted=True),
            identities=Slot("identities"),
            currency=self._currency,
            order=OrderFacts("", "") if buys else None,
            sdk=self._sdk,
        )
        if cart:
            event["commerce"]["cart"] = {"cartID": Slot("cart")}
        if buys:
            del event["commerce"]["order"]  # after the cart
            event["commerce"]["order"] = Slot("order")
        if items:
            event["productListItems"] = Slot("items")
        return Template.compile(self._change(event))

    def _line(self, item: ItemFacts, added: bool) -> bytes:
        line = self._items.get((item, added))
        if line is None:
            line = self._items[item, added] = json_value(_item(item, self._currency, added))
        return line


def _versions(sdk: SdkFacts) -> tuple[Any, str, str, str | None]:
    return sdk.os, sdk.core, sdk.edge, sdk.wrapper


def _item(item: ItemFacts, currency: str, added: bool) -> Event:
    category = {"productCategories": [{"categoryID": item.category}]} if item.category else {}
    return {
        "SKU": item.sku,
        "name": item.name,
        "quantity": item.quantity,
        "priceTotal": item.cents / 100,
        "currencyCode": currency,
        **({"productAddMethod": ADD_METHOD} if added else {}),
        **category,
    }


def _order(order: OrderFacts, cents: int, currency: str) -> Event:
    payment = {"paymentAmount": cents / 100, "paymentType": order.payment_type, "currencyCode": currency}
    return {
        "purchaseID": order.id,
        "currencyCode": currency,
        "priceTotal": cents / 100,
        "orderType": "checkout",
        "payments": [payment],
    }
