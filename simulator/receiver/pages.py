"""The receiver's reading side: what was accepted, what failed, whether it is well."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.receiver import answers, queries
from simulator.receiver.answers import Answer
from simulator.receiver.queries import ParameterError
from simulator.receiver.receiver import Receiver
from simulator.receiver.records import AcceptedRecord, FailedRecord

log = logging.getLogger(__name__)

# What GET / shows; paths of the hot routes are templates.
LINKS = {
    "inlet": "/collection/{inlet}",
    "batch": "/collection/batch/{inlet}",
    "received": "/received{?limit,after,type,identity,place,inlet,from,to}",
    "failed": "/failed{?limit,after}",
    "health": "/health",
}


def create_pages(receiver: Receiver) -> Starlette:
    """The application for every path that is not an inlet's."""
    store = receiver.store

    async def index(_: Request) -> Response:
        return _json(200, {"name": "journeysim receiver", "links": LINKS})

    async def health(_: Request) -> Response:
        counts = await run_in_threadpool(store.counts)
        body = {
            "status": "ok",
            "accepted": counts.accepted,
            "failed": counts.failed,
            "duplicates": counts.duplicates,
        }
        return _json(200, body)

    async def received(request: Request) -> Response:
        given = request.query_params
        queries.check_names(given, queries.RECEIVED_PARAMETERS)
        query = queries.received_query(given)
        after, limit = queries.page(given)

        def read() -> tuple[int, list[AcceptedRecord]]:
            return store.count(query), store.query(query, after=after, limit=limit + 1)

        total, records = await run_in_threadpool(read)
        return _json(200, _page(request, total, records, limit, _accepted_json))

    async def failed(request: Request) -> Response:
        queries.check_names(request.query_params, queries.FAILED_PARAMETERS)
        after, limit = queries.page(request.query_params)

        def read() -> tuple[int, list[FailedRecord]]:
            return store.counts().failed, store.failed(after=after, limit=limit + 1)

        total, records = await run_in_threadpool(read)
        return _json(200, _page(request, total, records, limit, _failed_json))

    async def clear_received(_: Request) -> Response:
        return _json(200, {"deleted": await run_in_threadpool(store.clear)})

    async def clear_failed(_: Request) -> Response:
        return _json(200, {"deleted": await run_in_threadpool(store.clear_failed)})

    return Starlette(
        routes=[
            Route("/", index, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
            Route(
                "/received",
                _by_method({"GET": received, "DELETE": clear_received}),
                methods=["GET", "DELETE"],
            ),
            Route("/failed", _by_method({"GET": failed, "DELETE": clear_failed}), methods=["GET", "DELETE"]),
        ],
        exception_handlers={
            HTTPException: _http_error,
            ParameterError: _parameter_error,
            sqlite3.Error: _store_error,
            Exception: _fault,
        },
    )


Handler = Callable[[Request], Awaitable[Response]]


def _by_method(handlers: dict[str, Handler]) -> Handler:
    async def handle(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await handlers[method](request)

    return handle


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


def _accepted_json(record: AcceptedRecord) -> dict[str, Any]:
    late = record.timestamp_ms is not None and record.timestamp_ms > record.received_ms
    return {
        "sequence": record.sequence,
        "receivedTimeMs": record.received_ms,
        "inletId": record.inlet,
        "xactionId": record.xaction_id,
        "datasetId": record.dataset,
        # An event should lie in the past when it arrives (ingestion.md 1.9); said, not refused.
        "warnings": ["timestamp lies in the future"] if late else [],
        "event": orjson.Fragment(record.body),
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


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _problem(answer: Answer) -> Response:
    return Response(
        orjson.dumps(answer.body),
        answer.status,
        headers=answer.headers,
        media_type="application/problem+json",
    )


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = (error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == 404:
        answer = answers.problem(404, "not-found", "Not found", f"there is nothing at {request.url.path}")
    elif status == 405:
        allowed = ", ".join(sorted(headers.get("Allow", "").split(", ")))
        answer = answers.problem(
            405,
            "method-not-allowed",
            "Method not allowed",
            f"{request.url.path} takes {allowed}",
            allow=allowed,
        )
    else:
        answer = answers.problem(status, "http", "Request refused", str(getattr(error, "detail", "")))
    return _problem(answer)


async def _parameter_error(_: Request, error: Exception) -> Response:
    return _problem(answers.problem(400, "bad-parameter", "Bad query parameter", str(error)))


async def _store_error(_: Request, error: Exception) -> Response:
    log.error("the store failed: %s", error)
    return _problem(
        answers.problem(503, "store", "Store not available", f"the store failed: {error}", retry_after="1")
    )


async def _fault(request: Request, error: Exception) -> Response:
    log.error("fault while answering %s", request.url.path, exc_info=error)
    return _problem(
        answers.problem(500, "internal", "Internal error", "the receiver failed; its log says more")
    )
