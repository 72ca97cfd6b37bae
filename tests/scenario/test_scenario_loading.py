"""What a loaded scenario knows: its values, where they stand, its data, and how it is written down again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from simulator.core.distributions import Choice, LogNormal
from simulator.core.errors import InputError
from simulator.scenario import LoadedScenario, Scenario, dump_as_run, load_scenario
from tests.scenario.texts import MINIMAL, RICH


@pytest.fixture
def rich(tmp_path: Path) -> LoadedScenario:
    path = tmp_path / "rich.yaml"
    path.write_text(RICH)
    return load_scenario(path)


def test_values_are_loaded_in_si_units(rich: LoadedScenario, tmp_path: Path) -> None:
    scenario = rich.scenario
    chain, town = scenario.places
    assert (scenario.clock.duration, scenario.clock.speed) == (5400.0, 60.0)
    assert chain.file == tmp_path / "data" / "stores.csv"
    assert isinstance(chain.radius, LogNormal)
    assert chain.radius.high == 2000.0
    assert town.inline[0].radius == Choice((50.0, 91.44), (1.0, 3.0))
    assert town.inline[0].at == (-33.9, 18.4)
    group = scenario.people["commuters"]
    assert group.work is not None
    assert (group.work.share, group.work.days) == (0.8, ("mon", "fri"))
    assert group.schedule.evening is None
    assert group.phone.language == {"en-US": 1.0, "de-DE": 1.0}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("name",), (2, 7)),
        (("clock", "speed"), (5, 77)),
        (("places",), (6, 1)),
        (("places", 0), (7, 5)),
        (("places", 0, "file"), (8, 11)),
        (("places", 1, "inline", 0, "radius", "choice"), (15, 26)),
        (("people", "commuters", "home"), (21, 5)),
        (("people", "commuters", "home", "towns", "file"), (23, 15)),
        (("people", "commuters", "home", "towns", "spread"), (22, 7)),
        (("nothing", "of", "the", "kind"), (1, 1)),
    ],
)
def test_every_field_knows_its_line_and_column(
    rich: LoadedScenario, path: tuple[str | int, ...], place: tuple[int, int]
) -> None:
    assert rich.where(path) == place


def test_others_report_problems_at_a_field(rich: LoadedScenario, tmp_path: Path) -> None:
    problem = rich.problem(("places", 0, "file"), "no such file", "give a CSV file")
    file = tmp_path / "rich.yaml"
    assert str(problem) == f"{file}:8:11: places.0.file: no such file; give a CSV file"
    changed = load_scenario(file, overrides=["places.0.file=x.csv"])
    assert changed.where(("places", 0, "file")) == (0, 0)
    assert str(changed.problem(("places", 0, "file"), "no such file")) == "--set places.0.file: no such file"


def test_a_merged_mapping_is_reported_where_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    text = MINIMAL.replace("  neighbours:\n", "  neighbours: &base\n")
    path.write_text(text.replace("app:\n", "  others:\n    <<: *base\n    size: 5\napp:\n"))
    loaded = load_scenario(path)
    assert loaded.scenario.people["others"].home == loaded.scenario.people["neighbours"].home
    assert loaded.where(("people", "others", "home")) == loaded.where(("people", "neighbours", "home"))


def test_the_document_is_plain_data_with_the_overrides_in_it(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(RICH)
    document = load_scenario(path, overrides=["app.name=New", "clock.speed=max"], seed=3).document
    assert orjson.loads(orjson.dumps(document, option=orjson.OPT_PASSTHROUGH_SUBCLASS)) == document
    assert (document["app"]["name"], document["clock"]["speed"], document["seed"]) == ("New", "max", 3)
    assert document["places"][0]["file"] == str(tmp_path / "data" / "stores.csv")


@pytest.mark.parametrize("text", [MINIMAL, RICH], ids=["minimal", "rich"])
def test_a_dumped_scenario_is_the_same_scenario_anywhere(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    first = load_scenario(path, overrides=["app.name=12:30", "destination.organization=no"], seed=42)
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / "scenario.yaml"
    copy.write_text(dump_as_run(first, header="as run\nby a test"))
    assert copy.read_text().startswith("# as run\n# by a test\nversion: 1\n")
    again = load_scenario(copy)
    assert again.scenario == first.scenario
    assert dump_as_run(again, header="as run\nby a test") == copy.read_text()


def test_a_dump_takes_changes(rich: LoadedScenario, tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    copy.write_text(dump_as_run(rich, seed=99, **{"clock.duration": "1 d", "people.commuters.size": 3}))
    scenario = load_scenario(copy).scenario
    assert (scenario.seed, scenario.clock.duration) == (99, 86_400.0)
    assert scenario.people["commuters"].size.bounds() == (3.0, 3.0)


def test_a_scenario_can_be_written_as_data_and_read_back(rich: LoadedScenario) -> None:
    assert Scenario.model_validate(rich.scenario.model_dump(mode="json")) == rich.scenario


def test_yaml_1_2_keeps_no_and_clock_times_as_text(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(MINIMAL.replace("Example Shop", "no").replace("Corner shop", "12:30"))
    scenario = load_scenario(path).scenario
    assert (scenario.app.name, scenario.places[0].inline[0].name) == ("no", "12:30")


def test_a_byte_order_mark_and_windows_line_ends_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert load_scenario(path).where(("name",)) == (2, 7)


def test_the_error_carries_the_problems_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(MINIMAL.replace("size: 50", "size: x"))
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.field) == (16, 11, "people.neighbours.size")


def test_importing_the_room_loads_no_yaml_library() -> None:
    code = "import simulator.scenario, sys; sys.exit('ruamel.yaml' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
