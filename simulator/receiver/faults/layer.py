"""The layer around the whole receiver in which faults act."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.receiver import answers
from simulator.receiver.edge.errors import TITLES, EdgeError
from simulator.receiver.edge.routes import cross_origin
from simulator.receiver.faults.models import Fault
from simulator.receiver.faults.plan import ActiveFault
from simulator.receiver.receiver import Receiver

PATH = "/faults"
EXTENSION = "journeysim.connection"
"""The ASGI extension that holds the connection as ``transport``, so that it can be cut."""

# Answers that have no end, or do not fit into memory: they can be refused and delayed, but not damaged.
ENDLESS = ("/received/stream", "/export")
_MOST_BODY = 2_000_000  # of a body that is searched for an identity; a longer one has none
_DRIPS = 100


def with_faults(app: ASGIApp, receiver: Receiver) -> ASGIApp:
    """``app`` under the faults of ``receiver``; its own pages about them are spared."""
    plan = receiver.faults

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        if not plan.active or scope["type"] != "http" or scope["path"].startswith(PATH):
            await app(scope, receive, send)
            return
        candidates = plan.candidates(scope["method"], scope["path"], receiver.now_ms())
        body: bytes | None = None
        if any(candidate.fault.identity for candidate in candidates):
            body, receive = await _peek(receive)
        hit = _first(candidates, body)
        if hit is None:
            await app(scope, receive, send)
        else:
            await _misbehave(hit, app, scope, receive, send)

    return layer


def _first(candidates: Sequence[ActiveFault], body: bytes | None) -> Fault | None:
    """The first fault that hits; those after it don't count the request."""
    return next((candidate.fault for candidate in candidates if candidate.hits(body)), None)


async def _misbehave(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.delay_reading:
        await asyncio.sleep(fault.delay_reading)
    if fault.cut == "before":
        await _cut(scope, receive)
        return
    if not fault.status and (scope["path"] in ENDLESS or not (fault.cut or fault.wrong_json or fault.drip)):
        await app(scope, receive, _later(send, fault.delay_answer))
        return
    taken: list[Message] = []
    if not fault.status or (fault.accept and scope["path"] not in ENDLESS):

        async def take(message: Message) -> None:
            taken.append(message)

        await app(scope, receive, take)
    if fault.delay_answer:
        await asyncio.sleep(fault.delay_answer)
    if fault.cut == "after":
        await _cut(scope, receive)
    elif fault.status:
        await _say(fault, scope, send)
    elif taken:  # nothing was answered to somebody who had gone
        await _repeat(fault, taken, scope, receive, send)


def _later(send: Send, seconds: float) -> Send:
    """``send`` that waits before the answer begins."""

    async def delayed(message: Message) -> None:
        if seconds and message["type"] == "http.response.start":
            await asyncio.sleep(seconds)
        await send(message)

    return delayed


async def _say(fault: Fault, scope: Scope, send: Send) -> None:
    """The status of the fault, with its body or the one that belongs to the path."""
    headers: list[tuple[bytes, bytes]] = []
    if isinstance(fault.body, str):
        body, kind = fault.body.encode(), b"text/plain; charset=utf-8"
    elif fault.body is not None:
        body, kind = orjson.dumps(fault.body), b"application/json"
    else:
        body, kind = _usual_body(fault.status, scope["path"]), b"application/problem+json"
    if fault.retry_after:
        headers.append((b"retry-after", b"%d" % math.ceil(fault.retry_after)))
    if scope["path"].startswith("/ee"):
        headers += cross_origin(dict(scope["headers"]))
    if fault.status in (204, 304):
        body = b""
    headers += [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _usual_body(status: int, path: str) -> bytes:
    if path.startswith("/ee"):
        code = next((code for code in TITLES if code.endswith(f"-{status}")), None)
        if code is not None:
            return orjson.dumps(EdgeError(code, "a fault that was asked for").answer("fault").body)
    problem = answers.problem(status, "fault", "Fault", "this receiver was told to answer so")
    return orjson.dumps(problem.body)


async def _repeat(fault: Fault, taken: Sequence[Message], scope: Scope, receive: Receive, send: Send) -> None:
    """The real answer, damaged as the fault says."""
    start = taken[0]
    body = b"".join(message.get("body", b"") for message in taken[1:])
    if fault.wrong_json:
        body = body[: max(len(body) - 1, 1)] + b",}" if body else b"{"
    headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    if start["status"] not in (204, 304):
        headers.append((b"content-length", b"%d" % len(body)))
    await send({**start, "headers": headers})
    if fault.cut == "half":
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await _cut(scope, receive, flush=True)
        return
    if fault.drip and body:
        size = math.ceil(len(body) / _DRIPS)
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(fault.drip / len(pieces))
        body = b""
    await send({"type": "http.response.body", "body": body})


async def _cut(scope: Scope, receive: Receive, *, flush: bool = False) -> None:
    """End the connection at once, or after what was sent already."""
    transport: Any = scope.get("extensions", {}).get(EXTENSION, {}).get("transport")
    if transport is None:
        raise RuntimeError("this server cannot cut connections")
    if flush:
        transport.close()
    else:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _peek(receive: Receive) -> tuple[bytes | None, Receive]:
    """The body, and a ``receive`` that gives it once more; None when it is too long to be looked at."""
    messages: list[Message] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > _MOST_BODY or message["type"] != "http.request" or not message.get("more_body", False):
            break
    whole = size <= _MOST_BODY
    body = b"".join(message.get("body", b"") for message in messages) if whole else None
    waiting = iter(messages)

    async def again() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return body, again
