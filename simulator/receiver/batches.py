"""Failed records the way the platform lets them be fetched: as files of failed batches (ingestion.md 6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from simulator.receiver.answers import problem
from simulator.receiver.receiver import Receiver
from simulator.receiver.records import BATCH_MS, FailedBatch, FailedRecord
from simulator.receiver.routing import Mount
from simulator.receiver.store import EventStore
from simulator.receiver.web import AnswerError, json_response, web_app

EXPORT = "/data/foundation/export/batches"
PART = "part-00000.json"
_PAGE = 500

# Codes that users meet for streamed data, by the words of the reason (ingestion.md 6; not documented).
_CODES = (
    ("required key", "DCVS-1111-400"),
    ("is not a valid enum value", "DCVS-1106-400"),
    ("is not a valid date-time", "DCVS-1105-400"),
    ("expected type: JSON", "DCVS-1104-400"),
)
_OTHER_CODE = "DCVS-1101-400"


def batches_router(receiver: Receiver) -> list[Mount]:
    """``GET /data/foundation/export/batches/{id}/failed``: the list of files, with ``path`` one of them."""
    store = receiver.store

    async def failed(request: Request) -> Response:
        wanted = request.path_params["batch"]
        batch = await run_in_threadpool(find_batch, store, wanted)
        if batch is None:
            raise AnswerError(
                problem(404, "unknown-batch", "Unknown batch", f"there is no failed batch {wanted!r}")
            )
        path = request.query_params.get("path")
        if path is None:
            href = f"{request.url.path}?path={PART}"
            entry = {
                "name": PART,
                "length": str(batch.size + batch.records),
                "_links": {"self": {"href": href}},
            }
            return json_response(200, {"data": [entry], "_page": {"limit": 100, "count": 1}})
        if path != PART:
            raise AnswerError(problem(404, "unknown-file", "Unknown file", f"the batch has no file {path!r}"))
        return StreamingResponse(_lines(store, batch), media_type="application/json")

    app = web_app([Route(EXPORT + "/{batch}/failed", failed, methods=["GET"])])
    return [Mount(EXPORT, app, {"failedFiles": EXPORT + "/{batch}/failed"})]


def find_batch(store: EventStore, id: str) -> FailedBatch | None:
    """The failed batch of that id."""
    return next((batch for batch in store.failed_batches() if batch.id == id), None)


def catalog_batch(store: EventStore, batch: FailedBatch) -> dict[str, Any]:
    """A failed batch as the catalogue tells it: status, counts, and errors by code."""
    counts: dict[str, int] = {}
    examples: dict[str, str] = {}
    for record in _records(store, batch):
        code = code_of(record.reason)
        counts[code] = counts.get(code, 0) + 1
        examples.setdefault(code, record.reason)
    errors = [
        {
            "code": code,
            "description": f"The message cannot be validated: [{examples[code]}]",
            "recordCount": count,
        }
        for code, count in counts.items()
    ]
    return {
        "status": "failed",
        "created": batch.start_ms,
        "started": batch.start_ms,
        "completed": batch.start_ms + BATCH_MS,
        "updated": batch.start_ms + BATCH_MS,
        "errors": errors,
        "metrics": {
            "inputByteSize": batch.size,
            "inputFileCount": 1,
            "inputRecordCount": batch.records,
            "outputRecordCount": 0,
            "failedRecordCount": batch.records,
        },
        "relatedObjects": [{"type": "dataSet", "id": batch.dataset}],
        "inputFormat": {"format": "json"},
        "version": "1.0.0",
    }


def code_of(reason: str) -> str:
    """The code of a failed record by its reason."""
    return next((code for words, code in _CODES if words in reason), _OTHER_CODE)


def _records(store: EventStore, batch: FailedBatch) -> Iterator[FailedRecord]:
    after = 0
    while page := store.failed(after=after, limit=_PAGE, batch=batch):
        yield from page
        after = page[-1].sequence


def _lines(store: EventStore, batch: FailedBatch) -> Iterator[bytes]:
    return (record.body + b"\n" for record in _records(store, batch))
