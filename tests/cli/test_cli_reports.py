"""`verify`, `report`, and the reports of `run`: files where they were asked for, and the exit code of the verdict."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.cli.program import ROOT, call, tiny

SCENARIO = ROOT / "scenarios" / "coupon_at_the_door.yaml"
WRONG_CASE = (
    "journeys.events.CafeEntry.rule="
    '@event{CafeEntry.eventType} == "location.entry" and '
    'contain(@event{CafeEntry.placeContext.POIinteraction.POIDetail.name}, "Cafe")'
)
SMALL = "people.neighbours.size=400"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good") / "run"
    call("run", SCENARIO, "--set", SMALL, "--out", folder, "--quiet")
    return folder


def test_a_failed_run_exits_with_one_and_writes_its_reports(tmp_path: Path) -> None:
    page, junit = tmp_path / "a" / "report.html", tmp_path / "a" / "junit.xml"
    options = ("--set", SMALL, "--set", WRONG_CASE, "--out", tmp_path / "run", "--quiet")
    done = call("run", SCENARIO, *options, "--html", page, "--junit", junit)

    assert done.exit_code == 1
    assert "POIDetail.name`, which is null" in done.stderr
    assert "which is null" in page.read_text(encoding="utf-8").partition("</h1>")[0]
    failures = ET.parse(junit).findall("testsuite/testcase/failure")
    assert "POIDetail" in str(failures[0].get("message"))


def test_verify_agrees_with_the_run(good: Path) -> None:
    done = call("verify", good, "--json")
    summary = json.loads((good / "summary.json").read_text(encoding="utf-8"))
    assert json.loads(done.stdout)["expectations"] == summary["expectations"]
    assert done.exit_code == int(
        any(not one["ok"] and one["severity"] == "error" for one in summary["expectations"])
    )


def test_verify_judges_by_other_expectations(good: Path) -> None:
    done = call("verify", good, "--set", "expect=[{nothing: sent}]")
    assert done.exit_code == 1
    assert "got Coupon at" in done.stdout.replace("\n", " ")


def test_verify_judges_by_an_export_of_step_events(good: Path, tmp_path: Path) -> None:
    sent = "expect=[{who: {visits: ['* Cafe']}, sent: Coupon, at_least: 1}]"
    own = call("verify", good, "--set", sent, "--json")
    export = call("verify", good, "--set", sent, "--step-events", good / "step_events.ndjson", "--json")
    assert export.exit_code == own.exit_code == 0
    found = [json.loads(done.stdout)["expectations"][0]["found"] for done in (own, export)]
    assert found[0] == found[1] > 0

    (tmp_path / "empty.ndjson").write_text("", encoding="utf-8")
    assert call("verify", good, "--set", sent, "--step-events", tmp_path / "empty.ndjson").exit_code == 1
    assert call("verify", good, "--step-events", tmp_path / "missing.ndjson").exit_code == 2


def test_report_writes_a_page_into_the_run_folder(good: Path, tmp_path: Path) -> None:
    done = call("report", good)
    assert done.exit_code == 0
    assert Path(done.stdout.strip()) == good / "report.html"
    assert (good / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert call("report", tmp_path / "nothing").exit_code == 2


def test_without_a_run_the_newest_one_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    missing = call("report")
    assert missing.exit_code == 2
    assert "There is none in runs/ either." in missing.stderr
    for name in ("b", "a"):
        assert call("run", tiny(tmp_path), "--quiet", "--out", f"runs/{name}").exit_code == 0
    done = call("report")
    assert (done.stdout, done.stderr) == (
        "runs/a/report.html\n",
        "journeysim: runs/a, the newest run in runs\n",
    )
    assert call("explain").stdout.startswith("tiny: ")


def test_the_story_of_an_example_names_what_it_is_an_example_of(tmp_path: Path) -> None:
    expect = 'expect=[{name: Everybody got it, who: {visits: ["*"]}, receives: Coupon}]'
    folder = tmp_path / "run"
    run = call("run", SCENARIO, "--people", "300", "--set", expect, "--out", folder)
    assert run.exit_code == 1
    person = run.stdout.rstrip().rpartition("--person ")[2]
    told = " ".join(call("explain", folder, "--person", person).stdout.split())
    assert "✘ Everybody got it: " in told


def test_a_report_that_can_not_be_written_says_so(good: Path) -> None:
    done = call("report", good, "--html", good / "summary.json" / "page.html")
    assert done.exit_code == 3
    assert "cannot write" in done.stderr
