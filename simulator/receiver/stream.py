"""``/received/stream``: accepted records as server-sent events, as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from simulator.receiver import queries
from simulator.receiver.answers import problem
from simulator.receiver.receiver import Receiver
from simulator.receiver.records import Query
from simulator.receiver.shown import accepted_json
from simulator.receiver.web import AnswerError, Handler

POLL_S = 0.1
HEARTBEAT_S = 15.0  # a comment, so that nobody on the way takes the connection for dead
MOST_STREAMS = 100
_PAGE = 500


def stream_of(receiver: Receiver) -> Handler:
    """The handler; it takes the filters of ``/received``.

    A stream begins with the next record, or behind the sequence that ``after`` or ``Last-Event-ID`` name.
    """
    open_streams = 0

    async def stream(request: Request) -> Response:
        nonlocal open_streams
        given = dict(request.query_params)
        queries.check_names(given, ("after", *queries.FILTERS))
        query = queries.received_query(given)
        if "last-event-id" in request.headers:
            given["after"] = request.headers["last-event-id"]
        after = queries.page(given)[0] if "after" in given else receiver.store.last_sequence()
        if open_streams >= MOST_STREAMS:
            detail = f"there are {MOST_STREAMS} streams already"
            raise AnswerError(problem(503, "busy", "Receiver busy", detail, retry_after="5"))

        async def counted() -> AsyncIterator[bytes]:
            nonlocal open_streams
            open_streams += 1
            try:
                async for piece in _pieces(receiver, query, after):
                    yield piece
            finally:
                open_streams -= 1

        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(counted(), media_type="text/event-stream", headers=headers)

    return stream


async def _pieces(receiver: Receiver, query: Query, after: int) -> AsyncIterator[bytes]:
    store = receiver.store
    loop = asyncio.get_running_loop()
    spoke = loop.time()
    yield b": hello\n\n"
    while not receiver.stopping:
        version = store.version
        records = await run_in_threadpool(store.query, query, after=after, limit=_PAGE)
        if records:
            after, spoke = records[-1].sequence, loop.time()
            yield b"".join(
                b"id: %d\nevent: received\ndata: %s\n\n"
                % (record.sequence, orjson.dumps(accepted_json(record)))
                for record in records
            )
            if len(records) == _PAGE:
                continue
        while not receiver.stopping and store.version == version:
            await asyncio.sleep(POLL_S)
            if loop.time() - spoke > HEARTBEAT_S:
                spoke = loop.time()
                yield b": still here\n\n"
