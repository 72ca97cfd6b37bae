"""What phones make of crossings: drawn in bulk, the same as one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.randomness import bits_one
from simulator.phone import PROFILES, CohortSight, RegionService
from simulator.phone.positions import Positions
from simulator.phone.regions import DELAY, POSITION
from simulator.phone.tables import TO_QUANTILE
from tests.phone.phones import far_apart
from tests.world.making import place_set

SERVICES = [RegionService(PROFILES[os], far_apart(5)) for os in ("ios", "android")]
crossing = st.tuples(st.integers(0, 7), st.integers(0, 4), st.integers(0, 10**11))


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_positions_in_bulk_are_those_one_by_one(drawn: list[int]) -> None:
    positions = Positions(PROFILES["ios"])
    columns = positions.fixes(np.array(drawn, dtype=np.uint64))
    assert list(zip(*(c.tolist() for c in columns), strict=True)) == [positions.fix(d) for d in drawn]


@given(st.lists(crossing, max_size=30))
def test_a_sighting_does_not_depend_on_who_else_crosses(crossings: list[tuple[int, int, int]]) -> None:
    keys = np.array([bits_one(5, person) for person in range(8)], dtype=np.uint64)
    sight = CohortSight(8)
    sight.add(np.arange(0, 8, 2), keys[::2], [SERVICES[0]] * 4)
    sight.add(np.arange(1, 7, 2), keys[1:7:2], [SERVICES[1]] * 3)  # the last one's phone is perfect
    person, place, time = (np.array(c, dtype=np.int64) for c in zip(*crossings, strict=True)) if crossings else (
        np.empty(0, dtype=np.int64) for _ in range(3)
    )  # fmt: skip
    latitude, longitude = np.full(len(person), 50.0), place.astype(np.float64)
    for row, found in enumerate(sight.of(person, place, time, latitude, longitude)):
        who, where, when = crossings[row]
        if who == 7:
            assert found is None
            continue
        service = SERVICES[who % 2]
        assert found == service.sighting(int(keys[who]), where, when, 50.0, float(where))
        key = bits_one(int(keys[who]), where)
        assert found[0] == bits_one(key, 4 * when + DELAY) >> TO_QUANTILE
        assert found[1:4] == service.fix(key, 4 * when + POSITION, where, 50.0, float(where))


def test_positions_beyond_the_date_line_are_on_its_other_side() -> None:
    service = RegionService(PROFILES["ios"], place_set((0.0, 180.0, 500.0), (0.0, -180.0, 500.0)))
    for longitude in (179.9999999, -180.0):
        found = [service.sighting(key, 0, 1000, 0.0, longitude)[2] for key in range(40)]
        assert all(-180.0 <= east < 180.0 for east in found)
        assert min(found) < -179.9 < 179.9 < max(found)


def test_mistakes_follow_as_often_as_the_profile_says() -> None:
    service = SERVICES[1]
    count = 20_000
    keys = np.array([bits_one(9, n) for n in range(count)], dtype=np.uint64)
    place, time = np.zeros(count, dtype=np.int64), np.full(count, 60_000)
    sightings = list(service.sightings(keys, place, time, np.full(count, 50.0), np.zeros(count)))
    expected = sum(service.profile.false_triggers * min(s[3] / 200.0, 1.0) for s in sightings)
    assert abs(sum(s[4] for s in sightings) - expected) < 5 * expected**0.5
