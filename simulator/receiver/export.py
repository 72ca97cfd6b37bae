"""Accepted records as files: NDJSON (the events as they came) and Parquet (a table of them)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from typing import IO, Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from simulator.core.errors import UsageError
from simulator.receiver import queries
from simulator.receiver.queries import ParameterError
from simulator.receiver.receiver import Receiver
from simulator.receiver.records import AcceptedRecord, Query
from simulator.receiver.store import EventStore
from simulator.receiver.web import Handler

FORMATS = ("ndjson", "parquet")
_GROUP = 10_000  # rows of a Parquet row group
_LINES = 500
_PIECE = 1 << 18


def export_of(receiver: Receiver) -> Handler:
    """``/export``: the events that match the filters of ``/received``, in a file."""

    async def export(request: Request) -> Response:
        given = request.query_params
        queries.check_names(given, ("format", *queries.FILTERS))
        query = queries.received_query(given)
        wanted = given.get("format", "ndjson")
        if wanted == "ndjson":
            return StreamingResponse(ndjson_pieces(receiver.store, query), media_type="application/x-ndjson")
        if wanted != "parquet":
            raise ParameterError(f"'format' is {wanted!r}; expected {' or '.join(FORMATS)}")
        try:
            _need_pyarrow()
        except UsageError as error:
            raise ParameterError(str(error)) from error
        pieces = _parquet_pieces(receiver.store, query)
        return StreamingResponse(pieces, media_type="application/vnd.apache.parquet")

    return export


def ndjson_pieces(store: EventStore, query: Query | None = None) -> Iterator[bytes]:
    """The events themselves, one per line, in the order in which they came."""
    records = store.records(query)
    while lines := [record.body + b"\n" for record in islice(records, _LINES)]:
        yield b"".join(lines)


def write_export(store: EventStore, target: IO[bytes], form: str, query: Query | None = None) -> int:
    """Write what matches into ``target``; how many records. Raises ``UsageError`` when pyarrow is missing."""
    if form == "parquet":
        return write_parquet(store, target, query)
    count = 0
    for record in store.records(query):
        target.write(record.body)
        target.write(b"\n")
        count += 1
    return count


def write_parquet(store: EventStore, target: IO[bytes], query: Query | None = None) -> int:
    """A row per record: what is known of it in columns, the event as JSON text; how many rows."""
    _need_pyarrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    instant = pa.timestamp("ms", tz="UTC")
    schema = pa.schema(
        [
            pa.field("sequence", pa.int64()),
            pa.field("received", instant),
            pa.field("inlet", pa.string()),
            pa.field("xaction_id", pa.string()),
            pa.field("dataset", pa.string()),
            pa.field("event_id", pa.string()),
            pa.field("event_type", pa.string()),
            pa.field("timestamp", instant),
            pa.field("place", pa.string()),
            pa.field("event", pa.string()),
        ]
    )
    count = 0
    records = store.records(query)
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        while rows := list(islice(records, _GROUP)):
            columns = zip(zip(*map(_row, rows), strict=True), schema, strict=True)
            arrays = [pa.array(list(values), field.type) for values, field in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(rows)
    return count


def _need_pyarrow() -> None:
    if find_spec("pyarrow") is None:
        raise UsageError("Parquet needs pyarrow; install it with: pip install 'journeysim[parquet]'")


def _parquet_pieces(store: EventStore, query: Query) -> Iterator[bytes]:
    """By way of a temporary file: large stores do not fit into memory."""
    with tempfile.TemporaryFile() as file:
        write_parquet(store, file, query)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _row(record: AcceptedRecord) -> tuple[Any, ...]:
    """Values in the order of the Parquet columns."""
    known = (record.sequence, record.received_ms, record.inlet, record.xaction_id, record.dataset)
    event = (record.event_id, record.event_type, record.timestamp_ms, record.place, record.body.decode())
    return (*known, *event)
