"""The world of a run against an independent ruler: people are where their events say they are."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

from simulator.core.simtime import MS_PER_DAY, MS_PER_HOUR
from simulator.people import DayPlanner, Populator
from simulator.run import World
from simulator.world import Place
from tests.run.running import Record, run_to_file
from tests.run.scenarios import TOWN, town
from tests.world.making import geodesic_m, wrapped

# Nothing is claimed of moments so close to a crossing, or of people so close to a border.
MARGIN_MS = 1000
MARGIN_M = 1.0

Way = list[tuple[int, int, float, float, float, float]]


def ways_of(world: World, days: int) -> dict[int, Way]:
    """The legs (t0, t1, lat0, lon0, lat1, lon1) of every person, planned anew; they start at home."""
    populator = Populator(world.scenario, world.places, world.towns)
    ways: dict[int, Way] = defaultdict(list)
    first = world.calendar.local(0).date()
    for spec in world.cohorts():
        cohort = populator.populate(spec)
        for local in range(spec.size):
            home = float(cohort.home_lat[local]), float(cohort.home_lon[local])
            ways[spec.first_person + local].append((-MS_PER_DAY, -MS_PER_DAY + 1, *home, *home))
        planner = DayPlanner(cohort, world.places)
        for date in (first + timedelta(days=n) for n in range(days)):
            midnight = world.calendar.at_local(datetime.combine(date, time(12))) - 12 * MS_PER_HOUR
            day = planner.plan(date.toordinal(), midnight)
            rows = zip(day.person.tolist(), *(column.tolist() for column in day.columns()), strict=True)
            for person, lat0, lon0, lat1, lon1, t0, t1 in rows:
                ways[spec.first_person + person].append((t0, t1, lat0, lon0, lat1, lon1))
    return ways


def position(way: Way, t: int) -> tuple[float, float]:
    """Where somebody is: on the leg under way, or where the last one ended."""
    t0, t1, lat0, lon0, lat1, lon1 = max(leg for leg in way if leg[0] <= t)
    share = min(1.0, (t - t0) / (t1 - t0))
    return lat0 + share * (lat1 - lat0), wrapped(lon0 + share * wrapped(lon1 - lon0))


def check_against_the_ruler(record: Record, days: int) -> int:
    """Compare sampled moments with the ledger; how many moments inside of a place were seen."""
    world, rows = record.prepared.world, record.ledger.rows
    ways = ways_of(world, days)
    random = np.random.default_rng(7)
    seen_inside = inside_at_start = 0
    for person in range(world.people):
        for number, place in enumerate(world.places.places):
            own = rows[(rows["person"] == person) & (rows["place"] == number)]
            times, entries = own["crossed"].tolist(), own["entry"].tolist()

            def depth(t: int, person: int = person, centre: Place = place) -> float:
                return centre.radius - geodesic_m(
                    *position(ways[person], t), centre.latitude, centre.longitude
                )

            started_inside = depth(0) > 0
            inside_at_start += started_inside
            for crossing, entry in zip(times, entries, strict=True):
                assert abs(depth(crossing)) < 0.5 + 0.03  # half a metre, and a millisecond at 30 m/s
                assert (depth(crossing + 50) > depth(crossing - 50)) == bool(entry)
            # Moments between crossings, and some of those without any.
            middles = [(a + b) // 2 for a, b in zip([0, *times], [*times, world.duration_ms], strict=True)]
            samples = middles + random.integers(0, world.duration_ms, 2).tolist()
            for t in samples:
                passed = [entry for at, entry in zip(times, entries, strict=True) if at <= t]
                claimed = bool(passed[-1]) if passed else started_inside
                clear = all(abs(t - at) > MARGIN_MS for at in times)
                if clear and abs(depth(t)) > MARGIN_M:
                    assert (depth(t) > 0) == claimed, (person, place.name, t)
                    seen_inside += claimed
    assert inside_at_start == record.summary["inside_at_start"]
    return seen_inside


@pytest.mark.parametrize("start", ["2026-03-02T06:00", "2026-03-06T12:40"])
def test_people_are_inside_between_entry_and_exit_and_outside_otherwise(tmp_path: Path, start: str) -> None:
    text = TOWN.replace("2026-03-02T06:00", start)
    record = run_to_file(town(tmp_path, text), tmp_path / "it", people=60, seed=12)
    assert check_against_the_ruler(record, days=2) > 60


def test_so_they_are_on_the_date_line(tmp_path: Path) -> None:
    text = TOWN
    for longitude in ("24.9400", "24.9555", "24.9330", "24.9450", "24.9420"):
        moved = wrapped(float(longitude) - 24.9400 + 180.0)
        text = text.replace(longitude, f"{moved:.4f}")
    record = run_to_file(town(tmp_path, text), tmp_path / "it", people=40)
    assert check_against_the_ruler(record, days=2) > 60
