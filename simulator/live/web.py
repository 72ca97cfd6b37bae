"""The page's server: what of the protocol is HTTP, and who may speak to it.

Only programs on this machine reach it (it is bound to loopback). Web pages of others that a browser on this machine
shows are kept out: by the `Host` that a request names, and by the `Origin` and content type of what changes something.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.core.errors import JourneysimError
from simulator.live.api import Api, ConflictError, NotFoundError
from simulator.live.assets import Asset, leaflet_assets, page_assets

_KEEP_ALIVE_S = 15.0
_MOST_BODY = 65_536

Handler = Callable[[Request], Awaitable[Response]]


def create_app(api: Api, port: int, files: Mapping[str, Asset], tiles: str | None = None) -> ASGIApp:
    """The ASGI application; ``files`` are those that are served, by their paths (see :func:`page_files`)."""
    routes = [
        Route("/api/setup", _get(lambda request: _bytes(api.setup()))),
        Route("/api/roads", _get(lambda request: _bytes(api.roads()))),
        Route("/api/event/{number:int}", _get(lambda request: api.event(request.path_params["number"]))),
        Route("/api/person/{person:int}", _get(lambda request: api.person(request.path_params["person"]))),
        Route("/api/place/{place:int}", _get(lambda request: api.place(request.path_params["place"]))),
        Route("/api/stream", _stream(api)),
        Route("/api/control", _post(lambda _, wish: api.control(wish)), methods=["POST"]),
        *(
            Route(
                f"/api/person/{{person:int}}/{name}",
                _post(lambda request, wish, do=do: do(request.path_params["person"], wish)),  # type: ignore[misc]
                methods=["POST"],
            )
            for name, do in (("move", api.move), ("happen", api.happen), ("open", api.open))
        ),
        *(Route(path, _file(file)) for path, file in files.items()),
    ]
    return _guarded(Starlette(routes=routes), port, _headers(tiles))


def page_files() -> dict[str, Asset]:
    """The files that are served, by their paths; UsageError if the map library is not installed."""
    page = page_assets()
    found = {f"/page/{name}": asset for name, asset in page.items()}
    found |= {f"/leaflet/{name}": asset for name, asset in leaflet_assets().items()}
    return {"/": page["index.html"], **found}


# --- who may ask --------------------------------------------------------------------------------------------


def _headers(tiles: str | None) -> list[tuple[bytes, bytes]]:
    images = "'self' data: blob:"
    if tiles is not None:
        parts = urlsplit(tiles)
        host = parts.netloc.replace("{s}", "*")
        images += f" {parts.scheme}://{host}"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; "
        f"img-src {images}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        # Providers of tiles ask to be told who uses them.
        (b"referrer-policy", b"no-referrer" if tiles is None else b"strict-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]


def _guarded(app: ASGIApp, port: int, headers: list[tuple[bytes, bytes]]) -> ASGIApp:
    """Let nobody in but those who mean this server, and say on every answer what the page may do."""
    hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
    if port == 80:
        hosts |= {"127.0.0.1", "localhost", "[::1]"}
    origins = {f"http://{host}" for host in hosts}

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        given = [(name, value.decode("latin-1")) for name, value in scope["headers"]]
        refused = _refused(scope["method"], given, hosts, origins)
        await (refused or app)(scope, receive, with_headers)

    return guarded


def _refused(
    method: str, headers: list[tuple[bytes, str]], hosts: set[str], origins: set[str]
) -> Response | None:
    """Why a request is not even looked at; None if it is."""
    if [value.lower() for name, value in headers if name == b"host"] not in [[host] for host in hosts]:
        return _problem(403, "this is not the host that is served here")
    for name, value in headers:
        if name == b"origin" and value.lower() not in origins:
            return _problem(403, "only the page itself may ask")
        if name == b"sec-fetch-site" and method != "GET" and value not in ("same-origin", "none"):
            return _problem(403, "only the page itself may ask")
    if method == "POST":
        kinds = [
            value.partition(";")[0].strip().lower() for name, value in headers if name == b"content-type"
        ]
        if kinds != ["application/json"]:
            return _problem(415, "expected JSON (Content-Type: application/json)")
    return None


# --- answers ------------------------------------------------------------------------------------------------


def _bytes(body: bytes, status: int = 200) -> Response:
    return Response(body, status, {"Cache-Control": "no-store"}, "application/json")


def _json(document: Any, status: int = 200) -> Response:
    return _bytes(orjson.dumps(document), status)


def _problem(status: int, text: str) -> Response:
    return _json({"error": text}, status)


async def _answered(asked: Any) -> Response:
    try:
        found = await asked if isinstance(asked, Awaitable) else asked
    except NotFoundError as error:
        return _problem(404, str(error))
    except ConflictError as error:
        return _problem(409, str(error))
    except JourneysimError as error:
        return _problem(400, str(error))
    return found if isinstance(found, Response) else _json(found)


def _get(ask: Callable[[Request], Any]) -> Handler:
    async def handler(request: Request) -> Response:
        try:
            asked = ask(request)
        except NotFoundError as error:
            return _problem(404, str(error))
        return await _answered(asked)

    return handler


def _post(ask: Callable[[Request, Mapping[str, Any]], Any]) -> Handler:
    async def handler(request: Request) -> Response:
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MOST_BODY:
                    return _problem(413, "that is too much")
        except ClientDisconnect:
            return _problem(400, "the request broke off")
        try:
            wish = orjson.loads(bytes(body))
        except ValueError as error:
            return _problem(400, f"not JSON: {error}")
        if not isinstance(wish, dict):
            return _problem(400, "expected a JSON object")
        return await _answered(ask(request, wish))

    return handler


def _file(asset: Asset) -> Handler:
    async def handler(request: Request) -> Response:
        try:
            body = asset.path.read_bytes()
        except OSError:
            return _problem(404, "the file is gone")
        return Response(body, 200, {"Cache-Control": "no-cache", "Content-Type": asset.content_type})

    return handler


def _stream(api: Api) -> Handler:
    hub, show = api.show.hub, api.show

    async def messages(last: str | None) -> AsyncIterator[bytes]:
        number, reason = hub.number_of(last), "new" if last is None else "late"
        while not hub.closed:
            found = None if number is None else hub.since(number)
            if found is None:
                number, found = await show.snapshot(reason)
                reason = "late"
            elif number is not None:
                number += len(found)
            if found:
                yield b"".join(found)
            else:
                waited = await hub.wait(_KEEP_ALIVE_S)
                if not waited:
                    yield b": still here\n\n"

    async def handler(request: Request) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        last = request.headers.get("last-event-id")
        return StreamingResponse(messages(last), 200, headers, "text/event-stream")

    return handler
