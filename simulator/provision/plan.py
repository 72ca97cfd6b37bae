"""The plan: a YAML file that says what to set up, and where."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from simulator.scenario import load_yaml
from simulator.scenario.models.base import Model
from simulator.scenario.quantities import Count, Duration, FilePath
from simulator.scenario.references import ReferenceText, SecretText

# ingestion.md 0 and 3.1.
PLATFORM_URL = "https://platform.adobe.io"
TOKEN_URL = "https://ims-na1.adobelogin.com/ims/token/v3"
_SCOPES = ("openid", "AdobeID", "read_organizations", "additional_info.projectedProductContext", "session")
_EXPECTED = "expected a plan: version, name, scenario, platform"


class PlatformAccess(Model):
    """Which platform, and who asks."""

    url: str = Field(
        default=PLATFORM_URL,
        pattern=r"^https?://[^/]+$",
        description="Address of the platform's APIs, such as `http://127.0.0.1:8080` for the receiver.",
    )
    token_url: str = Field(
        default=TOKEN_URL,
        pattern=r"^https?://",
        description="Where tokens are fetched (OAuth server-to-server).",
    )
    organization: str = Field(
        pattern=r"^[0-9A-Za-z]+@AdobeOrg$", description="IMS organization, `...@AdobeOrg`."
    )
    sandbox: str = Field(
        default="prod", pattern=r"^[a-z0-9][a-z0-9-]*$", description="Sandbox, in lower case."
    )
    client_id: ReferenceText = Field(description="Client id of the credentials, also sent as `x-api-key`.")
    client_secret: SecretText = Field(description="Client secret: `${env:NAME}` or `{file: PATH}`.")
    scopes: tuple[str, ...] = Field(default=_SCOPES, min_length=1, description="Scopes to ask for.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificates to trust instead of the system's (PEM)."
    )
    timeout: Duration = Field(default=30.0, gt=0, description="Longest time to wait for an answer.")


class PrimaryIdentity(Model):
    """A field that identifies the person."""

    field: str = Field(
        pattern=r"^(/[A-Za-z_][A-Za-z0-9_]*)+$",
        description="Path of the field; `TENANT` stands for the tenant's name, as in `/_TENANT/loyalty/memberId`.",
    )
    namespace: str = Field(min_length=1, description="Code of its namespace, such as `Email`.")


class EventPlan(Model):
    """What is set up for events."""

    types: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="Types of events that will be sent; by default those of the scenario. They decide about the "
        "field groups.",
    )
    field_groups: tuple[str, ...] = Field(
        default=(), description="Ids of further global field groups that the schema takes in."
    )
    loyalty: bool = Field(
        default=True,
        description="Make a field group of the tenant's own for points and tiers, and take it in.",
    )
    primary_identity: PrimaryIdentity | None = Field(
        default=None,
        description="The field that identifies the person; it becomes mandatory. Without it, the `identityMap` does.",
    )
    profile: bool = Field(default=True, description="Let the events become part of profiles (union).")
    authenticated: bool = Field(default=False, description="Make an inlet that asks for a token.")


class TestProfiles(Model):
    """Profiles of simulated people, marked as test profiles, so that journeys can address them."""

    __test__ = False  # no test of pytest's, whatever its name says

    count: Count = Field(
        ge=1, le=100_000, description="How many people of the scenario become test profiles."
    )
    wait: Duration = Field(
        default=0.0,
        ge=0,
        description="Time between making the inlet and sending; a platform takes about 5 minutes to be ready.",
    )


class Plan(Model):
    """What to set up on a platform for a scenario."""

    version: Literal[1] = Field(description="Version of the file format.")
    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        max_length=60,
        description="Begins the names of all that is made; in lower case.",
    )
    scenario: FilePath = Field(description="The scenario whose events will be sent.")
    platform: PlatformAccess = Field(description="Which platform, and who asks.")
    events: EventPlan = Field(default=EventPlan(), description="What is set up for events.")
    test_profiles: TestProfiles | None = Field(
        default=None, description="Simulated people to put there as test profiles; none by default."
    )
    output: str = Field(
        default="provisioned.json",
        min_length=1,
        description="File that says what was set up, beside the plan; runs read it.",
    )

    @model_validator(mode="after")
    def _secrets_travel_safely(self) -> Self:
        for name, url in (("url", self.platform.url), ("token_url", self.platform.token_url)):
            if url.startswith("http://") and not _is_loopback(url):
                raise ValueError(f"platform: {name} would send secrets in clear; use https")
        return self


def load_plan(path: Path) -> Plan:
    """The plan at ``path``; raises ``InputError`` with every mistake at its line and column."""
    return load_yaml(path, Plan, expected=_EXPECTED)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name
        return False
