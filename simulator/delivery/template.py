"""Bodies of requests to any HTTP endpoint, made from a template.

Placeholders stand in braces. Everything else is sent as it stands, so JSON needs nothing escaped: of its braces none
has a single lower-case word or a path behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

import orjson

from simulator.core.errors import UsageError
from simulator.delivery.answers import Reading
from simulator.delivery.formats import read_plain
from simulator.delivery.identity import identity_of

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_TEXTS = {"id": "_id", "type": "eventType", "time": "timestamp"}
_OF_ONE = ("event", "id", "type", "time", "identity")
_OF_SEVERAL = ("events", "count")
# Whatever the endpoint allows, a request ends before its body has this many bytes.
MAX_REQUEST_BYTES = 1_000_000

Part = Callable[[Sequence[bytes], Any], bytes]


class TemplateFormat:
    """Requests of ``batch_size`` events at most; of exactly one if the template speaks of one."""

    def __init__(self, template: str | None, batch_size: int, headers: Sequence[str] = ()) -> None:
        """Raises ``UsageError`` for a placeholder that doesn't exist, or doesn't fit ``batch_size``."""
        if template is None:
            template = "{events}" if batch_size > 1 else "{event}"
        self._parts: list[bytes | Part] = []
        self._parsed = False
        self._one = batch_size == 1
        self._batch_size = batch_size
        at = 0
        for match in _PLACEHOLDER.finditer(template):
            self._parts += [template[at : match.start()].encode(), self._part(match[1])]
            at = match.end()
        self._parts.append(template[at:].encode())
        given = {header.partition(":")[0].strip().lower() for header in headers}
        default = () if "content-type" in given else ("Content-Type: application/json",)
        self.headers = (*headers, *default)

    def _part(self, name: str) -> Part:
        root, _, path = name.partition(".")
        known = _OF_ONE if self._one else _OF_SEVERAL
        if root not in known or (path and root != "event"):
            if root in _OF_ONE and not self._one:
                raise UsageError(f"{{{name}}} stands for one event; set batch_size to 1, or write {{events}}")
            near = get_close_matches(name, (*_OF_ONE, *_OF_SEVERAL), n=1)
            hint = f"did you mean {{{near[0]}}}?" if near and near[0] != name else ""
            hint = hint or f"expected one of {', '.join(f'{{{word}}}' for word in (*_OF_ONE, *_OF_SEVERAL))}"
            raise UsageError(f"unknown placeholder {{{name}}}; {hint}")
        if root == "events":
            return lambda events, _: b"[" + b",".join(events) + b"]"
        if root == "count":
            return lambda events, _: str(len(events)).encode()
        if root == "identity":
            return lambda events, _: _inside_quotes(identity_of(events[0]).decode())
        if name == "event":
            return lambda events, _: events[0]
        self._parsed = True
        if path:
            keys = path.split(".")
            return lambda _, event: orjson.dumps(_value(event, keys))
        key = _TEXTS[root]
        return lambda _, event: _inside_quotes(event.get(key))

    def cut(self, bodies: Sequence[bytes]) -> list[range]:
        """By number of events and by size."""
        pieces: list[range] = []
        start = size = 0
        for index, body in enumerate(bodies):
            if index > start and (
                index - start == self._batch_size or size + len(body) > MAX_REQUEST_BYTES - 1000
            ):
                pieces.append(range(start, index))
                start, size = index, 0
            size += len(body) + 1
        if start < len(bodies):
            pieces.append(range(start, len(bodies)))
        return pieces

    def build(self, events: Sequence[bytes]) -> bytes:
        """The template with the events in it."""
        event: Any = {}
        if self._parsed:
            event = orjson.loads(events[0])
        return b"".join(part if isinstance(part, bytes) else part(events, event) for part in self._parts)

    def read(self, status: int, body: bytes, count: int, *, sync: bool) -> Reading:
        """Any 2xx takes the request; the others mean what they mean for an inlet."""
        return read_plain(status, body, count)


def _inside_quotes(value: Any) -> bytes:
    """A text as JSON has it between its quotes; empty for what is no text."""
    return orjson.dumps(value)[1:-1] if isinstance(value, str) else b""


def _value(event: Any, keys: Sequence[str]) -> Any:
    """What stands at a path; None where the path leads nowhere."""
    for key in keys:
        if isinstance(event, list) and key.isdecimal() and int(key) < len(event):
            event = event[int(key)]
        elif isinstance(event, dict):
            event = event.get(key)
        else:
            return None
    return event
