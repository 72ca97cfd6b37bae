"""What the receiver needs of a validator, and one that accepts everything.

The rules themselves live in ``simulator.xdm``; a validator is handed in, so that later another schema (one
from a registry, or a file of the tester's own) can take its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Validator(Protocol):
    """Decides whether an event obeys its schema."""

    def is_valid(self, event: Any, /) -> bool:
        """The quick answer, asked for every event."""

    def violations(self, event: Any, limit: int = 5) -> Sequence[Any]:
        """What is wrong, in document order, ``limit`` of them at most; asked for invalid events only."""

    def report(self, violations: Sequence[Any]) -> dict[str, Any]:
        """The violations as one object of ingestion.md 1.7: the only one, or a wrapper around several."""


class AcceptAll:
    """A validator that lets every event pass."""

    def is_valid(self, event: Any, /) -> bool:
        return True

    def violations(self, event: Any, limit: int = 5) -> Sequence[Any]:
        return ()

    def report(self, violations: Sequence[Any]) -> dict[str, Any]:
        return {}
