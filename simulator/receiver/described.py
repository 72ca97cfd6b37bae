"""What the receiver's parts other than the platform's services serve, described for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.receiver.calls import Parameter, Shape
from simulator.receiver.queries import FAILED_PARAMETERS, RECEIVED_PARAMETERS

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Described:
    """One method of one path; ``replies`` hold the media types and shapes of each status."""

    method: str
    path: str
    summary: str
    replies: Mapping[int, Mapping[str, Shape | None]]
    body: Shape | None = None
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    media_types: tuple[str, ...] = (_JSON,)


def _object(*required: str, **properties: Shape) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


_TEXT: Shape = {"type": "string"}
_COUNT: Shape = {"type": "integer", "minimum": 0}
_PROBLEM: Shape = {"$ref": "#/components/schemas/Problem"}

_SCHEMA_REFERENCE = _object("id", "contentType", id=_TEXT, contentType=_TEXT)
_MESSAGE = _object(
    "header",
    "body",
    header=_object("schemaRef", "datasetId", schemaRef=_SCHEMA_REFERENCE, imsOrgId=_TEXT, datasetId=_TEXT),
    body=_object(
        "xdmMeta",
        "xdmEntity",
        xdmMeta=_object("schemaRef", schemaRef=_SCHEMA_REFERENCE),
        xdmEntity={"type": "object"},
    ),
)
_ACCEPTED = _object(
    "inletId", "xactionId", "receivedTimeMs", inletId=_TEXT, xactionId=_TEXT, receivedTimeMs=_COUNT
)
_BATCH_ANSWER = _object(
    "inletId",
    "batchId",
    "receivedTimeMs",
    "responses",
    responses={"type": "array", "items": {"type": "object"}},
)
_INLET_REFUSALS: Mapping[int, Mapping[str, Shape | None]] = {
    status: {_JSON: _PROBLEM} for status in (400, 401, 403, 429, 501)
}
_FLOW = (
    Parameter("x-adobe-flow-id", "The dataflow, for raw records."),
    Parameter("x-adobe-dataset-id", "The dataset, for raw records."),
)
_LIST = _object(
    "total",
    "count",
    "records",
    "next",
    total=_COUNT,
    count=_COUNT,
    records={"type": "array", "items": {"type": "object"}},
    next={"type": ["string", "null"]},
)


def _parameters(names: object) -> tuple[Parameter, ...]:
    return tuple(Parameter(str(name), "See docs/receiver.md.") for name in sorted(names))  # type: ignore[call-overload]


DESCRIBED: tuple[Described, ...] = (
    Described("GET", "/", "Links to everything", {200: {_JSON: _object("name", "links")}}),
    Described(
        "POST",
        "/collection/{inlet}",
        "Send one message",
        {200: {_JSON: _ACCEPTED}, **_INLET_REFUSALS},
        _MESSAGE,
        (Parameter("syncValidation", "`true` validates before the answer."),),
        _FLOW,
    ),
    Described(
        "POST",
        "/collection/batch/{inlet}",
        "Send several messages",
        {207: {_JSON: _BATCH_ANSWER}, **_INLET_REFUSALS},
        _object("messages", messages={"type": "array", "items": _MESSAGE}),
        headers=_FLOW,
    ),
    Described(
        "GET",
        "/received",
        "List accepted events",
        {200: {_JSON: _LIST}},
        None,
        _parameters(RECEIVED_PARAMETERS),
    ),
    Described(
        "DELETE", "/received", "Forget accepted events", {200: {_JSON: _object("deleted", deleted=_COUNT)}}
    ),
    Described(
        "GET", "/failed", "List failed records", {200: {_JSON: _LIST}}, None, _parameters(FAILED_PARAMETERS)
    ),
    Described(
        "DELETE", "/failed", "Forget failed records", {200: {_JSON: _object("deleted", deleted=_COUNT)}}
    ),
    Described("GET", "/health", "How many records there are", {200: {_JSON: _object("status", "accepted")}}),
)
