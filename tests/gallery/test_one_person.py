"""One person, three places, one day: everything that happens can be checked by hand."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from tests.cli.program import ROOT
from tests.gallery.one_person import GOLDEN, NAMES, made

WALK = 1.4  # metres a second, straight ahead
FENCE = 100  # metres
HOME_TO_WORK, WORK_TO_CAFE = 1561, 445  # metres


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    return made()


@pytest.mark.parametrize("name", NAMES)
def test_the_day_comes_out_as_it_always_did(name: str, texts: dict[str, str]) -> None:
    expected = (GOLDEN / name).read_text(encoding="utf-8")
    assert texts[name] == expected, "if this is meant: python -m tests.gallery.one_person"


def test_the_documentation_shows_what_is_said_of_the_day() -> None:
    page = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    told = (GOLDEN / "one_person.explain.txt").read_text(encoding="utf-8")
    run, person, _ = re.findall(r"^\$ (.+\n(?:(?!\$ ).*\n)+)", told, re.MULTILINE)
    for call, text in (part.split("\n", 1) for part in (run, person)):
        assert f"$ {call}\n" in page
        assert f"```text\n{text.rstrip()}\n```" in page


def test_crossings_are_where_a_pencil_puts_them(texts: dict[str, str]) -> None:
    events = [orjson.loads(line) for line in texts["one_person.ndjson"].splitlines()]
    crossed = [
        (event["eventType"], event["placeContext"]["POIinteraction"]["poiDetail"]["name"], seconds(event))
        for event in events
        if event["eventType"].startswith("location.")
    ]
    out, through = FENCE / WALK, (HOME_TO_WORK - FENCE) / WALK
    to_cafe = (WORK_TO_CAFE - FENCE) / WALK
    lunch, back, evening = at(12, 15), at(12, 45) + WORK_TO_CAFE / WALK, at(17, 0)
    expected = [
        ("location.exit", "Home", at(8, 0) + out),
        ("location.entry", "Work", at(8, 0) + through),
        ("location.exit", "Work", lunch + out),
        ("location.entry", "Cafe", lunch + to_cafe),
        ("location.exit", "Cafe", back + out),
        ("location.entry", "Work", back + to_cafe),
        ("location.exit", "Work", evening + out),
        ("location.entry", "Home", evening + through),
    ]
    assert [step[:2] for step in crossed] == [step[:2] for step in expected]
    # Home and work are drawn within a metre of their points, and people stand a few metres from the middle of
    # the places they visit.
    assert [step[2] for step in crossed] == pytest.approx([step[2] for step in expected], abs=5 / WALK)


def at(hour: int, minute: int) -> float:
    return hour * 3600 + minute * 60


def seconds(event: dict[str, str]) -> float:
    """Seconds since local midnight; Berlin is an hour ahead of UTC in March."""
    clock = event["timestamp"].removeprefix("2026-03-02T").removesuffix("Z")
    hours, minutes, rest = clock.split(":")
    return (int(hours) + 1) * 3600 + int(minutes) * 60 + float(rest)
