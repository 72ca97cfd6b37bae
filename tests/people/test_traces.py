"""People who follow recorded tracks."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import InputError
from simulator.run import Prepared, prepare
from simulator.world import Legs, PlaceSet, geodesy, solve
from tests.run.running import Record, run_to_file, write_scenario
from tests.shared_files import shared_path
from tests.world.making import legs_of, place_set

MINUTE = 60_000
START = "2026-03-02T09:00"  # Monday, Berlin: 08:00 UTC
SHOP = {"name": "Shop", "at": [52.5, 13.42], "radius": "200 m"}


def track(*points: tuple[float, float]) -> str:
    """CSV of points on the parallel of 52.5 degrees: (minutes since 08:00 UTC of the day, longitude)."""
    rows = [f"{1_772_438_400 + 60 * minute},52.5,{lon}" for minute, lon in points]
    return "time,latitude,longitude\n" + "\n".join(rows) + "\n"


def scenario(folder: Path, rows: str, size: int = 1, duration: str = "4 h", **trace: Any) -> Path:
    (folder / "track.csv").write_text(rows, encoding="utf-8")
    document = {
        "version": 1,
        "name": "followers",
        "description": "People who follow a track.",
        "clock": {"start": START, "timezone": "Europe/Berlin", "duration": duration},
        "places": [{"library": "Shops", "inline": [SHOP]}],
        "people": {"walkers": {"size": size, "trace": {"file": str(folder / "track.csv"), **trace}}},
        "app": {"id": "com.example", "name": "App", "sessions": {"per_day": 0}},
    }
    return write_scenario(folder, document)


def followed(folder: Path, rows: str, **more: Any) -> Record:
    return run_to_file(scenario(folder, rows, **more), folder / "run")


def crossed(record: Record) -> list[tuple[int, bool, float]]:
    """(person, entry, minutes since the start of the run) of every crossing."""
    rows = record.ledger.rows
    return sorted(
        (int(person), bool(entry), int(time) / MINUTE)
        for person, entry, time in zip(rows["person"], rows["entry"], rows["crossed"], strict=True)
    )


def border_minutes(lon0: float, minute0: float, lon1: float, minute1: float) -> tuple[float, float]:
    """When somebody on the shop's parallel goes through its border, inwards and outwards, by bisection."""
    times = []
    for inner, outer in ((13.42, lon0), (13.42, lon1)):
        low, high = inner, outer
        for _ in range(60):
            middle = (low + high) / 2
            inside = geodesy.distance(52.5, middle, 52.5, 13.42) <= 200
            low, high = (middle, high) if inside else (low, middle)
        times.append(minute0 + (low - lon0) / (lon1 - lon0) * (minute1 - minute0))
    return times[0], times[1]


def test_borders_are_crossed_at_the_exact_moment_that_the_track_gives(tmp_path: Path) -> None:
    record = followed(tmp_path, track((500, 13.40), (520, 13.44)))
    entry, exit_ = border_minutes(13.40, 0, 13.44, 20)
    assert crossed(record) == [
        (0, False, pytest.approx(exit_, abs=1e-4)),
        (0, True, pytest.approx(entry, abs=1e-4)),
    ]


def test_a_speed_factor_makes_the_whole_track_faster(tmp_path: Path) -> None:
    rows = track((0, 13.40), (10, 13.40), (30, 13.44))
    entry, _ = border_minutes(13.40, 10, 13.44, 30)
    (_, (_, _, minutes)) = crossed(followed(tmp_path, rows, speed=4))
    assert minutes == pytest.approx(entry / 4, abs=1e-4)


@pytest.mark.parametrize(("start", "shift"), [("run", 0), ("recorded", 45), ("2026-03-02T10:30", 90)])
def test_the_track_begins_with_the_run_or_as_recorded_or_when_told(
    tmp_path: Path, start: str, shift: int
) -> None:
    entry, _ = border_minutes(13.40, 0, 13.44, 20)
    (_, (_, _, minutes)) = crossed(followed(tmp_path, track((45, 13.40), (65, 13.44)), start=start))
    assert minutes == pytest.approx(entry + shift, abs=1e-4)


