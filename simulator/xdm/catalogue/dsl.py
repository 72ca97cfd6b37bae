"""The notation in which the field catalogue is written.

A field is what kind of value stands there, its limits and, where the name doesn't say it, a note. The
constructors take the note first and by position only, so that every name stays free for members::

    geo = shared("geo", obj("Where it was.", countryCode=string("ISO 3166-1 alpha-2", pattern=r"^[A-Z]{2}$")))

``shared`` names a type that several places use; it is declared once and becomes one entry of ``$defs``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["string", "number", "integer", "boolean", "object", "array", "map", "open"]
Default = str | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its kind, its limits, what is inside.

    ``members`` belong to an object, ``inner`` is what an array or a map holds, ``type_name`` marks a shared
    type. ``choices`` are the only values allowed, ``suggested`` the usual ones (any other is valid too).
    An ``open`` field is an object whose content the catalogue does not describe.
    """

    kind: Kind
    note: str = ""
    format: str | None = None
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    min_members: int | None = None
    default: Default = None
    required: bool = False
    deprecated: bool = False
    members: Mapping[str, Field] | None = None
    inner: Field | None = None
    type_name: str | None = None

    def required_members(self) -> Iterator[str]:
        """Names of the members that must be there whenever this object is."""
        return (name for name, member in (self.members or {}).items() if member.required)


def string(
    note: str = "",
    /,
    *,
    format: str | None = None,
    pattern: str | None = None,
    suggested: tuple[str, ...] = (),
    max_length: int | None = None,
    default: str | None = None,
) -> Field:
    """Text; ``format`` is a JSON Schema format, ``pattern`` a regular expression found anywhere in it."""
    return Field(
        "string",
        note,
        format=format,
        pattern=pattern,
        suggested=suggested,
        max_length=max_length,
        default=default,
    )


def one_of(*choices: str, note: str = "", default: str | None = None) -> Field:
    """Text that is one of ``choices``."""
    return Field("string", note, choices=choices, default=default)


def number(note: str = "", /, *, minimum: int | None = None, maximum: int | None = None) -> Field:
    """Any number between the limits, both allowed."""
    return Field("number", note, minimum=minimum, maximum=maximum)


def integer(
    note: str = "",
    /,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
    suggested: tuple[str, ...] = (),
) -> Field:
    """A whole number between the limits, both allowed."""
    return Field("integer", note, minimum=minimum, maximum=maximum, suggested=suggested)


def boolean(note: str = "", /, *, default: bool | None = None) -> Field:
    """True or false."""
    return Field("boolean", note, default=default)


def obj(note: str = "", /, **members: Field) -> Field:
    """An object that holds ``members`` and nothing else."""
    return Field("object", note, members=members)


def array(inner: Field, note: str = "", *, at_least: int | None = None, at_most: int | None = None) -> Field:
    """A list of ``inner``."""
    return Field("array", note, inner=inner, min_items=at_least, max_items=at_most)


def map_of(inner: Field, note: str = "") -> Field:
    """An object whose keys are free and whose values are ``inner``."""
    return Field("map", note, inner=inner)


def open_object(note: str = "", /) -> Field:
    """An object of which the catalogue knows nothing more."""
    return Field("open", note)


def shared(type_name: str, field: Field, *, min_members: int | None = None) -> Field:
    """``field`` as a type of its own, named ``type_name`` in the schema."""
    return replace(field, type_name=type_name, min_members=min_members)


def required(field: Field) -> Field:
    """``field``, that must be there whenever its parent is."""
    return replace(field, required=True)


def deprecated(field: Field) -> Field:
    """``field``, still accepted but not to be sent."""
    return replace(field, deprecated=True)


def strings(names: str) -> dict[str, Field]:
    """Plain text members by their space-separated ``names``."""
    return {name: string() for name in names.split()}


def numbers(names: str) -> dict[str, Field]:
    """Plain number members by their space-separated ``names``."""
    return {name: number() for name in names.split()}


def integers(names: str) -> dict[str, Field]:
    """Plain whole-number members by their space-separated ``names``."""
    return {name: integer() for name in names.split()}


def booleans(names: str) -> dict[str, Field]:
    """Plain boolean members by their space-separated ``names``."""
    return {name: boolean() for name in names.split()}


def each(names: str, field: Field) -> dict[str, Field]:
    """The same ``field`` under each of the space-separated ``names``."""
    return dict.fromkeys(names.split(), field)
