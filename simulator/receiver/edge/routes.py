"""The Edge Network over HTTP, as bare ASGI."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Literal
from urllib.parse import parse_qs

import orjson
from starlette.types import Receive, Scope, Send

from simulator.core.identifiers import derived_uuid, ecid
from simulator.receiver.answers import Answer, problem
from simulator.receiver.edge import handles, identity, reading
from simulator.receiver.edge.errors import EdgeError, error_object
from simulator.receiver.edge.keeping import keep, timestamp
from simulator.receiver.edge.options import FRAGMENT_BYTES, MAX_BODY_BYTES, REGIONS
from simulator.receiver.edge.reading import EdgeRequest
from simulator.receiver.http import DisconnectedError, read_body, send_answer, send_bytes
from simulator.receiver.limits import Window
from simulator.receiver.receiver import Receiver
from simulator.receiver.routing import Mount

# `ee-pre-prd` is the mobile SDK's pre-production environment on the same host (ingestion.md 2.1).
_PATH = re.compile(r"/ee(?:-pre-prd)?(?:/(?P<hint>[a-z0-9]+))?/(?P<operation>v[12]/.+)")
_TARGET_HINT = re.compile(r"t[0-9]+")
_CONTENT_TYPES = ("application/json", "text/plain", "text/javascript")
_SMILE = "application/x-jackson-smile"

Headers = list[tuple[bytes, bytes]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """One path of the service: how it is read, what it answers."""

    read: Callable[[dict[str, Any]], EdgeRequest]
    parameter: Literal["configId", "datastreamId"]
    answer: Literal["handles", "nothing", "accepted"] = "handles"
    identity_always: bool = False


OPERATIONS = {
    "v1/interact": Operation(reading.read_v1, "configId"),
    "v1/collect": Operation(reading.read_v1, "configId", "nothing"),
    "v1/privacy/set-consent": Operation(reading.read_consent, "configId"),
    "v1/identity/acquire": Operation(reading.read_identity, "configId", identity_always=True),
    "v2/interact": Operation(reading.read_v2_interact, "datastreamId", identity_always=True),
    "v2/collect": Operation(reading.read_v2_collect, "datastreamId", "accepted"),
}


def edge_router(receiver: Receiver) -> list[Mount]:
    """``/ee/...``."""
    app = _EdgeRoutes(receiver)
    links = {"interact": "/ee/v1/interact?configId={id}", "collect": "/ee/v2/collect?datastreamId={id}"}
    return [Mount("/ee/", app, links), Mount("/ee-pre-prd/", app)]


@dataclass(slots=True)
class _Call:
    """A request on its way through the checks."""

    operation: Operation
    hint: str
    headers: dict[bytes, bytes]
    query: dict[str, list[str]]
    request_id: str

    def parameter(self, *names: str) -> str | None:
        """A query parameter by any of its names, whatever their case."""
        wanted = {name.lower() for name in names}
        return next((values[-1] for name, values in self.query.items() if name.lower() in wanted), None)


class _EdgeRoutes:
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._options = options = receiver.edge
        self._known = frozenset(filter(None, options.datastreams.split(",")))
        self._disabled = frozenset(filter(None, options.disabled.split(",")))
        self._requests = 0
        self._rates = {
            "v2/interact": Window(options.interact_units_per_second, 1_000),
            "v2/collect": Window(options.collect_units_per_second, 1_000),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        cross = cross_origin(headers)
        found = _PATH.fullmatch(scope["path"])
        operation = OPERATIONS.get(found["operation"]) if found else None
        hint = (found["hint"] if found else None) or self._options.hint
        if scope["method"] == "OPTIONS":
            await send_bytes(send, 204, b"", *_preflight(headers), *cross)
            return
        if operation is None or not (hint in REGIONS or _TARGET_HINT.fullmatch(hint)):
            await send_bytes(send, 404, b"", *cross)  # the service answers nothing more (ingestion.md 2.5)
            return
        if scope["method"] != "POST":
            await send_bytes(send, 405, b"", (b"allow", b"POST, OPTIONS"), *cross)
            return
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        call = _Call(operation, hint, headers, query, self._request_id(headers, query))
        try:
            await self._answer(call, receive, send, cross)
        except EdgeError as error:
            await _send(send, error.answer(call.request_id), cross)
        except DisconnectedError:
            return
        except sqlite3.Error as error:
            log.error("cannot store: %s", error)
            answer = EdgeError("0000-503", "the events could not be stored").answer(call.request_id)
            answer.headers["retry-after"] = "1"
            await _send(send, answer, cross)
        except Exception:
            log.exception("fault while answering %s", scope["path"])
            answer = EdgeError("0001-500", "the receiver failed; its log says more").answer(call.request_id)
            await _send(send, answer, cross)

    async def _answer(self, call: _Call, receive: Receive, send: Send, cross: Headers) -> None:
        datastream = self._checked(call)
        body = await read_body(receive, call.headers, MAX_BODY_BYTES, self._receiver.bodies)
        if isinstance(body, Answer):
            if body.status == 413:
                raise EdgeError("0112-413", f"the request body is larger than {MAX_BODY_BYTES:,} bytes")
            await _send(send, body, cross)
            return
        request = call.operation.read(reading.parse(body))
        wait = self._wait(call.operation, len(body))
        if wait:
            await _send(send, _too_many(wait), cross)
            return
        await self._respond(call, request, datastream, send, cross)

    async def _respond(
        self, call: _Call, request: EdgeRequest, datastream: str, send: Send, cross: Headers
    ) -> None:
        mixed = call.operation.answer == "accepted"  # each event has its own people
        known = None if mixed else self._ecid_of(call, request)
        person = known if known or mixed else self._new_ecid(call)
        refused = request.state_ending("_consent")
        unwanted = refused is not None and refused[1] == "general=out" and not request.consent
        if not unwanted:
            keep(self._receiver, request, request_id=call.request_id, datastream=datastream, ecid=person)
            if request.events:
                await self._receiver.commits.committed()
        if call.operation.answer == "nothing" or (mixed and call.parameter("silent") == "true"):
            await send_bytes(send, 204, b"", *cross)
            return
        if mixed:
            await _send(send, Answer(202, {"requestId": call.request_id}), cross)
            return
        body: dict[str, Any] = {"requestId": call.request_id, "handle": []}
        body["handle"] = self._handles(call, request, person or "", minted=known is None)
        if unwanted:
            body["warnings"] = [{**error_object("0301-200"), "report": {"eventIndex": 0}}]
        extra = [*cross, (b"x-adobe-edge", handles.edge_header(call.hint).encode())]
        if request.separators is not None:
            await _stream(send, body, request.separators, extra)
        else:
            await _send(send, Answer(200, body), extra)

    # --- checks, in the order in which the service makes them ------------------------------------------------

    def _checked(self, call: _Call) -> str:
        """The datastream of a call that may go on; raises ``EdgeError``."""
        content = call.headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        if not content:
            raise EdgeError("0106-400", "the request has no Content-Type")
        if content == _SMILE:
            raise EdgeError(
                "0111-415", "Smile bodies are not supported by this receiver; send application/json"
            )
        if content not in _CONTENT_TYPES:
            raise EdgeError("0111-415", f"content type {content!r} is not supported")
        datastream = call.parameter("configId", "datastreamId")
        if not datastream:
            raise EdgeError("0002-400", f"the query parameter {call.operation.parameter} is missing")
        plain = datastream.partition(":")[0]  # an environment may follow, as in `id:dev`
        if self._known and plain not in self._known:
            raise EdgeError("0003-400", f"there is no datastream {datastream!r}")
        if plain in self._disabled:
            raise EdgeError("0004-422", f"the datastream {datastream!r} is disabled")
        if self._options.authenticated:
            self._authorize(call)
        return plain

    def _authorize(self, call: _Call) -> None:
        state = self._receiver.tokens.check(call.headers, self._receiver.now_ms())
        if state == "missing":
            raise EdgeError("0500-401", "the request has no authorization token")
        if state == "expired":
            raise EdgeError("0503-401", "the authorization token has expired")
        if state == "invalid":
            raise EdgeError("0502-401", "the authorization token was not made by this receiver")

    def _wait(self, operation: Operation, size: int) -> int:
        name = "v2/collect" if operation.answer == "accepted" else "v2/interact"
        if OPERATIONS[name] is not operation:
            return 0
        return self._rates[name].wait_s(self._receiver.now_ms(), -(-size // FRAGMENT_BYTES))

    # --- identities ------------------------------------------------------------------------------------------

    def _ecid_of(self, call: _Call, request: EdgeRequest) -> str | None:
        found = identity.ecid_of_map(request.identity_map)
        if found is None and (kept := request.state_ending("_identity")) is not None:
            found = identity.ecid_of_state(kept[1])
        if found is None and (first_party := _cookie(call.headers, "FPID")):
            found = ecid(_key("fpid", first_party))  # the same first-party id is the same person
        return found

    def _new_ecid(self, call: _Call) -> str:
        return ecid(_key("ecid", self._receiver.nonce, call.request_id))

    def _request_id(self, headers: dict[bytes, bytes], query: dict[str, list[str]]) -> str:
        """The client's id, or a new one, and 16 digits of ours (ingestion.md 2.1)."""
        self._requests += 1
        unique = derived_uuid("edge-request", self._receiver.nonce, self._requests).replace("-", "")
        given = query.get("requestId", [""])[-1] or headers.get(b"x-request-id", b"").decode("latin-1")
        if not given or len(given) > 128:
            given = derived_uuid("edge-request-id", self._receiver.nonce, self._requests)
        return f"{given}-{unique[:16]}"

    def _handles(
        self, call: _Call, request: EdgeRequest, person: str, *, minted: bool
    ) -> list[dict[str, Any]]:
        kept = request.state_ending("_identity") or request.state_ending("_cluster")
        prefix = kept[0].rpartition("_")[0] if kept else handles.state_prefix(self._options.organization)
        now = timestamp(self._receiver.now_ms())
        return handles.common(
            request,
            prefix=prefix,
            ecid=person,
            hint=call.hint,
            minted=minted,
            always=call.operation.identity_always,
            extra=[handles.consent_preferences(request, now)] if request.consent else [],
        )


