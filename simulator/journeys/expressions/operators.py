"""Arithmetic and comparison operators."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from simulator.journeys.expressions.errors import ExpressionError
from simulator.journeys.expressions.values import (
    Value,
    adapted,
    equal,
    in_order,
    is_number,
    text_of,
    type_name,
    whole,
)

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def compare(symbol: str, left: Value, right: Value) -> bool:
    """`==`, `!=`, `>`, `>=`, `<` or `<=`."""
    left, right = adapted(left, right)
    if symbol == "==":
        return equal(left, right)
    if symbol == "!=":
        return not equal(left, right)
    return in_order(symbol, _COMPARE[symbol], left, right)


def refuse_literals(symbol: str, left: Value, right: Value) -> None:
    """Refuse the comparison of two constants that have different types."""
    if left is None or right is None or (is_number(left) and is_number(right)):
        return
    kinds = type_name(left), type_name(right)
    if kinds[0] != kinds[1]:
        raise ExpressionError(f"`{symbol}` can't compare {kinds[0]} with {kinds[1]}")


def arithmetic(symbol: str, left: Value, right: Value) -> Value:
    """`+`, `-`, `*`, `/` or `%`. Null makes null, except in a text, where nothing is added.

    Raises ExpressionError for types that the operator does not take.
    """
    if symbol == "+" and (isinstance(left, str) or isinstance(right, str)):
        return "".join("" if part is None else text_of(part) for part in (left, right))
    if left is None or right is None:
        return None
    if symbol == "+" and (isinstance(left, timedelta) or isinstance(right, timedelta)):
        return _moved(left, right)
    if isinstance(left, bool) or isinstance(right, bool):
        raise _refusal(symbol, left, right)
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        raise _refusal(symbol, left, right)
    if symbol == "*" and type(left) is not type(right):
        raise ExpressionError("`*` needs two integers or two decimals, not one of each")
    return _calculated(symbol, left, right)


def _refusal(symbol: str, left: Value, right: Value) -> ExpressionError:
    return ExpressionError(f"`{symbol}` can't be used on {type_name(left)} and {type_name(right)}")


def _moved(left: Value, right: Value) -> Value:
    if isinstance(left, datetime | timedelta) and isinstance(right, timedelta):
        return left + right
    if isinstance(left, timedelta) and isinstance(right, datetime):
        return right + left
    raise _refusal("+", left, right)


def _calculated(symbol: str, left: float, right: float) -> int | float:
    result: int | float
    if symbol == "+":
        result = left + right
    elif symbol == "-":
        result = left - right
    elif symbol == "*":
        result = left * right
    elif right == 0:
        return 0  # documented: a division by 0 returns 0
    elif symbol == "%":
        result = (
            int(math.fmod(left, right))
            if isinstance(left, int) and isinstance(right, int)
            else math.fmod(left, right)
        )
    elif isinstance(left, int) and isinstance(right, int) and left % right == 0:
        result = left // right
    else:
        result = left / right
    return whole(result) if isinstance(result, int) else result
