"""Where events go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.scenario.models.base import Model
from simulator.scenario.quantities import Count, Duration, FilePath, Size
from simulator.scenario.references import Reference, ReferenceText, SecretText

# Where an event comes from; events carry the position in this list as one byte.
Source = Literal["phone", "till", "loyalty", "web", "postback"]
SOURCES: tuple[Source, ...] = ("phone", "till", "loyalty", "web", "postback")

# ingestion.md 3.1: scopes of OAuth server-to-server credentials for the platform's APIs.
_SCOPES = ("openid", "AdobeID", "read_organizations", "additional_info.projectedProductContext", "session")
# What is in the names of headers that carry a secret.
_SECRET_HEADERS = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey")
_SECRET_SETTINGS = ("password", "secret", "token", "ssl.key.pem", "oauthbearer.config", "jaas.config")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def no_secrets_in_clear(headers: Mapping[str, Reference]) -> None:
    """Raise ValueError for a header that can't be sent, or whose secret stands in the scenario itself."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"headers: {name!r} is not the name of a header")
        if value.literal and any(word in name.lower() for word in _SECRET_HEADERS):
            raise ValueError(f"headers: {name} stands here in clear; write ${{env:NAME}} or {{file: PATH}}")


class ServerCredentials(Model):
    """OAuth server-to-server credentials: tokens are fetched and renewed as needed, one for all requests."""

    client_id: ReferenceText = Field(description="Client id, also sent as `x-api-key` to the Edge Network.")
    client_secret: SecretText = Field(description="Client secret; never written in a scenario itself.")
    scopes: tuple[str, ...] = Field(default=_SCOPES, min_length=1, description="Scopes to ask for.")
    token_url: str = Field(
        default="https://ims-na1.adobelogin.com/ims/token/v3",
        pattern=r"^https?://",
        description="Where tokens are fetched.",
    )


class EdgeOptions(Model):
    """What is particular to the Edge Network (`edge:`)."""

    version: Literal["v1", "v2"] = Field(
        default="v1",
        description="`v1` sends each event as the Mobile SDK does; `v2` is the API for servers, with one "
        "event per request, or `batch_size` of them to `collect`.",
    )


class KafkaOptions(Model):
    """What is particular to Kafka (`kafka:`)."""

    settings: dict[str, ReferenceText] = Field(
        default_factory=dict,
        description="Settings of the client library (librdkafka) by name, such as `security.protocol`; "
        "passwords as `${env:NAME}` or `{file: PATH}`.",
    )

    @model_validator(mode="after")
    def _no_secret_in_clear(self) -> Self:
        for name, value in self.settings.items():
            if name.endswith(_SECRET_SETTINGS) and value.literal:
                raise ValueError(
                    f"settings: {name} stands here in clear; write ${{env:NAME}} or {{file: PATH}}"
                )
        return self


class HttpRequest(Model):
    """A request to any HTTP endpoint (`http:URL`), made from a template."""

    method: Literal["POST", "PUT", "PATCH"] = Field(default="POST", description="Method of the request.")
    headers: dict[str, ReferenceText] = Field(
        default_factory=dict,
        description="Headers by name; secrets as `Bearer ${env:NAME}` or `{file: PATH}`. "
        "`Content-Type` is `application/json` unless given.",
    )
    body: str | None = Field(
        default=None,
        min_length=1,
        description="Body with placeholders: `{event}` (the event as JSON), `{event.PATH}` (a value in it as "
        "JSON), and inside quotes `{id}`, `{type}`, `{time}`, `{identity}`; for requests of several events "
        "`{events}` (a JSON array) and `{count}`. By default the event, or the array.",
    )

    @model_validator(mode="after")
    def _headers_can_be_sent(self) -> Self:
        no_secrets_in_clear(self.headers)
        return self


class Rotation(Model):
    """When a file is finished and the next one begun; files are then numbered from 00001."""

    size: Size | None = Field(default=None, gt=0, description="A file is finished at this size.")
    every: Duration | None = Field(
        default=None, gt=0, description="A file holds this much simulated time, counted from the start."
    )

    @model_validator(mode="after")
    def _some_reason(self) -> Self:
        if self.size is None and self.every is None:
            raise ValueError("give at least one of `size`, `every`")
        return self


class Destination(Model):
    """Where events go, and how."""

    to: str = Field(
        default="receiver",
        min_length=1,
        description="`receiver` (embedded, in this process), `http(s)://HOST/collection/INLET`, "
        "`edge:https://HOST?configId=DATASTREAM`, `kafka:BROKER,.../TOPIC`, `http:URL` (any HTTP endpoint), "
        "`file:PATH.ndjson[.gz|.zst]`, `file:PATH.parquet`, `provisioned:FILE` "
        "(what `journeysim provision` has set up), or `-` for standard output. "
        "Text in it may come from the environment: `${env:NAME}`.",
    )
    sources: tuple[Source, ...] = Field(
        default=SOURCES, min_length=1, description="Which events go here, by where they come from."
    )
    batch_size: Count = Field(
        default=1,
        ge=1,
        le=10_000,
        description="Events per request; from 2 on the batch form of the inlet is used.",
    )
    connections: Count = Field(default=16, ge=1, le=1024, description="Requests in flight at the same time.")
    timeout: Duration = Field(
        default=10.0,
        gt=0,
        description="Longest time to wait for an answer; for `edge:` it is 5 s, as on phones, unless given.",
    )
    give_up_after: Duration = Field(
        default=30.0,
        ge=0,
        description="How long an event is tried again after answers that allow it, or while nobody answers.",
    )
    sync_validation: bool = Field(
        default=False,
        description="Ask a single-message inlet to validate before it answers (`syncValidation=true`).",
    )
    gzip: bool = Field(default=False, description="Compress the bodies of requests to an inlet.")
    raw: bool = Field(
        default=False,
        description="Send events as they are, without the envelope of a message: to an inlet with a mapping, "
        "which then needs `flow_id`, or to Kafka.",
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
    sandbox: str | None = Field(default=None, description="Sandbox that requests name (`x-sandbox-name`).")
    authentication: ServerCredentials | None = Field(
        default=None, description="Credentials for an inlet or Edge host that asks for them."
    )
    ca_file: FilePath | None = Field(
        default=None, description="Certificates to trust instead of the system's (PEM)."
    )
    edge: EdgeOptions = Field(default=EdgeOptions(), description="For `edge:` only.")
    kafka: KafkaOptions = Field(default=KafkaOptions(), description="For `kafka:` only.")
    request: HttpRequest = Field(default=HttpRequest(), description="For `http:URL` only.")
    rotate: Rotation | None = Field(
        default=None, description="For files only: begin a new one from time to time."
    )
