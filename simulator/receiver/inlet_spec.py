"""What is known of an inlet and of the dataflows that begin at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Flow:
    """Where the records of a dataflow go. ``mapping`` leads from a raw record to an event.

    Its keys are paths of the event (``_acme.geofence.placeId``), its values paths of the record; empty keeps a
    record as it is.
    """

    dataset: str
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InletSpec:
    """What is known of an inlet.

    ``authenticated``: every request needs a token. ``data_type`` None takes both messages and raw records.
    ``source_id`` stands in for a missing ``header.source``. ``organization`` is the only one that messages may
    name. ``flows`` by flow id.
    """

    id: str
    authenticated: bool = False
    data_type: Literal["xdm", "raw"] | None = None
    source_id: str = ""
    organization: str | None = None
    flows: Mapping[str, Flow] = field(default_factory=dict)
