"""The Edge Network's errors: codes, titles and bodies (ingestion.md 2.6)."""

from __future__ import annotations

from typing import Any

from simulator.receiver.answers import PROBLEM_JSON, Answer

TYPE = "https://ns.adobe.com/aep/errors/EXEG-"

# Those that this receiver gives, of itself or by a fault. The last three digits of a code are its HTTP status.
TITLES = {
    "0000-503": "Service unavailable",
    "0001-500": "Unexpected error",
    "0002-400": "Missing datastream parameter",
    "0003-400": "Invalid datastream ID",
    "0004-422": "Datastream disabled",
    "0101-400": "Invalid JSON request",
    "0102-400": "Invalid request field",
    "0103-400": "Missing required value",
    "0106-400": "Invalid Content-Type header",
    "0109-408": "Empty request",
    "0111-415": "Invalid request",
    "0112-413": "Invalid request",
    "0200-504": "The service call has timed out",
    "0202-502": "The service failed to process this request",
    "0301-200": "User consent missing",
    "0305-400": "Invalid identity provided",
    "0306-400": "Event is missing primary identity",
    "0308-400": "Invalid identity format",
    "0400-403": "Request ignored due to geographical restrictions",
    "0500-401": "Invalid authorization token",
    "0502-401": "Invalid authorization token signature",
    "0503-401": "Authorization token expired",
}


class EdgeError(Exception):
    """A fatal error: the request ends with its body. ``report`` is added to the request id."""

    def __init__(self, code: str, detail: str, **report: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.report = report

    def answer(self, request_id: str) -> Answer:
        """The problem body."""
        report = {"requestId": request_id, **self.report}
        body = {**error_object(self.code), "detail": self.detail, "report": report}
        return Answer(status_of(self.code), body, media_type=PROBLEM_JSON)


def error_object(code: str) -> dict[str, Any]:
    """``type``, ``status`` and ``title`` of an error or a warning."""
    return {"type": TYPE + code, "status": status_of(code), "title": TITLES[code]}


def status_of(code: str) -> int:
    """The HTTP status of a code."""
    return int(code[-3:])
