"""The examples of scenario parts on the other pages load, as those of docs/scenario.md do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.scenario import load_scenario
from simulator.scenario.positions import read_yaml
from tests.cli.program import ROOT
from tests.scenario.texts import MINIMAL

PAGES = [page.stem for page in sorted((ROOT / "docs").glob("*.md")) if page.stem != "scenario"]
EXAMPLES = [
    (page, number, *example)
    for page in PAGES
    for number, example in enumerate(
        re.findall(
            r"```yaml fragment=(\S+)\n(.*?)```",
            (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8"),
            re.DOTALL,
        )
    )
]


@pytest.mark.parametrize(
    ("page", "number", "key", "text"), EXAMPLES, ids=[f"{page}-{number}" for page, number, *_ in EXAMPLES]
)
def test_an_example_fits_into_a_scenario(tmp_path: Path, page: str, number: int, key: str, text: str) -> None:
    (tmp_path / "shop.yaml").write_text(MINIMAL)
    value = repr(read_yaml(text, f"{page}-{number}").data)
    assert load_scenario(tmp_path / "shop.yaml", overrides=[f"{key}={value}"]).warnings == ()
