"""The values of the expression language: their types, texts and how they compare.

A value is a Python object: str, int, float, bool, `date` (dateOnly), naive `datetime` (dateTimeOnly), aware
`datetime` (dateTime), `timedelta` (duration), a list, a dict (an object), or None (null).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from simulator.journeys.expressions.errors import ExpressionError

Value: TypeAlias = (
    str | int | float | bool | date | datetime | timedelta | Sequence["Value"] | Mapping[str, "Value"] | None
)

# ISO 8601 as java.time reads durations: PnDTnHnMn.nS with optional signs; a day is 24 hours.
_DURATION = re.compile(
    r"(?P<sign>[-+]?)P(?:(?P<days>[-+]?\d+)D)?"
    r"(?:T?(?:(?P<hours>[-+]?\d+)H)?(?:(?P<minutes>[-+]?\d+)M)?(?:(?P<seconds>[-+]?\d+(?:[.,]\d{0,9})?)S)?)?",
    re.IGNORECASE,
)
_LONGEST_FRACTION = re.compile(r"(\.\d{6})\d+")


def type_name(value: Value) -> str:
    """The language's name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, datetime):
        return "dateTime" if value.tzinfo else "dateTimeOnly"
    for kind, name in (
        (str, "string"),
        (int, "integer"),
        (float, "decimal"),
        (date, "dateOnly"),
        (timedelta, "duration"),
        (Mapping, "object"),
    ):
        if isinstance(value, kind):
            return name
    return "list"


def is_number(value: Value) -> bool:
    """Whether ``value`` is an integer or a decimal."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(number: int) -> int:
    """An integer of the language. Raises ExpressionError for one that does not fit into 64 bits."""
    if -(2**63) <= number < 2**63:
        return number
    raise ExpressionError("the result does not fit into an integer of 64 bits")


# --- texts ------------------------------------------------------------------------------------------------


def parse_datetime(text: str) -> datetime | None:
    """A dateTime or dateTimeOnly from ISO 8601 text; None if it is neither."""
    if "T" not in text and " " not in text:
        return None
    try:
        return datetime.fromisoformat(_LONGEST_FRACTION.sub(r"\1", text))
    except ValueError:
        return None


def parse_date(text: str) -> date | None:
    """The date part of ISO 8601 text; None if there is none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def parse_duration(text: str) -> timedelta | None:
    """A duration from ISO 8601 text; None if it is none."""
    match = _DURATION.fullmatch(text)
    if match is None or text.upper().endswith(("P", "T")):
        return None
    parts = {
        unit: float((match[unit] or "0").replace(",", "."))
        for unit in ("days", "hours", "minutes", "seconds")
    }
    length = timedelta(**parts)
    return -length if match["sign"] == "-" else length


def zone(name: str) -> ZoneInfo:
    """A time zone by its identifier.

    Raises ExpressionError for one that does not exist.
    """
    try:
        return ZoneInfo("UTC" if name == "Z" else name)
    except (KeyError, ValueError, OSError):
        raise ExpressionError(f'unknown time zone "{name}"') from None


def text_of(value: Value) -> str:
    """A value as `toString` and string concatenation write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _datetime_text(value)
    if isinstance(value, timedelta):
        return _duration_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(text_of(item) for item in value) + "]"
    return "null" if value is None else str(value)


def _datetime_text(value: datetime) -> str:
    """As java.time writes it: seconds only where there are some, fractions in groups of three digits."""
    if value.tzinfo is not None:
        value = value.astimezone(UTC)
    text = value.strftime("%Y-%m-%dT%H:%M")
    if value.microsecond:
        fraction = f"{value.microsecond:06d}"
        text += value.strftime(":%S.") + (fraction if not fraction.endswith("000") else fraction[:3])
    elif value.second:
        text += value.strftime(":%S")
    return text + ("Z" if value.tzinfo is not None else "")


def _duration_text(value: timedelta) -> str:
    milliseconds = round(value.total_seconds() * 1000)
    if milliseconds == 0:
        return "PT0S"
    sign, rest = ("-" if milliseconds < 0 else ""), abs(milliseconds)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    text = "PT"
    text += f"{sign}{hours}H" if hours else ""
    text += f"{sign}{minutes}M" if minutes else ""
    if rest:
        seconds = f"{rest / 1000:.3f}".rstrip("0").rstrip(".")
        text += f"{sign}{seconds}S"
    return text


def json_value(value: Value) -> object:
    """A value as it stands in a JSON document."""
    if isinstance(value, datetime | date | timedelta):
        return text_of(value)
    if isinstance(value, Mapping):
        return {key: json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return value


# --- comparing --------------------------------------------------------------------------------------------


def equal(left: Value, right: Value) -> bool:
    """Whether two values are the same; values of different types are not, integer and decimal aside."""
    if left is None or right is None:
        return left is right
    if is_number(left) and is_number(right):
        return left == right
    return type_name(left) == type_name(right) and left == right


def adapted(left: Value, right: Value) -> tuple[Value, Value]:
    """Two values with the text of a date or duration read as such where the other one is one.

    Fields of payloads carry dates as text; the schema that would say so is not at hand.
    """
    if isinstance(left, str):
        return _like(left, right), right
    if isinstance(right, str):
        return left, _like(right, left)
    return left, right


def _like(text: str, other: Value) -> Value:
    read: Value = None
    if isinstance(other, datetime):
        read = parse_datetime(text)
        if isinstance(read, datetime) and (read.tzinfo is None) != (other.tzinfo is None):
            read = None
    elif isinstance(other, date):
        read = parse_date(text)
    elif isinstance(other, timedelta):
        read = parse_duration(text)
    return text if read is None else read


_ORDERED = {"dateTime", "dateTimeOnly", "dateOnly", "duration"}


def in_order(operator: str, compare: Callable[[object, object], bool], left: Value, right: Value) -> bool:
    """The answer of `>`, `>=`, `<` or `<=`; nothing compares with null.

    Raises ExpressionError for types that have no order, or not with each other.
    """
    if left is None or right is None:
        return False
    if is_number(left) and is_number(right):
        return compare(left, right)
    kinds = type_name(left), type_name(right)
    if kinds[0] != kinds[1] or kinds[0] not in _ORDERED:
        raise ExpressionError(f"`{operator}` can't compare {kinds[0]} with {kinds[1]}")
    return compare(left, right)


def key_of(value: Value) -> Hashable:
    """Something hashable that is equal for equal values."""
    if isinstance(value, Mapping):
        return "object", tuple(sorted((name, key_of(item)) for name, item in value.items()))
    if isinstance(value, list | tuple):
        return "list", tuple(key_of(item) for item in value)
    return ("number", float(value)) if is_number(value) else (type_name(value), value)  # type: ignore[arg-type]
