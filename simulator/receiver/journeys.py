"""``/journeys``: what the journeys of a scenario made of the events that the receiver accepted.

The receiver knows no journeys itself. Whoever serves it may hand it something that evaluates them: it is told of
every event that was kept, and puts what happened into the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from simulator.receiver import queries
from simulator.receiver.answers import problem
from simulator.receiver.journey_rows import JourneyEvaluation, JourneyRow, Stream
from simulator.receiver.receiver import Receiver
from simulator.receiver.routing import Mount
from simulator.receiver.web import AnswerError, Handler, by_method, json_response, web_app

LOG_FILTERS = ("kind", "journey", "identity")
STEP_FILTERS = ("journey", "identity")
PAGING = ("limit", "after", "format")
NDJSON = "application/x-ndjson"


def journeys_router(receiver: Receiver) -> list[Mount]:
    """``/journeys``, ``/journeys/log`` and ``/journeys/step-events``."""
    rows = receiver.store.journeys

    def evaluation() -> JourneyEvaluation:
        if receiver.journeys is None:
            detail = "this receiver evaluates no journeys; start it with --journeys SCENARIO"
            raise AnswerError(problem(404, "no-journeys", "No journeys", detail))
        return receiver.journeys

    async def summary(request: Request) -> Response:
        queries.check_names(request.query_params, ())
        return json_response(200, await run_in_threadpool(evaluation().summary))

    async def reset(_: Request) -> Response:
        return json_response(200, {"deleted": await run_in_threadpool(evaluation().reset)})

    def listing(stream: Stream, filters: tuple[str, ...]) -> Handler:
        async def show(request: Request) -> Response:
            evaluation()
            given = request.query_params
            queries.check_names(given, (*PAGING, *filters))
            wanted = {name: given[name] for name in filters if name in given}
            if _as_lines(request):
                lines = (row.body + b"\n" for row in rows.all(stream, wanted))
                return StreamingResponse(_pieces(lines), media_type=NDJSON)
            after, limit = queries.page(given)

            def read() -> tuple[int, list[JourneyRow]]:
                return rows.count(stream, wanted), rows.query(stream, wanted, after=after, limit=limit + 1)

            total, found = await run_in_threadpool(read)
            return json_response(200, _page(request, total, found, after, limit))

        return show

    part = web_app(
        [
            Route(
                "/journeys",
                by_method({"GET": summary, "DELETE": reset}),
                methods=["GET", "DELETE"],
            ),
            Route("/journeys/log", listing("log", LOG_FILTERS), methods=["GET"]),
            Route("/journeys/step-events", listing("step_events", STEP_FILTERS), methods=["GET"]),
        ]
    )
    links = {
        "journeys": "/journeys",
        "journey log": "/journeys/log{?limit,after,format,kind,journey,identity}",
        "step events": "/journeys/step-events{?limit,after,format,journey,identity}",
    }
    return [Mount("/journeys", part, links)]


def _as_lines(request: Request) -> bool:
    """Whether everything is wanted, one row per line: by the parameter or, without it, the header `Accept`."""
    wanted = request.query_params.get("format")
    if wanted is None:
        return NDJSON in request.headers.get("accept", "")
    if wanted not in ("json", "ndjson"):
        raise queries.ParameterError(f"'format' is {wanted!r}; expected json or ndjson")
    return wanted == "ndjson"


def _pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Lines in pieces that are worth sending."""
    piece: list[bytes] = []
    for line in lines:
        piece.append(line)
        if len(piece) == _LINES_AT_ONCE:
            yield b"".join(piece)
            piece.clear()
    yield b"".join(piece)


_LINES_AT_ONCE = 200


def _page(request: Request, total: int, rows: Sequence[JourneyRow], after: int, limit: int) -> dict[str, Any]:
    """One page; one row more than ``limit`` was read to know whether there is a next one."""
    shown = rows[:limit]
    last = shown[-1].sequence if shown else after
    following = None
    if len(rows) > limit:
        parameters = {**request.query_params, "after": last}
        following = f"{request.url.path}?{urlencode(parameters)}"
    return {
        "total": total,
        "count": len(shown),
        "records": [orjson.Fragment(row.body) for row in shown],
        "last": last,
        "next": following,
    }
