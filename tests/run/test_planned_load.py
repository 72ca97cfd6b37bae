"""What a dry run says of a load is what the load then does."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from simulator.report import render_plan
from simulator.run import RunOptions, plan, prepare, run
from tests.run.scenarios import town


def planned(tmp_path: Path, *overrides: str) -> dict[str, Any]:
    document = plan(prepare(town(tmp_path), people=300, overrides=overrides))
    load: dict[str, Any] = document["load"]
    return load


def words(tmp_path: Path, *overrides: str) -> str:
    out = io.StringIO()
    console = Console(file=out, width=100, color_system=None)
    render_plan(plan(prepare(town(tmp_path), people=300, overrides=overrides)), console)
    return " ".join(out.getvalue().split())


@pytest.mark.parametrize(
    "profile",
    [
        "2k/s",
        "ramp 100/s to 3k/s over 1 s",
        "300/s for 200 ms, to 2k/s over 300 ms, 100/s for 100 ms",
        "daily 1000/s over 1 s",
        "daily 2000/s",
        "200 requests/s",
        "100 requests/s for 300 ms",
    ],
)
def test_the_plan_has_the_events_and_the_time_of_the_run(tmp_path: Path, profile: str) -> None:
    overrides = (
        "destination.to=file:/dev/null",
        "destination.batch_size=5",
        f"load.profile={profile}",
    )
    expected = planned(tmp_path, *overrides)
    prepared = prepare(town(tmp_path), people=300, overrides=overrides)
    summary = run(prepared, RunOptions(out=tmp_path / "record")).summary
    found = summary["load"]
    assert expected["events"] == pytest.approx(found["planned"], abs=5)  # one request at most
    assert expected["seconds"] == pytest.approx(found["planned_seconds"], rel=0.02, abs=0.03)
    assert expected["not_due"] >= summary["not_due"] - 5  # a run ends before it has made them all
    assert (expected["ended_by"] == "profile") is ("profile" in found["ended"])
    assert sum(stage["seconds"] for stage in expected["stages"]) == pytest.approx(
        expected["seconds"], abs=0.01
    )


def test_the_stages_are_those_that_the_events_last_for(tmp_path: Path) -> None:
    events = planned(tmp_path, "load.profile=1/s")["events"]
    load = planned(tmp_path, f"load.profile=ramp 0/s to {events}/s over 4 s")
    assert load["ended_by"] == "events"
    # Half of a ramp's events are sent after the square root of a half of its time.
    assert load["seconds"] == pytest.approx(4.0 * 0.5**0.5, rel=0.01)
    assert load["peak_rate"] == pytest.approx(events * 0.5**0.5, rel=0.01)
    assert load["short_by"] == pytest.approx(events, abs=2)


def test_too_few_events_come_with_a_number_of_people_that_are_enough(tmp_path: Path) -> None:
    events = planned(tmp_path, "load.profile=1/s")["events"]
    profile = f"load.profile={events}/s for 3 s"
    said = words(tmp_path, profile)
    people = int(said.split("`--people ")[1].split("`")[0])
    assert 900 < people < 1100  # there are 300
    enough = plan(prepare(town(tmp_path), people=people, overrides=[profile]))
    assert enough["load"]["ended_by"] == "profile"


def test_it_is_said_in_words(tmp_path: Path) -> None:
    said = words(tmp_path, "load.profile=ramp 10/s to 50/s over 2 s", "load.spacing=poisson")
    assert "ramp 10/s to 50/s over 2 s, at random moments" in said
    assert "60 events in 2.0 s: 30 events/s on average, 50 events/s at most" in said
    assert "ends with the profile; " in said
    assert "of the run will not be sent" in said
    assert "▂" in said and "█" in said
    steady = words(tmp_path, "load.profile=500/s")
    assert "ends with the events of the run" in steady
    assert "█" not in steady
