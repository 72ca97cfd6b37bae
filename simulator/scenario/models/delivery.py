"""Where events go, and what must hold at the end."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from simulator.scenario.models.base import Model
from simulator.scenario.quantities import Bound, Count, Duration


class Destination(Model):
    """Where events go, and how."""

    to: str = Field(
        default="receiver",
        min_length=1,
        description="`receiver` (embedded, in this process), `http(s)://HOST/collection/INLET`, "
        "`file:PATH.ndjson[.gz|.zst]`, or `-` for standard output.",
    )
    batch_size: Count = Field(
        default=1,
        ge=1,
        le=10_000,
        description="Events per request; from 2 on the batch form of the inlet is used.",
    )
    connections: Count = Field(default=16, ge=1, le=1024, description="Requests in flight at the same time.")
    timeout: Duration = Field(default=10.0, gt=0, description="Longest time to wait for an answer.")
    give_up_after: Duration = Field(
        default=30.0,
        ge=0,
        description="How long an event is tried again after answers that allow it, or while nobody answers.",
    )
    sync_validation: bool = Field(
        default=False,
        description="Ask a single-message inlet to validate before it answers (`syncValidation=true`).",
    )
    organization: str = Field(
        default="0123456789ABCDEF01234567@AdobeOrg", description="`imsOrgId` in the header of each message."
    )
    schema_id: str = Field(
        default="https://ns.adobe.com/journeysim/schemas/mobile-events", description="Id of the XDM schema."
    )
    dataset_id: str = Field(default="6650f2a1c3d4e5f601234567", description="Dataset that the messages name.")
    flow_id: str | None = Field(default=None, description="Dataflow, where the connection has several.")
    source_name: str = Field(default="journeysim", description="`header.source.name` of each message.")


class Expectation(Model):
    """A number of the run's summary and what it must be."""

    metric: str = Field(
        description="Dotted path into summary.json, such as `rejected` or `events.location.entry`.",
        min_length=1,
    )
    equals: Bound | None = Field(default=None, description="The value must be this.")
    at_least: Bound | None = Field(default=None, description="The value must not be lower.")
    at_most: Bound | None = Field(
        default=None,
        description="The value must not be higher; with a unit where it has one, such as `500 ms`.",
    )
    abort_after: Duration | None = Field(
        default=None,
        gt=0,
        description="End the run early once this does not hold, measured over this long while it runs; for "
        "rates, shares of errors and latencies.",
    )

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.equals is None and self.at_least is None and self.at_most is None:
            raise ValueError("give at least one of `equals`, `at_least`, `at_most`")
        return self