def test_who_is_under_way_when_the_run_starts_is_inside_where_the_track_has_them(tmp_path: Path) -> None:
    record = followed(tmp_path, track((-30, 13.40), (-1, 13.419), (30, 13.44)), start="recorded")
    assert record.summary["inside_at_start"] == 1
    ((_, entry, minutes),) = crossed(record)
    assert not entry
    assert minutes == pytest.approx(border_minutes(13.419, -1, 13.44, 30)[1], abs=1e-3)


def test_a_gap_is_travelled_on_the_straight_way_or_jumped_over(tmp_path: Path) -> None:
    rows = track((0, 13.39), (1, 13.40), (61, 13.44), (62, 13.45))
    entry, exit_ = border_minutes(13.40, 1, 13.44, 61)
    (tmp_path / "jump").mkdir()
    assert [minutes for _, _, minutes in crossed(followed(tmp_path, rows))] == [
        pytest.approx(exit_, abs=1e-4),
        pytest.approx(entry, abs=1e-4),
    ]
    assert crossed(followed(tmp_path / "jump", rows, gaps="jump")) == []


def test_a_jump_into_a_place_enters_it_at_the_moment_of_the_point_after_the_gap(tmp_path: Path) -> None:
    rows = track((0, 13.40), (60, 13.42), (61, 13.42), (120, 13.45))
    assert crossed(followed(tmp_path, rows, gaps="jump")) == [(0, False, 120.0), (0, True, 60.0)]


def test_a_track_of_several_days_is_followed_to_its_end_even_when_clocks_change(tmp_path: Path) -> None:
    laps = [(600 * n, 13.40 if n % 2 else 13.44) for n in range(14)]  # 5.4 days in laps of ten hours
    path = scenario(tmp_path, track(*laps), duration="7 d")
    text = path.read_text().replace("2026-03-02T09:00", "2026-10-23T09:00")  # clocks go back on the 25th
    path.write_text(text)
    record = run_to_file(path, tmp_path / "run")
    expected = []
    for (minute0, lon0), (minute1, lon1) in pairwise(laps):
        expected += border_minutes(lon0, minute0, lon1, minute1)
    assert sorted(minutes for _, _, minutes in crossed(record)) == pytest.approx(expected, abs=1e-3)


def test_people_follow_one_track_each_in_turn_and_as_late_as_drawn(tmp_path: Path) -> None:
    rows = "uid," + track((0, 13.40), (20, 13.44)).replace("\n1772", "\nA,1772")
    rows += "\n".join(line.replace("A,", "B,") for line in rows.splitlines()[1:] if line).replace(
        "13.44", "13.41"
    )
    record = followed(tmp_path, rows, size=4, columns={"person": "uid"}, delay={"uniform": ["0 min", "1 h"]})
    entry, exit_ = border_minutes(13.40, 0, 13.44, 20)
    found = crossed(record)
    assert {person for person, _, _ in found} == {0, 2}
    entries, exits = ([minutes for _, way, minutes in found if way is entered] for entered in (True, False))
    stays = [late - early for early, late in zip(entries, exits, strict=True)]
    assert stays == pytest.approx([exit_ - entry] * 2, abs=1e-3)
    delays = [minutes - entry for minutes in entries]
    assert all(0 <= delay <= 60 for delay in delays)
    assert delays[0] != pytest.approx(delays[1], abs=1e-3)


def test_more_followers_change_nothing_for_those_that_were_there(tmp_path: Path) -> None:
    rows = track((0, 13.40), (20, 13.44))
    delay = {"uniform": ["0 min", "1 h"]}
    few, many = tmp_path / "few", tmp_path / "many"
    few.mkdir()
    many.mkdir()
    three = crossed(followed(few, rows, size=3, delay=delay))
    nine = crossed(followed(many, rows, size=9, delay=delay))
    assert [row for row in nine if row[0] < 3] == three


