"""The till: purchases in stores, told server-side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import simpy

from simulator.core.randomness import bits_one, uniform_one
from simulator.people import Line
from simulator.scenario.models import Till
from simulator.sdk import Hit
from simulator.sources.customers import Customer, item_facts
from simulator.sources.sending import Outbox
from simulator.xdm import CommerceTemplates, EventType, OrderFacts

# How people pay at the till [a].
TILL_PAYMENT = "debit_card"


class TillSystem:
    """The tills of all stores, as the people of a cohort meet them."""

    def __init__(
        self, env: simpy.Environment, post: Callable[[Hit], None], spec: Till, templates: CommerceTemplates
    ) -> None:
        self._known = spec.known
        self._outbox = Outbox(env, post, "till", spec.delay, spec.every)
        self._templates = templates

    def knows(self, customer: Customer, order: str) -> bool:
        """Whether the till knows who buys: members always, the others by chance."""
        if customer.member or self._known >= 1.0:
            return True
        return uniform_one(bits_one(customer.key, 8), int(order[:8], 16)) < self._known

    def tell(self, now: int, customer: Customer, lines: Sequence[Line], order: str) -> None:
        """A purchase is paid now."""
        if not self.knows(customer, order):
            return
        items = [item_facts(line) for line in lines]
        form = self._templates.form(
            EventType.PURCHASES, customer.known, items, order=OrderFacts(order, TILL_PAYMENT)
        )
        self._outbox.put(now, customer, EventType.PURCHASES, *form)
