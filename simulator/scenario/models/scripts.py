"""People whose day is written down step by step (docs/scripts.md)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.scenario.models.base import HOUR, Model
from simulator.scenario.quantities import (
    Count,
    Duration,
    LocalDateTime,
    Position,
    Speed,
    TimeOfDay,
)

ACTIONS = (
    *("go_to", "walk_by", "enter", "leave", "wait"),
    *("app", "view", "add_to_cart", "remove_from_cart", "check_out", "buy_in_store"),
    *("account", "phone", "location", "network", "permission", "react"),
)
"""The keys of which a step has exactly one: what the person does."""
MOVES = ("go_to", "walk_by", "enter", "leave")


class Observed(Model):
    """Something that a person waits for."""

    receives: str = Field(
        min_length=1,
        description="Name of the push message that the person must have received since last waiting for one of this "
        "name.",
    )
    within: Duration = Field(
        default=HOUR, gt=0, description="How long the person waits for it at the most [a]."
    )
    otherwise: Literal["go_on", "stop"] = Field(
        default="go_on",
        description="What happens when it doesn't come: the step is done all the same, or the script ends.",
    )


class ScriptStep(Model):
    """One thing that a person does. It begins when the step before is done, unless it says otherwise."""

    at: TimeOfDay | LocalDateTime | None = Field(
        default=None,
        description="When it begins: at a time of day or a local date and time, or as soon as the step before is "
        "done if that is later. A time of day earlier than the last one given means the next day.",
    )
    after: Duration | Observed | None = Field(
        default=None,
        description="How long after the step before it begins, or after what: `{receives: coupon}`.",
    )
    go_to: str | Position | None = Field(
        default=None,
        description="Go to a place by its name or id (the nearest of that name), to `home`, or to a point "
        "`[latitude, longitude]`, and stay there.",
    )
    walk_by: str | None = Field(
        default=None, description="Pass through the geofence of a place and out at the other side."
    )
    enter: str | None = Field(
        default=None, description="Go just far enough into a place to be well inside its geofence."
    )
    leave: str | None = Field(
        default=None, description="Go just far enough out of a place to be well outside."
    )
    by: Literal["walk", "cycle", "transit", "car"] = Field(
        default="walk",
        description="How the person moves, for the steps that do; streets are followed if there are any.",
    )
    speed: Speed | None = Field(
        default=None,
        description="Speed over ground while moving; by default drawn as for all trips of the mode.",
    )
    takes: Duration | None = Field(
        default=None, gt=0, description="How long the way takes, in place of a speed."
    )
    wait: Duration | None = Field(default=None, gt=0, description="Do nothing for so long.")
    app: Literal["open", "close", "force_quit", "crash", "update", "reinstall"] | None = Field(
        default=None, description="Open the app or leave it, end it by force, or replace it."
    )
    view: str | None = Field(default=None, description="Look at a product (its SKU) in the app.")
    add_to_cart: str | None = Field(default=None, description="Put a product into the cart.")
    remove_from_cart: str | None = Field(default=None, description="Take a product out of the cart again.")
    quantity: Count = Field(
        default=1, ge=1, description="Units of the product that are added to the cart or taken out of it."
    )
    check_out: Literal["buy", "give_up"] | None = Field(
        default=None, description="Go to the checkout with the cart, and buy what is in it or give up."
    )
    buy_in_store: tuple[str, ...] = Field(
        default=(), description="Buy products at a till; a SKU given twice is bought twice."
    )
    account: Literal["log_in", "log_out"] | None = Field(
        default=None, description="Log in to the app, or out."
    )
    phone: Literal["on", "off"] | None = Field(default=None, description="Switch the phone on or off.")
    location: Literal["on", "off"] | None = Field(
        default=None, description="Switch the phone's location service off, or on again as it was."
    )
    network: Literal["on", "off"] | None = Field(
        default=None, description="Lose the phone's connection, or get it back."
    )
    permission: Literal["always", "while_in_use", "approximate", "denied"] | None = Field(
        default=None, description="Change what the app may know of the location."
    )
    react: str | None = Field(
        default=None,
        min_length=1,
        description="React to the push message received last: `open` it, `dismiss` it, or press the button of this "
        "name.",
    )

    @property
    def action(self) -> str:
        """The key of what the person does."""
        return next(key for key in ACTIONS if getattr(self, key))

    @model_validator(mode="after")
    def _exactly_one_action(self) -> Self:
        given = [key for key in ACTIONS if getattr(self, key)]
        if len(given) > 1:
            raise ValueError(f"`{given[0]}` and `{given[1]}` are two steps; write one after the other")
        if not given:
            raise ValueError(f"a step must say what is done; give one of {', '.join(ACTIONS)}")
        return self

    @model_validator(mode="after")
    def _when_in_one_way(self) -> Self:
        if self.at is not None and self.after is not None:
            raise ValueError("give either `at` or `after`, not both")
        return self

    @model_validator(mode="after")
    def _only_who_moves(self) -> Self:
        idle = {"by", "speed", "takes"} & self.model_fields_set
        if idle and not any(getattr(self, key) for key in MOVES):
            raise ValueError(f"{min(idle)}: only for steps that move; remove it")
        return self

    @model_validator(mode="after")
    def _quantity_of_something(self) -> Self:
        if "quantity" in self.model_fields_set and not (self.add_to_cart or self.remove_from_cart):
            raise ValueError("quantity: only for `add_to_cart` and `remove_from_cart`; remove it")
        return self

    @model_validator(mode="after")
    def _speed_or_time(self) -> Self:
        if self.speed is not None and self.takes is not None:
            raise ValueError("takes: not together with `speed`; give one of the two")
        return self
