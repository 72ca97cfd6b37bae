"""What is wrong with places files: where a record stands, and the list of all mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from simulator.core.errors import InputError, Problem

FieldPath = tuple[str | int, ...]
Where = Callable[[FieldPath], tuple[int, int]]

# Mistakes listed per file: more of them seldom say more.
_LISTED = 20


def nowhere(path: FieldPath) -> tuple[int, int]:
    """For scenarios without a file: no line and no column."""
    return 0, 0


class Origin(Protocol):
    """Where the records of one source stand."""

    def problem(
        self, number: int, key: str, what: str, expected: str = "", *, warning: bool = False
    ) -> Problem:
        """A problem of value ``key`` of record ``number``; without ``key``, of the whole record."""

    def label(self, number: int) -> str:
        """Record ``number`` as messages about other records call it."""


@dataclass(frozen=True, slots=True)
class RowOrigin:
    """Rows of a CSV file. ``columns`` says which column holds a value."""

    file: str
    columns: Mapping[str, str] = field(default_factory=dict)

    def problem(
        self, number: int, key: str, what: str, expected: str = "", *, warning: bool = False
    ) -> Problem:
        return Problem(self.file, number, 0, self.columns.get(key, key), what, expected, warning)

    def label(self, number: int) -> str:
        return f"{Path(self.file).name} row {number}"


@dataclass(frozen=True, slots=True)
class ItemOrigin:
    """Items of a list in a JSON file; ``paths`` says where in the item a value stands."""

    file: str
    list_name: str
    paths: Mapping[str, str] = field(default_factory=dict)

    def problem(
        self, number: int, key: str, what: str, expected: str = "", *, warning: bool = False
    ) -> Problem:
        path = f"{self.list_name}[{number}]"
        if key:
            path += f".{self.paths.get(key, key)}"
        return Problem(self.file, 0, 0, path, what, expected, warning)

    def label(self, number: int) -> str:
        return f"{Path(self.file).name} {self.list_name}[{number}]"


@dataclass(frozen=True, slots=True)
class ScenarioOrigin:
    """Values of the scenario itself, below the field ``path``; records are the items of a list there."""

    file: str
    path: FieldPath
    where: Where

    def problem(
        self, number: int, key: str, what: str, expected: str = "", *, warning: bool = False
    ) -> Problem:
        path = (*self.path, number)
        return self.at(path + _INLINE_KEYS.get(key, (key,)) if key else path, what, expected, warning=warning)

    def at(self, path: FieldPath, what: str, expected: str = "", *, warning: bool = False) -> Problem:
        """A problem of the scenario's field ``path``."""
        line, column = self.where(path)
        return Problem(self.file, line, column, ".".join(map(str, path)), what, expected, warning)

    def label(self, number: int) -> str:
        return ".".join(map(str, (*self.path, number)))


# Where an inline place of a scenario has the values that it doesn't hold under their own name.
_INLINE_KEYS: Mapping[str, FieldPath] = {"latitude": ("at",), "longitude": ("at",)}


@dataclass(slots=True)
class Complaints:
    """Every mistake and every warning, in the order in which they were found."""

    warnings: list[Problem] = field(default_factory=list)
    _errors: dict[str, list[Problem]] = field(default_factory=dict)
    _count: dict[str, int] = field(default_factory=dict)

    def add(self, problem: Problem) -> None:
        """Note ``problem``; of errors, the first 20 of a file are kept and the others counted."""
        if problem.warning:
            self.warnings.append(problem)
            return
        count = self._count[problem.file] = self._count.get(problem.file, 0) + 1
        if count <= _LISTED:
            self._errors.setdefault(problem.file, []).append(problem)

    @property
    def count(self) -> int:
        """How many errors there are."""
        return sum(self._count.values())

    def raise_errors(self) -> None:
        """Raise :class:`InputError` with all errors, if there are any."""
        problems: list[Problem] = []
        for file, errors in self._errors.items():
            problems += errors
            more = self._count[file] - len(errors)
            if more:
                problems.append(
                    Problem(file, 0, 0, "", f"... and {more:,} more mistake{'s' if more > 1 else ''}")
                )
        if problems:
            raise InputError(problems)
