"""The HTML report: the cause first, everything in one file, nothing of the data taken for markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from simulator.checks import overview, read_record
from simulator.report.page import headline, page
from simulator.run import RunOptions, prepare, run

SCENARIO = Path(__file__).parents[2] / "scenarios" / "coupon_at_the_door.yaml"
WRONG_CASE = (
    "journeys.events.CafeEntry.rule="
    '@event{CafeEntry.eventType} == "location.entry" and '
    'contain(@event{CafeEntry.placeContext.POIinteraction.POIDetail.name}, "Cafe")'
)


class Reader(HTMLParser):
    """The elements of a page with their attributes, and its visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and not {"style", "script", "title", "head"} & set(self.open):
            self.text.append(data.strip())


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def report(tmp_path: Path, *overrides: str) -> dict[str, Any]:
    prepared = prepare(SCENARIO, overrides=["people.neighbours.size=300", *overrides])
    run(prepared, RunOptions(out=tmp_path / "run"))
    return overview(read_record(tmp_path / "run"))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return report(tmp_path_factory.mktemp("broken"), WRONG_CASE)


def test_the_first_line_names_the_cause_of_the_first_failure(broken: dict[str, Any]) -> None:
    reader = read(page(broken))
    heading = " ".join(reader.text[:6])
    assert heading.startswith(
        "✘ The event matched no definition: the rule reads placeContext.POIinteraction.POIDetail.name , "
        "which is null: the event has placeContext.POIinteraction.poiDetail.name"
    )


def test_failed_expectations_and_their_people_come_first(broken: dict[str, Any]) -> None:
    reader = read(page(broken))
    signs = [text for text in reader.text if text in ("✔", "✘", "!")]
    assert signs[0] == "✘"  # of the headline
    assert signs[1:] == sorted(signs[1:], key="✘!✔".index)
    first = broken["summary"]["expectations"][0]["failures"][0]["examples"][0]
    people = [attributes for tag, attributes in reader.elements if tag == "details"]
    assert people[0]["id"] == first
    assert "open" in people[0]


def test_the_page_needs_nothing_from_anywhere(broken: dict[str, Any]) -> None:
    text = page(broken)
    for tag, attributes in read(text).elements:
        assert tag not in ("iframe", "object", "embed", "img", "base")
        assert not attributes.get("src")
        if (target := attributes.get("href")) is not None:
            assert target == "data:," or target.startswith("#")
    assert not re.search(r"url\(|@import|@font-face|fetch\(|XMLHttpRequest|https?://", text)


def test_data_is_never_markup(broken: dict[str, Any]) -> None:
    hostile = "<script>alert('`x`')</script>"
    summary = {**broken["summary"], "description": hostile, "scenario": hostile}
    verdict = {**summary["expectations"][0], "name": hostile, "metric": hostile}
    summary["expectations"] = [verdict]
    document = {**broken, "summary": summary, "run": {**broken["run"], "scenario": hostile}}
    reader = read(page(document))
    assert [tag for tag, _ in reader.elements].count("script") == 1


def test_a_run_in_which_all_holds_says_so(tmp_path: Path) -> None:
    document = report(tmp_path, "expect=[{metric: rejected, equals: 0}]")
    assert headline(document["summary"]) == ("Everything holds: 1 expectation", "good")
    reader = read(page(document))
    assert {"Journey coupon", "Action Coupon", "Visits", "How long it took", "People"} <= set(reader.text)
    assert any("condition member: took members" in text for text in reader.text)


def test_a_run_without_journeys_or_expectations_has_a_page_too(tmp_path: Path) -> None:
    scenario = SCENARIO.with_name("corner_cafe.yaml")
    run(prepare(scenario, overrides=["expect=[]"]), RunOptions(out=tmp_path / "run"))
    reader = read(page(overview(read_record(tmp_path / "run"))))
    assert "Everything holds" in reader.text
    assert "Expectations" not in reader.text
