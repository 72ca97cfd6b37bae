"""The platform's APIs over HTTP: the gateway's checks, then the operation that method and path name."""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.receiver import answers
from simulator.receiver.answers import Answer
from simulator.receiver.calls import Call, Operation, RefusedError, Reply, Service, segments
from simulator.receiver.http import guarded, read_body, send_bytes
from simulator.receiver.openapi import OPENAPI_PATH, openapi_document
from simulator.receiver.platform import problems
from simulator.receiver.platform.platform import Platform
from simulator.receiver.receiver import Receiver
from simulator.receiver.routing import Mount

MAX_BODY_BYTES = 1_000_000
_WITH_BODY = ("POST", "PUT", "PATCH")


def platform_router(receiver: Receiver) -> list[Mount]:
    """Schema Registry, Catalog, Flow Service, Data Prep and identity namespaces, and the OpenAPI document."""
    platform = Platform(receiver)
    mounts = []
    for service in platform.services:
        for prefix in (service.prefix, *service.aliases):
            app = guarded(_ServiceApp(receiver, platform, service, prefix).answer)
            mounts.append(Mount(prefix, app))
    document = orjson.dumps(openapi_document(platform.services))
    return [*mounts, Mount(OPENAPI_PATH, _constant(document), {"openapi": OPENAPI_PATH})]


def _constant(body: bytes) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> Answer | None:
        if scope["path"] != OPENAPI_PATH:
            return answers.problem(
                404, "not-found", "Not found", f"there is nothing at {scope['path'][:300]}"
            )
        if scope["method"] not in ("GET", "HEAD"):
            return answers.problem(
                405, "method-not-allowed", "Method not allowed", "this path takes GET", allow="GET"
            )
        await send_bytes(send, 200, body, (b"content-type", b"application/json"))
        return None

    return guarded(answer)


class _ServiceApp:
    def __init__(self, receiver: Receiver, platform: Platform, service: Service, prefix: str) -> None:
        self._receiver = receiver
        self._platform = platform
        self._service = service
        self._prefix = prefix

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        reply = await self._reply(scope, receive)
        if isinstance(reply, Answer):
            return reply
        body = b"" if reply.body is None else orjson.dumps(reply.body)
        headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
        if reply.body is not None:
            headers.append((b"content-type", reply.media_type.encode()))
        await send_bytes(send, reply.status, body, *headers)
        return None

    async def _reply(self, scope: Scope, receive: Receive) -> Reply | Answer:
        headers = Headers(scope=scope)
        raw_path = scope.get("raw_path") or scope["path"].encode()
        path = segments(raw_path.partition(b"?")[0], self._prefix)
        matches = [(op, named) for op in self._service.operations if (named := op.match(path)) is not None]
        if not matches:
            return self._service.not_found(f"there is nothing at {scope['path'][:300]}")
        refusal = self._gateway(scope)
        if refusal is not None:
            return refusal
        method = scope["method"]
        chosen = next(((op, named) for op, named in matches if op.method == method), None)
        if chosen is None:
            allow = ", ".join(sorted({op.method for op, _ in matches}))
            return answers.problem(
                405, "method-not-allowed", "Method not allowed", f"this path takes {allow}", allow=allow
            )
        operation, named = chosen
        body = await self._body(method, operation, headers, scope, receive)
        if isinstance(body, Reply | Answer):
            return body
        call = Call(
            query=QueryParams(scope["query_string"]),
            headers=headers,
            body=body,
            base_url=f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}",
            now_ms=self._receiver.now_ms(),
            path=named,
        )
        return await run_in_threadpool(self._handle, operation, call)

    def _handle(self, operation: Operation, call: Call) -> Reply | Answer:
        with self._platform.lock:
            try:
                return operation.handle(call)
            except RefusedError as refusal:
                return refusal.reply
            except sqlite3.Error as error:
                return answers.not_stored(str(error))

    def _gateway(self, scope: Scope) -> Reply | None:
        """What the gateway in front of all services asks for (ingestion.md 3.3)."""
        headers = dict(scope["headers"])
        state = self._receiver.tokens.check(headers, self._receiver.now_ms())
        if state == "missing":
            return problems.gateway("403010", "Oauth token is missing.")
        if state != "good":
            return problems.gateway("401013", "Oauth token is not valid")
        if not headers.get(b"x-api-key"):
            return problems.gateway("403000", "Api Key is required")
        if not headers.get(b"x-gw-ims-org-id"):
            return problems.gateway("400003", "Missing header")
        organization = self._receiver.options.organization
        if organization is not None and headers[b"x-gw-ims-org-id"].decode("latin-1") != organization:
            return problems.gateway("403025", "Profile is not valid")
        return None

    async def _body(
        self, method: str, operation: Operation, headers: Headers, scope: Scope, receive: Receive
    ) -> Any | Reply | Answer:
        """The decoded body, None where there is none to be; or the answer to one that cannot be read."""
        body = await read_body(receive, dict(scope["headers"]), MAX_BODY_BYTES, self._receiver.bodies)
        if isinstance(body, Answer):
            return body
        if method not in _WITH_BODY or operation.body is None:
            return None
        if not body:
            return self._service.bad_request("the request has no body")
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in operation.media_types:
            return problems.bad_content_type()
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return self._service.bad_request(f"the body is not JSON: {error}")
