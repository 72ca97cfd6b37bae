"""The scenario of recorded tracks with real recordings in place of the made-up ones."""

from __future__ import annotations

from pathlib import Path

from simulator.core.errors import ExitCode
from simulator.run import RunOptions, prepare, run
from tests.gallery.summaries import SCENARIOS
from tests.shared_files import shared_path


def test_a_real_hike_and_a_real_drive_pass_the_same_sights(tmp_path: Path) -> None:
    files = {
        "hiker": shared_path("data/korita_zbevnica_walk.gpx"),
        "drivers": shared_path("data/around_visnjan_with_car.gpx"),
    }
    settings = [f"people.{name}.trace.file={file}" for name, file in files.items()]
    prepared = prepare(SCENARIOS / "follow_the_track.yaml", overrides=settings)
    result = run(prepared, RunOptions(out=tmp_path / "record"))
    assert result.exit_code is ExitCode.OK
    # The hiker starts at the trailhead, stays around the summit, and comes back; each driver passes the square once.
    assert result.summary["inside_at_start"] == 1
    assert {
        place["name"]: (place["entries"], place["exits"]) for place in result.summary["busiest_places"]
    } == {
        "Trailhead": (1, 1),
        "Summit": (1, 1),
        "Village square": (2, 2),
    }
