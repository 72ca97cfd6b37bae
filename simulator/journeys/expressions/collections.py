"""Access to fields, maps and lists: `.field`, `.all()`, `.first()`, `.last()`, `.at()`, `.entry()` and their like.

A field of a list is the list of that field of its items, lists in it laid out flat, so that fields below
several lists can be reached (collection-management-functions in the vendor's documentation).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from simulator.journeys.expressions.errors import ExpressionError
from simulator.journeys.expressions.values import Value, type_name

Condition = Callable[[Value], bool]


def field_of(value: Value, name: str) -> Value:
    """The field of an object, or of every item of a list; null where there is none."""
    if isinstance(value, Mapping):
        return value.get(name)
    if is_list(value):
        found: list[Value] = []
        for item in items(value):
            part = field_of(item, name)
            if is_list(part):
                found.extend(items(part))
            elif part is not None or isinstance(item, Mapping):
                found.append(part)
        return found
    return None


def is_list(value: Value) -> bool:
    """Whether ``value`` is a list."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def items(value: Value) -> Sequence[Value]:
    """The items of a list; null has none. Raises ExpressionError for anything else."""
    if value is None:
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    raise ExpressionError(f"a list is needed here, not {type_name(value)}")


def select(value: Value, method: str, condition: Condition) -> Value:
    """`all`, `first` or `last` of the items for which ``condition`` holds."""
    if value is None:
        return [] if method == "all" else None
    kept = [item for item in items(value) if condition(item)]
    if method == "all":
        return kept
    if not kept:
        return None
    return kept[0] if method == "first" else kept[-1]


def item_at(value: Value, index: Value) -> Value:
    """The item at ``index``, from 0; null beyond the end."""
    if isinstance(index, bool) or not isinstance(index, int):
        raise ExpressionError(f"`at` needs an integer, not {type_name(index)}")
    found = items(value)
    return found[index] if 0 <= index < len(found) else None


def entry(value: Value, key: Value) -> Value:
    """What a map holds for ``key``; null if nothing."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ExpressionError(f"`entry` needs a map, not {type_name(value)}")
    return value.get(key) if isinstance(key, str) else None


def keys(value: Value) -> Sequence[Value]:
    """The keys of a map, in its order."""
    if value is None:
        return []
    if not isinstance(value, Mapping):
        raise ExpressionError(f"`keys` needs a map, not {type_name(value)}")
    return list(value)


def first_entry_key(value: Value) -> Value:
    """The first key of a map; null if it is empty."""
    found = keys(value)
    return found[0] if found else None
