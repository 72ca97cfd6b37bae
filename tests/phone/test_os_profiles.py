"""The profiles of the operating systems, and what scenarios change about them."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from simulator.core.distributions import Constant
from simulator.phone import PROFILES, Os, OsProfile
from simulator.scenario.models import OsProfileOverrides


@pytest.mark.parametrize(
    ("os", "name", "watched", "persistence", "median", "late"),
    [("ios", "ios-17", 10, 20.0, 60.0, 300.0), ("android", "android-14", 20, 0.0, 45.0, 180.0)],
)
def test_the_profiles_have_the_documented_numbers(
    os: Os, name: str, watched: int, persistence: float, median: float, late: float
) -> None:
    profile = PROFILES[os]
    assert (profile.name, profile.watched, profile.persistence) == (name, watched, persistence)
    assert profile.region_limit == {"ios": 20, "android": 100}[os]
    assert profile.smallest_radius == 100.0
    assert profile.detection_delay.ppf(np.array([0.5, 0.95])) == pytest.approx([median, late], rel=0.01)
    assert profile.foreground_delay.ppf(np.array([0.5, 0.95])) == pytest.approx([10.0, 45.0], rel=0.01)


def test_a_scenario_can_change_every_number_of_a_profile() -> None:
    numbers = {field.name for field in fields(OsProfile)} - {"name", "os"}
    assert set(OsProfileOverrides.model_fields) == numbers


def test_what_a_scenario_does_not_change_stays() -> None:
    changed = PROFILES["ios"].with_changes(OsProfileOverrides(nearby_count=40, detection_delay=Constant(5.0)))
    assert changed.detection_delay == Constant(5.0)
    assert changed.foreground_delay == PROFILES["ios"].foreground_delay
    assert changed.persistence == 20.0
    assert OsProfileOverrides() == OsProfileOverrides.model_validate({})
    assert PROFILES["ios"].with_changes(OsProfileOverrides()) == PROFILES["ios"]


def test_no_more_places_are_registered_than_the_system_watches() -> None:
    assert PROFILES["ios"].with_changes(OsProfileOverrides(nearby_count=40)).watched == 20
    assert PROFILES["android"].with_changes(OsProfileOverrides(nearby_count=40)).watched == 40
    assert PROFILES["android"].with_changes(OsProfileOverrides(region_limit=5)).watched == 5
