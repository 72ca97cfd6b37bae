"""Virtual time on the calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.simtime import Calendar

ZONES = ["America/Los_Angeles", "Europe/Helsinki", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]


def calendar(zone: str = "America/Los_Angeles", start: str = "2026-03-08T00:00") -> Calendar:
    return Calendar(datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)), ZoneInfo(zone))


@given(st.sampled_from(ZONES), st.integers(-86_400_000, 400 * 86_400_000))
def test_stamps_name_the_same_instant_in_utc_and_in_local_time(zone: str, t: int) -> None:
    days = calendar(zone)
    utc = days.stamp(t).decode()
    assert utc.endswith("Z") and len(utc) == len("2024-05-14T17:03:20.482Z")
    local, behind = days.local_stamp(t)
    instant = datetime.fromisoformat(utc)
    assert instant == days.utc(t) == datetime.fromisoformat(local.decode())
    assert int(behind) == -(datetime.fromisoformat(local.decode()).utcoffset().total_seconds() / 60)


@pytest.mark.parametrize(
    ("t", "stamp", "behind"), [(0, "00:00:00.000-08:00", 480), (3 * 3_600_000, "04:00:00.000-07:00", 420)]
)
def test_local_time_follows_the_change_of_clocks(t: int, stamp: str, behind: int) -> None:
    assert calendar().local_stamp(t) == (f"2026-03-08T{stamp}".encode(), b"%d" % behind)


def test_local_wall_time_maps_to_virtual_time_and_back() -> None:
    days = calendar()
    noon = days.at_local(datetime(2026, 3, 8, 12))  # noqa: DTZ001 - wall time of the calendar's zone
    assert noon == 11 * 3_600_000  # an hour was skipped in the night
    assert days.local(noon).hour == 12


def test_the_start_is_an_instant_of_the_epoch() -> None:
    assert calendar("UTC", "1970-01-02T00:00").start_epoch_ms == 86_400_000
    assert calendar("UTC").utc(0).tzinfo == UTC


@given(st.sampled_from(ZONES), st.lists(st.integers(-86_400_000, 400 * 86_400_000), max_size=20))
def test_many_stamps_at_once_are_the_stamps_one_by_one(zone: str, times: list[int]) -> None:
    days = calendar(zone)
    assert days.stamps(np.array(times, dtype=np.int64)) == b"".join(days.stamp(t) for t in times)
