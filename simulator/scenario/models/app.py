"""The app on the phones, and when people use it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr, field_validator

from simulator.core.distributions import Constant, LogNormal, Uniform
from simulator.scenario.models.base import HOUR, MINUTE, Model
from simulator.scenario.quantities import Duration, RandomDuration, RandomNumber, Share, Weights

DAY = 24 * HOUR
# IdentityConstants of iOS' Edge Identity: what only the SDK itself may set.
RESERVED_NAMESPACES = ("ECID", "IDFA", "GAID")
JsonScalar = StrictBool | StrictInt | float | StrictStr


class Sessions(Model):
    """When people use the app."""

    per_day: RandomNumber = Field(
        default=LogNormal(3.0, 0.7, 0.0, 12.0), description="Sessions a day, drawn once per person [a]."
    )
    length: RandomDuration = Field(
        default=LogNormal(40.0, 0.9, 1.0, 1 * HOUR),
        description="Length of a session; mean below 1 min (Boehmer et al. 2011 [v]).",
    )
    gap: Duration = Field(
        default=30 * MINUTE,
        ge=1,
        description="Shortest time between two sessions; an exponential time comes on top (eventsim [v]).",
    )
    night: Share = Field(
        default=0.1,
        description="Activity between 23:00 and 06:00 as a share of the day's (night damping [a]).",
    )
    weekend: Share = Field(
        default=0.8,
        description="Activity on Saturday and Sunday as a share of a working day's (weekend damping [a]).",
    )


class Consent(Model):
    """Whether people agree to data being collected (`consents.collect`)."""

    start: Weights = Field(
        default={"yes": 1.0},
        description="What is set when the run begins: `yes`, `pending` (events wait on the phone) or `no`.",
    )
    answer: Weights = Field(
        default={"yes": 1.0},
        description="What people say who had not decided: `yes`, `no`, or `pending` if they never do.",
    )
    answered_after: RandomDuration = Field(
        default=Constant(0.0),
        description="They say so at the first launch this long after the start of the run.",
    )
    withdrawn: Share = Field(
        default=0.0, description="Share of people who had agreed and change their mind during the run."
    )
    withdrawn_after: RandomDuration = Field(
        default=Uniform(0.0, 7 * DAY),
        description="They do so at the first launch this long after the start of the run [a].",
    )


class Login(Model):
    """People who log in to the app, so that events carry a second identity."""

    share: Share = Field(default=1.0, description="Share of people who do.")
    namespace: str = Field(
        default="Email",
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
        description="Identity namespace. `Email` has the person's fictional address, any other one an id made up.",
    )
    after: RandomDuration = Field(
        default=Constant(0.0),
        description="They log in at the first launch this long after the start of the run; 0 stands for people who "
        "were logged in before.",
    )
    logout_after: RandomDuration | None = Field(
        default=None,
        description="They log out at the first launch this long after the start; by default never.",
    )
    logout: Literal["logged_out", "removed", "reset"] = Field(
        default="logged_out",
        description="What logging out does: the identity stays and is marked as logged out, it is removed, or all "
        "identities are reset, so that the phone gets a new ECID.",
    )

    @field_validator("namespace")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value.upper() in RESERVED_NAMESPACES:
            raise ValueError(f"namespace: {value} is reserved for the SDK; take another one such as CRMID")
        return value


class Push(Model):
    """Push messages: who allows them, and what people do with those that they get."""

    share: Share = Field(default=1.0, description="Share of people who allow push messages.")
    sandbox: bool = Field(default=False, description="iOS: tokens of Apple's sandbox.")
    latency: RandomDuration = Field(
        default=LogNormal(1.5, 0.6, 0.2, 30.0),
        description="Time from the sending of a message to a phone that has a connection [a].",
    )
    opened: Share = Field(default=0.1, description="Share of messages that are opened [a].")
    opened_after: RandomDuration = Field(
        default=LogNormal(4 * MINUTE, 1.2, 1.0, 2 * DAY),
        description="Time from the arrival of a message to its opening [a].",
    )
    session: RandomDuration = Field(
        default=LogNormal(40.0, 0.9, 1.0, 1 * HOUR),
        description="How long the app stays open because of a message [a].",
    )


class Rule(Model):
    """A client-side rule: what the app adds to events of some types, or where it sends them."""

    on: tuple[str, ...] = Field(
        min_length=1, description="Event types, such as `location.entry`; `*` stands for all."
    )
    attach: dict[str, JsonScalar] = Field(
        default_factory=dict,
        description="Fields to set, by dotted path, such as `placeContext.geo.city: Munich`.",
    )
    event_id: str | None = Field(
        default=None,
        min_length=1,
        description="Id of an event definition, set as `_experience.campaign.orchestration.eventID`.",
    )
    postback: bool = Field(
        default=False,
        description="Post these events to a streaming inlet, the older way, instead of the Edge Network.",
    )


class App(Model):
    """The app on the phones, with the Mobile SDK in it."""

    id: str = Field(min_length=1, description="Bundle or package id, such as `com.example.shop`.")
    name: str = Field(min_length=1, description="Name of the app.")
    version: Weights = Field(
        default={"1.0.0 (1)": 1.0},
        description="Version as `version (build)`, or weighted versions in the field.",
    )
    sessions: Sessions = Field(default=Sessions(), description="When people use it.")
    location_events: Literal["sdk", "rich"] = Field(
        default="sdk",
        description="`sdk`: entry and exit events as the Mobile SDK sends them. `rich`: with coordinates, "
        "local time, distance, fence and device, as an app may add them.",
    )
    dedupe: bool = Field(
        default=False,
        description="The app keeps a list of places that it is in, and holds repeated entries (on iOS repeated exits, "
        "too) back from the SDK, which does not.",
    )
    no_metadata: Literal["empty", "absent"] = Field(
        default="empty",
        description="What the places service sends for a place without address and metadata: an empty map, or none at "
        "all, from which Android's SDK makes no event.",
    )
    consent: Consent = Field(default=Consent(), description="Whether people agree to data being collected.")
    login: Login | None = Field(default=None, description="People who log in; by default nobody does.")
    push: Push | None = Field(default=None, description="Push tokens; by default the app has none.")
    rules: tuple[Rule, ...] = Field(default=(), description="Client-side rules, applied in their order.")
