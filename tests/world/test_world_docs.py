"""The examples of docs/places.md do what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from simulator.scenario.models import Library
from simulator.scenario.quantities import FileContext
from simulator.world.importers.records import METADATA_PAIRS, MIN_RADIUS, TEXT_LIMITS
from tests.world.making import load, written

PAGE = Path(__file__).resolve().parents[2] / "docs" / "places.md"
BLOCK = re.compile(
    r"```yaml\n(?P<scenario>.*?)```\n(?:\n```\w+ data/(?P<name>\S+)\n(?P<content>.*?)```)?", re.DOTALL
)
EXAMPLES = {match["scenario"].split("\n")[1].split()[-1]: match for match in BLOCK.finditer(PAGE.read_text())}


@pytest.mark.parametrize(
    ("name", "names", "radii"),
    [
        ("Cafes", ["Cafe Nord"], [120.0]),
        ("Shops", ["Shop One"], [120.0]),
        ("Parks", ["City Park"], [450.0]),
        ("Markets", ["Market 17 Berlin", "Market 18 Potsdam"], None),
        ("Stations", ["Central Station", "Zoo"], [250.0, 100.0]),
    ],
)
def test_each_example_loads_without_warnings(
    tmp_path: Path, name: str, names: list[str], radii: list[float] | None
) -> None:
    example = EXAMPLES[name]
    (tmp_path / "data").mkdir()
    if example["name"]:
        written(tmp_path / "data", example["name"], example["content"])
    (spec,) = YAML(typ="safe").load(example["scenario"])["places"]
    places, warnings = load(Library.model_validate(spec, context=FileContext(tmp_path)))
    assert warnings == []
    assert [place.name for place in places.places] == names
    assert places.radius.tolist() == (radii or pytest.approx([150.0, 150.0], abs=50.0))


def test_every_example_of_the_page_is_tested() -> None:
    assert sorted(EXAMPLES) == ["Cafes", "Markets", "Parks", "Shops", "Stations"]


def test_the_rules_on_the_page_are_those_of_the_program() -> None:
    page = PAGE.read_text()
    assert f"{MIN_RADIUS:g} m to 20 km" in page
    assert f"at most {METADATA_PAIRS} pairs" in page
    for text, limit in TEXT_LIMITS.items():
        line = next(line for line in page.splitlines() if re.match(rf"\|[^|]*\b{text}\b", line))
        assert str(limit) in line
