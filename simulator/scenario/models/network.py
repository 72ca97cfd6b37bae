"""How the phones' requests fare on their way to the endpoint and back."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.core.distributions import Constant
from simulator.scenario.models.base import MINUTE, Model
from simulator.scenario.quantities import Count, Duration, RandomDuration, Share, TimeOfDay

StatusCode = Count


class Answers(Model):
    """A share of requests that get another answer than success."""

    code: StatusCode = Field(ge=100, le=599, description="Status code of the answer, such as 503.")
    share: Share = Field(description="Share of requests that get it.")
    retry_after: Duration | None = Field(
        default=None, gt=0, description="The answer's `Retry-After`; whole seconds are rounded up."
    )


class Fault(Model):
    """A time of every day in which requests fail."""

    at: TimeOfDay = Field(description="Local time at which it begins, every day of the run.")
    length: Duration = Field(gt=0, description="How long it lasts.")
    answer: StatusCode | Literal["lost", "unreachable"] = Field(
        default="unreachable",
        description="What phones get: a status code, or nothing: `lost` if the endpoint takes the request and the "
        "answer does not come back, `unreachable` if the request does not arrive.",
    )
    share: Share = Field(default=1.0, description="Share of requests that it concerns.")
    retry_after: Duration | None = Field(
        default=None, gt=0, description="The answer's `Retry-After`; whole seconds are rounded up."
    )


class Network(Model):
    """The way between phones and endpoint, as the simulated phones meet it (docs/sdk.md)."""

    latency: RandomDuration = Field(
        default=Constant(0.0), description="Time from sending a request to having its answer."
    )
    lost_answers: Share = Field(
        default=0.0,
        description="Share of requests that the endpoint takes but whose answer the phone does not hear, so that it "
        "sends the same event again; 0.1 to 0.5 % is typical [a].",
    )
    answers: tuple[Answers, ...] = Field(default=(), description="Answers other than success.")
    faults: tuple[Fault, ...] = Field(default=(), description="Times of the day in which requests fail.")
    late_after: Duration = Field(
        default=1 * MINUTE,
        ge=0,
        description="A crossing whose event is acknowledged longer than this after it was queued is "
        "`delivered_late` [a].",
    )

    @model_validator(mode="after")
    def _shares_of_one_whole(self) -> Self:
        together = self.lost_answers + sum(one.share for one in self.answers)
        if together > 1.0 + 1e-9:
            raise ValueError(
                "answers: the shares, with `lost_answers`, add up to more than 100 %; give smaller ones"
            )
        return self