def warnings_of(prepared: Prepared) -> str:
    return "\n".join(map(str, prepared.warnings))


def test_a_track_outside_the_run_is_warned_of(tmp_path: Path) -> None:
    path = scenario(tmp_path, track((-2000, 13.40), (-1980, 13.44)), start="recorded")
    assert "people.walkers.trace.start: warning: the track begins on" in warnings_of(prepare(path))


def test_a_schedule_beside_a_trace_is_warned_of_and_a_group_needs_one_of_the_two(tmp_path: Path) -> None:
    path = scenario(tmp_path, track((0, 13.40), (20, 13.44)))
    document = json.loads(path.read_text())
    document["people"]["walkers"]["schedule"] = {}
    message = "people.walkers.schedule: warning: changes nothing, because the people follow a `trace`"
    assert message in warnings_of(prepare(write_scenario(tmp_path, document)))
    document["people"]["walkers"] |= {"schedule": {}, "home": None}
    assert "home" not in warnings_of(prepare(write_scenario(tmp_path, document)))  # null is nothing
    document["people"]["walkers"] = {"size": 1}
    with pytest.raises(InputError, match="give the group a `home`, or a `trace` to follow"):
        prepare(write_scenario(tmp_path, document))


def test_the_recorded_drive_crosses_a_border_when_its_points_say_so(tmp_path: Path) -> None:
    # Point 80 of the track, at 06:22:38 UTC, and those around it: the place is far smaller than their distance.
    import gpxpy

    file = shared_path("data/around_visnjan_with_car.gpx")
    points = gpxpy.parse(file.read_text()).tracks[0].segments[0].points
    target = points[80]
    document = {
        "version": 1,
        "name": "drive",
        "description": "A recorded drive.",
        "clock": {"start": "2020-12-18T07:00", "timezone": "Europe/Zagreb", "duration": "1 h"},
        "places": [
            {
                "library": "L",
                "inline": [{"name": "P", "at": [target.latitude, target.longitude], "radius": "10 m"}],
            }
        ],
        "people": {"driver": {"size": 1, "trace": {"file": str(file), "start": "recorded"}}},
        "app": {"id": "com.example", "name": "App", "sessions": {"per_day": 0}},
    }
    record = run_to_file(write_scenario(tmp_path, document), tmp_path / "run")
    start = 1_608_271_200_000  # 06:00 UTC
    moment = target.time.timestamp() * 1000 - start
    inside = [
        (entry, exit_)
        for (_, _, entry), (_, _, exit_) in zip(
            [row for row in crossed(record) if row[1]],
            [row for row in crossed(record) if not row[1]],
            strict=True,
        )
    ]
    assert any(entry * MINUTE <= moment <= exit_ * MINUTE for entry, exit_ in inside)


# --- jumps ------------------------------------------------------------------------------------------------

DEGREES = st.floats(0.0, 0.02)


@given(
    ends=st.lists(st.tuples(DEGREES, DEGREES), min_size=2, max_size=8),
    circles=st.lists(
        st.tuples(DEGREES, DEGREES, st.floats(10, 900)), min_size=1, max_size=6
    ),
)  # fmt: skip
def test_jumps_leave_and_enter_only_what_their_ends_differ_in(
    ends: list[tuple[float, float]], circles: list[tuple[float, float, float]]
) -> None:
    places: PlaceSet = place_set(*circles)
    legs = legs_of([(*a, *b) for a, b in pairwise(ends)])
    jumps = Legs(legs.lat0, legs.lon0, legs.lat1, legs.lon1, legs.t0, legs.t0)
    found = solve(places, jumps)
    for leg in range(len(jumps)):
        before, after = (
            set(places.inside(np.array([lat]), np.array([lon]))[1].tolist())
            for lat, lon in ends[leg : leg + 2]
        )
        mine = found.leg == leg
        assert set(found.place[mine & found.entry].tolist()) == after - before
        assert set(found.place[mine & ~found.entry].tolist()) == before - after
        assert (found.time[mine] == jumps.t0[leg]).all()
