"""Load profiles as people write them."""

from __future__ import annotations

import math

import pytest

from simulator.scenario.profiles import Stage, read_profile
from simulator.scenario.units import BadValueError


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("500/s", [(500, 500, math.inf)]),
        ("1.5k/s for 2 min", [(1500, 1500, 120)]),
        ("constant 600/min over 1 h", [(10, 10, 3600)]),
        ("ramp 10/s to 500/s over 5 min", [(10, 500, 300)]),
        ("from 10/s to 0/s in 5 s", [(10, 0, 5)]),
        ("to 100/s over 10 s", [(0, 100, 10)]),
        (
            "100/s for 1 min, to 500/s over 30 s, 500/s",
            [(100, 100, 60), (100, 500, 30), (500, 500, math.inf)],
        ),
        (
            "spike 50/s to 500/s at 1 min for 10 s",
            [(50, 50, 60), (500, 500, 10), (50, 50, math.inf)],
        ),
    ],
)
def test_a_profile_is_read_as_stages(text: str, stages: list[tuple[float, float, float]]) -> None:
    assert list(read_profile(text).stages) == [Stage(*map(float, stage)) for stage in stages]


def test_a_rate_may_say_what_it_counts() -> None:
    assert read_profile("20 requests/s").unit == "requests"
    assert read_profile("20 events/s").unit == "events"
    assert read_profile("20/s").unit == "events"


def test_a_daily_profile_knows_that_it_needs_a_curve() -> None:
    profile = read_profile("daily 200/s over 10 min")
    assert profile.daily
    assert (profile.seconds, profile.total) == (600.0, 120_000.0)


@pytest.mark.parametrize(
    ("text", "what", "expected"),
    [
        ("fast", "'fast' is not a load profile", "`500/s`"),
        ("500", "'500' is not a load profile", "`500/s`"),
        ("500/s, 100/s for 5 s", "never gets to its last stage", "all stages but the last"),
        ("20 requests/s for 5 s, 10 events/s", "mixes events and requests", "one of them"),
        ("0/s", "sends nothing", "above 0"),
        ("5/s for 1 parsec", "'parsec' in '1 parsec' is not a unit", "valid units"),
        ("5/s for 0 s", "is no time for a stage", "more than 0 s"),
    ],
)
def test_a_bad_profile_is_told_apart(text: str, what: str, expected: str) -> None:
    with pytest.raises(BadValueError) as caught:
        read_profile(text)
    assert what in caught.value.what
    assert expected in caught.value.expected
