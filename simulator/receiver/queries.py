"""Query parameters of the receiver's reading side, checked one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches

from simulator.receiver.records import Query

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

FILTERS = ("type", "identity", "place", "inlet", "dataset", "id", "from", "to")
RECEIVED_PARAMETERS = ("limit", "after", *FILTERS)
FAILED_PARAMETERS = ("limit", "after")


class ParameterError(ValueError):
    """A query parameter that cannot be understood; the message names it and what is expected."""


def check_names(given: Mapping[str, str], known: tuple[str, ...]) -> None:
    """Raise for a parameter that does not exist, with the nearest that does."""
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise ParameterError(f"unknown query parameter {name!r}; {hint}")


def page(given: Mapping[str, str]) -> tuple[int, int]:
    """``after`` and ``limit``."""
    return whole(given, "after", 0, 0, 2**63 - 1), whole(given, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)


def received_query(given: Mapping[str, str]) -> Query:
    """The filters of ``GET /received``."""
    query = Query(
        event_type=given.get("type"),
        identity=given.get("identity"),
        place=given.get("place"),
        inlet=given.get("inlet"),
        dataset=given.get("dataset"),
        event_id=given.get("id"),
        from_ms=_instant(given, "from"),
        to_ms=_instant(given, "to"),
    )
    if query.from_ms is not None and query.to_ms is not None and query.from_ms > query.to_ms:
        raise ParameterError("'from' is later than 'to'; expected an earlier or equal time")
    return query


def whole(given: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number within limits, or the default; raises ``ParameterError``."""
    text = given.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not low <= number <= high:
        raise ParameterError(f"{name!r} is {text!r}; expected a whole number from {low} to {high}")
    return number


def _instant(given: Mapping[str, str], name: str) -> int | None:
    """A time as RFC 3339 with zone, or as milliseconds since the epoch."""
    text = given.get(name)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    try:
        # "+" of an offset arrives as a space when the client did not escape it
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ParameterError(
            f"{name!r} is {text!r}; expected a time with zone such as 2024-05-14T17:03:20Z, "
            "or milliseconds since the epoch"
        )
    return round(instant.timestamp() * 1000)
