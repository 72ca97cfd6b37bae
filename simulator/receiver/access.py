"""The door of a receiver that others than this machine can reach: nobody comes in without its token."""

from __future__ import annotations

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.receiver import answers
from simulator.receiver.http import send_answer
from simulator.receiver.receiver import Receiver

HEADER = b"x-journeysim-token"
PREFIX = "/access/"


def with_access(app: ASGIApp, receiver: Receiver) -> ASGIApp:
    """``app`` for those who know the receiver's access token; ``app`` itself when it has none.

    The token may come in the header ``x-journeysim-token``, as a bearer token, or, for clients that let nothing be
    set but an address, at the beginning of the path: ``/access/{token}/collection/...``. Tokens of the token
    endpoint are good as well: that asks for the access token as client secret.
    """
    expected = receiver.access_token
    if expected is None:
        return app

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        path: str = scope["path"]
        given = ""
        if path.startswith(PREFIX):
            given, slash, rest = path[len(PREFIX) :].partition("/")
            # As it came: an encoded slash (%2F), as ids of the platform's APIs have it, must stay encoded.
            raw = b"/" + b"".join(scope.get("raw_path", path.encode()).split(b"/", 3)[3:])
            scope = {**scope, "path": slash + rest or "/", "raw_path": raw}
        if _same(given, expected) or _may_enter(receiver, scope, expected):
            await app(scope, receive, send)
        else:
            text = "this receiver asks for its access token"
            await send_answer(send, answers.problem(401, "no-access", "No access", text))

    return door


def _may_enter(receiver: Receiver, scope: Scope, expected: str) -> bool:
    headers = dict(scope["headers"])
    if _same(headers.get(HEADER, b"").decode("latin-1"), expected):
        return True
    if scope["path"].startswith("/ims/"):
        return True  # it asks for the token itself
    return receiver.tokens.check(headers, receiver.now_ms()) == "good"


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
