"""Who lives and works where, and which places people consider."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.distributions import Constant
from simulator.core.errors import InputError
from simulator.people import Cohort, Populator, cohort_specs, group_sizes
from simulator.people.population import GRAVITY_SOFTENING_M
from simulator.run import prepare
from simulator.scenario import Group, Scenario
from tests.people.living import CENTRE, cohort_of, home, homes, place, work, world_of
from tests.run.scenarios import TOWN, town
from tests.world.making import geodesic_m, walk

CORNER = place("Corner", CENTRE)


def distances(points: np.ndarray, centre: list[float]) -> np.ndarray:
    return np.array([geodesic_m(*point, *centre) for point in points.tolist()])


# --- homes --------------------------------------------------------------------------------------------------


def test_homes_around_a_point_are_spread_evenly_over_the_disc(tmp_path: Path) -> None:
    points = homes(cohort_of(world_of(tmp_path, {}, [CORNER])))
    far = distances(points, CENTRE)
    assert far.max() <= 3000.0 + 1.0
    for share in (0.1, 0.5, 0.9):  # the inner disc with this share of the area has this share of the homes
        assert (far < 3000.0 * share**0.5).mean() == pytest.approx(share, abs=0.05)
    for direction in (points[:, 0] > CENTRE[0], points[:, 1] > CENTRE[1]):
        assert direction.mean() == pytest.approx(0.5, abs=0.05)


def test_nobody_lives_or_works_at_a_pole(tmp_path: Path) -> None:
    north = {"name": "North", "at": [84.9, 0.0], "radius": "1 km"}
    group = {"size": 200, "home": {"near_places": {"within": "900 km"}}, "work": {"distance": "5000 km"}}
    world = world_of(tmp_path, group, [north])
    cohort = cohort_of(world)
    for latitude in (cohort.home_lat, cohort.work_lat):
        assert np.abs(latitude).max() <= 88.0
    assert np.isfinite(cohort.metres_per_lat).all()


def test_homes_near_places_are_near_places_of_that_library_and_all_of_them_have_neighbours(
    tmp_path: Path,
) -> None:
    cities = [[52.52, 13.405], [48.14, 11.58], [53.55, 9.99]]
    shops = [place(f"Shop {n}", at) for n, at in enumerate(cities)]
    world = world_of(
        tmp_path,
        {"home": {"near_places": {"library": "Shops", "within": "2 km"}}},
        shops,
        {"Stations": [place("Station", [50.11, 8.66])]},
    )
    nearest = [
        min((geodesic_m(*point, *city), n) for n, city in enumerate(cities))
        for point in homes(cohort_of(world, 300)).tolist()
    ]
    assert max(distance for distance, _ in nearest) <= 2000.0 + 1.0
    counts = Counter(n for _, n in nearest)
    assert all(count > 60 for count in counts.values())
    assert len(counts) == 3


TOWNS = """name,population,latitude,longitude
Large,80000,52.5200,13.4050
Small,20000,52.4000,13.0700
Remote,900000,48.1400,11.5800
"""


def in_towns(tmp_path: Path, **spec: Any) -> Cohort:
    (tmp_path / "towns.csv").write_text(TOWNS)
    towns = {"file": "towns.csv", "spread": {"uniform": ["100 m", "4 km"]}, **spec}
    return cohort_of(
        world_of(tmp_path, {"home": {"towns": towns}}, [CORNER, place("Palace", [52.40, 13.07])])
    )


def test_towns_are_chosen_by_their_population(tmp_path: Path) -> None:
    points = homes(in_towns(tmp_path))
    remote, large = distances(points, [48.14, 11.58]), distances(points, [52.52, 13.405])
    assert (remote < 4001.0).mean() == pytest.approx(0.9, abs=0.03)
    assert (large < 4001.0).mean() == pytest.approx(0.08, abs=0.03)
    near = remote[remote < 4001.0]
    assert near.min() >= 99.0
    assert np.median(near) == pytest.approx(2050.0, rel=0.1)


def test_only_towns_near_places_have_people_and_each_home_is_near_a_place(tmp_path: Path) -> None:
    points = homes(in_towns(tmp_path, near_places="3 km"))
    large, small = distances(points, [52.52, 13.405]), distances(points, [52.40, 13.07])
    assert np.minimum(large, small).max() <= 3001.0
    assert (large < 3001.0).mean() == pytest.approx(0.8, abs=0.05)


def test_towns_all_far_from_places_are_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "towns.csv").write_text(TOWNS)
    towns = {"file": "towns.csv", "near_places": "3 km"}
    with pytest.raises(InputError, match="no town has a place within"):
        world_of(tmp_path, {"home": {"towns": towns}}, [place("Elsewhere", [40.0, -3.7])])


# --- work ---------------------------------------------------------------------------------------------------


def test_work_places_lie_in_their_area(tmp_path: Path) -> None:
    group = {"work": {"around": {"at": [52.50, 13.30], "radius": "500 m"}}}
    cohort = cohort_of(world_of(tmp_path, group, [CORNER]), 200)
    assert cohort.works.all()
    far = [geodesic_m(*work(cohort, person), 52.50, 13.30) for person in range(200)]
    assert 400.0 < max(far) <= 501.0
    assert len(set(far)) == 200


def test_work_places_lie_at_their_distance_from_home(tmp_path: Path) -> None:
    group = {"work": {"distance": {"uniform": ["2 km", "9 km"]}}}
    cohort = cohort_of(world_of(tmp_path, group, [CORNER]), 300)
    far = np.array([geodesic_m(*home(cohort, n), *work(cohort, n)) for n in range(300)])
    assert far.min() >= 1999.0
    assert far.max() <= 9001.0
    assert far.mean() == pytest.approx(5500.0, rel=0.06)


def test_work_places_near_places_are_near_places(tmp_path: Path) -> None:
    group = {"work": {"near_places": {"within": "300 m"}}}
    cohort = cohort_of(world_of(tmp_path, group, [CORNER]), 100)
    assert max(geodesic_m(*work(cohort, person), *CENTRE) for person in range(100)) <= 301.0


def test_as_many_people_work_as_the_scenario_says(tmp_path: Path) -> None:
    group = {"work": {"share": "30 %", "distance": "3 km"}}
    assert cohort_of(world_of(tmp_path, group, [CORNER])).works.mean() == pytest.approx(0.3, abs=0.05)
    assert not cohort_of(world_of(tmp_path, {}, [CORNER])).works.any()


# --- the places that people consider ------------------------------------------------------------------------


def shops_at(*distances_m: float, **attractiveness: float) -> list[dict[str, Any]]:
    """Shops north of the centre."""
    return [
        place(f"s{n}", list(walk(*CENTRE, 0.0, distance)), attractiveness=attractiveness.get(f"s{n}", 1.0))
        for n, distance in enumerate(distances_m)
    ]


AT_THE_CENTRE = {"home": {"around": {"at": CENTRE, "radius": "1 m"}}}


def shares(
    folder: Path, shops: list[dict[str, Any]], schedule: dict[str, Any] | None = None
) -> dict[str, float]:
    """How often errands lead to each shop."""
    world = world_of(folder, {**AT_THE_CENTRE, "schedule": schedule or {}}, shops)
    cohort = cohort_of(world)
    assert cohort.errands is not None
    u = (np.arange(1000) + 0.5) / 1000.0
    chosen = cohort.errands.pick(np.arange(1000), u)
    return {world.places.places[i].name: n / 1000.0 for i, n in Counter(chosen.tolist()).items()}


def test_places_attract_by_gravity(tmp_path: Path) -> None:
    found = shares(tmp_path, shops_at(500.0, 1000.0, 2000.0, s2=4.0))
    pull = {
        name: a / (d + GRAVITY_SOFTENING_M) ** 2
        for name, a, d in (("s0", 1, 500), ("s1", 1, 1000), ("s2", 4, 2000))
    }
    for name, value in pull.items():
        assert found[name] == pytest.approx(value / sum(pull.values()), abs=0.005)


def test_the_nearer_of_two_equal_places_is_visited_more_often(tmp_path: Path) -> None:
    found = shares(tmp_path, shops_at(1500.0, 700.0))
    assert found["s1"] > 2 * found["s0"] > 0


def test_the_more_attractive_of_two_places_at_the_same_distance_is_visited_more_often(tmp_path: Path) -> None:
    found = shares(tmp_path, shops_at(900.0, 900.0, s1=3.0))
    assert found["s1"] == pytest.approx(0.75, abs=0.01)


def test_a_place_beyond_reach_is_not_considered(tmp_path: Path) -> None:
    assert set(shares(tmp_path, shops_at(500.0, 2990.0, 3010.0), {"errands": {"within": "3 km"}})) == {
        "s0",
        "s1",
    }


def test_only_places_of_the_wanted_library_are_considered(tmp_path: Path) -> None:
    schedule = {"errands": {"library": "Markets"}, "evening": None}
    world = world_of(
        tmp_path,
        {**AT_THE_CENTRE, "schedule": schedule},
        shops_at(100.0, 200.0),
        {"Markets": [place("Market", list(walk(*CENTRE, 90.0, 3000.0)))]},
    )
    cohort = cohort_of(world, 50)
    assert cohort.evening is None
    assert cohort.errands is not None
    chosen = cohort.errands.pick(np.arange(50), np.linspace(0.0, 0.999, 50))
    assert {world.places.places[i].name for i in chosen.tolist()} == {"Market"}


def test_who_has_nothing_in_reach_goes_nowhere(tmp_path: Path) -> None:
    cohort = cohort_of(world_of(tmp_path, AT_THE_CENTRE, [place("Far", [48.0, 11.0])]), 20)
    assert cohort.errands is not None
    assert not cohort.errands.any().any()


# --- sizes and cohorts --------------------------------------------------------------------------------------


def scenario_with(sizes: dict[str, int]) -> Scenario:
    """The model of a scenario with groups of these sizes, whatever else it needs left as it is."""
    group = Group.model_construct()
    people = {name: group.model_copy(update={"size": Constant(float(size))}) for name, size in sizes.items()}
    return Scenario.model_construct(seed=1, people=people)


sizes_of_groups = st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 50_000), min_size=1)


@given(sizes_of_groups, st.integers(1, 100_000))
def test_scaled_groups_have_the_wanted_total_and_their_proportions(
    sizes: dict[str, int], people: int
) -> None:
    scaled = group_sizes(scenario_with(sizes), people)
    total = sum(sizes.values())
    assert list(scaled) == list(sizes)
    if total == 0:
        assert scaled == sizes
        return
    assert sum(scaled.values()) == people
    for name, size in sizes.items():
        assert abs(scaled[name] - size * people / total) < 1.0


@given(sizes_of_groups)
def test_scaling_to_the_same_total_changes_nothing(sizes: dict[str, int]) -> None:
    scenario = scenario_with(sizes)
    assert group_sizes(scenario, sum(sizes.values()) or None) == group_sizes(scenario) == sizes


@given(sizes_of_groups, st.integers(1, 5000), st.integers(1, 5))
def test_cohorts_hold_everybody_once_and_in_order(
    sizes: dict[str, int], cohort_size: int, multiple: int
) -> None:
    specs = list(cohort_specs(sizes, cohort_size, multiple=multiple))
    assert all(0 < spec.size <= cohort_size for spec in specs)
    next_person = 0
    for spec in specs:
        assert spec.first_person == next_person
        next_person += spec.size
    assert next_person == sum(sizes.values())
    for name, size in sizes.items():
        own = [spec for spec in specs if spec.group == name]
        assert sum(spec.size for spec in own) == size
        assert [spec.first_index for spec in own] == [0, *accumulate(spec.size for spec in own)][: len(own)]
        least = -(-size // cohort_size)
        assert len(own) == min(-(-least // multiple) * multiple, size)
        assert {spec.size - size // len(own) for spec in own} <= {0, 1}


def test_a_size_may_be_drawn_and_then_is_the_same_for_a_seed(tmp_path: Path) -> None:
    text = TOWN.replace("size: 60", "size: {uniform: [10, 1000]}")
    drawn = [prepare(town(tmp_path, text), seed=seed).world.sizes["workers"] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert 10 <= drawn[0] <= 1000


def test_people_are_the_same_in_any_cohort(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"work": {"share": 0.5, "distance": "3 km"}}, shops_at(300.0, 900.0))
    together, apart = cohort_of(world, 100), cohort_of(world, 10, first=40)
    for name in ("keys", "home_lat", "home_lon", "works", "work_lat", "work_lon"):
        assert getattr(together, name)[40:50].tolist() == getattr(apart, name).tolist()
    assert apart.person_id(3) == together.person_id(43) == "residents/43"


def test_people_of_different_groups_have_nothing_in_common(tmp_path: Path) -> None:
    world = prepare(town(tmp_path)).world
    populator = Populator(world.scenario, world.places, world.towns)
    workers, neighbours = (populator.populate(spec) for spec in world.cohorts())
    assert set(workers.keys.tolist()).isdisjoint(neighbours.keys.tolist())
