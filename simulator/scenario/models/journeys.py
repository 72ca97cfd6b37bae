"""Journeys: event definitions, actions, data sources, audiences and the steps that people go through.

Terms and defaults are those of the vendor's documentation (journeys.md); docs/journeys.md explains them.
Expressions are text in the vendor's own expression language.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from simulator.core.distributions import Constant
from simulator.scenario.models.base import Model, Weekday
from simulator.scenario.models.calls import CallAuthentication
from simulator.scenario.models.delivery import Destination, no_secrets_in_clear
from simulator.scenario.models.listener import Listener
from simulator.scenario.quantities import (
    Count,
    Duration,
    LocalDateTime,
    RandomDuration,
    Share,
    TimeOfDay,
    TimeZone,
)
from simulator.scenario.references import ReferenceText

# Names of events, actions, data sources and journeys: at most 30 characters (journeys.md 1.1).
NAME_LENGTH = 30
ReactionKind = Literal["sent", "failed", "opened", "clicked"]


class EventDefinition(Model):
    """An event that journeys listen to: system-generated (`event_id`) or rule-based (`rule`)."""

    event_id: str | None = Field(
        default=None,
        min_length=1,
        description="The id that a system-generated event carries in `_experience.campaign.orchestration.eventID`.",
    )
    rule: str | None = Field(
        default=None,
        min_length=1,
        description="Expression that is true for the events meant; fields are those of this event.",
    )
    namespace: str = Field(default="ECID", min_length=1, description="Identity namespace of the key.")
    key: str | None = Field(
        default=None,
        min_length=1,
        description="Expression for the identity that enters; by default the first id of the namespace in "
        "`identityMap`.",
    )
    supplemental: str | None = Field(
        default=None,
        min_length=1,
        description="Expression for a second key (an order, a booking): one instance per person and value.",
    )
    fields: tuple[str, ...] | None = Field(
        default=None,
        description="Payload fields that journeys may use, as dotted paths; by default all. The product shows "
        "only the selected ones.",
    )

    @model_validator(mode="after")
    def _one_type(self) -> Self:
        if (self.event_id is None) == (self.rule is None):
            raise ValueError("give exactly one of `event_id`, `rule`")
        return self


class StubAnswer(Model):
    """An answer of a stub for some of the calls."""

    when: str | None = Field(
        default=None,
        min_length=1,
        description="Expression that is true for the calls meant; by default all that reach this answer.",
    )
    share: Share = Field(
        default=1.0, description="Share of people who get it, drawn once per person and answer."
    )
    status: Count = Field(default=200, ge=100, le=599, description="Status code.")
    body: Any = Field(default=None, description="The JSON that is answered.")
    delay: RandomDuration = Field(default=Constant(0.2), description="Time until the answer [a].")


class Stub(Model):
    """What answers in place of an outside system: the first answer that fits."""

    answers: tuple[StubAnswer, ...] = Field(default=(), description="Answers, tried from top to bottom.")
    status: Count = Field(default=200, ge=100, le=599, description="Status code if none of them fits.")
    body: Any = Field(default=None, description="The JSON that is answered if none of them fits.")
    delay: RandomDuration = Field(
        default=Constant(0.2), description="Time until the answer if none of them fits [a]."
    )


class MailHabits(Model):
    """What people do with an e-mail."""

    opened: Share = Field(default=0.0, description="Share of people who open it, drawn per message [a].")
    opened_after: RandomDuration = Field(
        default=Constant(1800.0), description="Time from sending to opening [a]."
    )
    clicked: Share = Field(default=0.0, description="Share of those who open it that click a link in it [a].")
    clicked_after: RandomDuration = Field(
        default=Constant(30.0), description="Time from opening to clicking [a]."
    )


class ActionDefinition(Model):
    """A message on a channel, or a custom action that calls a URL.

    Texts that begin with `=` are expressions, evaluated for each person.
    """

    channel: Literal["push", "email", "sms"] | None = Field(
        default=None, description="Channel of a message; leave it out for a custom action."
    )
    title: str = Field(default="", description="Title of a push, subject of an e-mail.")
    body: Any = Field(
        default=None,
        description="Text of a message, or the JSON body of a call; each text in it may be an expression (`=...`).",
    )
    url: ReferenceText | None = Field(
        default=None, description="URL of a custom action; may be an expression (`=...`)."
    )
    method: Literal["POST", "PUT", "GET"] = Field(default="POST", description="Method of the call.")
    headers: dict[str, ReferenceText] = Field(
        default={},
        description="Headers of the call: expressions, or text, with secrets as `${env:NAME}` or `{file: PATH}`.",
    )
    query: dict[str, ReferenceText] = Field(
        default={}, description="Query parameters; the same holds for them."
    )
    allow_null: bool = Field(
        default=False, description="Send parameters without a value as null instead of leaving them out."
    )
    cap: Count | None = Field(
        default=None,
        ge=1,
        description="Calls in `cap_period` beyond which calls fail as capped; by default 300,000 a minute (ajo) "
        "or none (jo).",
    )
    cap_period: Duration = Field(default=60.0, gt=0, description="Length of the sliding window of `cap`.")
    call: bool = Field(
        default=False,
        description="Really call the URL where the clock is paced or `live`, and at full speed with "
        "`--call-actions`; otherwise `stub` answers.",
    )
    authentication: CallAuthentication | None = Field(
        default=None, description="How calls that really go out prove who they are."
    )
    mail: MailHabits = Field(
        default=MailHabits(), description="What people do with an e-mail; for push messages see `app.push`."
    )
    stub: Stub = Field(default=Stub(), description="What answers a call that does not leave the simulation.")

    @model_validator(mode="after")
    def _kind(self) -> Self:
        if (self.channel is None) == (self.url is None):
            raise ValueError("give exactly one of `channel`, `url`")
        if "mail" in self.model_fields_set and self.channel != "email":
            raise ValueError("`mail` means nothing without `channel: email`")
        if self.url is not None and not (self.url.file or self.url.text):
            raise ValueError("url: is empty")
        for key in ("call", "authentication"):
            if getattr(self, key) and self.url is None:
                raise ValueError(f"{key}: goes with `url`")
        no_secrets_in_clear(
            {name: value for name, value in self.headers.items() if not value.text.startswith("=")}
        )
        return self


class DataSource(Model):
    """Where conditions look things up: the platform's profile store, or an outside system."""

    type: Literal["platform", "external"] = Field(
        default="external",
        description="`platform`: the person's profile and accepted events (`experienceevent`, newest first). "
        "`external`: `stub` answers.",
    )
    stub: Stub = Field(default=Stub(), description="What an external source answers.")


