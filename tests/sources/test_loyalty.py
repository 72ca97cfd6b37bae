"""The loyalty programme: points, tiers, and when it tells of them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import simpy

from simulator.scenario.models import Loyalty
from simulator.sdk import KINDS, Hit
from simulator.sources import Customer, Programme

CUSTOMER_KEY = 77


def told(purchases: list[int], start: int = 0, **settings: Any) -> list[tuple[int, str, dict[str, Any]]]:
    """What the programme tells about one member who buys for so many cents, each a minute after the other."""
    env = simpy.Environment()
    hits: list[Hit] = []
    spec = Loyalty.model_validate({"delay": "1 s", "tenant": "acme"} | settings)
    programme = Programme(env, hits.append, spec)
    customer = Customer(3, CUSTOMER_KEY, lambda: "a@example.com", "Loyalty")
    for number, cents in enumerate(purchases):
        env.run(until=(number + 1) * 60_000)
        programme.earn(int(env.now), customer, cents, start)
    env.run(until=10**9)
    return [
        (at, KINDS[kind], orjson.loads(template.render(b"id", b"then", *values))["_acme"]["loyalty"])
        for at, _, kind, _, _, template, values, *_ in hits
    ]


def test_a_tier_is_told_of_once_when_it_is_reached() -> None:
    events = told([50_000, 49_990, 10, 100_000], tiers={"gold": 10_000})
    assert [(at, kind, loyalty["points"]) for at, kind, loyalty in events] == [
        (181_000, "loyalty.tierReached", 10_000)
    ]
    assert events[0][2] == {
        "memberId": events[0][2]["memberId"],
        "points": 10_000,
        "pointsChange": 1,
        "threshold": 10_000,
        "previousTier": "member",
        "tier": "gold",
    }


def test_one_purchase_may_lead_through_several_tiers_in_their_order() -> None:
    events = told([200_000], tiers={"gold": 10_000, "silver": 1_000})
    assert [(loyalty["previousTier"], loyalty["tier"]) for *_, loyalty in events] == [
        ("member", "silver"),
        ("silver", "gold"),
    ]


def test_a_tier_that_members_begin_with_is_not_told_of() -> None:
    assert told([10_000], start=1_000, tiers={"silver": 1_000}) == []
    (event,) = told([10_000], start=9_999, tiers={"silver": 1_000, "gold": 10_000})
    assert (event[2]["previousTier"], event[2]["tier"]) == ("silver", "gold")


def test_all_points_are_told_of_if_wanted_and_are_rounded_down() -> None:
    events = told([1_99, 9, 1_01], points=1, tiers={}, every_change=True)
    assert [(kind, loyalty["pointsChange"], loyalty["points"]) for _, kind, loyalty in events] == [
        ("loyalty.pointsEarned", 1, 1),
        ("loyalty.pointsEarned", 1, 2),
    ]


def test_what_a_purchase_leads_to_is_told_at_once_and_in_order() -> None:
    tiers = {"silver": 1_000, "gold": 3_000, "platinum": 3_001}
    delay = {"uniform": ["1 s", "30 s"]}
    events = told([5_00, 400_00, 10_00], tiers=tiers, every_change=True, delay=delay)
    assert [(kind.rpartition(".")[2], loyalty["points"], loyalty["tier"]) for _, kind, loyalty in events] == [
        ("pointsEarned", 50, "member"),
        ("pointsEarned", 4_050, "platinum"),
        ("tierReached", 4_050, "silver"),
        ("tierReached", 4_050, "gold"),
        ("tierReached", 4_050, "platinum"),
        ("pointsEarned", 4_150, "platinum"),
    ]
    assert len({at for at, *_ in events[1:5]}) == 1


@pytest.mark.parametrize("tenant", ["", "Acme", "a b"])
def test_a_tenant_has_a_name_of_small_letters_and_digits(tenant: str) -> None:
    with pytest.raises(ValueError, match="tenant"):
        Loyalty(tenant=tenant)
