"""What must hold at the end of a run (docs/expectations.md)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.scenario.models.base import Model
from simulator.scenario.models.journeys import HoursOfDay
from simulator.scenario.quantities import Bound, Duration, Share

# A moment on the way of one event, in the order of time.
Moment = Literal["crossing", "event", "acknowledged", "entered", "sent", "received", "opened"]

_OUTCOMES = ("metric", "enters", "sent", "receives", "opens", "nothing", "latency")


class Who(Model):
    """Which people an expectation is about: those to whom everything here applies; nothing means everybody."""

    people: tuple[str, ...] = Field(
        default=(), description="Groups, or single people such as `residents/17`; by default everybody."
    )
    visits: tuple[str, ...] = Field(
        default=(),
        description="Who enters one of these places, by id or name; `*` stands for any text. The first visit "
        "that fits is what `within` counts from.",
    )
    stays: Duration | None = Field(default=None, gt=0, description="... and stays at least this long.")
    leaves_within: Duration | None = Field(default=None, gt=0, description="... and leaves within this time.")
    between: HoursOfDay | None = Field(
        default=None, description="... and enters at these times of day, in the scenario's time zone."
    )
    enters: str | None = Field(
        default=None, description="Who enters this journey; the first entry is what `within` counts from."
    )
    sent: str | None = Field(
        default=None,
        description="Who a journey sends this action to; the first time is what `within` counts from.",
    )
    in_audience: tuple[str, ...] = Field(default=(), description="Who is in all of these audiences.")
    not_in_audience: tuple[str, ...] = Field(default=(), description="Who is in none of these audiences.")
    attributes: dict[str, str] = Field(
        default_factory=dict,
        description="Who has these values in their profile record, by plain dotted paths such as "
        "`loyalty.member`.",
    )
    phone: Literal["ios", "android"] | None = Field(default=None, description="Who has such a phone.")

    @model_validator(mode="after")
    def _visits_have_places(self) -> Self:
        for key in ("stays", "leaves_within", "between"):
            if getattr(self, key) is not None and not self.visits:
                raise ValueError(f"{key}: says more about `visits`, which is missing")
        if sum(bool(occasion) for occasion in (self.visits, self.enters, self.sent)) > 1:
            raise ValueError("give at most one of `visits`, `enters`, `sent`")
        return self


class ShareBounds(Model):
    """What share of the people it must hold for."""

    about: Share | None = Field(
        default=None,
        description="This share, as far as chance allows: it must lie in the exact confidence interval of the "
        "share found.",
    )
    confidence: Share = Field(default=0.99, gt=0, lt=1, description="Confidence of that interval.")
    at_least: Share | None = Field(default=None, description="The share found must not be lower.")
    at_most: Share | None = Field(default=None, description="The share found must not be higher.")

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.about is None and self.at_least is None and self.at_most is None:
            raise ValueError("give at least one of `about`, `at_least`, `at_most`")
        return self


class Latency(Model):
    """How long it takes from one moment to a later one, and how long it may take."""

    since: Moment = Field(
        default="crossing",
        description="From when: `crossing` of the border, `event` sent, `acknowledged`, journey `entered`, "
        "action `sent`, `received`.",
    )
    until: Moment = Field(default="received", description="Until when; the same names, and `opened`.")
    action: str | None = Field(default=None, description="Only ways that lead to this action.")
    journey: str | None = Field(default=None, description="Only ways through this journey.")
    p50: Duration | None = Field(default=None, ge=0, description="Half of them take at most this long.")
    p90: Duration | None = Field(default=None, ge=0, description="90 % of them take at most this long.")
    p95: Duration | None = Field(default=None, ge=0, description="95 % of them take at most this long.")
    p99: Duration | None = Field(default=None, ge=0, description="99 % of them take at most this long.")
    max: Duration | None = Field(default=None, ge=0, description="All of them take at most this long.")

    @property
    def bounds(self) -> dict[str, float]:
        """The longest time allowed, in seconds, by the name of the percentile."""
        names = ("p50", "p90", "p95", "p99", "max")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    @model_validator(mode="after")
    def _measures_something(self) -> Self:
        moments = ("crossing", "event", "acknowledged", "entered", "sent", "received", "opened")
        if moments.index(self.since) >= moments.index(self.until):
            raise ValueError(f"until: must come after `since` ({', '.join(moments)})")
        if not self.bounds:
            raise ValueError("give at least one of `p50`, `p90`, `p95`, `p99`, `max`")
        return self


class Expectation(Model):
    """What must hold at the end: a number of the summary, or what happens to people."""

    name: str | None = Field(default=None, min_length=1, description="What it is called in reports.")
    severity: Literal["error", "warning"] = Field(
        default="error", description="A `warning` is reported but does not change the exit code."
    )
    metric: str | None = Field(
        default=None,
        description="A number: dotted path into summary.json, such as `rejected` or `events.location.entry`.",
        min_length=1,
    )
    who: Who | None = Field(default=None, description="Whom it is about; by default everybody.")
    enters: str | None = Field(default=None, description="They enter this journey.")
    sent: str | None = Field(default=None, description="A journey sends them this action.")
    receives: str | None = Field(
        default=None,
        description="They get this action: a push message on the phone, a call answered with success, "
        "another message when it is sent.",
    )
    opens: str | None = Field(default=None, description="They open this push message.")
    nothing: Literal["sent", "received"] | None = Field(
        default=None, description="No action at all is sent to them, or received by them."
    )
    latency: Latency | None = Field(default=None, description="How long it takes, by percentile.")
    within: Duration | None = Field(
        default=None, gt=0, description="How soon, or for how long; by default until the end of the run."
    )
    of: Literal["crossing", "event", "acknowledged"] = Field(
        default="crossing",
        description="What `within` counts from for who `visits`: the crossing of the border, the event of it "
        "leaving the phone, or its acknowledgement.",
    )
    before: str | None = Field(
        default=None, description="For `sent` and `receives`: it happens before the same with this action."
    )
    excuse: tuple[str, ...] = Field(
        default=(),
        description="Reasons for which it need not hold for a person, such as `no_permission`, "
        "`reentranceNotAllowed`, `push_not_allowed`; `phone` stands for everything that keeps a crossing from "
        "becoming an accepted event.",
    )
    share: ShareBounds | None = Field(
        default=None, description="What share of them it must hold for; by default all."
    )
    equals: Bound | None = Field(
        default=None, description="The number must be this; without `metric`, the number of people."
    )
    at_least: Bound | None = Field(default=None, description="It must not be lower.")
    at_most: Bound | None = Field(
        default=None, description="It must not be higher; with a unit where it has one, such as `500 ms`."
    )
    abort_after: Duration | None = Field(
        default=None,
        gt=0,
        description="For `metric`: end the run early once this does not hold, measured over this long while it "
        "runs; for rates, shares of errors and latencies.",
    )

    @property
    def has_bound(self) -> bool:
        """Whether it bounds a number."""
        return not (self.equals is None and self.at_least is None and self.at_most is None)

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        given = [name for name in _OUTCOMES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(f'`{name}`' for name in _OUTCOMES)}")
        if self.metric is not None and not self.has_bound:
            raise ValueError("give at least one of `equals`, `at_least`, `at_most`")
        if self.abort_after is not None and self.metric is None:
            raise ValueError("abort_after: goes with `metric`")
        if self.share is not None and self.has_bound:
            raise ValueError("give `share`, or bounds of the number of people, but not both")
        if self.excuse and self.share is not None and self.share.about is not None:
            raise ValueError(
                "excuse: takes only people away for whom it does not hold, which would shift the share; choose "
                "the people by `who`"
            )
        if self.before is not None and self.sent is None and self.receives is None:
            raise ValueError("before: goes with `sent` or `receives`")
        useless = {"metric": ("who", "within", "share", "excuse"), "latency": ("share", "within", "equals")}
        for key in useless.get(given[0], ()):
            if getattr(self, key):
                raise ValueError(f"{key}: has no meaning for `{given[0]}`")
        return self
