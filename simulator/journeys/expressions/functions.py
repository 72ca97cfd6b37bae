"""The functions of the expression language, in one table.

Names, signatures and meaning are those of the vendor's function reference (journeys.md 3.3). What is not in the
table is refused by name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key, lru_cache

from simulator.journeys.expressions.arguments import (
    Arguments,
    instant,
    integer,
    null_is_false,
    null_through,
    number,
    plain,
    string,
)
from simulator.journeys.expressions.collections import field_of, items
from simulator.journeys.expressions.conversions import (
    epoch,
    now,
    now_with_delta,
    set_part,
    to_bool,
    to_date_only,
    to_date_time,
    to_date_time_only,
    to_decimal,
    to_duration,
    to_integer,
    within,
)
from simulator.journeys.expressions.errors import ExpressionError
from simulator.journeys.expressions.operators import arithmetic, compare
from simulator.journeys.expressions.scope import Dialect, Scope
from simulator.journeys.expressions.values import (
    Value,
    key_of,
    parse_datetime,
    text_of,
    type_name,
    whole,
    zone,
)


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how many arguments it takes, which of them must be constants, and what it does."""

    least: int
    most: int
    call: Callable[[Scope, Arguments], Value]
    constants: tuple[int, ...] = ()
    """Arguments, counted from 0, that must be text constants (time zones, audiences)."""
    dialects: tuple[Dialect, ...] = ("jo", "ajo")
    pure: bool = True
    """Whether it depends on nothing but its arguments."""


# --- aggregation ------------------------------------------------------------------------------------------


def _values(arguments: Arguments) -> list[Value]:
    """The non-null values of one list, or of two plain arguments."""
    given = items(arguments[0]) if len(arguments) == 1 else arguments
    return [value for value in given if value is not None]


def _average(scope: Scope, arguments: Arguments) -> Value:
    numbers = [number(value) for value in _values(arguments)]
    return float(sum(numbers)) / len(numbers) if numbers else None


def _sum(scope: Scope, arguments: Arguments) -> Value:
    total: Value = None
    for value in _values(arguments):
        total = value if total is None else arithmetic("+", total, value)
    return total


def _extreme(symbol: str) -> Callable[[Scope, Arguments], Value]:
    def wrapped(scope: Scope, arguments: Arguments) -> Value:
        best: Value = None
        for value in _values(arguments):
            if best is None or compare(symbol, value, best):
                best = value
        return best

    return wrapped


def _distinct(value: Value, key: str | None, *, nulls: bool) -> list[Value]:
    seen: dict[object, Value] = {}
    for item in items(value):
        if item is not None or nulls:
            seen.setdefault(key_of(item if key is None else field_of(item, key)), item)
    return list(seen.values())


def _key_argument(arguments: Arguments) -> str | None:
    return string(arguments[1]) if len(arguments) > 1 else None


# --- lists ------------------------------------------------------------------------------------------------


def _filter(value: Value, key: Value, wanted: Value) -> Value:
    keep = {key_of(item) for item in items(wanted)}
    name = string(key)
    return [item for item in items(value) if key_of(field_of(item, name)) in keep]


def _in(value: Value, listed: Value) -> bool:
    return any(compare("==", value, item) for item in items(listed))


def _intersect(left: Value, right: Value) -> Value:
    common = {key_of(item) for item in items(right)}
    return [item for item in items(left) if key_of(item) in common]


def _limit(*arguments: Value) -> Value:
    listed, count = items(arguments[0]), max(0, integer(arguments[1]))
    if len(arguments) == 3 and arguments[2] is False:
        return list(listed[len(listed) - min(count, len(listed)) :])
    return list(listed[:count])


def _item(listed: Value, index: Value) -> Value:
    found, at = items(listed), integer(index)
    return found[at] if 0 <= at < len(found) else None


def _serialized(listed: Value, separator: Value, quotes: Value) -> Value:
    mark = '"' if quotes is True else ""
    return string(separator).join(f"{mark}{text_of(item)}{mark}" for item in items(listed))


