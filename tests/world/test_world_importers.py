"""Places from all five sources, and what is said about mistakes in them."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest

from simulator.core.distributions import Constant, LogNormal, Uniform
from simulator.scenario.models import Library, Place, PlaceColumns
from simulator.scenario.quantities import Position
from simulator.world import PlaceLibrary
from tests.shared_files import shared_path
from tests.world.making import load, problems_of, written

LIBRARY_ID = "0d9a1f6e-52c4-4d1b-8f43-7f1c1f0a9b10"
OTHER_ID = "f3b1c7aa-9f0e-4b1e-a0d2-2f1f6f5b7c22"
HEADER = (
    "lib_id,name,description,type,longitude,latitude,radius,country,state,city,street,category,icon,color"
)


def importer_row(**changes: str) -> str:
    cells = {
        "lib_id": LIBRARY_ID,
        "name": "Cafe Nord",
        "description": "",
        "type": "Point",
        "longitude": "11.575",
        "latitude": "48.137",
        "radius": "120",
        "country": "DE",
        "state": "Bavaria",
        "city": "Munich",
        "street": "Am Markt 1",
        "category": "food",
        "icon": "shop",
        "color": "#3E76D0",
        **changes,
    }
    return ",".join(cells.values())


def importer_file(folder: Path, *rows: str, header: str = HEADER) -> Library:
    path = written(folder, "places.csv", "\r\n".join([header, *rows]) + "\r\n")
    return Library(library="Cafes", file=path)


def api_place(**changes: object) -> dict[str, object]:
    return {
        "id": "b0a1c2d3-0000-4222-8333-944455566677",
        "name": "Cafe Nord",
        "description": None,
        "location": {"type": "Point", "coordinates": [11.575, 48.137]},
        "radius": 120,
        "country": "DE",
        "category": "food",
        "icon": "shop",
        "color": "#3E76D0",
        "metadata": {"seats": 40, "terrace": True, "chef": "Ida"},
        "lib_id": LIBRARY_ID,
        **changes,
    }


def api_file(folder: Path, content: object) -> Library:
    text = content if isinstance(content, str) else json.dumps(content)
    return Library(library="Cafes", file=written(folder, "places.json", text))


def feature(**properties: object) -> dict[str, object]:
    geometry = {"type": "Point", "coordinates": [11.575, 48.137]}
    return {"type": "Feature", "geometry": geometry, "properties": {"name": "Cafe Nord", **properties}}


def geojson_file(folder: Path, *features: object) -> Library:
    content = json.dumps({"type": "FeatureCollection", "features": features})
    return Library(library="Cafes", file=written(folder, "places.geojson", content))


def own_csv(
    folder: Path, content: str | bytes, columns: PlaceColumns | None = None, **spec: object
) -> Library:
    return Library(library="Shops", file=written(folder, "shops.csv", content), columns=columns, **spec)


def inline(*places: Place, **spec: object) -> Library:
    return Library(library="Parks", inline=places, **spec)


def park(name: str = "City Park", latitude: float = 48.0, longitude: float = 11.0, **more: object) -> Place:
    return Place(name=name, at=Position(latitude, longitude), **more)


# --- the importer's CSV -----------------------------------------------------------------------------------


def test_the_importers_csv_gives_every_value_and_further_columns_as_metadata(tmp_path: Path) -> None:
    library = importer_file(
        tmp_path,
        importer_row() + ",40,",
        importer_row(name="Cafe Süd") + ",,x",
        header=HEADER + ",seats,note",
    )
    places, warnings = load(library)
    first = places.places[0]
    assert (first.name, first.latitude, first.longitude, first.radius) == ("Cafe Nord", 48.137, 11.575, 120.0)
    assert (first.country, first.state, first.city, first.street) == ("DE", "Bavaria", "Munich", "Am Markt 1")
    assert (first.category, first.icon, first.color) == ("food", "shop", "#3E76D0")
    assert (first.library_id, first.library_name, first.rank) == (LIBRARY_ID, "Cafes", 1)
    assert first.metadata == (("seats", "40"), ("note", ""))
    assert places.places[1].metadata == (("seats", ""), ("note", "x"))
    assert warnings == []


def test_ids_of_rows_are_derived_and_stay_the_same_when_other_rows_come_and_go(tmp_path: Path) -> None:
    rows = [importer_row(), importer_row(name="Cafe Ost"), importer_row()]
    ids = [place.id for place in load(importer_file(tmp_path, *rows))[0].places]
    assert len(set(ids)) == 3  # even the two that are the same in everything
    assert [place.id for place in load(importer_file(tmp_path, *rows[1:]))[0].places] == [ids[1], ids[0]]


def test_rows_of_several_libraries_make_several_libraries_in_order_of_appearance(tmp_path: Path) -> None:
    library = importer_file(tmp_path, importer_row(lib_id=OTHER_ID), importer_row(), importer_row(name="C"))
    places, _ = load(library, inline(park()))
    assert places.libraries[:2] == (
        PlaceLibrary(OTHER_ID, "Cafes", 1, 1),
        PlaceLibrary(LIBRARY_ID, "Cafes", 2, 2),
    )
    assert places.rank.tolist() == [1, 2, 2, 3]
    assert places.by_library("Cafes").tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lib_id": "abc"}, "lib_id: 'abc' has 3 characters; expected the id of a library: 36 characters"),
        ({"type": "point"}, "type: 'point' is not a type of places; expected 'Point'"),
        ({"longitude": "180.5"}, "longitude: 180.5 is out of range; expected a number from -180 to 180"),
        ({"latitude": "85.1"}, "latitude: 85.1 lies outside -85..85; have latitude and longitude changed"),
        ({"latitude": "90"}, "latitude: 90 is the pole; latitudes lie within -85..85"),
        ({"latitude": "north"}, "latitude: 'north' is not a number"),
        ({"latitude": "nan"}, "latitude: 'nan' is not a number"),
        ({"radius": "9"}, "radius: 9 m is out of range; expected a number from 10 to 20000 m"),
        ({"radius": "20001"}, "radius: 20001 m is out of range"),
        ({"radius": ""}, "radius: is missing"),
        ({"color": "#3e76d0"}, "color: '#3e76d0' is not allowed; did you mean '#3E76D0'?"),
        ({"color": "red"}, "color: 'red' is not allowed; the colours are #AA99E8"),
        ({"icon": "shops"}, "icon: 'shops' is not allowed; did you mean 'shop'?"),
        ({"name": " "}, "name: is missing; expected the name of the place"),
        ({"city": "x" * 33}, "city: has 33 characters; expected at most 32"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named_with_its_number(
    tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    library = importer_file(tmp_path, importer_row(), importer_row(**changes))
    (problem,) = problems_of(library)
    assert problem.startswith(f"{library.file}:3: {message}")


def test_bounds_themselves_are_allowed(tmp_path: Path) -> None:
    rows = [
        importer_row(latitude="85", longitude="-180", radius="10"),
        importer_row(latitude="-85.0", longitude="180", radius="2e4"),
    ]
    assert load(importer_file(tmp_path, *rows))[0].radius.tolist() == [10.0, 20_000.0]


def test_all_mistakes_of_all_rows_and_files_are_told_at_once(tmp_path: Path) -> None:
    bad = importer_file(tmp_path, importer_row(radius="1", icon="none"), importer_row(type="Line"))
    messages = problems_of(bad, inline(park(radius=Constant(5.0))))
    assert [message.split(": ")[1] for message in messages] == [
        "radius",
        "icon",
        "type",
        "places.1.inline.0.radius",
    ]


def test_of_many_mistakes_twenty_are_listed_and_the_others_counted(tmp_path: Path) -> None:
    messages = problems_of(importer_file(tmp_path, *[importer_row(radius="1")] * 1025))
    assert len(messages) == 21
    assert messages[-1].endswith("places.csv: ... and 1,005 more mistakes")


def test_a_missing_header_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    library = importer_file(tmp_path, importer_row(), header=HEADER.replace("latitude", "Latitude"))
    (problem,) = problems_of(library)
    assert problem.startswith(
        f"{library.file}:1: latitude: there is no such column; did you mean 'Latitude'?"
    )
    assert "the columns are lib_id, name" in problem


def test_more_than_ten_pairs_of_metadata_are_refused(tmp_path: Path) -> None:
    more = ",".join(f"m{number}" for number in range(11))
    (problem,) = problems_of(importer_file(tmp_path, importer_row() + "," * 11, header=f"{HEADER},{more}"))
    assert "places.csv:2: has 11 pairs of metadata; the places database takes at most 10" in problem


def test_the_importer_takes_only_files_named_csv(tmp_path: Path) -> None:
    path = written(tmp_path, "places.txt", HEADER + "\n" + importer_row())
    (problem,) = problems_of(Library(library="Cafes", file=path, format="importer_csv"))
    assert problem.startswith("s.yaml:3:1: places.0.file: the importer takes no file named places.txt")


# --- the management API -----------------------------------------------------------------------------------


PAGE = {"_page": {"page": 0, "count": 1}, "page_count": 2, "total_count": 2}


@pytest.mark.parametrize(
    "content",
    [
        [api_place(), api_place(id="second")],
        {"data": [api_place(), api_place(id="second")]},
        [{"data": [api_place()], **PAGE}, {"data": [api_place(id="second")], **PAGE}],
        json.dumps({"data": [api_place()], **PAGE}) + "\n" + json.dumps({"data": [api_place(id="second")]}),
        json.dumps(api_place()) + "\n" + json.dumps(api_place(id="second")) + "\n",
    ],
    ids=["bare list", "envelope", "list of pages", "pages one after the other", "one place per line"],
)
def test_the_management_list_is_read_in_any_shape(tmp_path: Path, content: object) -> None:
    places, warnings = load(api_file(tmp_path, content))
    first, second = places.places
    assert (first.id, second.id) == ("b0a1c2d3-0000-4222-8333-944455566677", "second")
    assert (first.latitude, first.longitude, first.radius) == (48.137, 11.575, 120.0)
    assert first.metadata == (("seats", "40"), ("terrace", "true"), ("chef", "Ida"))
    assert (first.description, first.library_id) == ("", LIBRARY_ID)
    assert warnings == []


def test_pages_that_are_missing_are_noticed(tmp_path: Path) -> None:
    _, warnings = load(api_file(tmp_path, {"data": [api_place()], "total_count": 2992}))
    assert "total_count: warning: the file holds 1 places of 2,992; fetch the remaining" in str(warnings[0])


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (api_place(location=None), "data[1].location: is missing; expected a GeoJSON point"),
        (api_place(location={"type": "Line", "coordinates": []}), "data[1].location.type: 'Line' is not a"),
        (
            api_place(location={"type": "Point", "coordinates": [11.5]}),
            "data[1].location.coordinates: a list is not a position; expected [longitude, latitude]",
        ),
        (
            api_place(location={"type": "Point", "coordinates": [11.5, "x"]}),
            "data[1].location.coordinates[1]: 'x' is not a number",
        ),
        (api_place(radius=True), "data[1].radius: true is not a number"),
        (api_place(radius=10**400), "data[1].radius: "),
        (api_place(name=None), "data[1].name: is missing"),
        (api_place(name=["a"]), "data[1].name: a list is not text"),
        (api_place(metadata=[1]), "data[1].metadata: a list is not a mapping"),
        ("text", "data[1]: 'text' is not a place"),
    ],
)
def test_a_bad_item_of_a_list_is_named_with_its_place_in_it(
    tmp_path: Path, place: object, message: str
) -> None:
    (problem,) = problems_of(api_file(tmp_path, [api_place(id="first"), place]))
    assert f"places.json: {message}" in problem


def test_colours_and_icons_of_other_systems_only_give_a_warning(tmp_path: Path) -> None:
    places, warnings = load(api_file(tmp_path, [api_place(id=str(n), icon="fork") for n in range(3)]))
    assert places.places[0].icon == "fork"
    (warning,) = warnings
    assert "data[0].icon: warning: 'fork' is not one of the places database's, and 2 more like it" in str(
        warning
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"id": 1},\n  {"id": }]', "places.json:2:10: not valid JSON: Expecting value"),
        ('[{"radius": NaN}]', "not valid JSON: NaN is no number of JSON"),
        ("[" * 100_000, "not valid JSON: "),
        ("", "places.json: the file is empty"),
        ('{"items": []}', "places.json: no list of places; expected a list, or an object with `data`"),
        ("3", "places.json: no list of places"),
        ("[]", "places.0.file: "),
        ('{"data": []}', "holds no places; expected at least one"),
    ],
)
def test_a_file_that_is_no_list_of_places_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (problem,) = problems_of(api_file(tmp_path, content))
    assert message in problem


# --- GeoJSON ----------------------------------------------------------------------------------------------


def test_geojson_points_become_places_and_unknown_properties_metadata(tmp_path: Path) -> None:
    properties = {
        "id": 17,
        "radius": 80,
        "category": "food",
        "attractiveness": 2.5,
        "seats": 40,
        "note": None,
    }
    places, warnings = load(geojson_file(tmp_path, feature(**properties, tags=["a", "b"])))
    (place,) = places.places
    assert (place.id, place.name, place.radius, place.category) == ("17", "Cafe Nord", 80.0, "food")
    assert (place.latitude, place.longitude, place.attractiveness) == (48.137, 11.575, 2.5)
    assert place.metadata == (("seats", "40"), ("tags", '["a","b"]'))
    assert [str(warning).split("; ")[-1] for warning in warnings] == [
        "real phones notice visits to those unreliably"
    ]


def test_a_feature_may_have_its_id_outside_of_its_properties(tmp_path: Path) -> None:
    places, _ = load(geojson_file(tmp_path, {**feature(), "id": "outside"}))
    assert (places.places[0].id, places.places[0].radius) == ("outside", 100.0)


def test_geojson_is_recognised_in_a_file_named_json(tmp_path: Path) -> None:
    library = Library(library="Cafes", file=written(tmp_path, "x.json", json.dumps(feature())))
    assert len(load(library)[0]) == 1


def test_other_shapes_than_points_are_refused(tmp_path: Path) -> None:
    polygon = {**feature(), "geometry": {"type": "Polygon", "coordinates": []}}
    (problem,) = problems_of(geojson_file(tmp_path, feature(), polygon))
    assert "features[1].geometry.type: 'Polygon' is not a point; expected 'Point'" in problem


# --- any CSV ----------------------------------------------------------------------------------------------

COLUMNS = PlaceColumns(
    latitude="LAT", longitude="LON", name="Shop {no} {town}", city="town", metadata=("kind",), radius="r"
)
SHOPS = "no,town,LAT,LON,kind,r\n7,Bonn,50.7,7.1,small,120\n8,Ulm,48.4,9.99,,\n"


def test_any_csv_is_read_by_a_mapping_with_a_pattern_for_the_name(tmp_path: Path) -> None:
    places, warnings = load(own_csv(tmp_path, SHOPS, COLUMNS, radius=Constant(150.0)))
    first, second = places.places
    assert (first.name, first.city, first.latitude, first.longitude) == ("Shop 7 Bonn", "Bonn", 50.7, 7.1)
    assert (first.radius, second.radius) == (120.0, 150.0)
    assert (first.metadata, second.metadata) == ((("kind", "small"),), (("kind", ""),))
    assert warnings == []


@pytest.mark.parametrize(
    "content",
    [
        SHOPS.encode("utf-8-sig"),
        SHOPS.replace("\n", "\r\n").encode(),
        SHOPS.replace(",", "\t").encode(),
        SHOPS.replace(",", ";").replace(".", ",").encode(),
        SHOPS.replace("Bonn", '"Bonn"').replace("small", '"small"').encode(),
        SHOPS.replace("\n8", "\n\n,,,,,\n8").encode(),
        SHOPS.encode("utf-16"),
    ],
    ids=["BOM", "CRLF", "tabs", "semicolons", "quotes", "blank rows", "UTF-16"],
)
def test_csv_files_of_all_spreadsheets_are_understood(tmp_path: Path, content: bytes) -> None:
    plain = load(own_csv(tmp_path, SHOPS, COLUMNS))[0].places
    assert load(own_csv(tmp_path, content, COLUMNS))[0].places == plain


def test_quoted_cells_may_hold_separators_quotes_and_line_breaks(tmp_path: Path) -> None:
    content = 'name,latitude,longitude\n"Meyer, ""Sons""\nand Co",50,8\nOther,x,8\n'
    (problem,) = problems_of(own_csv(tmp_path, content))
    assert "shops.csv:3: latitude: 'x' is not a number" in problem
    places, _ = load(own_csv(tmp_path, content.replace("x", "51")))
    assert places.places[0].name == 'Meyer, "Sons" and Co'


def test_a_decimal_comma_where_commas_separate_cells_is_called_so(tmp_path: Path) -> None:
    (problem,) = problems_of(own_csv(tmp_path, 'name,latitude,longitude\nShop,"50,7",8\n'))
    assert "latitude: '50,7' is not a number" in problem
    assert "with a decimal point; a comma is read as one where ';' or tabs separate cells" in problem


def test_western_european_text_is_read_with_a_warning(tmp_path: Path) -> None:
    content = "name,latitude,longitude\nCafé Süd,50,8\n".encode("cp1252")
    places, warnings = load(own_csv(tmp_path, content))
    assert places.places[0].name == "Café Süd"
    assert "shops.csv:2: warning: not UTF-8; read as Western European" in str(warnings[0])


def test_columns_that_do_not_exist_are_all_named_at_their_place_in_the_scenario(tmp_path: Path) -> None:
    columns = PlaceColumns(latitude="latitude", longitude="LON", name="{number} {town}", metadata=("kynd",))
    messages = problems_of(own_csv(tmp_path, SHOPS, columns))
    assert [message.split(": ")[1] for message in messages] == [
        "places.0.columns.latitude",
        "places.0.columns.name",
        "places.0.columns.metadata.0",
    ]
    assert messages[0].startswith("s.yaml:4:1: ")
    assert (
        "has no column 'latitude'; did you mean 'LAT'? the columns are no, town, LAT, LON, kind and r"
        in (messages[0])
    )
    assert "did you mean 'kind'?" in messages[2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "shops.csv: the file is empty"),
        (" \n\n", "shops.csv: the file is empty"),
        ("name,latitude,longitude\n", "shops.csv: the file has a header but no rows"),
        ("name,latitude,longitude\nA,50\n", "shops.csv:2: the row has 2 cells, the header 3"),
        ("name,latitude,longitude\nA,50,8,9\n", "shops.csv:2: the row has 4 cells, the header 3"),
        ('name,latitude,longitude\nA,50,8\n"B,50,8\n', "shops.csv:3: not a CSV record"),
        ("name,latitude,latitude\nA,50,8\n", "shops.csv:1: two columns are named 'latitude'"),
        ("name,latitude,longitude\nA,50,8\0\n", "shops.csv: this is no text file"),
        ("name,latitude,longitude\n,50,8\n", "shops.csv:2: name: is missing"),
        ("name,latitude,longitude\nA,100,8\n", "shops.csv:2: latitude: 100 lies outside -85..85"),
    ],
)
def test_a_bad_csv_is_refused_with_the_row(tmp_path: Path, content: str, message: str) -> None:
    (problem,) = problems_of(own_csv(tmp_path, content))
    assert message in problem


def test_a_row_may_end_with_empty_cells_too_many(tmp_path: Path) -> None:
    assert len(load(own_csv(tmp_path, "name,latitude,longitude\nA,50,8,,\n"))[0]) == 1


def test_braces_that_do_not_match_are_a_mistake(tmp_path: Path) -> None:
    columns = PlaceColumns(latitude="LAT", longitude="LON", name="Shop {no")
    (problem,) = problems_of(own_csv(tmp_path, SHOPS, columns))
    assert "places.0.columns.name: the braces of 'Shop {no' don't match" in problem


# --- inline -----------------------------------------------------------------------------------------------


def test_inline_places_carry_everything_that_the_scenario_says() -> None:
    place = park(
        id="park-1",
        radius=Constant(250.0),
        city="Ulm",
        metadata={"dogs": "yes"},
        attractiveness=Constant(2.0),
    )
    places, warnings = load(inline(place, park("Other", 48.1), radius=Constant(300.0)))
    first, second = places.places
    assert (first.id, first.radius, first.city, first.attractiveness) == ("park-1", 250.0, "Ulm", 2.0)
    assert first.metadata == (("dogs", "yes"),)
    assert (second.radius, second.attractiveness, second.library_name) == (300.0, 1.0, "Parks")
    assert len(second.id) == len(second.library_id) == 36
    assert warnings == []


def test_a_bad_inline_place_is_named_at_its_line() -> None:
    (problem,) = problems_of(inline(park(), park(metadata={"k" * 257: "v"})))
    assert problem.startswith("s.yaml:4:1: places.0.inline.1: the key of metadata 'kkk")
    assert problem.endswith("has 257 characters; expected at most 256")


# --- ids, ranks and radii ---------------------------------------------------------------------------------


def test_an_id_that_occurs_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    content = "name,latitude,longitude,key\nA,50,8,x\nB,51,8,y\nC,52,8,x\n"
    (problem,) = problems_of(own_csv(tmp_path, content, PlaceColumns(id="key")))
    assert "shops.csv:4: key: 'x' is already the id of shops.csv row 2; give each place an id" in problem
    (problem,) = problems_of(own_csv(tmp_path, content, None), inline(park(id="x"), park("B", id="x")))
    assert "places.1.inline.1.id: 'x' is already the id of places.1.inline.0" in problem


def test_libraries_are_ranked_in_the_order_of_the_scenario() -> None:
    first, second = inline(park()), Library(library="Lakes", inline=(park("Lake"),), id="lakes")
    places, _ = load(first, second)
    assert [(library.name, library.rank) for library in places.libraries] == [("Parks", 1), ("Lakes", 2)]
    assert places.libraries[1].id == "lakes"


def test_one_library_in_two_entries_is_refused() -> None:
    (problem,) = problems_of(inline(park(), id="same"), inline(park("B"), id="same"))
    assert "s.yaml:2:1: places.1: the library same is already part of 'Parks'" in problem


def test_an_id_beside_a_file_with_library_ids_gives_a_warning(tmp_path: Path) -> None:
    library = importer_file(tmp_path, importer_row()).model_copy(update={"id": "mine"})
    places, warnings = load(library)
    assert places.libraries[0].id == LIBRARY_ID
    assert f"places.0.id: warning: the file has its own library id {LIBRARY_ID}" in str(warnings[0])


def test_drawn_radii_depend_on_the_seed_and_on_the_place_alone() -> None:
    parks = [park(f"P{number}", 48.0 + number * 0.01) for number in range(30)]
    spec = {"radius": Uniform(100.0, 900.0)}
    all_radii = load(inline(*parks, **spec))[0].radius
    assert load(inline(*parks[5:], **spec))[0].radius.tolist() == all_radii[5:].tolist()
    assert (load(inline(*parks, **spec), seed=2)[0].radius != all_radii).sum() > 25
    assert all_radii.min() >= 100.0
    assert all_radii.max() <= 900.0
    assert len(set(all_radii.tolist())) > 20
    assert (all_radii == np.rint(all_radii)).all()


def test_a_place_may_draw_from_a_distribution_of_its_own() -> None:
    own = park(radius=Uniform(500.0, 510.0), attractiveness=Uniform(2.0, 3.0))
    (place,) = load(inline(own))[0].places
    assert 500.0 <= place.radius <= 510.0
    assert 2.0 < place.attractiveness < 3.0


def test_drawn_radii_stay_within_what_the_platform_takes() -> None:
    parks = [park(f"P{number}", 48.0 + number * 0.01) for number in range(60)]
    radius = load(inline(*parks, radius=LogNormal(500.0, 4.0)))[0].radius
    assert (radius.min(), radius.max()) == (10.0, 20_000.0)


@pytest.mark.parametrize("radius", [Constant(5.0), Constant(30_000.0), Uniform(1.0, 9.0)])
def test_a_radius_that_cannot_be_is_refused_where_it_is_written(radius: Constant | Uniform) -> None:
    (problem,) = problems_of(inline(park(), radius=radius))
    assert problem.startswith("s.yaml:3:1: places.0.radius: a radius of ")
    assert "is impossible; the places database takes 10 m to 20,000 m" in problem
    (problem,) = problems_of(inline(park(radius=radius)))
    assert problem.startswith("s.yaml:5:1: places.0.inline.0.radius: ")


def test_odd_radii_give_one_warning_per_library() -> None:
    places = [park("A", radius=Constant(50.0)), park("B", radius=Constant(60.0)), park("C")]
    _, (small,) = load(inline(*places))
    assert "places.0: warning: 2 of 3 places have a radius below 100 m, the first is 'A' with 50 m" in str(
        small
    )
    _, (large,) = load(inline(park("A", radius=Constant(2001.0))))
    assert "above 2,000 m" in str(large)


# --- files ------------------------------------------------------------------------------------------------


def test_a_missing_file_is_named_at_its_field_with_a_similar_one(tmp_path: Path) -> None:
    written(tmp_path, "shops.csv", SHOPS)
    (problem,) = problems_of(Library(library="S", file=tmp_path / "shop.csv"))
    assert problem.startswith("s.yaml:3:1: places.0.file: there is no file ")
    assert problem.endswith("did you mean shops.csv?")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (problem,) = problems_of(Library(library="S", file=tmp_path))
    assert "places.0.file: " in problem
    assert problem.endswith("is a folder; expected a file")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "may not be read; check its permissions"),
        (OSError(errno.EIO, "Input/output error"), "can't be read: Input/output error"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, message: str
) -> None:
    library = own_csv(tmp_path, SHOPS, COLUMNS)

    def fail(path: Path) -> bytes:  # the tests may run as a user who may read everything
        raise error

    monkeypatch.setattr(Path, "read_bytes", fail)
    (problem,) = problems_of(library)
    assert problem.startswith("s.yaml:3:1: places.0.file: ")
    assert problem.endswith(message)


@pytest.mark.parametrize("form", ["importer_csv", "management_json", "geojson"])
def test_a_file_that_must_be_utf8_and_is_not_is_refused_at_its_field(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, "x.csv", b"name\nCaf\xe9\n")
    (problem,) = problems_of(Library(library="S", file=path, format=form))
    assert problem.startswith("s.yaml:3:1: places.0.file: ")
    assert "is not UTF-8 text: byte 0xe9 in line 2; save it as UTF-8" in problem


# --- real data --------------------------------------------------------------------------------------------


def test_a_chain_of_2992_real_stores_is_read_as_its_owner_wrote_it() -> None:
    columns = PlaceColumns(
        latitude="LAT",
        longitude="LON",
        name="Store {storenum}",
        state="STRSTATE",
        city="STRCITY",
        street="STREETADDR",
        metadata=("type_store", "ZIPCODE"),
    )
    file = shared_path("data/walmart_stores.csv")
    places, warnings = load(Library(library="Stores", file=file, columns=columns, radius=Constant(150.0)))
    assert warnings == []
    assert len(places) == len({place.id for place in places.places}) == 2992
    coordinates = list(zip(places.latitude.tolist(), places.longitude.tolist(), strict=True))
    assert len(set(coordinates)) < 2992  # some stores share theirs
    first = places.places[0]
    assert (first.name, first.city, first.state) == ("Store 1", "Rogers", "AR")
    assert first.metadata == (("type_store", "Supercenter"), ("ZIPCODE", "72756"))


def test_latitude_and_longitude_taken_for_each_other_are_recognised() -> None:
    columns = PlaceColumns(latitude="LON", longitude="LAT", name="storenum")
    messages = problems_of(
        Library(library="Stores", file=shared_path("data/walmart_stores.csv"), columns=columns)
    )
    assert messages[0].endswith("have latitude and longitude changed places?")
    assert len(messages) == 21
