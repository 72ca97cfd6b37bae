"""Places from OpenStreetMap extracts, by their tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("osmium", reason="needs the extra `roads`")

from simulator.core.errors import InputError, Problem
from simulator.scenario.models import Library
from simulator.world import PlaceSet, load_places
from tests.shared_files import shared_path
from tests.world.osm_maps import write_map

CORNERS = [(1, 52.50, 13.40), (2, 52.50, 13.42), (3, 52.51, 13.42), (4, 52.51, 13.40)]
CAFE = {
    "amenity": "cafe",
    "name": "Nord",
    "addr:street": "Am Markt",
    "addr:housenumber": "1",
    "addr:city": "Berlin",
}
THINGS = [
    (11, 52.52, 13.405, CAFE),
    (12, 52.53, 13.405, {"amenity": "cafe"}),
    (13, 52.54, 13.405, {"shop": "books;stationery", "name": "Paper"}),
    (14, 52.55, 13.405, {"amenity": "bench", "name": "Bench"}),
]
HALL = ([1, 2, 3, 4, 1], {"building": "yes", "amenity": "cafe", "name": "Hall"})


def load(path: Path, *tags: str, **more: Any) -> tuple[PlaceSet, list[Problem]]:
    library = Library(library="Map", file=path, tags=tags, **more)
    return load_places([library], seed=1, where=lambda field: (len(field), 1), file="s.yaml")


def problem(path: Path, *tags: str, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        load(path, *tags, **more)
    return str(caught.value)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return write_map(tmp_path, CORNERS, [HALL], THINGS)


def test_named_nodes_and_areas_with_a_tag_are_places(town: Path) -> None:
    places, warnings = load(town, "amenity=cafe")
    nord, hall = places.places
    assert (nord.name, nord.latitude, nord.longitude, nord.radius) == ("Nord", 52.52, 13.405, 100.0)
    assert (nord.category, nord.street, nord.city) == ("cafe", "Am Markt 1", "Berlin")
    assert nord.metadata == (("osm", "node/11"),)
    assert (hall.name, hall.metadata) == ("Hall", (("osm", "way/1"),))
    assert (hall.latitude, hall.longitude) == pytest.approx((52.505, 13.41))
    assert [str(warning) for warning in warnings] == [
        "s.yaml:3:1: places.0.tags: warning: 1 of 3 places have no name in map.osm and are left out"
    ]


def test_a_key_alone_takes_all_its_values_and_a_value_may_be_one_of_several(town: Path) -> None:
    assert [place.name for place in load(town, "shop")[0].places] == ["Paper"]
    assert [place.name for place in load(town, "shop=stationery")[0].places] == ["Paper"]
    assert {place.name for place in load(town, "shop=books", "amenity=bench")[0].places} == {"Paper", "Bench"}


def test_the_id_of_a_place_stays_when_the_map_around_it_changes(tmp_path: Path, town: Path) -> None:
    before = load(town, "amenity=cafe")[0].places[0].id
    (tmp_path / "later").mkdir()
    later = write_map(
        tmp_path / "later", CORNERS, [], [(10, 52.5, 13.4, CAFE), (11, 52.6, 13.4, CAFE | {"name": "New"})]
    )
    first, second = load(later, "amenity=cafe")[0].places
    assert second.id == before != first.id


def test_mistakes_are_told_at_the_field_that_made_them(tmp_path: Path, town: Path) -> None:
    assert problem(town).startswith("s.yaml:3:1: places.0.tags: is missing; expected what is a place")
    assert problem(town, "amenity=").startswith("s.yaml:3:1: places.0.tags: 'amenity=' is not a tag")
    assert "map.osm has no named place with amenity=casino" in problem(town, "amenity=casino")
    table = tmp_path / "places.csv"
    table.write_text("name,latitude,longitude\nA,52,13\n")
    assert "only OpenStreetMap extracts have tags" in problem(table, "amenity=cafe")
    assert "s.yaml:3:1: places.0.file: " in problem(table, "amenity=cafe", format="osm")


def test_the_cafes_of_a_real_extract_are_read() -> None:
    places, _ = load(shared_path("data/helsinki_centre.osm.pbf"), "amenity=cafe")
    assert len(places) == 85
    assert len({place.id for place in places.places}) == 85
    assert "Café Metro" in {place.name for place in places.places}
