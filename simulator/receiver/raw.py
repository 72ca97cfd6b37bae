"""Raw records: a dataflow's mapping makes events of them (ingestion.md 1.3, 4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mapped(record: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The event that ``mapping`` (path of the event: path of the record) makes of ``record``.

    Paths are names joined by dots. What the record does not have is left out, as the platform nulls it.
    """
    event: dict[str, Any] = {}
    for destination, source in mapping.items():
        value: Any = record
        for name in source.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            continue
        *parents, last = destination.split(".")
        holder = event
        for name in parents:
            holder = holder.setdefault(name, {})
            if not isinstance(holder, dict):
                break
        else:
            holder[last] = value
    return event
