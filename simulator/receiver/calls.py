"""A call of one of the platform's APIs and its reply, apart from HTTP; and the table of what there is to call.

The same table routes requests and makes the OpenAPI document, so that neither can say what the other does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import Headers, QueryParams

Json = dict[str, Any]
Shape = Mapping[str, Any]
"""A JSON Schema, of a body or of a parameter."""


@dataclass(slots=True)
class Call:
    """A request as a handler sees it.

    ``path`` are the decoded parts of the path that the operation names, ``body`` is the decoded JSON or None,
    ``base_url`` is how the client reached this receiver (``http://127.0.0.1:8080``), ``now_ms`` epoch ms.
    """

    query: QueryParams
    headers: Headers
    body: Any
    base_url: str
    now_ms: int
    path: Mapping[str, str] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        """The caller's API key."""
        return self.headers.get("x-api-key", "")

    @property
    def organization(self) -> str:
        """The caller's IMS organization."""
        return self.headers.get("x-gw-ims-org-id", "")

    @property
    def sandbox(self) -> str:
        """The sandbox named, ``prod`` if none is."""
        return self.headers.get("x-sandbox-name", "prod")


@dataclass(slots=True)
class Reply:
    """What is answered; ``body`` None is an empty one."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


class RefusedError(Exception):
    """A handler's way out: ``reply`` is answered instead."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter or a header."""

    name: str
    note: str
    shape: Shape = field(default_factory=lambda: {"type": "string"})
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    ``path`` is a template (``/tenant/schemas/{id}``) below the service's prefix. ``replies`` say the shape of
    the body for each good status (None: no body). ``media_types`` are those that a body may come in.
    """

    method: str
    path: str
    handle: Callable[[Call], Reply]
    summary: str
    replies: Mapping[int, Shape | None]
    body: Shape | None = None
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    media_types: tuple[str, ...] = ("application/json",)

    def match(self, path: Sequence[str]) -> dict[str, str] | None:
        """The named parts of a path given as decoded segments, or None if it is another path."""
        template = self.path.strip("/").split("/")
        if len(template) != len(path):
            return None
        named: dict[str, str] = {}
        for wanted, given in zip(template, path, strict=True):
            if wanted.startswith("{"):
                named[wanted[1:-1]] = given
            elif wanted != given:
                return None
        return named


@dataclass(frozen=True, slots=True)
class Service:
    """An API: its operations below ``prefix``, and how it words what goes wrong.

    ``bad_request``, ``not_found`` and ``not_allowed`` make the reply to a body or a parameter that cannot be
    read, to an unknown path, and to a method that a path does not have (given as a sentence).
    """

    name: str
    prefix: str
    note: str
    operations: tuple[Operation, ...]
    bad_request: Callable[[str], Reply]
    not_found: Callable[[str], Reply]
    aliases: tuple[str, ...] = ()


def segments(raw_path: bytes, prefix: str) -> list[str]:
    """The decoded segments of a path after ``prefix``; an encoded slash (``%2F``) does not divide."""
    rest = raw_path.decode("latin-1")[len(prefix) :]
    return [unquote(part) for part in rest.strip("/").split("/")]


_PROPERTY = re.compile(r"(?P<name>[^=!<>~]+)(?P<operator>==|!=|>=|<=|>|<|~|=)(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PropertyFilter:
    """One ``property=title==Stores`` of a list request."""

    name: str
    operator: str
    value: str

    @classmethod
    def parse(cls, text: str) -> PropertyFilter:
        """Raises ``ValueError`` for what is no filter."""
        match = _PROPERTY.fullmatch(text)
        if match is None:
            raise ValueError(f"`{text[:100]}` is no filter; expected NAME==VALUE")
        operator = "==" if match["operator"] == "=" else match["operator"]
        return cls(match["name"].strip(), operator, match["value"].strip())

    def accepts(self, item: Mapping[str, Any]) -> bool:
        """Whether ``item`` has such a value at the dotted name; of a list, one member must be it."""
        found = value_at(item, self.name)
        values = found if isinstance(found, list) else [found]
        if self.operator == "!=":
            return all(_text(value) != self.value for value in values)
        return any(self._holds(value) for value in values if value is not None)

    def _holds(self, value: Any) -> bool:
        if self.operator == "==":
            return _text(value) == self.value
        if self.operator == "~":
            return self.value.strip("^$").lower() in _text(value).lower()
        try:
            left, right = float(value), float(self.value)
        except (TypeError, ValueError):
            return False
        return {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}[self.operator]


def value_at(item: Mapping[str, Any], name: str) -> Any:
    """The value under ``name``, or along its dots; None if there is none."""
    if name in item:
        return item[name]
    found: Any = item
    for step in name.split("."):
        if not isinstance(found, Mapping) or step not in found:
            return None
        found = found[step]
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def whole_number(query: QueryParams, name: str, default: int, least: int, most: int) -> int:
    """A query parameter that is a whole number; raises ``ValueError`` outside ``least`` to ``most``."""
    text = query.get(name)
    if text is None:
        return default
    if re.fullmatch(r"[0-9]{1,9}", text) is None or not least <= int(text) <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}")
    return int(text)
