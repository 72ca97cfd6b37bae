"""The rich form of location events says where the phone took itself to be, not where its person was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.run import Simulation, prepare
from simulator.xdm import place_consistency

TOWN = Path(__file__).parents[2] / "scenarios" / "lunch_rush.yaml"


def location_events(phone: str) -> list[dict[str, Any]]:
    groups = prepare(TOWN).scenario.people
    overrides = [
        "app.location_events=rich",
        "clock.duration=3 h",
        *(f"people.{name}.phone={phone}" for name in groups),
    ]
    world = prepare(TOWN, overrides=overrides, people=300).world
    simulation = Simulation(world, world.cohorts())
    events = [json.loads(body) for _, end in world.windows() for body in simulation.advance(end).bodies]
    return [event for event in events if event["eventType"].startswith("location.")]


@pytest.mark.parametrize(
    ("phone", "doubtful"), [("{monitoring: ideal}", 0.0), ("{monitoring: os, permission: always}", 0.15)]
)
def test_distance_accuracy_and_local_time_fit_the_position_and_the_timestamp(
    phone: str, doubtful: float
) -> None:
    events = location_events(phone)
    complaints = [complaint for event in events for complaint in place_consistency(event)]
    # A real phone's position may be further off than it claims: then it seems to be on the wrong side.
    assert [text for text in complaints if " of the radius of " not in text] == []
    assert len(complaints) <= doubtful * len(events)


def test_accuracies_of_real_phones_differ() -> None:
    details = [
        event["placeContext"]["POIinteraction"]["poiDetail"]["geoInteractionDetails"]
        for event in location_events("{monitoring: os, permission: always}")
    ]
    assert len({detail["deviceGeoAccuracy"] for detail in details}) > 20
    assert len({detail["distanceToCenter"] for detail in details}) > 50
