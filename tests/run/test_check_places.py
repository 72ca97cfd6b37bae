"""What only the places tell: expectations about none of them, and people who live at the other end of the world."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.core.errors import InputError
from simulator.run import prepare
from tests.run.scenarios import TOWN as SMALL_TOWN
from tests.run.scenarios import town

TOWN = SMALL_TOWN.replace("radius: 80 m", "radius: 100 m")


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        prepare(town(tmp_path, text))
    return [str(problem).partition("town.yaml")[2] for problem in error.value.problems]


def warnings(tmp_path: Path, text: str) -> list[str]:
    return [str(problem).partition("town.yaml")[2] for problem in prepare(town(tmp_path, text)).warnings]


@pytest.mark.parametrize("pattern", ["Corner Shop", "* Shop", "*", "Park K*osk"])
def test_a_pattern_that_fits_a_place_is_right(tmp_path: Path, pattern: str) -> None:
    text = TOWN + f'expect:\n  - {{who: {{visits: ["{pattern}"]}}, nothing: sent}}\n'
    assert warnings(tmp_path, text) == []


def test_an_id_of_a_place_is_right(tmp_path: Path) -> None:
    place = prepare(town(tmp_path, TOWN)).world.places.places[0]
    text = TOWN + f'expect:\n  - {{who: {{visits: ["{place.id}"]}}, nothing: sent}}\n'
    assert warnings(tmp_path, text) == []


def test_a_visit_to_no_place_is_a_mistake_with_the_nearest_name(tmp_path: Path) -> None:
    text = TOWN + 'expect:\n  - {who: {visits: ["Corner Shop", "Corner Shap"]}, nothing: sent}\n'
    assert problems(tmp_path, text) == [
        ":26:36: expect.0.who.visits.1: no place has the name or id 'Corner Shap'; did you mean 'Corner Shop'?"
    ]


def test_a_visit_to_something_quite_different_is_answered_with_the_names(tmp_path: Path) -> None:
    text = TOWN + 'expect:\n  - {who: {visits: ["Zoo"]}, nothing: sent}\n'
    assert problems(tmp_path, text) == [
        ":26:21: expect.0.who.visits.0: no place has the name or id 'Zoo'; "
        "expected an id, or a name such as Corner Shop, Harbour Market or Park Kiosk"
    ]


def test_homes_with_latitude_and_longitude_swapped_are_noticed(tmp_path: Path) -> None:
    text = TOWN.replace("[60.1720, 24.9400]", "[24.9400, 60.1720]")
    (warning,) = warnings(tmp_path, text)
    assert warning.startswith(":17:25: people.workers.home.around.at: warning: the nearest place is 4,7")
    assert warning.endswith("so nobody will get there; the latitude comes first, then the longitude")


def test_a_commuter_town_is_near_enough(tmp_path: Path) -> None:
    assert warnings(tmp_path, TOWN.replace("[60.1720, 24.9400]", "[60.9800, 25.6600]")) == []
