"""The OpenAPI document of the receiver: what it serves, in the form that other programs read.

The platform's services describe themselves (``calls.py``); the receiver's other parts are described here.
A test holds the paths listed here against those that the receiver shows at ``GET /``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simulator import __version__
from simulator.receiver.calls import Operation, Parameter, Service
from simulator.receiver.described import DESCRIBED, Described

Json = dict[str, Any]

OPENAPI_PATH = "/openapi.json"

_JSON = "application/json"
_PROBLEM = "application/problem+json"
# What any part may answer, besides its own statuses.
_ALWAYS: Mapping[int, str] = {
    400: "The request cannot be understood.",
    404: "There is no such thing.",
    405: "The path does not take this method.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    415: "The encoding of the body is not supported.",
    503: "The store failed; nothing was kept.",
}
_PLATFORM: Mapping[int, str] = {
    401: "The token is not valid.",
    403: "A header is missing, or the caller may not.",
    406: "The Accept header is missing.",
    412: "The resource was changed by somebody else.",
}


def openapi_document(services: Iterable[Service]) -> Json:
    """The document (OpenAPI 3.1) of the platform's services and of all other parts."""
    paths: dict[str, Json] = {}
    for one in DESCRIBED:
        paths.setdefault(one.path, {})[one.method.lower()] = _described(one)
    tags = [{"name": "Receiver", "description": "Sending events, and reading back what became of them."}]
    for service in services:
        tags.append({"name": service.name, "description": service.note})
        for prefix in (service.prefix, *service.aliases):
            for operation in service.operations:
                path = prefix + operation.path.removesuffix("/")
                paths.setdefault(path, {})[operation.method.lower()] = _operation(service, operation, path)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "journeysim receiver",
            "version": __version__,
            "description": "A stand-in for the platform's ingestion and set-up APIs.",
        },
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM_SHAPE, "GatewayError": _GATEWAY_SHAPE},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_PROBLEM_SHAPE: Json = {
    "type": "object",
    "required": ["type", "status", "title"],
    "properties": {
        "type": {"type": "string"},
        "status": {"type": ["integer", "string"]},
        "title": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_GATEWAY_SHAPE: Json = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
}
_GATEWAY_HEADERS = (
    Parameter("x-api-key", "The client's id.", required=True),
    Parameter("x-gw-ims-org-id", "The organization, `...@AdobeOrg`.", required=True),
    Parameter("x-sandbox-name", "The sandbox."),
)


def _operation(service: Service, operation: Operation, path: str) -> Json:
    responses = {
        str(status): _response("Done.", {_JSON: shape} if shape else {})
        for status, shape in operation.replies.items()
    }
    problem: Json = {"$ref": "#/components/schemas/Problem"}
    gateway: Json = {"$ref": "#/components/schemas/GatewayError"}
    for status, text in {**_ALWAYS, **_PLATFORM}.items():
        both = {_PROBLEM: problem, **({_JSON: gateway} if status in (400, 401, 403) else {})}
        responses.setdefault(str(status), _response(text, both))
    described: Json = {
        "tags": [service.name],
        "summary": operation.summary,
        "operationId": f"{operation.method.lower()} {path}",
        "security": [{"token": []}],
        "parameters": [
            *_path_parameters(path),
            *(_parameter(one, "query") for one in operation.query),
            *(_parameter(one, "header") for one in (*_GATEWAY_HEADERS, *operation.headers)),
        ],
        "responses": responses,
    }
    if operation.body is not None:
        content = {media_type: {"schema": dict(operation.body)} for media_type in operation.media_types}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _described(one: Described) -> Json:
    responses = {
        str(status): _response(
            "Done." if status < 400 else _ALWAYS.get(status, "Refused."),
            {media_type: shape or {} for media_type, shape in shapes.items()},
        )
        for status, shapes in one.replies.items()
    }
    problem: Json = {"$ref": "#/components/schemas/Problem"}
    for status, text in _ALWAYS.items():
        responses.setdefault(str(status), _response(text, {_PROBLEM: problem}))
    described: Json = {
        "tags": ["Receiver"],
        "summary": one.summary,
        "operationId": f"{one.method.lower()} {one.path}",
        "parameters": [
            *_path_parameters(one.path),
            *(_parameter(each, "query") for each in one.query),
            *(_parameter(each, "header") for each in one.headers),
        ],
        "responses": responses,
    }
    if one.body is not None:
        content = {media_type: {"schema": dict(one.body)} for media_type in one.media_types}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _response(text: str, shapes: Mapping[str, Mapping[str, Any]]) -> Json:
    response: Json = {"description": text}
    if shapes:
        response["content"] = {
            media_type: {"schema": dict(shape)} if shape else {} for media_type, shape in shapes.items()
        }
    return response


def _path_parameters(path: str) -> Sequence[Json]:
    return [
        {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for part in path.split("/")
        if part.startswith("{")
    ]


def _parameter(one: Parameter, where: str) -> Json:
    return {
        "name": one.name,
        "in": where,
        "required": one.required,
        "description": one.note,
        "schema": dict(one.shape),
    }
