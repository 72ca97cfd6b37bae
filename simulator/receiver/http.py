"""What the receiver's plain ASGI parts share: reading a bounded body, and sending an answer."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.receiver import answers
from simulator.receiver.answers import Answer

BODY_SECONDS = 30.0
"""How long a client may take to send a body."""

log = logging.getLogger(__name__)


class DisconnectedError(Exception):
    """The client went away before its request was complete."""


@dataclass(slots=True)
class BodyBudget:
    """How many bytes of bodies may be in memory while they arrive: all requests together."""

    most: int = 256 << 20
    used: int = 0


async def read_body(
    receive: Receive, headers: Mapping[bytes, bytes], limit: int, budget: BodyBudget | None = None
) -> bytes | Answer:
    """The whole body, decoded; or the answer to one that is too large, too slow or cannot be decoded.

    ``budget`` bounds what bodies that come in parts hold while they are incomplete; beyond it the answer is 503.
    Raises ``DisconnectedError`` when the client leaves before the end.
    """
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in (b"identity", b"gzip", b""):
        name = encoding.decode("latin-1")
        return answers.unsupported(f"content encoding {name!r} is not supported; use gzip or none")
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limit:
        return answers.too_large(limit)
    message = await receive()  # the usual body is there already: no time-out, no second task
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            return answers.too_large(limit)
    else:
        rest = await _read_on(message, receive, limit, budget or BodyBudget())
        if isinstance(rest, Answer):
            return rest
        body = rest
    return _gunzip(body, limit) if encoding == b"gzip" else body


async def _read_on(message: Message, receive: Receive, limit: int, budget: BodyBudget) -> bytes | Answer:
    """A body that comes in parts."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                if message["type"] == "http.disconnect":
                    raise DisconnectedError
                part: bytes = message.get("body", b"")
                size += len(part)
                budget.used += len(part)
                if size > limit:
                    return answers.too_large(limit)
                if budget.used > budget.most:
                    return answers.busy()
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
                message = await receive()
    except TimeoutError:
        return answers.too_slow(BODY_SECONDS)
    finally:
        budget.used -= size


def _gunzip(body: bytes, limit: int) -> bytes | Answer:
    """Decode gzip; the size limit holds for the decoded body (our choice, ingestion.md 1.1)."""
    decoder = zlib.decompressobj(wbits=31)
    try:
        decoded = decoder.decompress(body, limit + 1)
    except zlib.error as error:
        return answers.problem(400, "bad-encoding", "Bad content encoding", f"the body is not gzip: {error}")
    if len(decoded) > limit:
        return answers.too_large(limit)
    if not decoder.eof:
        return answers.problem(400, "bad-encoding", "Bad content encoding", "the gzip body ends too early")
    return decoded


async def send_answer(send: Send, answer: Answer) -> None:
    """Send a JSON answer."""
    await send_bytes(
        send,
        answer.status,
        orjson.dumps(answer.body),
        (b"content-type", answer.media_type.encode()),
        *((name.encode(), value.encode()) for name, value in answer.headers.items()),
    )


async def send_bytes(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """Send a whole answer."""
    sized = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})


def guarded(answer: Callable[[Scope, Receive, Send], Awaitable[Answer | None]]) -> ASGIApp:
    """An ASGI application out of a function that gives an answer, or None when it has sent one itself.

    A failing store answers 503, a fault of the receiver 500; nobody is answered who has gone away.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        result: Answer | None
        try:
            result = await answer(scope, receive, send)
        except sqlite3.Error as error:
            log.error("cannot store: %s", error)
            result = answers.not_stored(str(error))
        except DisconnectedError:
            return
        except Exception:
            log.exception("fault while answering %s", scope["path"])
            result = answers.problem(
                500, "internal", "Internal error", "the receiver failed; its log says more"
            )
        if result is not None:
            await send_answer(send, result)

    return app
