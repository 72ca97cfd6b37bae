"""From an event to the record that is kept of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.receiver.records import AcceptedRecord

Json = dict[str, Any]


def accepted_record(
    event: Json, body: bytes, inlet: str, xaction: str, dataset: str, received_ms: int
) -> AcceptedRecord:
    """What is kept of an event; members of an unexpected type count as absent."""
    place = event.get("placeContext")
    for key in ("POIinteraction", "poiDetail", "poiID"):
        place = place.get(key) if isinstance(place, dict) else None
    return AcceptedRecord(
        received_ms=received_ms,
        inlet=inlet,
        xaction_id=xaction,
        dataset=dataset,
        event_id=_text(event.get("_id")),
        event_type=_text(event.get("eventType")),
        timestamp_ms=epoch_ms(event.get("timestamp")),
        place=place if isinstance(place, str) else None,
        identities=_identities(event.get("identityMap")),
        body=body,
    )


def describe(errors: Json) -> str:
    """One line for people out of the members of a failed record."""
    first = innermost(errors)[0]
    parts = first.get("causingExceptions") or [first]
    return "; ".join(
        f"{part.get('pointerToViolation', '')} {part.get('message', '')}".strip() for part in parts
    )


def innermost(errors: Json) -> list[Json]:
    """The list of violations in the members of a failed record."""
    found = errors.get("_validationErrors") or errors["_errors"]["_streamingValidation"]
    return list(found)


def epoch_ms(value: Any) -> int | None:
    """A time with zone as milliseconds since the epoch; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    return round(instant.timestamp() * 1000) if instant.tzinfo is not None else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _identities(identity_map: Any) -> tuple[str, ...]:
    if not isinstance(identity_map, dict):
        return ()
    items = (item for entries in identity_map.values() if isinstance(entries, list) for item in entries)
    ids = (item.get("id") for item in items if isinstance(item, dict))
    return tuple(value for value in ids if isinstance(value, str))
