"""The inlets over HTTP: two operations, as bare ASGI."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from simulator.receiver import answers
from simulator.receiver.answers import Answer
from simulator.receiver.http import guarded, read_body
from simulator.receiver.inlet import Inlet, smile_refused
from simulator.receiver.receiver import Receiver
from simulator.receiver.routing import Mount

# The usual prefix, and the one that one of the vendor's request collections uses (ingestion.md 7, item 8).
PREFIXES = ("/collection/", "/data/foundation/import/collection/")
_TRUE = ("true", "1")


def inlet_router(receiver: Receiver) -> list[Mount]:
    """``POST /collection/{inlet}`` and ``POST /collection/batch/{inlet}``, under both prefixes."""
    links = {"inlet": "/collection/{inlet}", "batch": "/collection/batch/{inlet}"}
    routes = _InletRoutes(receiver)
    app = guarded(routes.answer)
    return [Mount(prefix, app, {} if number else links) for number, prefix in enumerate(PREFIXES)]


class _InletRoutes:
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._options = receiver.options

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> Answer:
        rest: str = scope["path"].partition("/collection/")[2]
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
        query = parse_qs(scope["query_string"].decode("latin-1")) if scope["query_string"] else {}
        # Older material spells the parameter synchronousValidation (ingestion.md 1.1).
        wanted = query.get("syncValidation") or query.get("synchronousValidation") or ["false"]
        sync = wanted[-1].lower() in _TRUE
        refusal = self._unauthorized(inlet, headers) or inlet.refusal(sync_validation=sync and not batch)
        if refusal is not None:
            return refusal
        if b"smile" in headers.get(b"content-type", b""):
            return smile_refused()
        body = await read_body(receive, headers, self._options.max_body_bytes, self._receiver.bodies)
        if isinstance(body, Answer):
            return body
        flow = (
            headers.get(b"x-adobe-flow-id", b"").decode("latin-1") or query.get("x-adobe-flow-id", [""])[-1]
        )
        dataset = headers.get(b"x-adobe-dataset-id", b"").decode("latin-1")
        if batch:
            answer = inlet.accept_batch(body, flow_id=flow or None, dataset=dataset)
        else:
            answer = inlet.accept_one(body, sync_validation=sync, flow_id=flow or None, dataset=dataset)
        if answer.status in (200, 207):
            await self._receiver.commits.committed()
        return answer

    def _unauthorized(self, inlet: Inlet, headers: dict[bytes, bytes]) -> Answer | None:
        if not inlet.spec.authenticated:
            return None
        state = self._receiver.tokens.check(headers, self._receiver.now_ms())
        if state == "good":
            return None
        return answers.unauthorized(401 if state == "missing" else self._options.bad_token_status, state)
