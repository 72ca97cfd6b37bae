"""Towns with their inhabitants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.core.errors import InputError
from simulator.scenario.models import TownColumns, Towns
from simulator.world import TownSet, load_towns
from tests.shared_files import shared_path
from tests.world.making import written

TOWNS = "name,population,latitude,longitude\nBonn,330000,50.73,7.1\nUlm,126000,48.4,9.99\nGhost,0,48,9\n"


def load(file: Path, columns: TownColumns | None = None) -> TownSet:
    spec = Towns(file=file, columns=columns or TownColumns())
    field = ("people", "all", "home", "towns")
    return load_towns(spec, lambda path: (len(path), 1), file="s.yaml", field=field)


def problems(file: Path, columns: TownColumns | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(file, columns)
    return [str(problem) for problem in caught.value.problems]


def test_towns_are_read_as_columns_without_those_where_nobody_lives(tmp_path: Path) -> None:
    towns = load(written(tmp_path, "towns.csv", TOWNS))
    assert towns.names == ("Bonn", "Ulm")
    assert len(towns) == 2
    assert towns.population.tolist() == [330_000.0, 126_000.0]
    assert (towns.latitude.tolist(), towns.longitude.tolist()) == ([50.73, 48.4], [7.1, 9.99])


def test_some_of_the_towns_can_be_chosen_by_mask_or_index(tmp_path: Path) -> None:
    towns = load(written(tmp_path, "towns.csv", TOWNS))
    assert towns.select(np.array([False, True])).names == ("Ulm",)
    assert towns.select(np.array([1, 0])).population.tolist() == [126_000.0, 330_000.0]


def test_files_with_semicolons_and_decimal_commas_are_understood(tmp_path: Path) -> None:
    content = TOWNS.replace(",", ";").replace(".", ",")
    assert load(written(tmp_path, "towns.csv", content)).latitude.tolist() == [50.73, 48.4]


def test_all_bad_rows_are_told_at_once(tmp_path: Path) -> None:
    content = TOWNS + "A,many,50,8\nB,-5,50,8\nC,7,86,8\nD,7,,181\n"
    messages = problems(written(tmp_path, "towns.csv", content))
    assert [message.split("towns.csv:")[1] for message in messages] == [
        "5: population: 'many' is not a number; expected a number of at least 0",
        "6: population: -5 is out of range; expected a number of at least 0",
        "7: latitude: 86 is out of range; expected a number from -85 to 85",
        "8: latitude: is missing; expected a number from -85 to 85",
        "8: longitude: 181 is out of range; expected a number from -180 to 180",
    ]


def test_missing_columns_are_named_at_their_place_in_the_scenario(tmp_path: Path) -> None:
    path = written(tmp_path, "towns.csv", TOWNS.replace("population", "pop"))
    (problem,) = problems(path)
    assert problem.startswith("s.yaml:6:1: people.all.home.towns.columns.population: ")
    assert "did you mean 'pop'? the columns are name, pop, latitude and longitude" in problem


def test_towns_without_people_are_a_mistake(tmp_path: Path) -> None:
    (problem,) = problems(written(tmp_path, "towns.csv", "name,population,latitude,longitude\nA,0,1,1\n"))
    assert problem.endswith("population: nobody lives in any of the towns")


def test_a_missing_file_is_named_at_its_field(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / "towns.csv")
    assert problem.startswith("s.yaml:5:1: people.all.home.towns.file: there is no file ")


def test_the_cities_of_a_country_are_read_from_a_real_file() -> None:
    columns = TownColumns(population="pop", latitude="lat", longitude="lon")
    towns = load(shared_path("data/us_cities_2014.csv"), columns)
    assert len(towns) == 3228
    assert (towns.names[0], float(towns.population[0])) == ("New York", 8_287_238.0)
    assert towns.warnings == ()
