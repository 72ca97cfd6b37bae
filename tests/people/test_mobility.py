"""How people choose places: areas, memory, exploration and return."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.people.areas import Areas, Traveller, picked
from simulator.people.mobility import MOST_REMEMBERED, Memory
from simulator.world import Place, PlaceSet, geodesy
from tests.people.living import CENTRE, MONDAY, SATURDAY, cohort_of, days_of, home, place, world_of
from tests.world.making import geodesic_m, walk

HOUR = 3600.0
NOTHING: dict[str, Any] = {"errands": None, "evening": None}


def scattered(
    count: int, centre: tuple[float, float] = (52.52, 13.405), furthest: float = 30_000.0
) -> PlaceSet:
    """Places around a point, the same for the same arguments."""
    u, v = (np.arange(count) * 0.754877666 % 1.0), (np.arange(count) * 0.569840291 % 1.0)
    points = [walk(*centre, 360.0 * float(a), furthest * float(b) ** 0.5) for a, b in zip(u, v, strict=True)]
    return PlaceSet(
        [
            Place(
                f"p{n}", f"P{n}", lat, float(geodesy.wrap(lon)), 100.0, "l", "L", attractiveness=1.0 + n % 3
            )
            for n, (lat, lon) in enumerate(points)
        ]
    )


def at_point(lat: float, lon: float, count: int) -> Traveller:
    point = geodesy.geocentric(np.full(count, lat), np.full(count, lon))
    return Traveller(point, point)


# --- areas ----------------------------------------------------------------------------------------------------


@given(st.integers(1, 700), st.sampled_from([(52.52, 13.405), (-16.8, 179.999), (0.0, 0.0), (69.6, -179.9)]))
def test_every_place_belongs_to_one_area_and_areas_are_of_one_size(
    count: int, centre: tuple[float, float]
) -> None:
    places = scattered(count, centre)
    areas = Areas(places, None)
    inside = areas.members >= 0
    assert sorted(areas.members[inside].tolist()) == list(range(count))
    sizes = inside.sum(axis=1)
    assert sizes.max() <= 16
    assert sizes.max() - sizes.min() <= 1 or count <= 16 or sizes.min() >= 8
    # An area reaches no further than the country: places on both sides of the date line are neighbours.
    assert areas.extent.max() <= 60_000.0


def test_a_choice_of_areas_is_gravity_over_places() -> None:
    places = scattered(600)
    areas = Areas(places, None)
    n = 40_000
    u = (np.arange(n) + 0.5) / n
    who = at_point(52.00, 12.60, n)  # outside: distances are well beyond the size of an area
    area = areas.choose(who, u, 1e6, 500.0, 2.0)
    members, pull = areas.places_in(area, who, 1e6, 500.0, 2.0)
    column = picked(pull, (np.arange(n) * 0.6180339887498949) % 1.0)
    chosen = np.bincount(members[np.arange(n), column], minlength=600) / n
    distance = geodesy.distance(52.00, 12.60, places.latitude, places.longitude)
    law = places.attractiveness / (distance + 500.0) ** 2
    law /= law.sum()
    assert np.abs(chosen - law).max() < 0.002
    near = distance < 60_000.0
    assert chosen[near].sum() == pytest.approx(law[near].sum(), rel=0.03)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0])
def test_the_exponent_says_how_much_distance_counts(exponent: float) -> None:
    places = PlaceSet(
        [
            Place(f"p{n}", "P", *walk(52.52, 13.405, 0.0, metres), 100.0, "l", "L")
            for n, metres in enumerate((1000.0, 3000.0))
        ]
    )
    areas = Areas(places, None)
    _, pull = areas.places_in(np.zeros(1, dtype=np.intp), at_point(52.52, 13.405, 1), 1e6, 1000.0, exponent)
    assert pull[0, 0] / pull[0, 1] == pytest.approx(2.0**exponent, rel=1e-4)


def test_what_is_out_of_reach_is_not_chosen() -> None:
    areas = Areas(scattered(300), None)
    who = at_point(52.52, 13.405, 500)
    area = areas.choose(who, (np.arange(500) + 0.5) / 500, 5000.0, 500.0, 2.0)
    places, pull = areas.places_in(area, who, 5000.0, 500.0, 2.0)
    far = geodesy.distance(52.52, 13.405, areas_latitude(places), areas_longitude(places)) > 5001.0
    assert (pull[far] == 0.0).all()
    assert (pull > 0.0).any()
    nowhere = areas.choose(at_point(40.0, 0.0, 5), np.full(5, 0.5), 5000.0, 500.0, 2.0)
    assert nowhere.tolist() == [-1] * 5


def areas_latitude(indices: np.ndarray) -> np.ndarray:
    return scattered(300).latitude[indices]


def areas_longitude(indices: np.ndarray) -> np.ndarray:
    return scattered(300).longitude[indices]


@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 0.5, 3.0, 1e-300]), min_size=3, max_size=3), min_size=1, max_size=5
    ),
    st.floats(1e-16, 1.0 - 1e-16),
)
def test_nothing_without_weight_is_picked(weights: list[list[float]], u: float) -> None:
    table = np.array(weights)
    chosen = picked(table, np.full(len(table), u))
    for row, column in zip(table, chosen.tolist(), strict=True):
        assert (column == -1) == (row.sum() == 0.0)
        if column >= 0:
            assert row[column] > 0.0


# --- memory ---------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), max_size=120))
def test_memory_counts_visits(visits: list[tuple[int, int]]) -> None:
    memory, expected = Memory(3), [Counter[int]() for _ in range(3)]
    for person, where in visits:
        memory.remember(np.array([person]), np.array([where], dtype=np.int32))
        expected[person][where] += 1
    for person, counts in enumerate(expected):
        places, visited = memory.places[person], memory.visits[person]
        assert dict(zip(places[places >= 0].tolist(), visited[places >= 0].tolist(), strict=True)) == counts
        assert memory.known[person] == len(counts)


def test_memory_is_bounded_and_keeps_what_is_visited_most() -> None:
    memory, nobody_else = Memory(2), np.array([0])
    for _ in range(5):
        memory.remember(nobody_else, np.array([7], dtype=np.int32))
    for where in range(1000, 1000 + 3 * MOST_REMEMBERED):
        memory.remember(nobody_else, np.array([where], dtype=np.int32))
    assert memory.places.shape == (2, MOST_REMEMBERED)
    assert memory.known.tolist() == [3 * MOST_REMEMBERED + 1, 0]
    assert memory.visits[0, memory.places[0] == 7].tolist() == [5]


# --- people ---------------------------------------------------------------------------------------------------

TOWN = [
    place(f"Shop {n}", list(walk(*CENTRE, 137.5 * n, 150.0 * n + 200.0)), attractiveness=1 + n % 4)
    for n in range(60)
]
EXPLORERS = {
    "home": {"around": {"at": CENTRE, "radius": "2 km"}},
    "mobility": {},
    "schedule": {"errands": {"per_day": 2, "within": "20 km", "stay": "10 min"}, "evening": None},
}


def visited(world: Any, days: int, people: int = 300, **more: Any) -> dict[int, list[int]]:
    """The places that each person goes to, in order."""
    cohort = cohort_of(world, people, **more)
    courses = days_of(world, cohort, *(SATURDAY + timedelta(days=n) for n in range(days)))
    result: dict[int, list[int]] = defaultdict(list)
    for person, legs in courses.items():
        goals = np.array([goal for _, _, _, goal in legs if goal != home(cohort, person)])
        index, _ = world.places.nearest(goals[:, 0], goals[:, 1], 1, 90.0)
        result[person] = index[:, 0].tolist()
    return result


def test_people_go_somewhere_new_as_often_as_the_law_says(tmp_path: Path) -> None:
    trips = visited(world_of(tmp_path, EXPLORERS, TOWN), 25)
    new, chances = defaultdict(list), {}
    for course in trips.values():
        seen: set[int] = set()
        for where in course:
            known = 1 + len(seen)
            if seen:  # the first place is always new
                new[known].append(where not in seen)
            chances[known] = 0.6 * known**-0.21
            seen.add(where)
    for known in range(2, 9):
        assert len(new[known]) > 300
        assert np.mean(new[known]) == pytest.approx(chances[known], abs=0.06)


def test_people_return_the_more_often_the_more_often_they_were_there(tmp_path: Path) -> None:
    faithful = {**EXPLORERS, "mobility": {"explore": 0.1}}
    trips = visited(world_of(tmp_path, faithful, TOWN), 40)
    seen_more, of = 0.0, 0
    expected = 0.0
    for course in trips.values():
        counts: Counter[int] = Counter()
        for before, where in zip([None, *course], course, strict=False):
            known = {p: c for p, c in counts.items() if p != before}
            if len(known) >= 2 and where in known:
                favourite, times = max(known.items(), key=lambda item: item[1])
                if list(known.values()).count(times) == 1:
                    of += 1
                    seen_more += where == favourite
                    expected += times / sum(known.values())
            counts[where] += 1
    assert of > 2000
    # Tours return home between errands, so the place before does not matter to all; hence the tolerance.
    assert seen_more / of == pytest.approx(expected / of, abs=0.08)


def test_nobody_goes_from_a_place_to_itself(tmp_path: Path) -> None:
    schedule = {"errands": {"per_day": 4, "chain": 1, "within": "20 km"}, "evening": None}
    world = world_of(tmp_path, {**EXPLORERS, "schedule": schedule}, TOWN)
    cohort = cohort_of(world, 200)
    courses = days_of(world, cohort, *(SATURDAY + timedelta(days=n) for n in range(10)))
    tours = 0
    for person, legs in courses.items():
        for (_, _, _, goal), (_, _, _, following) in pairwise(legs):
            if home(cohort, person) not in (goal, following):
                tours += 1
                assert geodesic_m(*goal, *following) > 100.0
    assert tours > 3000


def test_a_chain_goes_on_without_going_home(tmp_path: Path) -> None:
    for chain, legs_a_day in ((0, 6), (1, 4)):
        schedule = {**NOTHING, "errands": {"per_day": 3, "chain": chain, "within": "20 km"}}
        world = world_of(tmp_path, {**EXPLORERS, "schedule": schedule}, TOWN)
        cohort = cohort_of(world, 50)
        for person, legs in days_of(world, cohort, SATURDAY).items():
            assert len(legs) == legs_a_day
            assert legs[-1][3] == home(cohort, person)


def test_a_chain_works_without_mobility_and_returns_everybody_home(tmp_path: Path) -> None:
    errands = {"per_day": 4, "chain": 0.5, "share": 0.6}
    world = world_of(tmp_path, {"schedule": {**NOTHING, "errands": errands}}, TOWN)
    cohort = cohort_of(world, 400)
    days = days_of(world, cohort, SATURDAY)
    lengths = Counter(len(legs) for legs in days.values())
    assert {2, 3, 4, 5} <= set(lengths)
    for person, legs in days.items():
        assert legs[0][2] == legs[-1][3] == home(cohort, person)
        assert all(one[3] == other[2] for one, other in pairwise(legs))


def test_only_places_of_the_library_and_in_reach_are_explored(tmp_path: Path) -> None:
    schedule = {**NOTHING, "errands": {"per_day": 3, "library": "Shops", "within": "4 km"}}
    inns = [place(f"Inn {n}", list(walk(*CENTRE, 50.0 * n, 900.0))) for n in range(8)]
    world = world_of(tmp_path, {**EXPLORERS, "schedule": schedule}, TOWN, {"Inns": inns})
    cohort = cohort_of(world, 100)
    for person, course in visited(world, 8, 100).items():
        for index in course:
            goal = world.places.places[index]
            assert goal.library_name == "Shops"
            assert geodesic_m(*home(cohort, person), goal.latitude, goal.longitude) <= 4001.0


def test_who_finds_nothing_stays_at_home(tmp_path: Path) -> None:
    world = world_of(tmp_path, EXPLORERS, [place("Far", [48.0, 11.0])])
    assert days_of(world, cohort_of(world, 50), SATURDAY, MONDAY) == {}


def test_who_knows_every_place_in_reach_returns_to_one_of_them(tmp_path: Path) -> None:
    eager = {**EXPLORERS, "mobility": {"explore": 1, "fading": 0}}
    trips = visited(world_of(tmp_path, eager, TOWN[:3]), 5, 40)
    assert all(len(course) == 10 and set(course) == {0, 1, 2} for course in trips.values())


def test_what_people_remember_does_not_depend_on_the_others(tmp_path: Path) -> None:
    world = world_of(tmp_path, EXPLORERS, TOWN)
    together, apart = visited(world, 6, 60), visited(world, 6, 7, first=20)
    assert {person + 20: course for person, course in apart.items()} == {
        person: together[person] for person in range(20, 27)
    }


def test_lunch_is_near_work_with_mobility_too(tmp_path: Path) -> None:
    group = {
        "mobility": {},
        "work": {"around": {"at": CENTRE, "radius": "100 m"}},
        "home": {"around": {"at": [52.60, 13.60], "radius": "1 km"}},
        "schedule": {**NOTHING, "lunch": {"within": "1 km"}},
    }
    world = world_of(tmp_path, group, TOWN)
    for legs in days_of(world, cohort_of(world, 100), MONDAY).values():
        assert len(legs) == 4
        assert geodesic_m(*legs[1][3], *CENTRE) < 1250.0


# --- work -----------------------------------------------------------------------------------------------------


def test_shifts_last_from_monday_to_sunday(tmp_path: Path) -> None:
    work = {
        "distance": "2 km",
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "leave_home": {"choice": {"05:00": 1, "13:00": 1, "21:00": 1}},
        "stay": "8 h",
        "drawn": "weekly",
    }
    world = world_of(tmp_path, {"work": work, "schedule": NOTHING}, TOWN)
    week = [MONDAY + timedelta(days=n) for n in range(14)]
    first_week, second_week = set(), set()
    for legs in days_of(world, cohort_of(world, 60), *week).values():
        starts = [start / HOUR for start, _, _, _ in legs[::2]]
        shifts = [round(start % 24) for start in starts]
        by_week = [{s for s, t in zip(shifts, starts, strict=True) if t // 168 == n} for n in (0, 1)]
        assert [len(one) for one in by_week] == [1, 1]
        first_week |= by_week[0]
        second_week |= by_week[1]
        for (_, arrive, _, _), (leave, back, _, _), (following, _, _, _) in zip(
            legs[::2], legs[1::2], legs[2::2], strict=False
        ):
            assert leave - arrive == pytest.approx(8 * HOUR, abs=0.002)
            if back % (24 * HOUR) < 12 * HOUR:  # home in the morning
                assert following - back >= 11 * HOUR
    assert first_week == second_week == {5, 13, 21}


def test_some_stay_away_from_work_on_some_days(tmp_path: Path) -> None:
    work = {"distance": "2 km", "attendance": 0.7}
    world = world_of(tmp_path, {"work": work, "schedule": NOTHING}, TOWN)
    cohort = cohort_of(world, 500)
    week = [MONDAY + timedelta(days=n) for n in range(5)]
    counts = [len(legs) / 2 for legs in days_of(world, cohort, *week).values()]
    assert sum(counts) / 2500 == pytest.approx(0.7, abs=0.03)
    assert len(set(counts)) > 3


# --- opening hours --------------------------------------------------------------------------------------------

HOURS = {"opens": "10:00", "closes": "16:00"}


@pytest.mark.parametrize("more", [{}, {"mobility": {}}])
def test_people_go_only_where_it_is_open_and_leave_when_it_closes(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    early = [{**shop, "opening": [{**HOURS, "days": ["sat"]}]} for shop in TOWN[:10]]
    always = [place(f"Inn {n}", list(walk(*CENTRE, 40.0 * n, 700.0))) for n in range(3)]
    errands = {"per_day": 2, "at": {"uniform": ["08:00", "20:00"]}, "stay": "5 h", "within": "20 km"}
    group = {**EXPLORERS, "schedule": {**NOTHING, "errands": errands}, "mobility": None, **more}
    world = world_of(tmp_path, group, early, {"Inns": always})
    cohort = cohort_of(world, 300)
    hours, to_shops, at_sunday_shops = set(), 0, 0
    sunday = SATURDAY + timedelta(days=1)
    for person, legs in days_of(world, cohort, SATURDAY, sunday).items():
        for (leave, arrive, _, goal), (up, _, _, _) in pairwise(legs):
            if goal == home(cohort, person):
                continue
            index, distance = world.places.nearest(np.array([goal[0]]), np.array([goal[1]]), 1, 90.0)
            assert np.isfinite(distance).all()
            if world.places.places[int(index[0, 0])].library_name == "Inns":
                assert up - arrive == pytest.approx(5 * HOUR, abs=0.01)
                continue
            to_shops += 1
            at_sunday_shops += leave >= 24 * HOUR
            hours.add(int(leave // HOUR))
            assert 10 * HOUR <= leave < 16 * HOUR
            assert up <= max(16 * HOUR, arrive + 60.0) + 0.01
    assert at_sunday_shops == 0  # closed all day
    assert to_shops > 50
    assert hours >= set(range(10, 16))


def test_where_everything_is_closed_people_stay_at_home(tmp_path: Path) -> None:
    shops = [{**shop, "opening": [{**HOURS, "days": ["mon"]}]} for shop in TOWN[:5]]
    for mobility in ({}, None):
        group = {**EXPLORERS, "mobility": mobility}
        world = world_of(tmp_path, group, shops)
        assert days_of(world, cohort_of(world, 50), SATURDAY) == {}
