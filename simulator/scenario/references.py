"""Text that stands elsewhere: ``${env:NAME}`` in a text, or ``{file: PATH}`` instead of one.

Scenario files are shared and kept with the runs they make, so nothing secret stands in them. A reference is read
when it is needed (`simulator.delivery`), never when a scenario is loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from simulator.scenario.quantities import Context, Marker, read_path
from simulator.scenario.units import BadValueError, shown

_ENVIRONMENT = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_LOOKS_LIKE = re.compile(r"\$\{[^}]*\}?")
_SECRET_EXPECTED = "expected ${env:NAME} or {file: PATH}"
_MAX_BYTES = 100_000


class UnresolvedError(Exception):
    """What a reference names isn't there; the message says what, never a value."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A text with ``${env:NAME}`` in it, or the content of ``file`` without the white space around it."""

    text: str = ""
    file: Path | None = None

    @property
    def literal(self) -> bool:
        """Whether everything stands in the scenario itself."""
        return self.file is None and not _ENVIRONMENT.search(self.text)

    def written(self) -> Any:
        """As a scenario file says it."""
        return self.text if self.file is None else {"file": self.file.as_posix()}

    def __str__(self) -> str:
        return self.text if self.file is None else f"{{file: {self.file}}}"

    def resolve(self) -> tuple[str, list[str]]:
        """The text, and what in it came from elsewhere. Raises :class:`UnresolvedError`."""
        if self.file is not None:
            value = _content(self.file)
            return value, [value]
        found: list[str] = []

        def value_of(match: re.Match[str]) -> str:
            value = os.environ.get(match[1])
            if not value:
                raise UnresolvedError(
                    f"the environment variable {match[1]} is {'empty' if value == '' else 'not set'}"
                )
            found.append(value)
            return value

        return _ENVIRONMENT.sub(value_of, self.text), found


def _content(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
        value = raw.decode("utf-8").strip()
    except OSError as error:
        raise UnresolvedError(f"{file} can't be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise UnresolvedError(f"{file} is not UTF-8 text") from None
    if not value or len(raw) > _MAX_BYTES:
        raise UnresolvedError(f"{file} is {'too large for a secret' if value else 'empty'}")
    return value


def _read_text(value: Any, context: Context) -> Reference:
    if isinstance(value, Reference):
        return value
    if isinstance(value, Mapping):
        if set(value) != {"file"}:
            raise BadValueError("is not text", "expected text, or {file: PATH}")
        return Reference(file=read_path(value["file"], context))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadValueError(f"{shown(value)} is not text", "expected text, or {file: PATH}")
    text = str(value)
    for found in _LOOKS_LIKE.finditer(text):
        if not _ENVIRONMENT.fullmatch(found[0]):
            raise BadValueError("has a reference that can't be read", "write ${env:NAME}")
    return Reference(text)


def _read_secret(value: Any, context: Context) -> Reference:
    """As ``_read_text``, but nothing may be there in clear; messages never repeat the value."""
    try:
        reference = _read_text(value, context)
    except BadValueError as bad:
        if isinstance(value, Mapping):
            raise
        raise BadValueError("is not a reference to a secret", _SECRET_EXPECTED) from bad
    if reference.file is None and not _ENVIRONMENT.fullmatch(reference.text.strip()):
        raise BadValueError("stands here in clear, and scenarios are kept and shared", _SECRET_EXPECTED)
    return reference


ReferenceText = Annotated[
    Reference,
    Marker(
        "ReferenceText",
        "text or `{file: PATH}`",
        _read_text,
        Reference.written,
        example="'Bearer ${env:TOKEN}'",
    ),
]
SecretText = Annotated[
    Reference,
    Marker(
        "SecretText",
        "`${env:NAME}` or `{file: PATH}`",
        _read_secret,
        Reference.written,
        example="${env:TOKEN}",
    ),
]

__all__ = ["Reference", "ReferenceText", "SecretText", "UnresolvedError"]
