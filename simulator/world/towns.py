"""Towns and their inhabitants, from a CSV file: where people live at the scale of a country."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.errors import InputError, Problem
from simulator.core.numerics import FloatArray
from simulator.scenario.models import Towns
from simulator.scenario.units import shown
from simulator.world.importers.complaints import (
    Complaints,
    FieldPath,
    RowOrigin,
    ScenarioOrigin,
    Where,
    nowhere,
)
from simulator.world.importers.numbers import read_number
from simulator.world.importers.table import Row, Table, decode_any, parse_table, read_bytes

# Homes are scattered around towns by many kilometres, which must not take them over a pole.
_MAX_LATITUDE = 85.0


@dataclass(frozen=True, slots=True)
class TownSet:
    """Towns as columns; ``warnings`` are those of the file that they come from."""

    names: tuple[str, ...]
    population: FloatArray
    latitude: FloatArray
    """Degrees."""
    longitude: FloatArray
    """Degrees."""
    warnings: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def select(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.integer[Any]]) -> TownSet:
        """The towns that ``chosen`` (a mask or indices) picks."""
        indices = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        names = tuple(self.names[i] for i in indices.tolist())
        return TownSet(
            names, self.population[indices], self.latitude[indices], self.longitude[indices], self.warnings
        )


def load_towns(
    spec: Towns, where: Where | None = None, *, file: str = "", field: FieldPath = ("towns",)
) -> TownSet:
    """The towns of ``spec``, which stands at ``field`` of the scenario ``file``.

    ``where`` gives line and column of a scenario's field. Towns without inhabitants are left out. Raises
    :class:`~simulator.core.errors.InputError` with all mistakes at once.
    """
    scenario = ScenarioOrigin(file, field, where or nowhere)
    complaints = Complaints()
    data = read_bytes(spec.file, scenario.at((*field, "file"), ""))
    table = parse_table(decode_any(data, spec.file, complaints), spec.file)
    columns = {key: getattr(spec.columns, key) for key in ("name", "population", "latitude", "longitude")}
    missing = [
        scenario.at(
            (*field, "columns", key), f"{spec.file} has no column {shown(column)}", table.missing(column)
        )
        for key, column in columns.items()
        if column not in table.columns
    ]
    if missing:
        raise InputError(missing)
    return _towns(table, columns, complaints)


def _towns(table: Table, columns: dict[str, str], complaints: Complaints) -> TownSet:
    names: list[str] = []
    numbers: list[tuple[float, float, float]] = []
    origin = RowOrigin(table.file, columns)
    for row in table.rows(complaints):
        values = (
            _number(row, "population", 0.0, float("inf"), origin, table, complaints),
            _number(row, "latitude", -_MAX_LATITUDE, _MAX_LATITUDE, origin, table, complaints),
            _number(row, "longitude", -180.0, 180.0, origin, table, complaints),
        )
        population, latitude, longitude = values
        if population is not None and latitude is not None and longitude is not None:
            names.append(row.cells[columns["name"]].strip())
            numbers.append((population, latitude, longitude))
    if not complaints.count and not any(population > 0 for population, _, _ in numbers):
        complaints.add(Problem(table.file, 0, 0, columns["population"], "nobody lives in any of the towns"))
    complaints.raise_errors()
    population_of, latitudes, longitudes = np.array(numbers, dtype=np.float64).T
    towns = TownSet(tuple(names), population_of, latitudes, longitudes, tuple(complaints.warnings))
    return towns.select(towns.population > 0)


def _number(
    row: Row, key: str, low: float, high: float, origin: RowOrigin, table: Table, complaints: Complaints
) -> float | None:
    text = row.cells[origin.columns[key]]
    number = read_number(text, decimal_comma=table.decimal_comma)
    if number is None:
        what = f"{shown(text.strip())} is not a number" if text.strip() else "is missing"
    elif not low <= number <= high:
        what = f"{number:g} is out of range"
    else:
        return number
    expected = f"expected a number of at least {low:g}"
    if high < float("inf"):
        expected = f"expected a number from {low:g} to {high:g}"
    complaints.add(origin.problem(row.number, key, what, expected))
    return None
