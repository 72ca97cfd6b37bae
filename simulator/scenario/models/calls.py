"""How a custom action proves who it is to the system that it calls (journeys.md 6.1)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.scenario.models.base import Model
from simulator.scenario.quantities import Duration
from simulator.scenario.references import ReferenceText, SecretText

# What the product does unless the action says otherwise.
_HOUR = 3600.0


class BasicCredentials(Model):
    """A user name and a password (HTTP Basic)."""

    user: ReferenceText = Field(description="User name.")
    password: SecretText = Field(description="Password; never written in a scenario itself.")


class ApiKey(Model):
    """A key in a header or in the query."""

    name: str = Field(min_length=1, description="Name of the header or query parameter.")
    value: SecretText = Field(description="The key; never written in a scenario itself.")
    place: Literal["header", "query"] = Field(default="header", description="Where it goes.")


class TokenCall(Model):
    """A token that is fetched before the first call, kept, and fetched again when it is too old."""

    url: ReferenceText = Field(description="Where the token is fetched.")
    method: Literal["GET", "POST"] = Field(default="POST", description="Method of that request.")
    headers: dict[str, ReferenceText] = Field(
        default={}, description="Its headers; secrets as `${env:NAME}` or `{file: PATH}`."
    )
    body_type: Literal["form", "json"] = Field(default="form", description="How `body` is sent.")
    body: dict[str, ReferenceText] = Field(
        default={}, description="Its parameters; secrets as `${env:NAME}` or `{file: PATH}`."
    )
    token_in: str = Field(
        default="json://access_token",
        pattern=r"^(response|json://.+)$",
        description="Where the token stands: `response` for the whole answer, or `json://` with a path such as "
        "`json://data.token`.",
    )
    send_as: Literal["bearer", "header", "query"] = Field(
        default="bearer",
        description="How calls carry it: `Authorization: Bearer`, a header of its own, or a query parameter.",
    )
    name: str | None = Field(
        default=None, min_length=1, description="Name of that header or query parameter."
    )
    valid_for: Duration = Field(default=_HOUR, gt=0, description="How long it is used before it is renewed.")

    @model_validator(mode="after")
    def _named_where_needed(self) -> Self:
        if (self.send_as == "bearer") != (self.name is None):
            raise ValueError("name: goes with `send_as: header` and `send_as: query`")
        if self.method == "GET" and self.body:
            raise ValueError("body: a GET has none")
        return self


class CallAuthentication(Model):
    """How a custom action authenticates; exactly one of the ways."""

    basic: BasicCredentials | None = Field(default=None, description="User name and password.")
    api_key: ApiKey | None = Field(default=None, description="A key.")
    token: TokenCall | None = Field(default=None, description="A token from an endpoint of its own.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.basic, self.api_key, self.token)) != 1:
            raise ValueError("give exactly one of `basic`, `api_key`, `token`")
        return self
