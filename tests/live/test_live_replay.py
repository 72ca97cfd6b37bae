"""`journeysim live --replay`: a record watched again."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cli.program import SCENARIOS, call, journeysim
from tests.live.shows import CORNER, SCENARIO, showing, showing_demo


def test_a_live_run_is_watched_again_as_it_was_with_what_was_done_by_hand(tmp_path: Path) -> None:
    with showing_demo(tmp_path, "--speed", "5") as show:
        stream = show.stream()
        show.post("/api/person/1/happen", network=False)
        show.post("/api/person/1/move", at=CORNER)
        time.sleep(0.4)
        show.post("/api/person/1/happen", network=True)
        push = stream.until_named("push")
        show.post("/api/person/1/open", message=push["message"])
        stream.until(lambda *_: len(stream.events("pushTracking.applicationOpened")) == 1)
        time.sleep(0.3)
        sent = {event["n"]: (event["t"], event["xdm"]) for event in stream.events()}
        summary = show.stop()
    before = {path: path.read_bytes() for path in sorted(show.folder.rglob("*")) if path.is_file()}
    with showing("--replay", show.folder, "--speed", "10", folder=show.folder) as again:
        stream = again.stream()
        assert again.get("/api/setup")["mode"] == "replay"
        assert stream.until(lambda name, data: name == "push" and data["opened"])["person"] == 1
        clock = stream.until(lambda name, data: name == "clock" and data["ended"])
        assert clock["t"] == round(summary["simulated_seconds"] * 1000)
        stream.until_named("clock")
        assert {event["n"]: (event["t"], event["xdm"]) for event in stream.events()} == sent
        fates = [fate for name, data in stream.seen if name == "fates" for fate in data["fates"]]
        assert sorted(fates) == [[number, "accepted"] for number in sorted(sent)]
        moved = again.client.post("/api/person/1/move", json={"at": CORNER})
        assert moved.status_code == 409
        again.stop()
    after = {path: path.read_bytes() for path in sorted(show.folder.rglob("*")) if path.is_file()}
    assert after == before


def test_any_run_can_be_watched_with_its_fates(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    arguments = ("--people", "60", "--duration", "2 h", "--out", folder, "--quiet")
    assert call("run", SCENARIOS / "lunch_rush_live.yaml", *arguments).exit_code == 0
    summary = json.loads((folder / "summary.json").read_text())
    with showing("--replay", folder, "--speed", "3600", folder=folder) as show:
        stream = show.stream()
        stream.until(lambda name, data: name == "clock" and data["ended"])
        counters = [data for name, data in show.stream().seen if name == "counters"][-1]
        assert counters["crossed"] == summary["crossings"]
        assert counters["accepted"] == sum(
            summary["outcomes"].get(name, 0) for name in ("delivered", "delivered_late")
        )
        assert counters["events"]["accepted"] == summary["acknowledged"]
        assert counters["entered"] == summary["journeys"]["coupon"]["entered"]
        assert counters["received"] == summary["actions"]["Coupon"]["received"]
        story = show.get("/api/place/0")["story"]
        assert story["crossings"] > 0


@pytest.mark.parametrize("more", [(), ("--speed", "10")])
def test_what_is_no_run_folder_can_not_be_watched(tmp_path: Path, more: tuple[str, ...]) -> None:
    done = journeysim("live", "--replay", tmp_path, *more, "--no-open", "--port", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert "is not a run folder" in done.stderr


def test_a_record_takes_no_options_of_a_run(tmp_path: Path) -> None:
    scenario = tmp_path / "demo.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    done = call("live", scenario, "--replay", tmp_path)
    assert done.exit_code == 2
    assert "makes no sense with --replay" in done.stderr
