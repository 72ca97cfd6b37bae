"""What listens to the calls of custom actions, and how it answers (docs/listener.md)."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from simulator.scenario.models.base import Model
from simulator.scenario.models.calls import ApiKey, BasicCredentials
from simulator.scenario.quantities import Count, Duration
from simulator.scenario.references import ReferenceText

# A path into a call: where a value stands.
_WHERE = r"^(body|query|headers)\..+$"
_HOUR = 3600.0


class ListenerAnswer(Model):
    """An answer to one attempt."""

    status: Count = Field(default=200, ge=200, le=599, description="Status code.")
    body: Any = Field(default=None, description="The JSON that is answered; by default `{}`.")
    text: str | None = Field(
        default=None, description="Text that is answered as it stands instead, such as JSON that is broken."
    )
    headers: dict[str, str] = Field(default={}, description="Headers of the answer, such as `Location`.")
    delay: Duration = Field(default=0.0, ge=0, description="Time until the answer, of the wall.")

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.body is not None and self.text is not None:
            raise ValueError("give `body` or `text`, not both")
        return self


class ListenerAccess(Model):
    """What a call must bring; others are answered 401."""

    basic: BasicCredentials | None = Field(default=None, description="User name and password.")
    api_key: ApiKey | None = Field(default=None, description="A key in a header or the query.")
    token: str | None = Field(
        default=None, min_length=1, description="A token that this route (one with `token`) has given out."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.basic, self.api_key, self.token)) != 1:
            raise ValueError("give exactly one of `basic`, `api_key`, `token`")
        return self


class TokenAnswer(Model):
    """A token endpoint: answers `{"access_token": ..., "token_type": "bearer", "expires_in": ...}`."""

    valid_for: Duration = Field(default=_HOUR, gt=0, description="How long a token is taken.")
    expects: dict[str, ReferenceText] = Field(
        default={},
        description="Parameters that who asks must give, in the form, JSON or query; secrets as `${env:NAME}` or "
        "`{file: PATH}`.",
    )


class ListenerRoute(Model):
    """Calls that are for one thing: what they must look like, whom they are about, and how they are answered."""

    path: str = Field(
        default="*", min_length=1, description="Path of the calls meant; `*` stands for any text."
    )
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = Field(
        default=None, description="Method of the calls meant; by default any."
    )
    action: str | None = Field(
        default=None,
        min_length=1,
        description="The action whose calls these are; by default the route's name. What arrives here is then what "
        "says that the action was received.",
    )
    answers: tuple[ListenerAnswer, ...] = Field(
        default=(),
        description="Answers to the attempts of one call, in their order; the last one stays. By default 200 `{}`.",
    )
    requires: ListenerAccess | None = Field(default=None, description="What a call must bring.")
    token: TokenAnswer | None = Field(default=None, description="These are requests for a token.")
    person: str | None = Field(
        default=None,
        pattern=_WHERE,
        description="Where a call says whom it is about, such as `body.customer.id`; by default any field called "
        "`profileId`.",
    )
    event: str | None = Field(
        default=None, pattern=_WHERE, description="... which event it is about; by default `eventMsgId`."
    )
    instance: str | None = Field(
        default=None, pattern=_WHERE, description="... which instance; by default `instanceUID`."
    )
    step: str | None = Field(
        default=None, pattern=_WHERE, description="... which step; by default `nodeName`."
    )
    shape: Any = Field(
        default=None,
        description="A sample of the body: fields that are missing, null or of another type are on record.",
    )
    becomes: Literal["push"] | None = Field(
        default=None, description="The call becomes a push message on the person's phone."
    )
    title: str | None = Field(
        default=None, pattern=_WHERE, description="Where the call has the title of that message."
    )

    @model_validator(mode="after")
    def _tokens_only(self) -> Self:
        if self.token is not None and (self.answers or self.becomes or self.action or self.requires):
            raise ValueError("token: not together with `answers`, `action`, `requires`, `becomes`")
        if self.title is not None and self.becomes is None:
            raise ValueError("title: goes with `becomes: push`")
        return self


class Listener(Model):
    """What listens to custom actions while a run goes on, or on its own (`journeysim listen`)."""

    port: Count = Field(default=8090, ge=0, le=65535, description="Port on the loopback; 0 takes a free one.")
    linger: Duration | None = Field(
        default=None,
        ge=0,
        description="How long it goes on listening after the last event, of the wall; by default as long as "
        "`journeys.patience` where the platform evaluates the journeys, else not at all.",
    )
    routes: dict[str, ListenerRoute] = Field(
        default={},
        description="Routes by name, tried from top to bottom; calls of none are answered 200 `{}`.",
    )

    @model_validator(mode="after")
    def _known_token_routes(self) -> Self:
        for name, route in self.routes.items():
            wanted = route.requires.token if route.requires is not None else None
            if wanted is not None and (wanted not in self.routes or self.routes[wanted].token is None):
                raise ValueError(f"routes.{name}.requires.token: no route {wanted!r} with `token`")
        return self
