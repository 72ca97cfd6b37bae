"""The inlets of a receiver: those that were made through its APIs, and any name that a client makes up."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from simulator.receiver.inlet import Inlet
from simulator.receiver.inlet_spec import InletSpec

_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MOST_INLETS = 10_000  # a client that makes names up must not fill the memory


class Inlets:
    """Inlets by name.

    ``known``: the names that exist besides those defined; None lets every name of letters, digits, ``.``, ``_``
    and ``-`` be an open inlet, except those that were removed.
    """

    def __init__(self, make: Callable[[InletSpec], Inlet], known: Collection[str] | None) -> None:
        self._make = make
        self._known = None if known is None else frozenset(known)
        self._inlets: dict[str, Inlet] = {}
        self._defined: dict[str, InletSpec] = {}
        self._removed: set[str] = set()

    def define(self, spec: InletSpec) -> None:
        """Make an inlet, or change one."""
        self._removed.discard(spec.id)
        self._defined[spec.id] = spec
        self._inlets[spec.id] = self._make(spec)

    def remove(self, name: str) -> None:
        """An inlet that was defined is no more; its name answers as an unknown one."""
        if self._defined.pop(name, None) is not None:
            self._inlets.pop(name, None)
            self._removed.add(name)

    def get(self, name: str) -> Inlet | None:
        """The inlet of that name, or None if there is none."""
        inlet = self._inlets.get(name)
        if inlet is None and self._may_exist(name):
            inlet = self._inlets[name] = self._make(InletSpec(name))
        return inlet

    def defined(self) -> list[InletSpec]:
        """The inlets that were defined, in the order in which they were."""
        return list(self._defined.values())

    def _may_exist(self, name: str) -> bool:
        if name in self._removed:
            return False
        if self._known is not None:
            return name in self._known
        return _NAME.fullmatch(name) is not None and len(self._inlets) < _MOST_INLETS
