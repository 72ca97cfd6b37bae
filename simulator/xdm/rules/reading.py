"""Reading values out of events by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MISSING: Any = object()
"""What :func:`values_at` yields where a path leads nowhere."""


def values_at(event: object, path: str) -> Iterator[Any]:
    """All values at ``path``, such as ``productListItems[].SKU`` or ``identityMap.{key}[].id``.

    A list or map that is empty, and a member that is not there, yields :data:`MISSING`.
    """
    steps = path.replace("[]", ".[]").split(".")
    return _walk(event, steps)


def value_at(event: object, path: str) -> Any:
    """The first value at ``path``, or :data:`MISSING`."""
    return next(values_at(event, path))


def _walk(value: object, steps: list[str]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step == "[]":
        inside = value if isinstance(value, list) else []
    elif step == "{key}":
        inside = list(value.values()) if isinstance(value, Mapping) else []
    else:
        inside = [value[step]] if isinstance(value, Mapping) and step in value else []
    if not inside:
        yield MISSING
    for item in inside:
        yield from _walk(item, rest)


def identity_of(event: object) -> str:
    """The identity that orders an event: its first ECID, else its first identity, else an empty text."""
    for path in ("identityMap.ECID[].id", "identityMap.{key}[].id"):
        found = value_at(event, path)
        if found is not MISSING:
            return str(found)
    return ""