def _before(left: Value, right: Value) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    if isinstance(left, bool) and isinstance(right, bool):
        return right and not left
    return compare("<", left, right)


def _sort(*arguments: Value) -> Value:
    key = string(arguments[1]) if len(arguments) == 3 else None
    ascending = arguments[-1]
    if not isinstance(ascending, bool):
        raise ExpressionError(f"the order of `sort` is a boolean, not {type_name(ascending)}")

    def order(left: Value, right: Value) -> int:
        a, b = (left, right) if key is None else (field_of(left, key), field_of(right, key))
        if a is None or b is None:
            return (a is None) - (b is None)
        before, after = _before(a, b), _before(b, a)
        return after - before if ascending else before - after

    return sorted(items(arguments[0]), key=cmp_to_key(order))


# --- texts ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ExpressionError(f'"{text}" is not a regular expression: {error}') from None


def _on_strings(call: Callable[..., Value]) -> Callable[..., Value]:
    return lambda *arguments: call(*(string(value) for value in arguments))


def _concat(*arguments: Value) -> Value:
    parts = items(arguments[0]) if len(arguments) == 1 else arguments
    return "".join(string(part) for part in parts if part is not None)


def _substr(*arguments: Value) -> Value:
    text, first = string(arguments[0]), integer(arguments[1])
    end = integer(arguments[2]) if len(arguments) == 3 else len(text)
    if not 0 <= first <= end <= len(text):
        raise ExpressionError(f"characters {first} to {end} are not within a text of {len(text)}")
    return text[first:end]


def _split(text: str, separator: str) -> Value:
    parts = _pattern(separator).split(text)
    while len(parts) > 1 and not parts[-1]:  # as Java splits: no empty texts at the end
        parts.pop()
    return parts


# The pieces of a replacement as Java writes them: `$1` is a group, a backslash stands before what is meant as it is.
_PIECES = re.compile(r"\\(.)|\$([0-9])|([^\\$]+|[\\$])", re.DOTALL)


def _replaced(match: re.Match[str], replacement: str) -> str:
    parts = []
    for literal, group, plain_text in _PIECES.findall(replacement):
        if group and int(group) > match.re.groups:
            raise ExpressionError(f'"{match.re.pattern}" has no group {group}')
        parts.append(literal or plain_text or (match[int(group)] or ""))
    return "".join(parts)


def _replace(count: int) -> Callable[..., Value]:
    def call(base: str, target: str, replacement: str) -> Value:
        return _pattern(target).sub(lambda match: _replaced(match, replacement), base, count=count)

    return call


def _member(scope: Scope, arguments: Arguments) -> Value:
    return scope.member(string(arguments[0]))


def _text_test(call: Callable[[str, str], bool]) -> Function:
    return Function(2, 2, null_is_false(lambda a, b: call(string(a), string(b))))


def _string_function(count: int, call: Callable[..., Value]) -> Function:
    return Function(count, count, null_through(_on_strings(call)))


def _periods() -> Mapping[str, Function]:
    return {
        f"in{word}{unit.capitalize()}": Function(2, 2, within(unit, sign), pure=False)
        for word, sign in (("Last", -1), ("Next", 1))
        for unit in ("hours", "days", "months", "years")
    }


