"""The times that a profile gives to events, whatever happens to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.delivery.load import Timetable, with_curve
from simulator.scenario.profiles import read_profile

PROFILES = (
    "100/s",
    "50/s for 3 s",
    "ramp 0/s to 200/s over 4 s",
    "ramp 200/s to 0/s over 4 s",
    "20/s for 2 s, to 100/s over 1 s, 10/s",
    "spike 10/s to 300/s at 1 s for 2 s",
    "40 requests/s for 2 s",
)


def times(text: str, count: int, *, poisson: bool = False, per_request: int = 1) -> np.ndarray:
    return Timetable(read_profile(text), poisson=poisson, seed=7, per_request=per_request).take(count)


def test_a_constant_rate_is_spaced_evenly() -> None:
    assert times("100/s", 5) == pytest.approx([0.0, 0.01, 0.02, 0.03, 0.04])


def test_requests_share_their_time() -> None:
    assert times("10 requests/s", 7, per_request=3) == pytest.approx([0, 0, 0, 0.1, 0.1, 0.1, 0.2])


def test_events_after_the_end_of_a_profile_have_no_time() -> None:
    found = times("50/s for 3 s", 160)
    assert np.isfinite(found).sum() == 150
    assert np.isinf(found[150:]).all()


@pytest.mark.parametrize("text", PROFILES)
@pytest.mark.parametrize("poisson", [False, True])
def test_times_never_fall(text: str, poisson: bool) -> None:
    found = times(text, 400, poisson=poisson)
    assert (np.diff(found[np.isfinite(found)]) >= 0).all()


@pytest.mark.parametrize("text", PROFILES)
def test_as_many_events_have_come_by_any_moment_as_the_rate_asks_for(text: str) -> None:
    timetable = Timetable(read_profile(text), per_request=5)
    found = timetable.take(1000)
    for moment in np.linspace(0.01, 5.0, 40).tolist():
        came = int((found < moment).sum())
        assert abs(came - timetable.intended(moment)) <= 5.001


@given(
    st.sampled_from(PROFILES),
    st.booleans(),
    st.lists(st.integers(0, 60), min_size=1, max_size=20),
    st.integers(1, 7),
)
def test_times_do_not_depend_on_how_many_are_asked_for_at_once(
    text: str, poisson: bool, parts: list[int], per_request: int
) -> None:
    whole = times(text, sum(parts), poisson=poisson, per_request=per_request)
    timetable = Timetable(read_profile(text), poisson=poisson, seed=7, per_request=per_request)
    assert np.concatenate([timetable.take(part) for part in parts]).tolist() == whole.tolist()


def test_poisson_spacing_has_the_spread_of_independent_arrivals() -> None:
    gaps = np.diff(times("100/s", 20_000, poisson=True))
    assert gaps.mean() == pytest.approx(0.01, rel=0.03)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.05)


def test_a_daily_profile_follows_its_curve_and_keeps_its_mean() -> None:
    profile = with_curve(read_profile("daily 100/s over 4 s"), [1.0, 3.0, 4.0, 0.0], 1000.0)
    found = Timetable(profile).take(500)
    assert np.isfinite(found).sum() == 400
    assert np.bincount(found[:400].astype(int), minlength=4).tolist() == [50, 150, 200, 0]


def test_a_daily_profile_without_a_time_lasts_as_long_as_the_events() -> None:
    assert with_curve(read_profile("daily 100/s"), [1.0], 500.0).seconds == 5.0
