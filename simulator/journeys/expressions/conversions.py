"""Functions that convert values, and those of dates and times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from simulator.journeys.expressions.arguments import (
    Arguments,
    date_time,
    instant,
    integer,
    number,
    string,
)
from simulator.journeys.expressions.errors import ExpressionError
from simulator.journeys.expressions.scope import Scope
from simulator.journeys.expressions.values import (
    Value,
    parse_date,
    parse_datetime,
    parse_duration,
    type_name,
    whole,
    zone,
)

# --- conversion -------------------------------------------------------------------------------------------

# Numbers as text; no digits but ours, no signs within them, and none of the words that stand for no number.
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_DECIMAL = re.compile(r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?\s*")


def to_bool(value: Value) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value == "true"
    return number(value) != 0


def to_integer(value: Value) -> Value:
    if isinstance(value, datetime):
        return epoch(value)
    if isinstance(value, str):
        return whole(int(value)) if _INTEGER.fullmatch(value) else None
    return int(value) if isinstance(value, bool) else whole(int(number(value)))


def to_decimal(value: Value) -> Value:
    if isinstance(value, datetime):
        return float(epoch(value))
    if isinstance(value, str):
        return float(value) if _DECIMAL.fullmatch(value) else None
    return float(value) if isinstance(value, bool) else float(number(value))


def epoch(value: datetime) -> int:
    """Milliseconds since 1970."""
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _from_epoch(milliseconds: int) -> datetime:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise ExpressionError(f"{milliseconds} ms is not a time that can be written") from None


def to_date_time(*arguments: Value) -> Value:
    first = arguments[0]
    if len(arguments) == 2:
        local = arguments[1]
        if isinstance(local, str):
            local = parse_datetime(local) or parse_date(local)
        if not isinstance(local, date):
            raise ExpressionError(f"a dateOnly or dateTimeOnly is needed here, not {type_name(local)}")
        wall = local if isinstance(local, datetime) else datetime.combine(local, time())
        return wall.replace(tzinfo=zone(string(first)))
    if isinstance(first, str):
        read = parse_datetime(first)
        return read if read is not None and read.tzinfo is not None else None  # documented: no error
    return first if isinstance(first, datetime) and first.tzinfo else _from_epoch(integer(first))


def to_date_time_only(value: Value) -> Value:
    if isinstance(value, str):
        day = parse_date(value)
        read = parse_datetime(value) or (datetime.combine(day, time()) if day and len(value) == 10 else None)
        return None if read is None else read.replace(tzinfo=None)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime.combine(value, time())
    return _from_epoch(integer(value)).replace(tzinfo=None)


def to_date_only(*arguments: Value) -> Value:
    if len(arguments) == 3:
        try:
            return date(*(integer(value) for value in arguments))
        except ValueError as error:
            raise ExpressionError(f"not a date: {error}") from None
    if len(arguments) == 2:
        raise ExpressionError("`toDateOnly` takes 1 or 3 arguments")
    value = arguments[0]
    if isinstance(value, str):
        return parse_date(value)
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else _from_epoch(integer(value)).date()


def to_duration(value: Value) -> Value:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        length = parse_duration(value)
        if length is None:
            raise ExpressionError(f'"{value}" is not a duration; expected the form "P2DT3H4M"')
        return length
    return timedelta(milliseconds=integer(value))


# --- dates ------------------------------------------------------------------------------------------------

_UNITS = ("years", "months", "days", "hours", "minutes", "seconds")


def _shifted(moment: datetime, count: int, unit: str) -> datetime:
    try:
        if unit == "years":
            return _months_later(moment, 12 * count)
        if unit == "months":
            return _months_later(moment, count)
        return moment + timedelta(**{unit: count})
    except (OverflowError, ValueError):
        raise ExpressionError(f"{count} {unit} from now is not a time that can be written") from None


def _months_later(moment: datetime, months: int) -> datetime:
    """As java.time counts: the last day of the month where the day does not exist."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    for day in (moment.day, 30, 29, 28):
        try:
            return moment.replace(year=year, month=month + 1, day=min(day, moment.day))
        except ValueError:
            continue
    raise ValueError("no such month")


def now(scope: Scope, arguments: Arguments) -> Value:
    return scope.now.astimezone(zone(string(arguments[0]))) if arguments else scope.now


def now_with_delta(scope: Scope, arguments: Arguments) -> Value:
    if arguments[0] is None:
        return None
    unit = string(arguments[1])
    if unit not in _UNITS:
        raise ExpressionError(f'"{unit}" is not a part of a date; expected one of {", ".join(_UNITS)}')
    moment = _shifted(scope.now, integer(arguments[0]), unit)
    return moment.astimezone(zone(string(arguments[2]))) if len(arguments) == 3 else moment


def within(unit: str, sign: int) -> Callable[[Scope, Arguments], Value]:
    def wrapped(scope: Scope, arguments: Arguments) -> Value:
        if arguments[0] is None or arguments[1] is None:
            return False
        value = arguments[0]
        day = parse_date(value) if isinstance(value, str) and len(value) == 10 else value
        if isinstance(day, date) and not isinstance(day, datetime):
            value = datetime.combine(day, time(), UTC)
        moment = instant(value)
        bound = _shifted(scope.now, sign * integer(arguments[1]), unit)
        return min(bound, scope.now) <= moment <= max(bound, scope.now)

    return wrapped


def set_part(part: str) -> Callable[..., Value]:
    def call(moment: Value, number: Value) -> Value:
        value, count = date_time(moment), integer(number)
        try:
            return value.replace(hour=count) if part == "hour" else value.replace(day=count)
        except ValueError as error:
            raise ExpressionError(str(error)) from None

    return call