FUNCTIONS: Mapping[str, Function] = {
    # aggregation
    "avg": Function(1, 2, _average),
    "count": Function(1, 1, plain(lambda listed: sum(item is not None for item in items(listed)))),
    "countOnlyNull": Function(1, 1, plain(lambda listed: sum(item is None for item in items(listed)))),
    "countWithNull": Function(1, 1, plain(lambda listed: len(items(listed)))),
    "distinctCount": Function(1, 2, lambda _, a: len(_distinct(a[0], _key_argument(a), nulls=False))),
    "distinctCountWithNull": Function(1, 1, lambda _, a: len(_distinct(a[0], None, nulls=True))),
    "max": Function(1, 2, _extreme(">")),
    "min": Function(1, 2, _extreme("<")),
    "sum": Function(1, 2, _sum),
    # conversion
    "date": Function(
        1,
        1,
        null_through(lambda v: to_date_only(v) if len(string(v)) == 10 else parse_datetime(string(v))),
    ),
    "toBool": Function(1, 1, null_through(to_bool)),
    "toDateOnly": Function(1, 3, null_through(to_date_only)),
    "toDateTime": Function(1, 2, null_through(to_date_time)),
    "toDateTimeOnly": Function(1, 1, null_through(to_date_time_only)),
    "toDecimal": Function(1, 1, null_through(to_decimal)),
    "toDuration": Function(1, 1, null_through(to_duration)),
    "toInteger": Function(1, 1, null_through(to_integer)),
    "toString": Function(1, 1, null_through(text_of)),
    # dates
    "currentTimeInMillis": Function(0, 0, lambda scope, _: epoch(scope.now), pure=False),
    "now": Function(0, 1, now, constants=(0,), pure=False),
    "nowWithDelta": Function(2, 3, now_with_delta, constants=(2,), pure=False),
    "setHours": Function(2, 2, null_through(set_part("hour"))),
    "setDays": Function(2, 2, null_through(set_part("day"))),
    "updateTimeZone": Function(
        2,
        2,
        null_through(lambda moment, name: instant(moment).astimezone(zone(string(name)))),
        constants=(1,),
    ),
    **_periods(),
    # lists
    "distinct": Function(1, 2, lambda _, a: _distinct(a[0], _key_argument(a), nulls=False)),
    "distinctWithNull": Function(1, 1, lambda _, a: _distinct(a[0], None, nulls=True)),
    "filter": Function(3, 3, plain(_filter)),
    "getListItem": Function(2, 2, null_through(_item)),
    "in": Function(2, 2, plain(_in)),
    "intersect": Function(2, 2, plain(_intersect)),
    "limit": Function(2, 3, null_through(_limit)),
    "listSize": Function(1, 1, plain(lambda listed: len(items(listed)))),
    "serializeList": Function(3, 3, null_through(_serialized)),
    "sort": Function(2, 3, null_through(_sort)),
    # numbers
    "random": Function(0, 0, lambda scope, _: scope.random(), pure=False),
    "round": Function(1, 1, null_through(lambda value: whole(math.floor(number(value) + 0.5)))),
    # texts
    "concat": Function(1, 2, null_through(_concat)),
    "contain": _text_test(lambda text, part: part in text),
    "containIgnoreCase": _text_test(lambda text, part: part.lower() in text.lower()),
    "endWith": _text_test(str.endswith),
    "endWithIgnoreCase": _text_test(lambda text, part: text.lower().endswith(part.lower())),
    "equalIgnoreCase": _text_test(lambda text, other: text.lower() == other.lower()),
    "notEqualIgnoreCase": Function(
        2,
        2,
        plain(lambda a, b: a is not b and (a is None or b is None or string(a).lower() != string(b).lower())),
    ),
    "indexOf": _string_function(2, str.find),
    "lastIndexOf": _string_function(2, str.rfind),
    "isEmpty": Function(1, 1, null_is_false(lambda text: string(text) == "")),
    "isNotEmpty": Function(1, 1, null_is_false(lambda text: string(text) != "")),
    "length": _string_function(1, len),
    "lower": _string_function(1, str.lower),
    "upper": _string_function(1, str.upper),
    "trim": _string_function(1, str.strip),
    "matchRegExp": _text_test(lambda text, pattern: _pattern(pattern).fullmatch(text) is not None),
    "replace": _string_function(3, _replace(1)),
    "replaceAll": _string_function(3, _replace(0)),
    "split": _string_function(2, _split),
    "startWith": _text_test(str.startswith),
    "startWithIgnoreCase": _text_test(lambda text, part: text.lower().startswith(part.lower())),
    "substr": Function(2, 3, null_through(_substr)),
    "uuid": Function(0, 0, lambda scope, _: scope.uuid(), pure=False),
    # audiences
    "inSegment": Function(1, 1, _member, constants=(0,), pure=False),
    "inAudience": Function(1, 1, _member, constants=(0,), dialects=("ajo",), pure=False),
}
