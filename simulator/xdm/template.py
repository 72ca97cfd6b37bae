"""Prepared events: what doesn't change is encoded once, and the rest is spliced in as ready bytes.

The builders of :mod:`simulator.xdm.events` are called with :class:`Slot` in place of values that change from
event to event; :meth:`Template.compile` encodes the result and cuts it at the slots. Rendering then is one
join of bytes, and gives exactly what orjson would have made of the finished event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import orjson

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Slot:
    """A place in an event where a value comes later.

    By default the value is any JSON: a number, an object, a text in quotes. With ``quoted`` the quotes are
    part of the template and the value is text that needs no escapes (ids, times, digits). A name may be
    used several times in an event; its value then stands everywhere.
    """

    __slots__ = ("_members", "name", "quoted")

    def __init__(self, name: str, *, quoted: bool = False) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"slot name {name!r}: expected lower-case letters, digits and underscores")
        self.name = name
        self.quoted = quoted
        self._members = False

    @classmethod
    def members(cls, name: str) -> dict[str, Slot]:
        """A slot for any number of members, to be merged into an object after its first member.

        Write ``{"key": value, **Slot.members("more")}``; the value is made by :func:`json_members`.
        """
        slot = cls(name)
        slot._members = True
        return {f"\0{name}": slot}

    def __repr__(self) -> str:
        return f"Slot({self.name!r})"


class Template:
    """An encoded event with gaps.

    ``slots`` are the names of the gaps in the order in which :meth:`render` takes their values. ``pattern % values``
    gives the same as :meth:`render`, for those who fill very many; it is None where a slot is used several times.
    """

    __slots__ = ("_constants", "_order", "_pattern", "_pick", "pattern", "slots")

    def __init__(self, parts: Sequence[bytes], order: Sequence[str]) -> None:
        """``parts`` are the constant pieces, ``order`` the names of the gaps between them."""
        self._order = tuple(order)
        self.slots: tuple[str, ...] = tuple(dict.fromkeys(self._order))
        self._constants = tuple(parts)
        # Formatting is the quickest way to put pieces together that are known beforehand.
        self._pattern = b"%b".join([part.replace(b"%", b"%%") for part in parts])
        repeats = len(self.slots) < len(self._order)
        self._pick = itemgetter(*map(self.slots.index, self._order)) if repeats else None
        self.pattern = None if repeats else self._pattern

    @classmethod
    def compile(cls, event: Mapping[str, Any]) -> Template:
        """The template of ``event``, in which some values are slots.

        Raises ``ValueError`` when a slot of members is the first in its object.
        """
        found: list[Slot] = []

        # orjson asks for slots in the order in which it writes them. It writes a NUL inside of text as an escape, so a
        # bare one in its output can only come from a slot.
        def mark(value: object) -> orjson.Fragment:
            if not isinstance(value, Slot):
                raise TypeError(f"{type(value).__name__} is not JSON")
            found.append(value)
            return orjson.Fragment(b'"\0"' if value.quoted else b"\0")

        parts = orjson.dumps(event, default=mark).split(b"\0")
        for at, slot in enumerate(found):
            if slot._members:  # its key goes with it, and the comma before that: the bytes bring theirs
                key = b',"\\u0000%b":' % slot.name.encode()
                if not parts[at].endswith(key):
                    raise ValueError(f"{slot!r}: a slot of members can't be the first in its object")
                parts[at] = parts[at].removesuffix(key)
        return cls(parts, [slot.name for slot in found])

    def bind(self, **values: bytes) -> Template:
        """A template in which the slots named have their values; raises ``ValueError`` for unknown names."""
        unknown = values.keys() - set(self.slots)
        if unknown:
            raise ValueError(f"no slot {', '.join(sorted(unknown))}; there are {', '.join(self.slots)}")
        constants = self._constants
        parts = [constants[0]]
        order: list[str] = []
        for name, constant in zip(self._order, constants[1:], strict=True):
            if name in values:
                parts[-1] += values[name] + constant
            else:
                order.append(name)
                parts.append(constant)
        return Template(parts, order)

    def render(self, *values: bytes) -> bytes:
        """The event with one value per slot, in the order of ``slots``; else ``ValueError``."""
        if self._pick is None:
            chosen = values
        elif len(values) == len(self.slots):
            chosen = self._pick(values)
        else:
            raise ValueError(f"{len(values)} values for {len(self.slots)} slots")
        try:
            return self._pattern % chosen
        except TypeError as error:
            raise ValueError(f"{len(values)} values for {len(self.slots)} slots") from error


def json_string(text: str) -> bytes:
    """``text`` as JSON, in quotes."""
    return orjson.dumps(text)


def json_number(x: float, digits: int) -> bytes:
    """``x`` as JSON, rounded to ``digits`` after the point; a whole number without a point for 0 digits.

    Raises ``ValueError`` if ``x`` is not finite: JSON has no such numbers.
    """
    if x - x != 0.0:
        raise ValueError(f"{x} has no JSON form")
    # Adding zero turns -0.0 into 0.0.
    return orjson.dumps(round(x, digits) + 0.0) if digits else b"%d" % round(x)


def json_value(value: object) -> bytes:
    """Any plain value (a part of an event, for instance) as JSON."""
    return orjson.dumps(value)


def json_members(members: Mapping[str, Any]) -> bytes:
    """The value for a slot of members: each with its comma in front, nothing at all for no members."""
    return b"," + orjson.dumps(members)[1:-1] if members else b""
