"""Accepted records as the receiver shows them."""

from __future__ import annotations

from typing import Any

import orjson

from simulator.receiver.records import AcceptedRecord


def accepted_json(record: AcceptedRecord) -> dict[str, Any]:
    """One record of ``/received``."""
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