def _key(*parts: object) -> int:
    """64 bits that name ``parts``."""
    return int(derived_uuid(*parts).replace("-", "")[:16], 16)


def _cookie(headers: dict[bytes, bytes], name: str) -> str:
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""


def _too_many(seconds: int) -> Answer:
    text = f"the datastream takes no more in this second; try again in {seconds} s"
    return problem(429, "too-many-requests", "Too many requests", text, retry_after=str(seconds))


def cross_origin(headers: dict[bytes, bytes]) -> Headers:
    """What lets a page of any origin read the answer: the service is called by browsers."""
    origin = headers.get(b"origin")
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"Retry-After, X-Adobe-Edge, X-Request-ID"),
        (b"vary", b"Origin"),
    ]


def _preflight(headers: dict[bytes, bytes]) -> Headers:
    allowed = [
        (b"access-control-allow-methods", b"POST, OPTIONS"),
        (b"access-control-allow-headers", headers.get(b"access-control-request-headers", b"content-type")),
        (b"access-control-max-age", b"600"),
    ]
    if headers.get(b"access-control-request-private-network") == b"true":
        allowed.append((b"access-control-allow-private-network", b"true"))
    return allowed


async def _send(send: Send, answer: Answer, extra: Headers) -> None:
    answer.headers.update({name.decode("latin-1"): value.decode("latin-1") for name, value in extra})
    await send_answer(send, answer)


async def _stream(send: Send, body: dict[str, Any], separators: tuple[str, str], extra: Headers) -> None:
    """The answer in fragments: record separator, one line of JSON, line feed (ingestion.md 2.4)."""
    record, line = (separator.encode() for separator in separators)
    headers = [(b"content-type", b"application/json;charset=utf-8"), *extra]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    rest = {name: value for name, value in body.items() if name != "handle"}
    pieces = [{**rest, "handle": [handle]} for handle in body["handle"]] or [body]
    for piece in pieces:
        chunk = record + orjson.dumps(piece) + line
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
