"""How people shop: in the app, in the web shop, and in stores."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from simulator.core.distributions import Choice, LogNormal
from simulator.scenario.models.base import HOUR, MINUTE, Model
from simulator.scenario.quantities import Count, Duration, RandomCount, RandomDuration, Share


class ShoppingMood(Model):
    """What is different in some surroundings; what is left open is as everywhere."""

    sessions: Share | None = Field(
        default=None, description="Share of sessions in which products are looked at."
    )
    look_at_cart: Share | None = Field(
        default=None, description="Chance of going to a cart that isn't empty."
    )
    add: Share | None = Field(
        default=None, description="Chance that a product looked at is put into the cart."
    )
    remove: Share | None = Field(
        default=None, description="Chance that something is taken out of a cart looked at."
    )
    check_out: Share | None = Field(
        default=None, description="Chance of going from the cart to the checkout."
    )
    pay: Share | None = Field(default=None, description="Chance of going on at each step of the checkout.")


class Stores(Model):
    """Shopping in stores: a visit that lasts may end at the till."""

    library: str | None = Field(
        default=None, description="Only the places of this library are stores; by default all are."
    )
    buys: Share = Field(
        default=0.3, description="Share of visits that last after which something is bought [a]."
    )
    shortest: Duration = Field(
        default=3 * MINUTE, ge=1, description="Shorter visits are no shopping: somebody passes by [a]."
    )
    longest: Duration = Field(
        default=3 * HOUR, ge=1, description="Longer ones are none either: somebody lives or works there [a]."
    )
    basket: RandomCount = Field(
        default=Choice((1.0, 2.0, 3.0, 4.0), (5.0, 3.0, 1.0, 1.0)),
        description="Number of products that are bought in a store, at least one [a].",
    )

    @model_validator(mode="after")
    def _some_visit_lasts_so_long(self) -> Self:
        if self.shortest > self.longest:
            raise ValueError("shortest: no visit is left; `shortest` must not be more than `longest`")
        return self


class Shopping(Model):
    """Habits among products. People go from one to the next as chance has it; the cart stays until it is paid.

    A session begins at a product. From there people go to the next product, put the one they see into the cart, or go
    to the cart; from the cart to the checkout; and at each step of it they go on, or leave the cart as it is.
    """

    sessions: Share = Field(
        default=0.3,
        description="Share of sessions in which products are looked at, not counting the rest [a].",
    )
    pause: RandomDuration = Field(
        default=LogNormal(8.0, 0.8, 1.0, 5 * MINUTE),
        description="Time between two steps within a session; log-normal (eventsim [v]), its values [a].",
    )
    look_at_cart: Share = Field(default=0.2, description="Chance of going to a cart that isn't empty [a].")
    add: Share = Field(default=0.25, description="Chance that a product looked at is put into the cart [a].")
    quantity: RandomCount = Field(
        default=Choice((1.0, 2.0, 3.0), (8.0, 2.0, 1.0)),
        description="Units that are put into the cart, at least one [a].",
    )
    remove: Share = Field(
        default=0.1, description="Chance that something is taken out of a cart looked at [a]."
    )
    check_out: Share = Field(default=0.5, description="Chance of going from the cart to the checkout [a].")
    checkout_steps: Count = Field(
        default=2, ge=1, le=10, description="Steps of the checkout before the purchase."
    )
    pay: Share = Field(default=0.7, description="Chance of going on at each step of the checkout [a].")
    at_home: ShoppingMood = Field(
        default=ShoppingMood(),
        description="What is different before they leave home, and back there in the evening.",
    )
    in_store: ShoppingMood = Field(default=ShoppingMood(), description="What is different inside of a store.")
    stores: Stores = Field(default=Stores(), description="Shopping in stores.")
