"""Systems besides the app that send events: the till, the loyalty programme, the web shop."""

from __future__ import annotations

from pydantic import Field

from simulator.core.distributions import Constant, LogNormal
from simulator.scenario.models.app import Sessions
from simulator.scenario.models.base import HOUR, MINUTE, Model
from simulator.scenario.quantities import Count, Duration, Number, RandomDuration, RandomNumber, Share


class Till(Model):
    """What stores tell of purchases. They know the customer by the loyalty card, or else by the mail address."""

    known: Share = Field(
        default=1.0,
        description="Share of purchases whose customer is known, members apart; of the others nothing is told.",
    )
    delay: RandomDuration = Field(
        default=LogNormal(4.0, 0.6, 0.5, 5 * MINUTE),
        description="Time from the purchase until it is told [a].",
    )
    every: Duration | None = Field(
        default=None,
        ge=1,
        description="Purchases are told in batches: what was bought since the last one, at times so far apart, "
        "counted from the start of the run.",
    )


class Loyalty(Model):
    """A loyalty programme: points for purchases wherever they are made, and tiers."""

    share: Share = Field(default=0.5, description="Share of people who are members [a].")
    namespace: str = Field(
        default="Loyalty", min_length=1, description="Namespace of the numbers of loyalty cards."
    )
    tenant: str = Field(
        default="example",
        pattern=r"^[a-z0-9]{3,}$",
        description="Name of the tenant: points and tiers stand under `_TENANT.loyalty`.",
    )
    points: Number = Field(
        default=10.0, ge=0, description="Points for each unit of the currency, rounded down."
    )
    start: RandomNumber = Field(
        default=Constant(0.0), description="Points that members have when the run begins, rounded down."
    )
    tiers: dict[str, Count] = Field(
        default={"silver": 1_000, "gold": 10_000},
        description="Tiers by name, each with the points at which it is reached; an event tells of it. Points are "
        "never taken away.",
    )
    base_tier: str = Field(default="member", min_length=1, description="Name of the tier before all others.")
    every_change: bool = Field(
        default=False, description="Send an event for all points won, not only when a tier is reached."
    )
    delay: RandomDuration = Field(
        default=LogNormal(10.0, 0.8, 1.0, 10 * MINUTE),
        description="Time from the purchase until the programme tells of it [a].",
    )


class Web(Model):
    """A web shop: the same people, products and carts, and a browser with identities of its own."""

    share: Share = Field(default=0.4, description="Share of people with `shopping` who use it, too [a].")
    sessions: Sessions = Field(
        default=Sessions(
            per_day=LogNormal(0.2, 0.7, 0.0, 3.0), length=LogNormal(3 * MINUTE, 0.9, 5.0, 1 * HOUR)
        ),
        description="When they use it: visits a day [a].",
    )
    address: str = Field(
        default="https://shop.example.com",
        pattern=r"^https?://[^/\s]+$",
        description="Address of the shop, the beginning of the addresses of all its pages.",
    )
    logs_in: Share = Field(
        default=0.8, description="Share of its users who are logged in, with their mail address [a]."
    )


class Sources(Model):
    """Other systems that send events."""

    till: Till = Field(default=Till(), description="What is bought in stores.")
    loyalty: Loyalty | None = Field(default=None, description="A loyalty programme.")
    web: Web | None = Field(default=None, description="A web shop.")
