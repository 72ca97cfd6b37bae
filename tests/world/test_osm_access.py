"""Who may use which way of OpenStreetMap."""

from __future__ import annotations

import pytest

from simulator.world.osm_access import Use, use_of

CYCLE, DRIVE = Use.CYCLE | Use.CYCLE_BACK, Use.DRIVE | Use.DRIVE_BACK


@pytest.mark.parametrize(
    ("tags", "use"),
    [
        ("building=yes", Use.NONE),
        ("highway=residential", Use.WALK | CYCLE | DRIVE),
        ("highway=footway", Use.WALK),
        ("highway=steps", Use.WALK),
        ("highway=footway bicycle=yes", Use.WALK | CYCLE),
        ("highway=pedestrian bicycle=designated", Use.WALK | CYCLE),
        ("highway=cycleway", Use.WALK | CYCLE),
        ("highway=cycleway foot=no", CYCLE),
        ("highway=motorway", Use.DRIVE),
        ("highway=motorway oneway=no", DRIVE),
        ("highway=trunk foot=yes", Use.WALK | CYCLE | DRIVE),
        ("highway=construction", Use.NONE),
        ("highway=construction foot=yes", Use.NONE),
        ("highway=service access=private", Use.NONE),
        ("highway=service access=private foot=yes", Use.WALK),
        ("highway=service access=no bicycle=yes", CYCLE),
        ("highway=service access=destination", Use.WALK | CYCLE | DRIVE),
        ("highway=residential motor_vehicle=no", Use.WALK | CYCLE),
        ("highway=residential motor_vehicle=no motorcar=yes", Use.WALK | CYCLE | DRIVE),
        ("highway=residential vehicle=no", Use.WALK),
        ("highway=primary bicycle=use_sidepath", Use.WALK | DRIVE),
        ("highway=footway access=permissive", Use.WALK),
    ],
)
def test_a_way_is_open_to_those_it_is_made_for_and_those_its_tags_let_in(tags: str, use: Use) -> None:
    assert use_of(dict(tag.split("=") for tag in tags.split())) == use


@pytest.mark.parametrize(
    ("tags", "use"),
    [
        ("oneway=yes", Use.CYCLE | Use.DRIVE),
        ("oneway=-1", Use.CYCLE_BACK | Use.DRIVE_BACK),
        ("oneway=no", CYCLE | DRIVE),
        ("oneway=yes oneway:bicycle=no", CYCLE | Use.DRIVE),
        ("oneway=yes cycleway=opposite_lane", CYCLE | Use.DRIVE),
        ("junction=roundabout", Use.CYCLE | Use.DRIVE),
    ],
)
def test_a_oneway_street_leads_one_way_for_all_but_those_on_foot(tags: str, use: Use) -> None:
    given = dict(tag.split("=") for tag in tags.split()) | {"highway": "residential"}
    assert use_of(given) == use | Use.WALK
