"""Starlette with the receiver's error bodies, for the parts that are not hot."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from simulator.receiver import answers
from simulator.receiver.answers import Answer
from simulator.receiver.queries import ParameterError

Handler = Callable[[Request], Awaitable[Response]]

log = logging.getLogger(__name__)


def web_app(routes: Sequence[BaseRoute]) -> Starlette:
    """An application of ``routes`` whose errors look like the receiver's others.

    A handler may raise ``ParameterError`` (400), ``AnswerError`` (its answer) and ``sqlite3.Error`` (503).
    """
    return Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _http_error,
            ParameterError: _parameter_error,
            AnswerError: _answer_error,
            sqlite3.Error: _store_error,
            Exception: _fault,
        },
    )


class AnswerError(Exception):
    """Ends a request with ``answer``."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def by_method(handlers: dict[str, Handler]) -> Handler:
    """One handler for a route that takes several methods; HEAD is answered as GET."""

    async def handle(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" and "HEAD" not in handlers else request.method
        return await handlers[method](request)

    return handle


def json_response(status: int, body: Any, **headers: str) -> Response:
    """A JSON answer; ``headers`` use _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(orjson.dumps(body), status, headers=named, media_type="application/json")


def response_of(answer: Answer) -> Response:
    """An answer as starlette sends it."""
    return Response(
        orjson.dumps(answer.body),
        answer.status,
        headers=answer.headers,
        media_type=answer.media_type,
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
    return response_of(answer)


async def _parameter_error(_: Request, error: Exception) -> Response:
    return response_of(answers.problem(400, "bad-parameter", "Bad query parameter", str(error)))


async def _answer_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, AnswerError):
        raise error
    return response_of(error.answer)


async def _store_error(_: Request, error: Exception) -> Response:
    log.error("the store failed: %s", error)
    return response_of(
        answers.problem(503, "store", "Store not available", f"the store failed: {error}", retry_after="1")
    )


async def _fault(request: Request, error: Exception) -> Response:
    log.error("fault while answering %s", request.url.path, exc_info=error)
    return response_of(
        answers.problem(500, "internal", "Internal error", "the receiver failed; its log says more")
    )
