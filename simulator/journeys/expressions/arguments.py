"""How functions read their arguments, and what they make of null."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from simulator.journeys.expressions.errors import ExpressionError
from simulator.journeys.expressions.scope import Scope
from simulator.journeys.expressions.values import Value, parse_datetime, type_name

Arguments = Sequence[Value]
Call = Callable[[Scope, Arguments], Value]


def string(value: Value) -> str:
    """A string. Raises ExpressionError for anything else."""
    if isinstance(value, str):
        return value
    raise ExpressionError(f"a string is needed here, not {type_name(value)}")


def integer(value: Value) -> int:
    """An integer. Raises ExpressionError for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ExpressionError(f"an integer is needed here, not {type_name(value)}")


def number(value: Value) -> int | float:
    """A number. Raises ExpressionError for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ExpressionError(f"a number is needed here, not {type_name(value)}")


def instant(value: Value) -> datetime:
    """A dateTime, or text of one, as payloads carry it."""
    read = parse_datetime(value) if isinstance(value, str) else value
    if isinstance(read, datetime) and read.tzinfo is not None:
        return read
    raise ExpressionError(f"a dateTime is needed here, not {type_name(value)}")


def date_time(value: Value) -> datetime:
    """A dateTime or dateTimeOnly, or text of one."""
    read = parse_datetime(value) if isinstance(value, str) else value
    if isinstance(read, datetime):
        return read
    raise ExpressionError(f"a dateTime or dateTimeOnly is needed here, not {type_name(value)}")


def null_through(call: Callable[..., Value]) -> Call:
    """A function of its arguments alone, which is null when one of them is."""

    def wrapped(scope: Scope, arguments: Arguments) -> Value:
        return None if any(value is None for value in arguments) else call(*arguments)

    return wrapped


def null_is_false(call: Callable[..., bool]) -> Call:
    """A test of its arguments alone, which fails when one of them is null."""

    def wrapped(scope: Scope, arguments: Arguments) -> Value:
        return not any(value is None for value in arguments) and call(*arguments)

    return wrapped


def plain(call: Callable[..., Value]) -> Call:
    """A function of its arguments alone, null or not."""
    return lambda scope, arguments: call(*arguments)
