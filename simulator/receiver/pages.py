"""The receiver's reading side: what was accepted, what failed, whether it is well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.receiver import queries
from simulator.receiver.export import export_of
from simulator.receiver.receiver import Receiver
from simulator.receiver.records import AcceptedRecord, FailedRecord
from simulator.receiver.routing import Mount
from simulator.receiver.shown import accepted_json
from simulator.receiver.stream import stream_of
from simulator.receiver.web import by_method, json_response, web_app

# What `/counts` tells apart, and the store's name for it.
TALLIES = {"types": "event_type", "inlets": "inlet", "datasets": "dataset", "places": "place"}


def reading_router(receiver: Receiver) -> list[Mount]:
    """``/received``, ``/failed``, ``/counts``, ``/export``, ``/reset`` and ``/health``."""
    store = receiver.store

    async def health(_: Request) -> Response:
        counts = await run_in_threadpool(store.counts)
        body = {
            "status": "ok",
            "accepted": counts.accepted,
            "failed": counts.failed,
            "duplicates": counts.duplicates,
        }
        return json_response(200, body)

    async def received(request: Request) -> Response:
        given = request.query_params
        queries.check_names(given, queries.RECEIVED_PARAMETERS)
        query = queries.received_query(given)
        after, limit = queries.page(given)

        def read() -> tuple[int, list[AcceptedRecord]]:
            return store.count(query), store.query(query, after=after, limit=limit + 1)

        total, records = await run_in_threadpool(read)
        return json_response(200, _page(request, total, records, limit, accepted_json))

    async def failed(request: Request) -> Response:
        queries.check_names(request.query_params, queries.FAILED_PARAMETERS)
        after, limit = queries.page(request.query_params)

        def read() -> tuple[int, list[FailedRecord]]:
            return store.counts().failed, store.failed(after=after, limit=limit + 1)

        total, records = await run_in_threadpool(read)
        return json_response(200, _page(request, total, records, limit, _failed_json))

    async def clear_received(_: Request) -> Response:
        return json_response(200, {"deleted": await run_in_threadpool(store.clear)})

    async def clear_failed(_: Request) -> Response:
        return json_response(200, {"deleted": await run_in_threadpool(store.clear_failed)})

    async def counts(request: Request) -> Response:
        queries.check_names(request.query_params, queries.FILTERS)
        query = queries.received_query(request.query_params)

        def read() -> dict[str, Any]:
            totals = store.counts()
            by = {name: store.tally(column, query) for name, column in TALLIES.items()}
            return {
                "accepted": store.count(query),
                "failed": totals.failed,
                "duplicates": totals.duplicates,
                **by,
            }

        return json_response(200, await run_in_threadpool(read))

    async def reset(_: Request) -> Response:
        deleted = {
            "accepted": await run_in_threadpool(store.clear),
            "failed": await run_in_threadpool(store.clear_failed),
        }
        if receiver.journeys is not None:
            await run_in_threadpool(receiver.journeys.reset)
        return json_response(200, {"deleted": deleted})

    part = web_app(
        [
            Route("/counts", counts, methods=["GET"]),
            Route("/reset", reset, methods=["POST"]),
            Route("/received/stream", stream_of(receiver), methods=["GET"]),
            Route("/export", export_of(receiver), methods=["GET"]),
            Route("/health", health, methods=["GET"]),
            Route(
                "/received",
                by_method({"GET": received, "DELETE": clear_received}),
                methods=["GET", "DELETE"],
            ),
            Route("/failed", by_method({"GET": failed, "DELETE": clear_failed}), methods=["GET", "DELETE"]),
        ]
    )
    return [
        Mount(
            "/received",
            part,
            {
                "received": "/received{?limit,after,type,identity,place,inlet,dataset,id,from,to}",
                "stream": "/received/stream{?after,type,identity,place,inlet,dataset,id,from,to}",
            },
        ),
        Mount("/counts", part, {"counts": "/counts{?type,identity,place,inlet,dataset,id,from,to}"}),
        Mount("/export", part, {"export": "/export{?format,type,identity,place,inlet,dataset,id,from,to}"}),
        Mount("/reset", part, {"reset": "/reset"}),
        Mount("/failed", part, {"failed": "/failed{?limit,after}"}),
        Mount("/health", part, {"health": "/health"}),
    ]


def _page(
    request: Request, total: int, records: list[Any], limit: int, render: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """One page of a list; one record more than ``limit`` was read to know whether there is a next page."""
    shown = records[:limit]
    following = None
    if len(records) > limit:
        parameters = {**request.query_params, "after": shown[-1].sequence}
        following = f"{request.url.path}?{urlencode(parameters)}"
    return {
        "total": total,
        "count": len(shown),
        "records": [render(record) for record in shown],
        "next": following,
    }


def _failed_json(record: FailedRecord) -> dict[str, Any]:
    return {
        "sequence": record.sequence,
        "receivedTimeMs": record.received_ms,
        "inletId": record.inlet,
        "xactionId": record.xaction_id,
        "datasetId": record.dataset,
        "reason": record.reason,
        "record": orjson.Fragment(record.body),
    }
