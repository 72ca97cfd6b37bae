"""The loyalty programme: a ledger of points, and the tiers that they lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import simpy

from simulator.core.randomness import KeyArray, purpose_keys, uniform
from simulator.scenario.models import Loyalty
from simulator.sdk import Hit
from simulator.sources.customers import Customer
from simulator.sources.sending import Outbox
from simulator.xdm import POINTS_EARNED, TIER_REACHED, Slot, Template, json_value, loyalty_event


def members(spec: Loyalty | None, keys: KeyArray) -> list[bool]:
    """Who of the people of these keys is a member; nobody without a programme."""
    if spec is None:
        return [False] * len(keys)
    found: list[bool] = (uniform(purpose_keys(keys, "loyalty.member")) < spec.share).tolist()
    return found


@dataclass(slots=True)
class Account:
    """The points of one member; they are never taken away."""

    points: int
    tier: str


class Programme:
    """The loyalty programme, as the people of a cohort meet it.

    What it tells of one purchase it tells at once and in order: the points, then the tiers that they lead to.
    """

    def __init__(self, env: simpy.Environment, post: Callable[[Hit], None], spec: Loyalty) -> None:
        self._spec = spec
        self._outbox = Outbox(env, post, "loyalty", spec.delay)
        # Points for a hundredth of the currency as a fraction of whole numbers: sums don't depend on rounding.
        self._per_million = round(spec.points * 10_000)
        self._tiers = sorted((points, name) for name, points in spec.tiers.items())
        self._accounts: dict[int, Account] = {}
        self._templates: dict[str, Template] = {}

    def earn(self, now: int, customer: Customer, cents: int, start: int) -> None:
        """A member buys for so many hundredths of the currency; ``start`` are the points at the start of the run."""
        account = self._accounts.get(customer.key)
        if account is None:
            account = self._accounts[customer.key] = Account(start, self._tier(start))
        change = cents * self._per_million // 1_000_000
        before, account.points = account.points, account.points + change
        news = []
        for threshold, tier in self._tiers:
            if before < threshold <= account.points:
                step = {"pointsChange": change, "threshold": threshold, "previousTier": account.tier}
                account.tier = tier
                news.append((TIER_REACHED, step | {"tier": tier}))
        if change and self._spec.every_change:
            news.insert(0, (POINTS_EARNED, {"pointsChange": change, "tier": account.tier}))
        if news:
            leaves = self._outbox.leaves(now, customer)
            for kind, loyalty in news:
                self._tell(now, leaves, customer, kind, account, loyalty)

    def _tier(self, points: int) -> str:
        reached = [name for threshold, name in self._tiers if threshold <= points]
        return reached[-1] if reached else self._spec.base_tier

    def _tell(
        self, now: int, leaves: int, customer: Customer, kind: str, account: Account, news: dict[str, Any]
    ) -> None:
        template = self._templates.get(kind)
        if template is None:
            event = loyalty_event(
                event_type=kind,
                id=Slot("id", quoted=True),
                timestamp=Slot("timestamp", quoted=True),
                identities=Slot("identities"),
                tenant=self._spec.tenant,
                loyalty=Slot("loyalty"),
            )
            template = self._templates[kind] = Template.compile(event)
        loyalty = {
            "memberId": customer.card_number,
            "points": account.points,
            **news,
        }
        self._outbox.put(now, customer, kind, template, (customer.known, json_value(loyalty)), leaves)