class Audience(Model):
    """Who belongs to an audience: a condition on the profile, or a share of people."""

    when: str | None = Field(
        default=None,
        min_length=1,
        description="Expression that is true for members, with the profile as `#{Profile.attributes...}`.",
    )
    share: Share | None = Field(default=None, description="Share of people, drawn once per person.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.when is None) == (self.share is None):
            raise ValueError("give exactly one of `when`, `share`")
        return self


class HoursOfDay(Model):
    """Hours of the day and days of the week."""

    after: TimeOfDay | None = Field(default=None, description="From this time of day on, such as `09:00`.")
    before: TimeOfDay | None = Field(
        default=None, description="Before this time of day; earlier than `after` means over midnight."
    )
    days: tuple[Weekday, ...] | None = Field(default=None, description="Days of the week; by default all.")


class DateRange(Model):
    """A range of local dates and times."""

    after: LocalDateTime | None = Field(default=None, description="From this moment on.")
    before: LocalDateTime | None = Field(default=None, description="Before this moment.")


class ConditionPath(Model):
    """A path out of a condition: taken if what it says is true, the paths above it being false."""

    when: str | None = Field(default=None, min_length=1, description="Expression.")
    time: HoursOfDay | None = Field(default=None, description="Hours and weekdays.")
    date: DateRange | None = Field(default=None, description="Dates.")
    percentage: Share | None = Field(
        default=None, description="Share of people; the paths of one split add up to 100 %."
    )
    cap: Count | None = Field(
        default=None, ge=1, description="The first so many profiles of this version take it (ajo only)."
    )
    next: str | None = Field(
        default=None, description="The step to go on with; by default the one that follows."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = (self.when, self.time, self.date, self.percentage, self.cap)
        if sum(value is not None for value in given) != 1:
            raise ValueError("give exactly one of `when`, `time`, `date`, `percentage`, `cap`")
        return self


class RaceBranch(Model):
    """One of several things waited for at the same time: the first to happen wins."""

    event: str | None = Field(default=None, min_length=1, description="Name of an event definition.")
    reaction: ReactionKind | None = Field(default=None, description="What the person does with a message.")
    to: str | None = Field(default=None, description="The step that sent it; by default the nearest before.")
    wait: Duration | None = Field(default=None, gt=0, description="A time.")
    next: str | None = Field(
        default=None, description="The step to go on with; by default the one that follows."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.event, self.reaction, self.wait)) != 1:
            raise ValueError("give exactly one of `event`, `reaction`, `wait`")
        if self.to is not None and self.reaction is None:
            raise ValueError("`to` means nothing without `reaction`")
        return self


class Step(Model):
    """One step of a journey: exactly one of the kinds. It goes on with `next`, or with the step that follows."""

    event: str | None = Field(
        default=None, min_length=1, description="Wait for this event (an event definition)."
    )
    reaction: ReactionKind | None = Field(
        default=None,
        description="Wait for what becomes of a message that the journey sent: `sent` (handed over), `failed` (it "
        "can't reach the person), `opened` (e-mail), `clicked` (a push message, or a link in an e-mail).",
    )
    to: str | None = Field(
        default=None, description="The step that sent the message; by default the nearest one before."
    )
    timeout: Duration | None = Field(
        default=None,
        gt=0,
        description="Longest time to wait for `event` or `reaction`; by default as long as the instance lives.",
    )
    on_timeout: str | None = Field(
        default=None, description="Step to go on with after the time-out; by default the same as in time."
    )
    wait: Duration | None = Field(default=None, gt=0, description="Wait for this time.")
    wait_until: str | None = Field(
        default=None,
        min_length=1,
        description="Wait until the moment that this expression gives (a dateTimeOnly).",
    )
    race: tuple[RaceBranch, ...] | None = Field(
        default=None, min_length=2, description="Wait for several things at once; the first one wins."
    )
    condition: dict[str, ConditionPath] | None = Field(
        default=None, min_length=1, description="Paths by name, tried from top to bottom."
    )
    other: str | None = Field(
        default=None, description="Step for those on no path of `condition`; by default the instance ends."
    )
    action: str | None = Field(
        default=None, min_length=1, description="Do this action (an action definition)."
    )
    on_error: str | None = Field(
        default=None,
        description="Step to go on with when a condition or action fails or times out; by default the instance "
        "ends in error.",
    )
    update_profile: dict[str, str] | None = Field(
        default=None, min_length=1, description="Set profile attributes: dotted path to expression."
    )
    jump: str | None = Field(
        default=None, min_length=1, description="Start this journey for the person, and go on at once."
    )
    end: bool | None = Field(default=None, description="The instance ends here.")
    next: str | None = Field(default=None, description="The step to go on with; `end` ends the instance.")

    @field_validator("condition", mode="before")
    @classmethod
    def _other_stands_outside(cls, paths: Any) -> Any:
        if isinstance(paths, dict) and isinstance(paths.get("other"), str):
            raise ValueError("`other` stands in it; write it beside, {condition: {...}, other: STEP}")
        return paths

    @property
    def kind(self) -> str:
        """Which of the kinds the step is."""
        return next(kind for kind in STEP_KINDS if getattr(self, kind) is not None)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in STEP_KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            named = ", ".join(f"`{kind}`" for kind in STEP_KINDS)
            raise ValueError(f"give exactly one of {named}")
        for field, only in _ONLY_WITH.items():
            if getattr(self, field) is not None and kinds[0] not in only:
                raise ValueError(f"`{field}` means nothing with `{kinds[0]}`")
        return self


STEP_KINDS = (
    "event",
    "reaction",
    "wait",
    "wait_until",
    "race",
    "condition",
    "action",
    "update_profile",
    "jump",
    "end",
)
_ONLY_WITH = {
    "to": ("reaction",),
    "timeout": ("event", "reaction"),
    "on_timeout": ("event", "reaction"),
    "other": ("condition",),
    "on_error": ("condition", "action", "wait_until", "update_profile"),
}


class Reentrance(Model):
    """Whether, and how soon, a person may enter again."""

    allowed: bool = Field(default=True, description="Whether a person may enter more than once.")
    wait: Duration | None = Field(
        default=None, description="Shortest time between two entries; by default 5 min (ajo) or none (jo)."
    )


class ExitCriterion(Model):
    """Ends all instances of a person (ajo only)."""

    event: str = Field(min_length=1, description="When this event arrives (an event definition).")
    when: str | None = Field(default=None, min_length=1, description="Only if this expression is true.")


class Journey(Model):
    """A journey: what starts it, and the steps that a person goes through."""

    description: str = Field(default="", description="What it is for.")
    active: DateRange = Field(default=DateRange(), description="When people may enter; by default always.")
    timezone: TimeZone | None = Field(
        default=None, description="Time zone of its times and dates; by default that of the clock."
    )
    reentrance: Reentrance = Field(default=Reentrance(), description="Entering again.")
    timeout: Duration | None = Field(
        default=None,
        gt=0,
        description="Longest life of an instance; by default 91 days (ajo) or 30 days (jo).",
    )
    activity_timeout: Duration | None = Field(
        default=None,
        ge=1,
        le=30,
        description="Longest time for a call, retries included; by default 30 s (ajo) or 5 s (jo).",
    )
    exit_criteria: dict[str, ExitCriterion] = Field(default={}, description="What ends instances early.")
    test_mode: bool = Field(
        default=False,
        description="Only test profiles enter, waits take 10 s, splits take the top path, caps don't count.",
    )
    paused: bool = Field(default=False, description="Nobody enters (ajo only).")
    steps: dict[str, Step] = Field(
        min_length=1, description="The steps by name; the first one is the event that starts it."
    )


class Journeys(Model):
    """The journeys under test, and what they refer to."""

    dialect: Literal["jo", "ajo"] = Field(
        default="ajo", description="`ajo`: Journey Optimizer. `jo`: Journey Orchestration, its predecessor."
    )
    events: dict[str, EventDefinition] = Field(default={}, description="Event definitions by name.")
    actions: dict[str, ActionDefinition] = Field(default={}, description="Actions by name.")
    data_sources: dict[str, DataSource] = Field(default={}, description="Data sources by name.")
    audiences: dict[str, Audience] = Field(default={}, description="Audiences by name.")
    journeys: dict[str, Journey] = Field(default={}, description="The journeys by name.")
    evaluation: Literal["local", "platform"] = Field(
        default="local",
        description="`local`: the run leads people through the journeys. `platform`: the real product does, or "
        "somebody else; what happened is known from the listener and from step events (docs/live_proof.md).",
    )
    patience: Duration = Field(
        default=300.0,
        ge=0,
        description="Where the platform evaluates: added to every deadline, in real time. The product says that its "
        "first action may take 5 min.",
    )
    listener: Listener | None = Field(
        default=None, description="What listens to calls of custom actions while the run goes on."
    )
    latency: RandomDuration = Field(
        default=Constant(1.0),
        description="Time from the acceptance of an event until the journey acts on it [a]; the product says that "
        "it may take 5 min.",
    )
    step_events: Destination | None = Field(
        default=None,
        description="Where journey step events are sent while the run goes on, and how: an inlet or any other "
        "destination but `receiver`, `edge:` and `-`. What it doesn't say is taken from `destination`, but for "
        "`to` and `schema_id`.",
    )
