"""Personas: what they make of a group, and who has which."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.core.distributions import Constant, Uniform
from simulator.core.errors import InputError
from simulator.ledger import PERMISSIONS, SYSTEMS
from simulator.run import describe_people, prepare
from simulator.run.legend import ledger_people
from simulator.scenario import BUILT_IN, kinds_of
from simulator.scenario.personas import DEFAULT_DISTANCE_TO_WORK
from tests.people.living import CENTRE, MONDAY, SATURDAY, cohort_of, days_of, home, place, work, world_of
from tests.run.running import run_to_file, write_scenario

HOUR = 3600.0
SHOPS = [place(f"Shop {n}", [52.50 + 0.004 * n, 13.39 + 0.003 * n]) for n in range(10)]


def with_personas(folder: Path, personas: Any, own: dict[str, Any] | None = None, **group: Any) -> Any:
    """A world whose group ``residents`` has these personas."""
    document = {
        "version": 1,
        "name": "personas",
        "description": "People of several kinds.",
        "clock": {"start": "2026-03-02T00:00", "timezone": "Europe/Berlin", "duration": "4 d"},
        "places": [{"library": "Shops", "inline": SHOPS}],
        "personas": own or {},
        "people": {
            "residents": {
                "size": 300,
                "personas": personas,
                "home": {"around": {"at": CENTRE, "radius": "3 km"}},
                **group,
            }
        },
        "app": {"id": "com.example.personas", "name": "Personas", "sessions": {"gap": "10 min"}},
    }
    return prepare(write_scenario(folder, document)).world


def only_kind(world: Any) -> Any:
    (kind,) = kinds_of(world.scenario, "residents")
    return kind


# --- laying a persona over a group ----------------------------------------------------------------------------


def test_what_a_persona_leaves_open_is_as_the_group_says(tmp_path: Path) -> None:
    own = {"early": {"work": {"leave_home": "05:00"}, "phone": {"os": "ios"}, "sessions": {"per_day": 9}}}
    world = with_personas(
        tmp_path,
        "early",
        own,
        work={"distance": "4 km", "leave_work": "15:00", "leave_home": "09:00"},
        phone={"os": "android", "language": "de-DE"},
    )
    kind = only_kind(world)
    assert kind.group.work.leave_home == Constant(5 * HOUR)
    assert kind.group.work.leave_work == Constant(15 * HOUR)
    assert kind.group.work.distance == Constant(4000.0)
    assert kind.group.phone.os == {"ios": 1.0}
    assert kind.group.phone.language == {"de-DE": 1.0}
    assert kind.sessions.per_day == Constant(9.0)
    assert kind.sessions.gap == 600.0


def test_a_place_given_by_the_persona_takes_the_place_of_the_groups(tmp_path: Path) -> None:
    own = {
        "guest": {
            "home": {"near_places": {"library": "Shops", "within": "50 m"}},
            "work": {"distance": "1 km"},
        }
    }
    kind = only_kind(with_personas(tmp_path, "guest", own, work={"near_places": {"within": "1 km"}}))
    assert kind.group.home.around is None
    assert kind.group.home.near_places.within == 50.0
    assert kind.group.work.near_places is None
    assert kind.group.work.distance == Constant(1000.0)


def test_null_takes_work_away(tmp_path: Path) -> None:
    own = {"retired": {"extends": "commuter", "work": None}}
    assert only_kind(with_personas(tmp_path, "retired", own, work={"distance": "2 km"})).group.work is None


def test_who_works_in_a_group_without_a_place_of_work_goes_the_usual_distance(tmp_path: Path) -> None:
    assert only_kind(with_personas(tmp_path, "commuter")).group.work.distance == DEFAULT_DISTANCE_TO_WORK


def test_a_persona_extends_another_and_may_change_a_built_in_one_of_its_name(tmp_path: Path) -> None:
    own = {
        "tourist": {"extends": "tourist", "schedule": {"evening": {"share": 1}}},
        "slow tourist": {"extends": "tourist", "schedule": {"errands": {"per_day": 1}}},
    }
    kind = only_kind(with_personas(tmp_path, "slow tourist", own))
    built_in = BUILT_IN["tourist"].schedule
    assert built_in is not None
    assert built_in.evening is not None
    assert built_in.errands is not None
    assert kind.group.schedule.evening.share == 1.0
    assert kind.group.schedule.evening.at == built_in.evening.at
    assert kind.group.schedule.errands.per_day == Constant(1.0)
    assert kind.group.schedule.errands.chain == built_in.errands.chain


def test_a_persona_that_extends_nothing_begins_with_the_group_alone(tmp_path: Path) -> None:
    kind = only_kind(with_personas(tmp_path, "plain", {"plain": {}}, schedule={"evening": None}))
    assert kind.group.mobility is None
    assert kind.group.schedule.evening is None
    assert kind.group.schedule.errands.at == Uniform(9 * HOUR, 18 * HOUR)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_built_in_persona_lives_for_a_week(tmp_path: Path, name: str) -> None:
    world = with_personas(tmp_path, name)
    cohort = cohort_of(world, 200)
    legs = days_of(world, cohort, MONDAY, SATURDAY)
    assert len(legs) > 150
    assert cohort.works.any() == (BUILT_IN[name].work is not None)


# --- mistakes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("personas", "own", "message"),
    [
        (
            "comuter",
            {},
            r"people\.residents\.personas\.comuter: no persona 'comuter'; did you mean 'commuter'",
        ),
        ("a", {"a": {"extends": "b"}, "b": {"extends": "a"}}, "leads back to itself"),
        ("a", {"a": {"extends": "a"}}, "no other persona 'a'"),
        ("a", {"a": {"extends": "tourists"}}, "no other persona 'tourists'; did you mean 'tourist'"),
        (
            "a",
            {"a": {"schedule": {"errands": {"library": "Shop"}}}},
            "no library 'Shop'; did you mean 'Shops'",
        ),
        ("a", {"a": {"phone": {"os": "symbian"}}}, "symbian"),
        ("a", {"a": {"phone": {"models": "iphone-99"}}}, "iphone-99"),
        ("a", {"a": {"locale": "xx_XX"}}, "xx_XX"),
        ("a", {"a": {"work": {"leave_home": "18:00", "leave_work": "08:00"}}}, "leave work before"),
        ("a", {"a": {"travel": {"car": {"speed": "9 m/s", "up_to": "5 km"}, "transit": None}}}, "up_to"),
        ("a", {"a": {"home": {"towns": {"file": "towns.csv"}}}}, "only a group can live in towns"),
        (
            "a",
            {"a": {"work": {"distance": "1 km", "around": {"at": CENTRE, "radius": "1 km"}}}},
            "at most one of",
        ),
    ],
)
def test_a_wrong_persona_is_reported_at_its_place(
    tmp_path: Path, personas: str, own: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        with_personas(tmp_path, personas, own)
    assert all(problem.line > 0 for problem in caught.value.problems if not problem.warning)


@pytest.mark.parametrize("size", ["0", "2.5", "65", "couple"])
def test_a_household_has_a_whole_number_of_people(tmp_path: Path, size: str) -> None:
    with pytest.raises(InputError, match="is not a number of people who share a home"):
        world_of(tmp_path, {"household": {size: 1}}, SHOPS)


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ({"opens": "18:00", "closes": "02:00"}, "must be before `closes`"),
        ({"opens": "09:00"}, "closes"),
        ({"opens": "09:00", "closes": "17:00", "days": ["mo"]}, "'mo'"),
        ({"opens": "09:00", "closes": "17:00", "days": []}, "is empty; give at least one"),
    ],
)
def test_wrong_opening_hours_are_reported_at_their_place(
    tmp_path: Path, hours: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        world_of(tmp_path, {}, [{**SHOPS[0], "opening": [hours]}])
    assert caught.value.problems[0].field.startswith("places.0.inline.0.opening.0")


# --- who has which --------------------------------------------------------------------------------------------


def test_personas_mix_by_weight_and_belong_to_the_person(tmp_path: Path) -> None:
    weights = {"commuter": 5, "stay_at_home": 3, "tourist": 2}
    world = with_personas(tmp_path, weights, size=3000)
    cohort = cohort_of(world, 2000)
    for part in cohort.parts:
        assert len(part.rows) / 2000 == pytest.approx(weights[str(part.persona)] / 10, abs=0.035)
        assert part.people.keys.tolist() == cohort.keys[part.rows].tolist()
    assert sorted(np.concatenate([part.rows for part in cohort.parts]).tolist()) == list(range(2000))
    apart = cohort_of(world, 50, first=700)
    for name in ("home_lat", "home_lon", "works", "work_lat", "work_lon"):
        assert getattr(apart, name).tolist() == getattr(cohort, name)[700:750].tolist()


def test_people_of_a_mix_live_as_those_of_their_persona_alone(tmp_path: Path) -> None:
    (tmp_path / "mixed").mkdir()
    mixed = with_personas(tmp_path / "mixed", {"commuter": 1, "tourist": 1}, work={"distance": "3 km"})
    alone = with_personas(tmp_path, "commuter", work={"distance": "3 km"})
    together, commuters = cohort_of(mixed, 100), cohort_of(alone, 100)
    (part,) = [part for part in together.parts if part.persona == "commuter"]
    days, expected = days_of(mixed, together, MONDAY, SATURDAY), days_of(alone, commuters, MONDAY, SATURDAY)
    assert len(part.rows) > 20
    for person in part.rows.tolist():
        assert days.get(person) == expected.get(person)


def test_the_ledger_and_the_people_command_know_the_phones_of_each_persona(tmp_path: Path) -> None:
    own = {
        "a": {"phone": {"os": "ios", "monitoring": "os", "permission": "denied"}, "locale": "de_DE"},
        "b": {"phone": {"os": "android"}},
    }
    world = with_personas(tmp_path, {"a": 1, "b": 1}, own)
    described = list(describe_people(world))
    rows = ledger_people(world)
    assert Counter(one["persona"] for one in described)["a"] == pytest.approx(150, abs=35)
    for one, row in zip(described, rows, strict=True):
        is_a = one["persona"] == "a"
        assert one["phone"]["os"] == SYSTEMS[row["system"]] == ("ios" if is_a else "android")
        assert (one["profile"]["locale"] == "de_DE") == is_a
        if is_a:
            assert PERMISSIONS[row["permission"]] == "denied"


def test_a_run_of_personas_is_the_same_with_any_number_of_workers(tmp_path: Path) -> None:
    weights = dict.fromkeys(BUILT_IN, 1)
    with_personas(tmp_path, weights, household={"1": 1, "3": 1}, size=4200)
    scenario = tmp_path / "scenario.yaml"
    one = run_to_file(scenario, tmp_path / "one")
    two = run_to_file(scenario, tmp_path / "two", workers=2)
    assert one.numbers["crossings"] > 10_000
    assert one.bodies == two.bodies
    assert one.ledger_bytes == two.ledger_bytes


def test_a_group_of_one_persona_is_known_by_it(tmp_path: Path) -> None:
    described = list(describe_people(with_personas(tmp_path, "tourist", size=5)))
    assert [one["persona"] for one in described] == ["tourist"] * 5


# --- households -----------------------------------------------------------------------------------------------


def test_households_share_a_home_and_an_address(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"household": {"1": 2, "2": 1, "4": 1}, "work": {"distance": "2 km"}}, SHOPS)
    cohort = cohort_of(world, 1000)
    sizes = Counter(home(cohort, person) for person in range(1000))
    counted = Counter(sizes.values())
    assert set(counted) <= {1, 2, 3, 4}  # the last household of a block may be smaller than drawn
    households = sum(counted.values())
    assert counted[1] / households == pytest.approx(0.5, abs=0.08)
    assert counted[4] / households == pytest.approx(0.25, abs=0.08)
    assert len({work(cohort, person) for person in range(1000)}) == 1000
    for size, first in ((1, 37), (64, 64), (130, 300)):
        apart = cohort_of(world, size, first=first)
        assert apart.home_lat.tolist() == cohort.home_lat[first : first + size].tolist()
    people = list(describe_people(world))
    addresses = {
        (tuple(one["home"]), one["profile"]["street"], one["profile"]["postal_code"]) for one in people
    }
    assert len(addresses) == len({tuple(one["home"]) for one in people}) == households


def test_without_households_everybody_lives_alone(tmp_path: Path) -> None:
    cohort = cohort_of(world_of(tmp_path, {}, SHOPS), 300)
    assert len({home(cohort, person) for person in range(300)}) == 300
