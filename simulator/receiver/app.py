"""The receiver's HTTP side: the two inlet operations as bare ASGI, everything else on starlette.

Requests that arrive together are committed together: each waits for one transaction that holds them all, so
an answer means that the record is on disk, and a thousand small requests do not need a thousand transactions.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import zlib
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.receiver import answers
from simulator.receiver.answers import Answer
from simulator.receiver.inlet import smile_refused
from simulator.receiver.pages import create_pages
from simulator.receiver.receiver import Receiver
from simulator.receiver.store import EventStore

# The usual prefix, and the one that one of the vendor's request collections uses (ingestion.md 7, item 8).
INLET_PREFIXES = ("/collection/", "/data/foundation/import/collection/")
_JSON_HEADER = (b"content-type", b"application/json")
_PROBLEM_HEADER = (b"content-type", b"application/problem+json")
_TRUE = ("true", "1")

log = logging.getLogger(__name__)


def create_app(receiver: Receiver) -> ASGIApp:
    """The ASGI application that serves ``receiver``."""
    pages = create_pages(receiver)
    hot = _InletRoutes(receiver)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            for prefix in INLET_PREFIXES:
                if path.startswith(prefix):
                    await hot(path[len(prefix) :], scope, receive, send)
                    return
        await pages(scope, receive, send)

    return app


class _InletRoutes:
    """``POST /collection/{inlet}`` and ``POST /collection/batch/{inlet}``."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._commits = _GroupCommit(receiver.store)

    async def __call__(self, rest: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(rest, scope, receive)
        except sqlite3.Error as error:
            log.error("cannot store: %s", error)
            answer = answers.not_stored(str(error))
        except _DisconnectedError:
            return
        except Exception:
            log.exception("fault while answering %s", scope["path"])
            answer = answers.problem(
                500, "internal", "Internal error", "the receiver failed; its log says more"
            )
        await _send(send, answer)

    async def _answer(self, rest: str, scope: Scope, receive: Receive) -> Answer:
        batch = rest.startswith("batch/")
        name = rest[6:] if batch else rest
        if scope["method"] != "POST":
            return answers.problem(
                405, "method-not-allowed", "Method not allowed", "an inlet takes POST requests", allow="POST"
            )
        inlet = self._receiver.inlet(name) if name and "/" not in name else None
        if inlet is None:
            return answers.unknown_inlet(name)
        headers = dict(scope["headers"])
        if b"smile" in headers.get(b"content-type", b""):
            return smile_refused()
        body = await self._read(receive, headers)
        if isinstance(body, Answer):
            return body
        query = parse_qs(scope["query_string"].decode("latin-1")) if scope["query_string"] else {}
        flow = b"x-adobe-flow-id" in headers or "x-adobe-flow-id" in query
        if batch:
            answer = inlet.accept_batch(body, flow_header=flow)
        else:
            # Older material spells the parameter synchronousValidation (ingestion.md 1.1).
            wanted = query.get("syncValidation") or query.get("synchronousValidation") or ["false"]
            sync = wanted[-1].lower() in _TRUE
            answer = inlet.accept_one(body, sync_validation=sync, flow_header=flow)
        if answer.status in (200, 207):
            await self._commits.committed()
        return answer

    async def _read(self, receive: Receive, headers: dict[bytes, bytes]) -> bytes | Answer:
        """The whole body, decoded; or the answer to one that is too large or cannot be decoded."""
        limit = self._receiver.options.max_body_bytes
        encoding = headers.get(b"content-encoding", b"identity").strip().lower()
        if encoding not in (b"identity", b"gzip", b""):
            name = encoding.decode("latin-1")
            return answers.unsupported(f"content encoding {name!r} is not supported; use gzip or none")
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > limit:
            return answers.too_large(limit)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _DisconnectedError
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > limit:
                return answers.too_large(limit)
            parts.append(part)
            if not message.get("more_body", False):
                break
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        return _gunzip(body, limit) if encoding == b"gzip" else body


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


class _DisconnectedError(Exception):
    """The client went away before its request was complete."""


class _GroupCommit:
    """Lets requests of the same moment share one transaction."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._waiting: list[asyncio.Future[None]] = []

    async def committed(self) -> None:
        """Return when everything added so far is on disk; raise what the commit raised."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._commit)
        future = loop.create_future()
        self._waiting.append(future)
        await future

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        error: Exception | None = None
        try:
            self._store.commit()
        except Exception as caught:
            error = caught
        for future in waiting:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)


async def _send(send: Send, answer: Answer) -> None:
    body = orjson.dumps(answer.body)
    documented = answer.body.get("type") in (None, answers.INLET_PROBLEM)
    headers: list[tuple[bytes, bytes]] = [
        _JSON_HEADER if documented else _PROBLEM_HEADER,
        (b"content-length", b"%d" % len(body)),
    ]
    headers += [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    start: dict[str, Any] = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
