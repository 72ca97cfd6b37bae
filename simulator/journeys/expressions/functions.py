"""The functions of the expression language, in one table.

Names, signatures and meaning are those of the vendor's function reference (journeys.md 3.3). What is not in the
table is refused by name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cmp_to_key, lru_cache

from simulator.journeys.expressions.collections import field_of, items
from simulator.journeys.expressions.errors import ExpressionError
from simulator.journeys.expressions.operators import arithmetic, compare
from simulator.journeys.expressions.scope import Dialect, Scope
from simulator.journeys.expressions.values import (
    Value,
    key_of,
    parse_date,
    parse_datetime,
    parse_duration,
    text_of,
    type_name,
    zone,
)

Arguments = Sequence[Value]


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


# --- arguments --------------------------------------------------------------------------------------------


def _string(value: Value) -> str:
    if isinstance(value, str):
        return value
    raise ExpressionError(f"a string is needed here, not {type_name(value)}")


def _integer(value: Value) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ExpressionError(f"an integer is needed here, not {type_name(value)}")


def _number(value: Value) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ExpressionError(f"a number is needed here, not {type_name(value)}")


def _instant(value: Value) -> datetime:
    """A dateTime, or text of one, as payloads carry it."""
    read = parse_datetime(value) if isinstance(value, str) else value
    if isinstance(read, datetime) and read.tzinfo is not None:
        return read
    raise ExpressionError(f"a dateTime is needed here, not {type_name(value)}")


def _date_time(value: Value) -> datetime:
    """A dateTime or dateTimeOnly, or text of one."""
    read = parse_datetime(value) if isinstance(value, str) else value
    if isinstance(read, datetime):
        return read
    raise ExpressionError(f"a dateTime or dateTimeOnly is needed here, not {type_name(value)}")


def _null_through(call: Callable[..., Value]) -> Callable[[Scope, Arguments], Value]:
    """A function of its arguments alone, which is null when one of them is."""

    def wrapped(scope: Scope, arguments: Arguments) -> Value:
        return None if any(value is None for value in arguments) else call(*arguments)

    return wrapped


def _null_is_false(call: Callable[..., bool]) -> Callable[[Scope, Arguments], Value]:
    """A test of its arguments alone, which fails when one of them is null."""

    def wrapped(scope: Scope, arguments: Arguments) -> Value:
        return not any(value is None for value in arguments) and call(*arguments)

    return wrapped


def _plain(call: Callable[..., Value]) -> Callable[[Scope, Arguments], Value]:
    """A function of its arguments alone, null or not."""
    return lambda scope, arguments: call(*arguments)


# --- aggregation ------------------------------------------------------------------------------------------


def _values(arguments: Arguments) -> list[Value]:
    """The non-null values of one list, or of two plain arguments."""
    given = items(arguments[0]) if len(arguments) == 1 else arguments
    return [value for value in given if value is not None]


def _average(scope: Scope, arguments: Arguments) -> Value:
    numbers = [_number(value) for value in _values(arguments)]
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
    return _string(arguments[1]) if len(arguments) > 1 else None


# --- conversion -------------------------------------------------------------------------------------------


def _to_bool(value: Value) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value == "true"
    return _number(value) != 0


def _to_integer(value: Value) -> Value:
    if isinstance(value, datetime):
        return _epoch(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return None
    return int(value) if isinstance(value, bool) else int(_number(value))


def _to_decimal(value: Value) -> Value:
    if isinstance(value, datetime):
        return float(_epoch(value))
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, bool) else float(_number(value))


def _epoch(value: datetime) -> int:
    """Milliseconds since 1970."""
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _from_epoch(milliseconds: int) -> datetime:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise ExpressionError(f"{milliseconds} ms is not a time that can be written") from None


def _to_date_time(*arguments: Value) -> Value:
    first = arguments[0]
    if len(arguments) == 2:
        local = arguments[1]
        if isinstance(local, str):
            local = parse_datetime(local) or parse_date(local)
        if not isinstance(local, date):
            raise ExpressionError(f"a dateOnly or dateTimeOnly is needed here, not {type_name(local)}")
        wall = local if isinstance(local, datetime) else datetime.combine(local, time())
        return wall.replace(tzinfo=zone(_string(first)))
    if isinstance(first, str):
        read = parse_datetime(first)
        return read if read is not None and read.tzinfo is not None else None  # documented: no error
    return first if isinstance(first, datetime) and first.tzinfo else _from_epoch(_integer(first))


def _to_date_time_only(value: Value) -> Value:
    if isinstance(value, str):
        day = parse_date(value)
        read = parse_datetime(value) or (datetime.combine(day, time()) if day and len(value) == 10 else None)
        return None if read is None else read.replace(tzinfo=None)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime.combine(value, time())
    return _from_epoch(_integer(value)).replace(tzinfo=None)


def _to_date_only(*arguments: Value) -> Value:
    if len(arguments) == 3:
        try:
            return date(*(_integer(value) for value in arguments))
        except ValueError as error:
            raise ExpressionError(f"not a date: {error}") from None
    if len(arguments) == 2:
        raise ExpressionError("`toDateOnly` takes 1 or 3 arguments")
    value = arguments[0]
    if isinstance(value, str):
        return parse_date(value)
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else _from_epoch(_integer(value)).date()


def _to_duration(value: Value) -> Value:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        length = parse_duration(value)
        if length is None:
            raise ExpressionError(f'"{value}" is not a duration; expected the form "P2DT3H4M"')
        return length
    return timedelta(milliseconds=_integer(value))


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


def _now(scope: Scope, arguments: Arguments) -> Value:
    return scope.now.astimezone(zone(_string(arguments[0]))) if arguments else scope.now


def _now_with_delta(scope: Scope, arguments: Arguments) -> Value:
    if arguments[0] is None:
        return None
    unit = _string(arguments[1])
    if unit not in _UNITS:
        raise ExpressionError(f'"{unit}" is not a part of a date; expected one of {", ".join(_UNITS)}')
    moment = _shifted(scope.now, _integer(arguments[0]), unit)
    return moment.astimezone(zone(_string(arguments[2]))) if len(arguments) == 3 else moment


def _within(unit: str, sign: int) -> Callable[[Scope, Arguments], Value]:
    def wrapped(scope: Scope, arguments: Arguments) -> Value:
        if arguments[0] is None or arguments[1] is None:
            return False
        value = arguments[0]
        day = parse_date(value) if isinstance(value, str) and len(value) == 10 else value
        if isinstance(day, date) and not isinstance(day, datetime):
            value = datetime.combine(day, time(), UTC)
        moment = _instant(value)
        bound = _shifted(scope.now, sign * _integer(arguments[1]), unit)
        return min(bound, scope.now) <= moment <= max(bound, scope.now)

    return wrapped


def _set_part(part: str) -> Callable[..., Value]:
    def call(moment: Value, number: Value) -> Value:
        value, count = _date_time(moment), _integer(number)
        try:
            return value.replace(hour=count) if part == "hour" else value.replace(day=count)
        except ValueError as error:
            raise ExpressionError(str(error)) from None

    return call


# --- lists ------------------------------------------------------------------------------------------------


def _filter(value: Value, key: Value, wanted: Value) -> Value:
    keep = {key_of(item) for item in items(wanted)}
    name = _string(key)
    return [item for item in items(value) if key_of(field_of(item, name)) in keep]


def _in(value: Value, listed: Value) -> bool:
    return any(compare("==", value, item) for item in items(listed))


def _intersect(left: Value, right: Value) -> Value:
    common = {key_of(item) for item in items(right)}
    return [item for item in items(left) if key_of(item) in common]


def _limit(*arguments: Value) -> Value:
    listed, count = items(arguments[0]), max(0, _integer(arguments[1]))
    if len(arguments) == 3 and arguments[2] is False:
        return list(listed[len(listed) - min(count, len(listed)) :])
    return list(listed[:count])


def _item(listed: Value, index: Value) -> Value:
    found, at = items(listed), _integer(index)
    return found[at] if 0 <= at < len(found) else None


def _serialized(listed: Value, separator: Value, quotes: Value) -> Value:
    mark = '"' if quotes is True else ""
    return _string(separator).join(f"{mark}{text_of(item)}{mark}" for item in items(listed))


def _before(left: Value, right: Value) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    if isinstance(left, bool) and isinstance(right, bool):
        return right and not left
    return compare("<", left, right)


def _sort(*arguments: Value) -> Value:
    key = _string(arguments[1]) if len(arguments) == 3 else None
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
    return lambda *arguments: call(*(_string(value) for value in arguments))


def _concat(*arguments: Value) -> Value:
    parts = items(arguments[0]) if len(arguments) == 1 else arguments
    return "".join(_string(part) for part in parts if part is not None)


def _substr(*arguments: Value) -> Value:
    text, first = _string(arguments[0]), _integer(arguments[1])
    end = _integer(arguments[2]) if len(arguments) == 3 else len(text)
    if not 0 <= first <= end <= len(text):
        raise ExpressionError(f"characters {first} to {end} are not within a text of {len(text)}")
    return text[first:end]


def _split(text: str, separator: str) -> Value:
    parts = _pattern(separator).split(text)
    while len(parts) > 1 and not parts[-1]:  # as Java splits: no empty texts at the end
        parts.pop()
    return parts


def _replacement(text: str) -> str:
    """Java writes groups as `$1`, and a backslash before what is meant as it stands."""
    return re.sub(r"\$(\d)", r"\\g<\1>", re.sub(r"\\(?!\$)", r"\\\\", text).replace("\\$", "$$"))


def _replace(count: int) -> Callable[..., Value]:
    def call(base: str, target: str, replacement: str) -> Value:
        return _pattern(target).sub(lambda match: match.expand(_replacement(replacement)), base, count=count)

    return call


def _member(scope: Scope, arguments: Arguments) -> Value:
    return scope.member(_string(arguments[0]))


def _text_test(call: Callable[[str, str], bool]) -> Function:
    return Function(2, 2, _null_is_false(lambda a, b: call(_string(a), _string(b))))


def _string_function(count: int, call: Callable[..., Value]) -> Function:
    return Function(count, count, _null_through(_on_strings(call)))


def _periods() -> Mapping[str, Function]:
    return {
        f"in{word}{unit.capitalize()}": Function(2, 2, _within(unit, sign), pure=False)
        for word, sign in (("Last", -1), ("Next", 1))
        for unit in ("hours", "days", "months", "years")
    }


FUNCTIONS: Mapping[str, Function] = {
    # aggregation
    "avg": Function(1, 2, _average),
    "count": Function(1, 1, _plain(lambda listed: sum(item is not None for item in items(listed)))),
    "countOnlyNull": Function(1, 1, _plain(lambda listed: sum(item is None for item in items(listed)))),
    "countWithNull": Function(1, 1, _plain(lambda listed: len(items(listed)))),
    "distinctCount": Function(1, 2, lambda _, a: len(_distinct(a[0], _key_argument(a), nulls=False))),
    "distinctCountWithNull": Function(1, 1, lambda _, a: len(_distinct(a[0], None, nulls=True))),
    "max": Function(1, 2, _extreme(">")),
    "min": Function(1, 2, _extreme("<")),
    "sum": Function(1, 2, _sum),
    # conversion
    "date": Function(
        1,
        1,
        _null_through(lambda v: _to_date_only(v) if len(_string(v)) == 10 else parse_datetime(_string(v))),
    ),
    "toBool": Function(1, 1, _null_through(_to_bool)),
    "toDateOnly": Function(1, 3, _null_through(_to_date_only)),
    "toDateTime": Function(1, 2, _null_through(_to_date_time)),
    "toDateTimeOnly": Function(1, 1, _null_through(_to_date_time_only)),
    "toDecimal": Function(1, 1, _null_through(_to_decimal)),
    "toDuration": Function(1, 1, _null_through(_to_duration)),
    "toInteger": Function(1, 1, _null_through(_to_integer)),
    "toString": Function(1, 1, _null_through(text_of)),
    # dates
    "currentTimeInMillis": Function(0, 0, lambda scope, _: _epoch(scope.now), pure=False),
    "now": Function(0, 1, _now, constants=(0,), pure=False),
    "nowWithDelta": Function(2, 3, _now_with_delta, constants=(2,), pure=False),
    "setHours": Function(2, 2, _null_through(_set_part("hour"))),
    "setDays": Function(2, 2, _null_through(_set_part("day"))),
    "updateTimeZone": Function(
        2,
        2,
        _null_through(lambda moment, name: _instant(moment).astimezone(zone(_string(name)))),
        constants=(1,),
    ),
    **_periods(),
    # lists
    "distinct": Function(1, 2, lambda _, a: _distinct(a[0], _key_argument(a), nulls=False)),
    "distinctWithNull": Function(1, 1, lambda _, a: _distinct(a[0], None, nulls=True)),
    "filter": Function(3, 3, _plain(_filter)),
    "getListItem": Function(2, 2, _null_through(_item)),
    "in": Function(2, 2, _plain(_in)),
    "intersect": Function(2, 2, _plain(_intersect)),
    "limit": Function(2, 3, _null_through(_limit)),
    "listSize": Function(1, 1, _plain(lambda listed: len(items(listed)))),
    "serializeList": Function(3, 3, _null_through(_serialized)),
    "sort": Function(2, 3, _null_through(_sort)),
    # numbers
    "random": Function(0, 0, lambda scope, _: scope.random(), pure=False),
    "round": Function(1, 1, _null_through(lambda value: math.floor(_number(value) + 0.5))),
    # texts
    "concat": Function(1, 2, _null_through(_concat)),
    "contain": _text_test(lambda text, part: part in text),
    "containIgnoreCase": _text_test(lambda text, part: part.lower() in text.lower()),
    "endWith": _text_test(str.endswith),
    "endWithIgnoreCase": _text_test(lambda text, part: text.lower().endswith(part.lower())),
    "equalIgnoreCase": _text_test(lambda text, other: text.lower() == other.lower()),
    "notEqualIgnoreCase": Function(
        2,
        2,
        _plain(
            lambda a, b: a is not b and (a is None or b is None or _string(a).lower() != _string(b).lower())
        ),
    ),
    "indexOf": _string_function(2, str.find),
    "lastIndexOf": _string_function(2, str.rfind),
    "isEmpty": Function(1, 1, _null_is_false(lambda text: _string(text) == "")),
    "isNotEmpty": Function(1, 1, _null_is_false(lambda text: _string(text) != "")),
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
    "substr": Function(2, 3, _null_through(_substr)),
    "uuid": Function(0, 0, lambda scope, _: scope.uuid(), pure=False),
    # audiences
    "inSegment": Function(1, 1, _member, constants=(0,), pure=False),
    "inAudience": Function(1, 1, _member, constants=(0,), dialects=("ajo",), pure=False),
}
