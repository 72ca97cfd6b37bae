"""Every scenario of the gallery runs as it is, and comes to the same numbers on every machine."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from simulator.core.errors import ExitCode
from simulator.scenario.schema import EDITOR_LINE
from tests.gallery.summaries import GOLDEN, SCENARIOS, gallery, golden_file, run_scenario, stable

EVENT_TYPES = {"location.entry", "location.exit", "application.launch", "application.close"}


@pytest.mark.parametrize("name", gallery())
def test_a_scenario_begins_with_the_editor_line_and_one_sentence(name: str) -> None:
    text = (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.splitlines()[0] == EDITOR_LINE
    assert re.search(rf"^name: {name}$", text, re.MULTILINE)
    description = re.search(r"^description: (.+)$", text, re.MULTILINE)
    assert description is not None
    assert re.fullmatch(r"[A-Z][^.!?]+\.", description[1])


@pytest.mark.parametrize("name", gallery())
def test_a_scenario_comes_to_the_expected_numbers(name: str, tmp_path: Path) -> None:
    result = run_scenario(name, tmp_path)
    expected = json.loads(golden_file(name).read_text(encoding="utf-8"))
    assert stable(result.summary) == expected, f"if this is meant: python -m tests.gallery.refresh {name}"
    assert result.exit_code is ExitCode.OK


def test_every_expected_summary_belongs_to_a_scenario() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.json")) == gallery()


def test_the_lunch_rush_sends_all_types_of_events_and_adds_up(tmp_path: Path) -> None:
    result = run_scenario("lunch_rush", tmp_path)
    lines = (tmp_path / "record" / "received.ndjson").read_text(encoding="utf-8").splitlines()
    count = Counter(json.loads(line)["eventType"] for line in lines)
    assert set(count) == EVENT_TYPES
    assert result.summary["events"] == dict(count)
    assert sum(result.summary["outcomes"].values()) == result.summary["crossings"]
    assert count["location.entry"] + count["location.exit"] == result.summary["crossings"]
