"""Builders of events about products, carts and orders (xdm.md 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.xdm.events import EventType, implementation_details
from simulator.xdm.facts import Part, SdkFacts, Text

Event = dict[str, Any]

# How products get into the cart where nothing else is known.
ADD_METHOD = "app"
_COUNTS = frozenset(
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
    if event_type not in _COUNTS:
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
