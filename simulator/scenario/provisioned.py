"""The file that says what was set up: `provision` writes it, a destination `provisioned:FILE` reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from simulator.core.errors import UsageError

FORM = "provisioned:"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Made(_Part):
    """Something that was made, in words, and the path under which it can be deleted."""

    kind: str
    name: str
    path: str


class ProvisionedInlet(_Part):
    """An inlet, and what messages to it say in their header."""

    url: str
    id: str
    authenticated: bool
    dataset_id: str
    schema_id: str
    flow_id: str
    source_name: str


class Provisioned(_Part):
    """What a plan has set up. ``made`` is in the order of making; what was found existing is not in it.

    ``credentials`` are references to secrets as a scenario writes them, never secrets themselves.
    """

    version: int = 1
    plan: str
    url: str
    organization: str
    sandbox: str
    tenant: str = ""
    inlet: ProvisionedInlet | None = None
    profile_inlet: ProvisionedInlet | None = None
    credentials: dict[str, Any] = {}
    made: list[Made] = []


def read_provisioned(path: Path) -> Provisioned:
    """The file at ``path``; raises ``UsageError`` if it is not there or is something else."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        hint = "`journeysim provision PLAN` writes it"
        raise UsageError(f"{path}: no such file; {hint}") from None
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {(error.strerror or str(error)).lower()}") from None
    try:
        return Provisioned.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(
            f"{path}: was not written by `journeysim provision`: {where} {first['msg']}"
        ) from None


def write_provisioned(provisioned: Provisioned, path: Path) -> None:
    """Write the file whole or not at all."""
    aside = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    aside.write_bytes(orjson.dumps(provisioned.model_dump(), option=orjson.OPT_INDENT_2) + b"\n")
    aside.replace(path)
