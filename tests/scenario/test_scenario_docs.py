"""docs/scenario.md: the reference is current and the examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.scenario import Scenario, load_scenario
from simulator.scenario.docs import reference, with_reference
from simulator.scenario.positions import read_yaml
from simulator.scenario.schema import EDITOR_LINE
from simulator.scenario.units import DURATION, LENGTH, RATE, SPEED

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scenario.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml( fragment=\S+)?\n(.*?)```", PAGE, re.DOTALL)


def test_the_reference_is_current() -> None:
    assert with_reference(PAGE) == PAGE, "run: python -m simulator.scenario.docs"


def test_the_reference_names_every_key_of_every_model() -> None:
    text = reference()

    def keys(shape: type) -> set[str]:
        return set(getattr(shape, "model_fields", {}))

    for key in keys(Scenario):
        assert f"| `{key}` |" in text
    for anchor in set(re.findall(r"\(#(\w+)\)", text)):
        assert re.search(rf"^### {anchor}$", text, re.MULTILINE | re.IGNORECASE)


def test_the_first_example_is_complete(tmp_path: Path) -> None:
    fragment, text = EXAMPLES[0]
    assert not fragment
    assert text.splitlines()[0] == EDITOR_LINE
    (tmp_path / "shop.yaml").write_text(text)
    assert load_scenario(tmp_path / "shop.yaml").warnings == ()


@pytest.mark.parametrize("number", range(1, len(EXAMPLES)))
def test_the_other_examples_fit_into_the_first(tmp_path: Path, number: int) -> None:
    fragment, text = EXAMPLES[number]
    (tmp_path / "shop.yaml").write_text(EXAMPLES[0][1])
    value = repr(read_yaml(text, "example").data)
    key = fragment.removeprefix(" fragment=")
    assert load_scenario(tmp_path / "shop.yaml", overrides=[f"{key}={value}"]).warnings == ()


def test_every_unit_is_in_the_table() -> None:
    for dimension in (LENGTH, DURATION, SPEED, RATE):
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| {dimension.name.lower()} |"))
        assert set(re.findall(r"`([^`]+)`", row.split("|")[3])) == set(dimension.units)


@pytest.mark.parametrize("kind", ["uniform", "normal", "lognormal", "exponential", "choice", "constant"])
def test_every_example_of_a_distribution_loads(tmp_path: Path, kind: str) -> None:
    (tmp_path / "shop.yaml").write_text(EXAMPLES[0][1])
    examples = re.findall(rf"`(\{{{kind}: .*?\}})`", PAGE[: PAGE.index("## Reference")])
    assert examples
    for example in examples:
        load_scenario(
            tmp_path / "shop.yaml", overrides=[f"people.neighbours.schedule.errands.stay={example}"]
        )


def test_the_messages_shown_are_the_messages_given(tmp_path: Path) -> None:
    text = PAGE[PAGE.index("## Mistakes") :]
    shown = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    broken = EXAMPLES[0][1]
    for old, new in (("Europe/Berlin", "Europe/Berlni"), ("100 m", "100"), ("size:", "sise:")):
        broken = broken.replace(old, new)
    path = tmp_path / "shop.yaml"
    path.write_text(broken)
    with pytest.raises(Exception, match="unknown key") as caught:
        load_scenario(path, overrides=["clock.speed=fast"])
    given = str(caught.value).replace(str(path), "shop.yaml").splitlines()
    missing = [line for line in shown[1].splitlines() if line not in given]
    assert missing == []
