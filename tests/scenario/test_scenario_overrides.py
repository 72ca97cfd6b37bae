"""``--set key.path=value`` changes what the file says, and its mistakes name the call."""

# ruff: noqa: E501  the tables of messages read better unbroken

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.core.distributions import Constant, Normal, Uniform
from simulator.core.errors import InputError
from simulator.scenario import LoadedScenario, Position, load_scenario
from tests.scenario.texts import MINIMAL


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(MINIMAL)
    return path


def complaints(shop: Path, *overrides: str, seed: int | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_scenario(shop, overrides=overrides, seed=seed)
    return str(caught.value).replace(str(shop), "shop.yaml").splitlines()


def loaded(shop: Path, *overrides: str) -> LoadedScenario:
    return load_scenario(shop, overrides=overrides)


def test_a_value_of_the_file_is_replaced(shop: Path) -> None:
    scenario = loaded(shop, "clock.duration=90 min", "people.neighbours.size=7").scenario
    assert scenario.clock.duration == 5400.0
    assert scenario.people["neighbours"].size == Constant(7.0)


def test_values_are_yaml(shop: Path) -> None:
    scenario = loaded(
        shop, "places.0.radius={uniform: [50 m, 200 m]}", "places[0].inline[0].at=[1, 2]", "app.sessions={}"
    ).scenario
    assert scenario.places[0].radius == Uniform(50.0, 200.0)
    assert scenario.places[0].inline[0].at == Position(1.0, 2.0)


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("destination.to=-", "-"),
        ("destination.to=file:out.ndjson", "file:out.ndjson"),
        ("destination.to='-'", "-"),
    ],
)
def test_text_needs_no_quotes(shop: Path, override: str, text: str) -> None:
    assert loaded(shop, override).scenario.destination.to == text
    assert loaded(shop, "app.name=5").scenario.app.name == "5"
    assert loaded(shop, "description=a: b").scenario.description == "a: b"


def test_parts_that_the_file_leaves_out_are_made(shop: Path) -> None:
    scenario = loaded(shop, "destination.batch_size=100", "app.sessions.night=50 %").scenario
    assert scenario.destination.batch_size == 100
    assert scenario.app.sessions.night == 0.5
    lunch = (
        loaded(shop, "people.neighbours.schedule.lunch.share=1").scenario.people["neighbours"].schedule.lunch
    )
    assert lunch is not None


def test_a_part_with_a_default_starts_from_it(shop: Path) -> None:
    group = loaded(
        shop, "people.neighbours.travel.walk.weight=3", "people.neighbours.phone.os.ios=9"
    ).scenario.people["neighbours"]
    assert group.travel.walk is not None
    assert (group.travel.walk.weight, group.travel.walk.speed) == (3.0, Normal(1.35, 0.2, 0.7, 2.2))
    assert group.phone.os == {"ios": 9.0, "android": 46.0}


def test_null_takes_a_value_away_or_puts_the_default_back(shop: Path) -> None:
    library = loaded(shop, "places.0.inline=null", "places.0.file=stores.csv").scenario.places[0]
    assert (library.inline, library.file) == ((), Path("stores.csv").absolute())
    assert (
        loaded(shop, "people.neighbours.schedule.evening=null").scenario.people["neighbours"].schedule.evening
        is None
    )


def test_later_overrides_win_and_the_seed_has_an_option_of_its_own(shop: Path) -> None:
    scenario = load_scenario(shop, overrides=["seed=1", "app.name=A", "app.name=B"], seed=9).scenario
    assert (scenario.seed, scenario.app.name) == (9, "B")


def test_an_override_may_cure_a_mistake_of_the_file(shop: Path) -> None:
    shop.write_text(MINIMAL.replace("duration: 2 h", "duration:").replace("Europe/Berlin", "Berlin"))
    assert loaded(shop, "clock.duration=1 h", "clock.timezone=UTC").scenario.clock.duration == 3600.0


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("destinaton.to=-", "--set destinaton.to: unknown key 'destinaton'; did you mean 'destination'?"),
        ("destination.batchsize=5", "--set destination.batchsize: unknown key 'batchsize'; did you mean 'batch_size'?"),
        ("destination.batch_size=0", "--set destination.batch_size: 0 is too small; must be at least 1"),
        ("clock.duration=5", "--set clock.duration: 5 has no unit; expected a duration in s, ms, min, h, d or w, such as 5 min"),
        ("clock.duration=[1", "--set clock.duration: '[1' can't be read as YAML; put text in quotes"),
        ("clock.duration=", "--set clock.duration: has no value; write key.path=value; null for none"),
        ("clock.duration=null", "--set clock.duration: must not be null; expected a duration such as 90 s or 5 min"),
        ("clock.duration", "--set clock.duration: is not a setting; write key.path=value"),
        ("=5", "--set =5: is not a setting; write key.path=value"),
        ("clock..start=5", "--set clock..start: is not a path; write key.path=value, such as destination.batch_size=100"),
        ("places.5.file=x", "--set places.5.file: '5' is no entry of 'places'; there are 1, counted from 0"),
        ("places.shops.file=x", "--set places.shops.file: 'shops' is no entry of 'places'; there are 1, counted from 0"),
        ("expect.0.equals=1", "--set expect.0.equals: '0' is no entry of 'expect'; it is empty"),
        ("places.0.file=x.csv", "--set places.0.file: places.0: a library needs either `file` or `inline` places; give exactly one of them"),
        ("people.neighbors.size=5", "--set people.neighbors.size: no 'neighbors' in 'people'; did you mean 'neighbours'?"),
        ("people.xyz.size=5", "--set people.xyz.size: no 'xyz' in 'people'; there are neighbours"),
        ("people.neighbours.size.mean=5", "--set people.neighbours.size.mean: 'people.neighbours.size' has no parts; set it as a whole"),
        ("people.neighbours.size={normal: {mean: 5, sd: x}}", "--set people.neighbours.size: normal.sd: 'x' is not a whole number; expected a whole number such as 200"),
        ("people.neighbours.work.share=1", "--set people.neighbours.work.share: people.neighbours.work: give exactly one of `around`, `near_places`, `distance`"),
        ("version.x=1", "--set version.x: 'version' has no parts; set it as a whole"),
        ("app={id: x, id: y}", "--set app: id: is given twice; the first is on line 1; remove one"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_named_as_it_was_written(shop: Path, override: str, message: str) -> None:
    assert complaints(shop, override) == [message]


def test_mistakes_of_the_file_and_of_all_overrides_come_together(shop: Path) -> None:
    shop.write_text(MINIMAL.replace("size: 50", "size: x"))
    assert complaints(shop, "clok.speed=1", "clock.speed=fast", seed=-1) == [
        "shop.yaml:16:11: people.neighbours.size: 'x' is not a whole number; expected a whole number such as 200",
        "--set clok.speed: unknown key 'clok'; did you mean 'clock'?",
        "--seed: -1 is too small; must be at least 0",
        "--set clock.speed: 'fast' is not valid; expected max or live or a number such as 2.5",
    ]


def test_an_override_that_is_no_unicode_text_is_refused(shop: Path) -> None:
    (message,) = complaints(shop, "app.name=\udcff")
    assert message.endswith("is not UTF-8 text")
