"""How the platform's services word what goes wrong (ingestion.md 3.3 and 4.6).

Where only a code and a title are documented, the members around them are ours; so is every ``detail``.
"""

from __future__ import annotations

from datetime import UTC, datetime

from simulator.core.identifiers import derived_uuid
from simulator.receiver.calls import Reply

_PROBLEM = "application/problem+json"
_OLDER_TITLES = {400: "BadRequestError", 404: "NotFoundError", 406: "NotAcceptableError"}
_REGISTRY_TITLES = {
    "XDM-1006-400": "Accept header invalid",
    "XDM-1007-400": "Accept header invalid",
    "XDM-1008-400": "Accept header invalid",
    "XDM-1009-400": "Accept header invalid",
    "XDM-1012-404": "Resource Not Found",
}
_FLOW_TITLES = {
    "1100-400": "Invalid request",
    "1101-404": "Resource not found",
    "1403-400": "Header is missing",
    "1404-412": "Version not matching",
    "1405-400": "Empty request body",
    "1401-400": "Invalid query parameters",
    "1413-400": "Invalid spec id",
    "1415-400": "Unknown authentication spec name",
    "1418-400": "Connection in use",
    "1425-400": "Schema mismatch",
}


def gateway(code: str, message: str) -> Reply:
    """The gateway before all services; the first three digits of the code are the status."""
    return Reply(int(code[:3]), {"error_code": code, "message": message})


def bad_content_type() -> Reply:
    """400: a body came without a content type that the service reads."""
    body = {
        "type": "/placeholder/type/uri",
        "status": 400,
        "title": "BadRequestError",
        "detail": "A valid content-type must be specified",
    }
    return Reply(400, body, media_type=_PROBLEM)


def registry(code: str, detail: str, now_ms: int) -> Reply:
    """A Schema Registry problem in the current style; ``code`` such as ``XDM-1012-404``."""
    status = int(code[-3:])
    when = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%m-%d-%Y %H:%M:%S")
    report = {
        "registryRequestId": derived_uuid("registry request", code, detail, now_ms),
        "timestamp": when,
        "detailed-message": detail,
        "sub-errors": [],
    }
    body = {
        "type": f"http://ns.adobe.com/aep/errors/{code}",
        "title": _REGISTRY_TITLES[code],
        "status": status,
        "report": report,
        "detail": detail,
    }
    return Reply(status, body, media_type=_PROBLEM)


def older_registry(status: int, detail: str) -> Reply:
    """A Schema Registry problem in the older style, which is the only one documented for most mistakes."""
    body = {
        "type": "/placeholder/type/uri",
        "status": status,
        "title": _OLDER_TITLES.get(status, "Error"),
        "detail": detail,
    }
    return Reply(status, body, media_type=_PROBLEM)


def flow_service(code: str, detail: str) -> Reply:
    """A Flow Service problem: code and title are documented, the form of the body is ours."""
    status = int(code[-3:])
    body = {
        "type": f"http://ns.adobe.com/aep/errors/FLOW-{code}",
        "title": _FLOW_TITLES[code],
        "status": status,
        "detail": detail,
        "errorCode": code,
    }
    return Reply(status, body, media_type=_PROBLEM)


def catalog(status: int, detail: str) -> Reply:
    """A Catalog problem; the platform documents statuses only, so the body is ours."""
    titles = {400: "BadRequestError", 404: "NotFoundError", 405: "MethodNotAllowed"}
    body = {"type": "/placeholder/type/uri", "status": status, "title": titles.get(status, "Error")}
    return Reply(status, {**body, "detail": detail}, media_type=_PROBLEM)
