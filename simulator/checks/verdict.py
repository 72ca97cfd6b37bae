"""What became of an expectation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Failure:
    """One reason why it did not hold for some people: how many, who for example, and the words of the first."""

    reason: str
    people: int
    examples: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one expectation.

    ``metric`` is the path of a number, or what the expectation says of people. ``expected`` is text such as
    ``at least 1,000``; ``found`` is the number, or None where there is none; ``reason`` says why it does not hold,
    or what to know although it does. ``unit`` is what ``found`` counts: ``people``, ``share``, ``seconds``,
    ``rate`` (per second), or empty for a plain number. ``counts`` are numbers of people (``of``, ``held``, ``excused``,
    ``undecided``) or of ways measured; ``failures`` the reasons by how many they concern; ``advice`` is
    what may help, where that is known.
    """

    metric: str
    expected: str
    found: float | None
    ok: bool
    reason: str = ""
    name: str | None = None
    severity: str = "error"
    unit: str = ""
    counts: Mapping[str, float] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    advice: str = ""

    @property
    def failed(self) -> bool:
        """Whether it makes the run fail."""
        return not self.ok and self.severity == "error"

    def document(self) -> dict[str, Any]:
        """The verdict as an entry of ``expectations`` in summary.json."""
        return asdict(self)


def number(value: float) -> str:
    """A number as verdicts show it."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.6g}"


def with_unit(value: float, unit: str) -> str:
    """A number with its unit, as verdicts show it: ``13.2 ms``, ``0.5 %``, ``1,998/s``."""
    if unit == "seconds":
        return f"{1000 * value:,.3g} ms" if value < 1 else f"{value:,.4g} s"
    if unit == "share":
        return f"{100 * value:.3g} %"
    return number(value) + ("/s" if unit == "rate" else "")


def bounds_hold(equals: float | None, at_least: float | None, at_most: float | None, found: float) -> bool:
    """Whether a number lies within inclusive bounds."""
    if equals is not None and found != equals:
        return False
    if at_least is not None and found < at_least:
        return False
    return at_most is None or found <= at_most


def bounds_said(equals: float | None, at_least: float | None, at_most: float | None, unit: str = "") -> str:
    """Bounds in words."""
    parts = (("exactly", equals), ("at least", at_least), ("at most", at_most))
    return " and ".join(f"{words} {with_unit(bound, unit)}" for words, bound in parts if bound is not None)
