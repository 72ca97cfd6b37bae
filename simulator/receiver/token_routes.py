"""The token endpoint (ingestion.md 3.1): OAuth server-to-server."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from simulator.receiver.answers import Answer, problem
from simulator.receiver.http import guarded, read_body
from simulator.receiver.receiver import Receiver
from simulator.receiver.routing import Mount
from simulator.receiver.tokens import LIFE_S

PATHS = tuple(f"/ims/token/v{version}" for version in (1, 2, 3))
JWT_PATH = "/ims/exchange/jwt"
_NEEDED = ("client_id", "client_secret", "grant_type", "scope")
_MAX_BODY = 16_384


def token_router(receiver: Receiver) -> list[Mount]:
    """``POST /ims/token/v1`` to ``v3``, fields in the body or the query."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> Answer:
        path: str = scope["path"]
        if path == JWT_PATH:
            return _error(400, "unsupported_grant_type", "the exchange of JWTs is retired; use /ims/token/v3")
        if path not in PATHS:
            return problem(404, "not-found", "Not found", f"there is nothing at {path}")
        if scope["method"] != "POST":
            return problem(
                405, "method-not-allowed", "Method not allowed", f"{path} takes POST", allow="POST"
            )
        body = await read_body(receive, dict(scope["headers"]), _MAX_BODY)
        if isinstance(body, Answer):
            return body
        fields = {**_fields(scope["query_string"]), **_fields(body)}
        return _token(receiver, fields)

    links = {"token": "/ims/token/v3"}
    return [Mount("/ims/", guarded(answer), links)]


def _token(receiver: Receiver, fields: dict[str, str]) -> Answer:
    for name in _NEEDED:
        if not fields.get(name):
            return _error(400, "invalid_request", f"the field {name} is missing")
    if fields["grant_type"] != "client_credentials":
        return _error(400, "unsupported_grant_type", "expected grant_type client_credentials")
    if not receiver.tokens.knows(fields["client_secret"]):
        return _error(401, "invalid_client", "the client secret is not right")
    token = receiver.tokens.issue(receiver.now_ms())
    body = {"access_token": token, "token_type": "bearer", "expires_in": LIFE_S}
    return Answer(200, body, {"cache-control": "no-store"})


def _fields(encoded: bytes) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(encoded.decode("latin-1")).items()}


def _error(status: int, name: str, text: str) -> Answer:
    """An error as OAuth 2 has it; the platform's bodies are not documented (ingestion.md 3.1)."""
    return Answer(status, {"error": name, "error_description": text})
