"""What the receiver's parts other than the platform's services serve, described for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.receiver.calls import Parameter, Shape

_JSON = "application/json"
_PROBLEM_JSON = "application/problem+json"


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
    status: {_JSON: _PROBLEM, _PROBLEM_JSON: _PROBLEM} for status in (400, 401, 403, 429, 501)
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


# Filters of the lists; `limit` and `after` page through them.
_FILTERS = (
    Parameter("type", "The event's `eventType`."),
    Parameter("identity", "An id in the event's `identityMap`, in any namespace."),
    Parameter("place", "The id of the place."),
    Parameter("inlet", "The inlet that took the event."),
    Parameter("dataset", "The dataset."),
    Parameter("id", "The event's `_id`."),
    Parameter("from", "Earliest timestamp of the event: RFC 3339, or epoch ms."),
    Parameter("to", "The timestamps of the events lie before it."),
)
_PAGE = (
    Parameter("limit", "Records on a page.", {"type": "integer", "minimum": 1, "maximum": 1000}),
    Parameter("after", "Only records whose `sequence` is above this.", _COUNT),
)
_AS_LINES = Parameter("format", "`ndjson`: everything, one per line.", {"enum": ["json", "ndjson"]})
_JOURNEY_FILTERS = (
    Parameter("journey", "The name of a journey."),
    Parameter("identity", "The id that the journey knows the person by."),
)
_JOURNEY_ROWS: Mapping[int, Mapping[str, Shape | None]] = {200: {_JSON: _LIST, "application/x-ndjson": None}}
_DELETED = _object("deleted", deleted=_COUNT)

# --- Edge Network -------------------------------------------------------------------------------------------

_EVENT = _object(xdm={"type": "object"}, data={"type": "object"})
_EVENTS: Shape = {"type": "array", "minItems": 1, "items": _EVENT}
_IDENTITY_MAP: Shape = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "object"}},
}
_HANDLES = _object(
    "requestId", "handle", requestId=_TEXT, handle={"type": "array", "items": {"type": "object"}}
)
_EDGE_REFUSALS: Mapping[int, Mapping[str, Shape | None]] = {
    **{status: {_PROBLEM_JSON: _PROBLEM} for status in (400, 401, 403, 408, 413, 415, 422, 429, 500, 503)},
    404: {},
    405: {},
}
_REQUEST_ID = Parameter("requestId", "Begins the id of the answer.")
_V1 = (Parameter("configId", "The datastream.", required=True), _REQUEST_ID)
_V2 = (Parameter("datastreamId", "The datastream.", required=True), _REQUEST_ID)
_SILENT = Parameter("silent", "`true` answers 204 with no body.")
_EDGE_TYPES = (_JSON, "text/plain")


def _edge(
    path: str, summary: str, good: Mapping[int, Mapping[str, Shape | None]], body: Shape, *query: Parameter
) -> Iterator[Described]:
    """An operation with and without a location hint."""
    for prefix in ("/ee", "/ee/{hint}"):
        yield Described(
            "POST",
            f"{prefix}/{path}",
            summary,
            {**good, **_EDGE_REFUSALS},
            body,
            query,
            media_types=_EDGE_TYPES,
        )


_ANSWERED: Mapping[int, Mapping[str, Shape | None]] = {200: {_JSON: _HANDLES}}
_EDGE: tuple[Described, ...] = (
    *_edge("v1/interact", "Send events, get handles", _ANSWERED, _object("events", events=_EVENTS), *_V1),
    *_edge("v1/collect", "Send events", {204: {}}, _object("events", events=_EVENTS), *_V1),
    *_edge(
        "v1/privacy/set-consent",
        "Say what a person agrees to",
        _ANSWERED,
        _object("consent", consent={"type": "array", "items": {"type": "object"}}, identityMap=_IDENTITY_MAP),
        *_V1,
    ),
    *_edge("v1/identity/acquire", "Get an ECID", _ANSWERED, _object(query={"type": "object"}), *_V1),
    *_edge("v2/interact", "Send one event, get handles", _ANSWERED, _object("event", event=_EVENT), *_V2),
    *_edge(
        "v2/collect",
        "Send events",
        {202: {_JSON: _object("requestId", requestId=_TEXT)}, 204: {}},
        _object("events", events=_EVENTS),
        *_V2,
        _SILENT,
    ),
)

# --- places and tokens --------------------------------------------------------------------------------------

_PLACES_QUERY = (
    Parameter("latitude", "Degrees.", {"type": "number", "minimum": -85, "maximum": 85}, required=True),
    Parameter("longitude", "Degrees.", {"type": "number", "minimum": -180, "maximum": 180}, required=True),
    Parameter("library", "Id of a library; may be repeated.", required=True),
    Parameter("limit", "Places at most.", {"type": "integer", "minimum": 1}),
)
_PLACES = {200: {_JSON: _object("places", places={"type": "object"})}}
_OAUTH = _object("error", "error_description", error=_TEXT, error_description=_TEXT)
_TOKEN_FORM = _object(
    "client_id",
    "client_secret",
    "grant_type",
    "scope",
    client_id=_TEXT,
    client_secret=_TEXT,
    grant_type={"enum": ["client_credentials"]},
    scope=_TEXT,
)
_TOKEN = _object(
    "access_token",
    "token_type",
    "expires_in",
    access_token=_TEXT,
    token_type={"enum": ["bearer"]},
    expires_in=_COUNT,
)


def _token(version: int) -> Described:
    return Described(
        "POST",
        f"/ims/token/v{version}",
        "Get an access token",
        {200: {_JSON: _TOKEN}, 400: {_JSON: _OAUTH, _PROBLEM_JSON: _PROBLEM}, 401: {_JSON: _OAUTH}},
        _TOKEN_FORM,
        media_types=("application/x-www-form-urlencoded",),
    )


# --- everything ---------------------------------------------------------------------------------------------

_FAULTS = _object("faults", seed=_COUNT, faults={"type": "array", "items": {"type": "object"}})
_FILE_LIST = _object("data", "_page", data={"type": "array", "items": {"type": "object"}})

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
    *_EDGE,
    Described("GET", "/placesedgequery", "Which places are here and near", _PLACES, None, _PLACES_QUERY),
    Described("GET", "/placesedgequery/", "The same", _PLACES, None, _PLACES_QUERY),
    Described(
        "GET",
        "/placesedgequery/libraries",
        "Libraries of places",
        {200: {_JSON: _object("libraries", libraries={"type": "array", "items": {"type": "object"}})}},
    ),
    *map(_token, (1, 2, 3)),
    Described("GET", "/received", "List accepted events", {200: {_JSON: _LIST}}, None, (*_PAGE, *_FILTERS)),
    Described("DELETE", "/received", "Forget accepted events", {200: {_JSON: _DELETED}}),
    Described(
        "GET",
        "/received/stream",
        "Accepted events as they come",
        {200: {"text/event-stream": None}},
        None,
        (_PAGE[1], *_FILTERS),
    ),
    Described(
        "GET",
        "/counts",
        "How many there are, by type, inlet, dataset and place",
        {200: {_JSON: _object("accepted", "failed", "duplicates")}},
        None,
        _FILTERS,
    ),
    Described(
        "GET",
        "/export",
        "Accepted events as a file",
        {200: {"application/x-ndjson": None, "application/vnd.apache.parquet": None}},
        None,
        (Parameter("format", "Of the file.", {"enum": ["ndjson", "parquet"]}), *_FILTERS),
    ),
    Described("GET", "/failed", "List failed records", {200: {_JSON: _LIST}}, None, _PAGE),
    Described("DELETE", "/failed", "Forget failed records", {200: {_JSON: _DELETED}}),
    Described(
        "GET",
        "/data/foundation/export/batches/{batch}/failed",
        "The files of a failed batch, or one of them",
        {200: {_JSON: _FILE_LIST}},
        None,
        (Parameter("path", "Name of the file to download."),),
    ),
    Described("GET", "/journeys", "Where journeys stand", {200: {_JSON: _object("clock", "journeys")}}),
    Described("DELETE", "/journeys", "Forget all journeys under way", {200: {_JSON: _DELETED}}),
    Described(
        "GET",
        "/journeys/log",
        "What happened in journeys",
        _JOURNEY_ROWS,
        None,
        (*_PAGE, _AS_LINES, Parameter("kind", "Of the row."), *_JOURNEY_FILTERS),
    ),
    Described(
        "GET",
        "/journeys/step-events",
        "The same as journey step events",
        _JOURNEY_ROWS,
        None,
        (*_PAGE, _AS_LINES, *_JOURNEY_FILTERS),
    ),
    Described("POST", "/reset", "Forget everything that was received", {200: {_JSON: _object("deleted")}}),
    Described("GET", "/faults", "The faults that act now", {200: {_JSON: _FAULTS}}),
    Described("PUT", "/faults", "Let faults act", {200: {_JSON: _FAULTS}}, _FAULTS),
    Described("DELETE", "/faults", "End all faults", {200: {_JSON: _DELETED}}),
    Described("GET", "/health", "How many records there are", {200: {_JSON: _object("status", "accepted")}}),
)
