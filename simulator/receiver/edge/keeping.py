"""What becomes of the events of an Edge request: completed, judged, kept."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from simulator.core.identifiers import derived_uuid
from simulator.receiver.edge import identity
from simulator.receiver.edge.reading import EdgeRequest
from simulator.receiver.inlet import violations
from simulator.receiver.receiver import Receiver
from simulator.receiver.record_of import accepted_record, describe
from simulator.receiver.records import FailedRecord

SOURCE = "edge"
"""Stands in for the inlet in the records of Edge events."""


def timestamp(now_ms: int) -> str:
    """RFC 3339 with milliseconds."""
    return (
        datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def keep(
    receiver: Receiver, request: EdgeRequest, *, request_id: str, datastream: str, ecid: str | None
) -> None:
    """Put the events into the store's buffer, valid ones as accepted and the others as failed.

    The edge does not check events against their dataset's schema (ingestion.md 2.5): who sends them is answered
    as if all were good. ``ecid`` is added where an event has none; an id and a time where they are missing.
    """
    now = receiver.now_ms()
    for number, event in enumerate(request.events):
        xdm = event.xdm
        if ecid is not None:
            xdm["identityMap"] = identity.with_ecid(xdm.get("identityMap"), ecid)
        xdm.setdefault("_id", derived_uuid("edge", request_id, number))
        xdm.setdefault("timestamp", timestamp(now))
        dataset = event.dataset or datastream
        xaction = f"{request_id}:{number}"
        errors = violations(xdm, receiver.datasets, dataset, now)
        if errors is None:
            receiver.store.add(accepted_record(xdm, orjson.dumps(xdm), SOURCE, xaction, dataset, now))
        else:
            body = orjson.dumps({"xdm": xdm, **errors})
            receiver.store.add_failed(FailedRecord(now, SOURCE, xaction, dataset, describe(errors), body))
