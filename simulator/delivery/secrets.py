"""Secrets: read when they are needed, and taken out of everything that is said or kept."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus

import orjson

from simulator.core.errors import UsageError
from simulator.scenario.references import Reference, UnresolvedError

_HIDDEN = "***"
# Shorter values would tear holes into words, and are no secrets worth the name.
_SHORTEST = 4


class Vault:
    """The values that references stood for, for one destination."""

    def __init__(self) -> None:
        self._pattern: re.Pattern[str] | None = None
        self._values: set[str] = set()

    def reveal(self, reference: Reference, field: str) -> str:
        """What ``reference`` stands for. Raises ``UsageError`` that names ``field`` if it isn't there."""
        try:
            value, found = reference.resolve()
        except UnresolvedError as error:
            raise UsageError(f"{field}: {error}") from None
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            raise UsageError(f"{field}: {_origin(reference)} holds control characters (a line break?)")
        for text in found:
            self.keep(text)
        return value

    def keep(self, value: str) -> None:
        """From now on ``value`` is hidden."""
        if len(value) < _SHORTEST or value in self._values:
            return
        # As it stands, in a JSON text, and in an address.
        self._values |= {value, orjson.dumps(value).decode()[1:-1], quote(value, safe=""), quote_plus(value)}
        longest_first = sorted(self._values, key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def hide(self, text: str) -> str:
        """``text`` without any of the values."""
        return text if self._pattern is None else self._pattern.sub(_HIDDEN, text)

    def hide_bytes(self, data: bytes) -> bytes:
        """The same for what came over the network."""
        if self._pattern is None:
            return data
        return self._pattern.sub(_HIDDEN, data.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )


def _origin(reference: Reference) -> str:
    return str(reference.file) if reference.file is not None else reference.text
