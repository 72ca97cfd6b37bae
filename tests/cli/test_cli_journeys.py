"""The commands around journeys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import ROOT, call
from tests.journeys.test_importer import document

COUPON = ROOT / "scenarios" / "coupon_at_the_door.yaml"


def an_entry(**poi: str) -> dict[str, object]:
    return {
        "_id": "e1",
        "timestamp": "2026-03-02T09:00:00.000Z",
        "eventType": "location.entry",
        "identityMap": {"ECID": [{"id": "7" * 38}]},
        "placeContext": {"POIinteraction": {"poiDetail": {"name": "Corner Cafe"} | poi}},
    }


def test_an_event_definition_is_described_with_its_payload() -> None:
    done = call("event-definition", "CafeEntry", "--scenario", COUPON)
    assert done.exit_code == 0
    assert "CafeEntry: rule-based event" in done.stdout
    assert "placeContext.POIinteraction.poiDetail.name" in done.stdout
    preview = json.loads(call("event-definition", "CafeEntry", "--scenario", COUPON, "--json").stdout)
    assert preview["body"]["xdmEntity"]["eventType"] == "location.entry"


def test_an_unknown_event_definition_is_refused() -> None:
    done = call("event-definition", "Cafe", "--scenario", COUPON)
    assert done.exit_code == 2
    assert "no event definition 'Cafe'; there are CafeEntry" in done.stderr


def test_an_event_that_starts_the_journey_says_so(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(an_entry()))
    done = call("triggerable", file, "--against", COUPON)
    assert done.exit_code == 0
    assert "✔ CafeEntry: would start its journey" in done.stdout


def test_an_event_that_does_not_says_why_and_the_exit_code_tells(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(an_entry() | {"eventType": "location.exit"}))
    done = call("triggerable", file, "--against", COUPON)
    assert done.exit_code == 1
    assert (
        "✘ CafeEntry: no: the rule wants `eventType` to be 'location.entry'; the event has 'location.exit'"
        in done.stdout
    )
    document = json.loads(call("triggerable", file, "--against", COUPON, "--json").stdout)
    assert document["verdicts"][0]["triggers"] is False


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", ":1:2: is no JSON"), ("", ":1:1: is no JSON")],
)
def test_what_is_no_event_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(text)
    done = call("triggerable", file, "--against", COUPON)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_scenario_without_journeys_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text("{}")
    done = call("triggerable", file, "--against", ROOT / "scenarios" / "corner_cafe.yaml")
    assert done.exit_code == 2
    assert "the scenario has no journeys" in done.stderr


def test_an_imported_journey_fits_into_a_scenario(tmp_path: Path) -> None:
    file, scenario = tmp_path / "journey.json", tmp_path / "scenario.yaml"
    file.write_text(json.dumps(document()))
    assert call("import-journey", file, "-o", tmp_path / "journeys.yaml").exit_code == 0
    section = (tmp_path / "journeys.yaml").read_text(encoding="utf-8")
    assert section.startswith("# Look at these before you run it:\n# - ")
    cafe = (ROOT / "scenarios" / "corner_cafe.yaml").read_text(encoding="utf-8")
    scenario.write_text(cafe + section, encoding="utf-8")
    done = call("check", scenario)
    assert done.exit_code == 0, done.stderr
    assert "nobody sends this id" in done.stderr
