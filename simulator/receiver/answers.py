"""Bodies of the inlet's answers, to the letter of ingestion.md 1.4-1.7.

What the platform does not document (413, 415, an unknown inlet, a full disk) is answered with a problem body
under a type of this project's own, so that nobody mistakes it for the platform's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# The documented problem type of the inlet; the scheme is http (ingestion.md 1.6).
INLET_PROBLEM = "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet"
# The documented problem type of authenticated inlets; the scheme is https, the status a string (ingestion.md 1.6).
AUTHORIZATION_PROBLEM = "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization"
OWN_PROBLEM = "https://ns.journeysim.example/problem/"

# Texts that follow the prefix of inlet and organization (ingestion.md 1.6).
UNKNOWN_FORMAT = "Message has unknown xdm format"
WRONG_ORGANIZATION = "Message has an absent or wrong ims org in the header"
INVALID = "Message is invalid"
# Texts of structural failures found after the answer (ingestion.md 1.7).
MISSING_SOURCE_NAME = "Payload header is missing Source Name"
MISSING_ENTITY = "Payload body is missing xdmEntity"
# An event should lie in the past when it arrives (ingestion.md 1.9); no answer to one that does not is documented.
IN_THE_FUTURE = {
    "schemaLocation": "#/properties/timestamp",
    "pointerToViolation": "#/timestamp",
    "causingExceptions": [],
    "keyword": "maximum",
    "message": "timestamp lies in the future",
}

PROBLEM_JSON = "application/problem+json"


@dataclass(slots=True)
class Answer:
    """An HTTP answer before it is encoded: status, JSON body, extra headers, media type."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


def mandatory(name: str) -> str:
    """The text for a missing field, worded as newer inlets do (ingestion.md 1.5)."""
    return f"The '{name}' field is mandatory. Provide a valid '{name}' value and try again."


def bad_request(message: str, cause: dict[str, Any] | None = None) -> Answer:
    """The documented 400; ``cause`` only after synchronous validation."""
    report: dict[str, Any] = {"message": message}
    if cause is not None:
        report["cause"] = cause
    return Answer(
        400, {"type": INLET_PROBLEM, "status": 400, "title": "Invalid XDM Message Format", "report": report}
    )


def unauthorized(status: int, state: str) -> Answer:
    """401 or 403 of an authenticated inlet; ``state`` is missing, invalid or expired.

    The text for a missing token is documented, the others are ours (ingestion.md 1.6).
    """
    what = "empty" if state == "missing" else "expired" if state == "expired" else "not valid"
    message = f"[id] Ims service token is {what}"
    body = {
        "type": AUTHORIZATION_PROBLEM,
        "status": str(status),
        "title": "Authorization",
        "report": {"message": message},
    }
    return Answer(status, body)


def problem(status: int, name: str, title: str, detail: str, **headers: str) -> Answer:
    """A problem body of this receiver's own; ``name`` ends its type, ``headers`` use _ for -."""
    body = {"type": OWN_PROBLEM + name, "status": status, "title": title, "detail": detail}
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Answer(status, body, named, PROBLEM_JSON)


def too_large(limit: int) -> Answer:
    """413: the body is above the limit (ingestion.md 1.8)."""
    return problem(
        413,
        "body-too-large",
        "Request body too large",
        f"the request body is larger than {limit:,} bytes; send fewer messages per request",
    )


def unsupported(what: str) -> Answer:
    """415: a body that this receiver cannot read."""
    return problem(415, "unsupported-media-type", "Unsupported media type", what)


def unknown_inlet(name: str) -> Answer:
    """404: no such inlet; the platform's answer is not documented (ingestion.md 1.6)."""
    return problem(404, "unknown-inlet", "Unknown inlet", f"there is no inlet named {name!r} here")


def not_stored(why: str) -> Answer:
    """503: nothing of the request was kept."""
    return problem(
        503, "not-stored", "Receiver cannot store", f"the record could not be stored: {why}", retry_after="1"
    )


def too_many(seconds: int) -> Answer:
    """429: above a rate; the platform documents neither body nor header (ingestion.md 1.6)."""
    return problem(
        429,
        "too-many-requests",
        "Too many requests",
        f"this inlet takes no more in this second or minute; try again in {seconds} s",
        retry_after=str(seconds),
    )


def no_sync_validation() -> Answer:
    """501: a data centre without synchronous validation (ingestion.md 1.7)."""
    return problem(
        501,
        "no-sync-validation",
        "Synchronous validation is not supported",
        "this receiver was told to refuse synchronous validation; send without syncValidation",
    )


def too_slow(seconds: float) -> Answer:
    """408: the body did not come."""
    detail = f"the body did not arrive within {seconds:g} s"
    return problem(408, "too-slow", "Request timeout", detail, connection="close")


def busy() -> Answer:
    """503: so many large bodies are arriving that this one finds no room."""
    detail = "too many large requests arrive at the same time; try again"
    return problem(503, "busy", "Receiver busy", detail, retry_after="1", connection="close")
