"""Prepared events about products are the same as those that the builder makes."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from simulator.xdm import (
    COMMERCE_TYPES,
    CommerceTemplates,
    EventType,
    ItemFacts,
    OrderFacts,
    SdkFacts,
    commerce_event,
    json_value,
)

IDENTITIES = {"Email": [{"id": "a@example.com"}]}
ITEMS = st.lists(
    st.builds(
        ItemFacts,
        sku=st.text(min_size=1),
        name=st.text(),
        quantity=st.integers(1, 9),
        cents=st.integers(0, 10**7),
        category=st.sampled_from(["", "coffee"]),
    ),
    max_size=4,
)


@given(
    kind=st.sampled_from(sorted(COMMERCE_TYPES)),
    items=ITEMS,
    cart=st.none() | st.text(min_size=1),
    sdk=st.sampled_from([None, SdkFacts("ios", "5.2.0", "5.0.1")]),
)
def test_a_prepared_event_is_the_event_that_the_builder_makes(
    kind: EventType, items: list[ItemFacts], cart: str | None, sdk: SdkFacts | None
) -> None:
    order = OrderFacts("order-1", "paypal") if kind is EventType.PURCHASES else None
    made = commerce_event(
        event_type=kind,
        id="id",
        timestamp="then",
        identities=IDENTITIES,
        currency="EUR",
        items=items,
        cart_id=cart,
        order=order,
        sdk=sdk,
    )
    templates = CommerceTemplates("EUR", sdk)
    for _ in range(2):
        template, values = templates.form(kind, json_value(IDENTITIES), items, cart, order)
        assert template.render(b"id", b"then", *values) == orjson.dumps(made)


def test_what_is_changed_in_prepared_events_stands_in_all_of_them() -> None:
    templates = CommerceTemplates("EUR", None, lambda event: event | {"more": 1})
    template, values = templates.form(EventType.PRODUCT_LIST_OPENS, b"{}", [], "cart")
    assert orjson.loads(template.render(b"id", b"then", *values))["more"] == 1
