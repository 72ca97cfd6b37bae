"""Places from CSV files: the platform's own importer format, and any other by a mapping of columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from simulator.core.errors import InputError, Problem
from simulator.scenario.models import PlaceColumns
from simulator.scenario.units import shown
from simulator.world.importers.complaints import Complaints, FieldPath, RowOrigin, ScenarioOrigin
from simulator.world.importers.records import Raw
from simulator.world.importers.table import Row, Table

# Headers of the importer's CSV (mobile_sdk.md 1.5); every other column becomes metadata.
IMPORTER_COLUMNS = (
    "lib_id", "name", "description", "type", "longitude", "latitude", "radius",
    "country", "state", "city", "street", "category", "icon", "color",
)  # fmt: skip

_BRACES = re.compile(r"\{([^{}]*)\}")
_OPTIONAL = (
    "id",
    "radius",
    "description",
    "category",
    "country",
    "state",
    "city",
    "street",
    "attractiveness",
)


def looks_like_importer(table: Table) -> bool:
    """Whether a CSV without mapping was made for the importer: only that has library ids in it."""
    return "lib_id" in table.columns


def importer_rows(table: Table, complaints: Complaints) -> Iterator[Raw]:
    """The records of an importer CSV; raises InputError if a header is missing."""
    problems = [
        Problem(table.file, 1, 0, column, "there is no such column", table.missing(column))
        for column in IMPORTER_COLUMNS
        if column not in table.columns
    ]
    problems += [
        Problem(table.file, 1, 0, "", f"column {number} has no name", "each further column is metadata")
        for number, column in enumerate(table.columns, start=1)
        if not column
    ]
    if problems:
        raise InputError(problems)
    origin = RowOrigin(table.file)
    further = [column for column in table.columns if column not in IMPORTER_COLUMNS]
    for row in table.rows(complaints):
        yield Raw(
            origin,
            row.number,
            {column: row.cells[column] for column in IMPORTER_COLUMNS},
            {column: row.cells[column] for column in further},
        )


def mapped_rows(
    table: Table, columns: PlaceColumns, scenario: ScenarioOrigin, path: FieldPath, complaints: Complaints
) -> Iterator[Raw]:
    """The records of any CSV by ``columns``, which stand at ``path`` in the scenario.

    Raises InputError if a column that is named there doesn't exist.
    """
    mapping = _Mapping(table, columns, scenario, path)
    origin = RowOrigin(table.file, mapping.named)
    for row in table.rows(complaints):
        values: dict[str, object] = {key: row.cells[column].strip() for key, column in mapping.plain.items()}
        values["name"] = mapping.name_of(row)
        yield Raw(
            origin, row.number, values, {column: row.cells[column].strip() for column in columns.metadata}
        )


class _Mapping:
    """A mapping of columns that fits the table."""

    def __init__(
        self, table: Table, columns: PlaceColumns, scenario: ScenarioOrigin, path: FieldPath
    ) -> None:
        self._table = table
        self._problems: list[Problem] = []
        self._scenario = scenario
        self._path = path
        self._pattern = columns.name
        self.plain: dict[str, str] = {}
        for key in ("latitude", "longitude", *_OPTIONAL):
            column = getattr(columns, key)
            if column is not None:
                self._need(column, key)
                self.plain[key] = column
        names = self._name_columns()
        for column in names:
            self._need(column, "name")
        for number, column in enumerate(columns.metadata):
            self._need(column, "metadata", number)
        if self._problems:
            raise InputError(self._problems)
        self._name_of = names
        self.named: Mapping[str, str] = {**self.plain, "name": ", ".join(names)}

    def _name_columns(self) -> list[str]:
        if self._pattern in self._table.columns:
            return [self._pattern]
        names = [name.strip() for name in _BRACES.findall(self._pattern)]
        if set("{}") & set(_BRACES.sub("", self._pattern)):
            what = f"the braces of {shown(self._pattern)} don't match"
            self._problems.append(
                self._scenario.at((*self._path, "name"), what, "expected a pattern such as 'Store {number}'")
            )
            return []
        return names or [self._pattern]

    def _need(self, column: str, *key: str | int) -> None:
        if column in self._table.columns:
            return
        what = f"{self._table.file} has no column {shown(column)}"
        self._problems.append(self._scenario.at((*self._path, *key), what, self._table.missing(column)))

    def name_of(self, row: Row) -> str:
        """The name by column or pattern, with single spaces."""
        if self._pattern in row.cells:
            return " ".join(row.cells[self._pattern].split())
        if not any(row.cells[column].strip() for column in self._name_of):
            return ""
        text = _BRACES.sub(lambda match: row.cells[match.group(1).strip()], self._pattern)
        return " ".join(text.split())
