"""Events that no destination of a run understands are counted, and go no further."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simulator.run import RunOptions, prepare, run
from simulator.run.simulation import Simulation
from simulator.run.window import Window
from simulator.sdk import KINDS, Route
from tests.run.scenarios import town

# Everybody gets a push token and is asked for consent, which the Edge Network is told of.
TALKATIVE = [
    "app.push={share: 1}",
    "app.consent={start: {pending: 1}, answer: {yes: 1}, answered_after: 1 h}",
    "clock.duration=8 h",
]


def windows(path: Path, destination: str) -> list[Window]:
    world = prepare(town(path), overrides=[*TALKATIVE, f"destination.to={destination}"], people=60).world
    simulation = Simulation(world, world.cohorts())
    return [simulation.advance(end) for _, end in world.windows()]


def test_an_edge_network_gets_all_events_and_others_those_that_they_understand(tmp_path: Path) -> None:
    spoken = windows(tmp_path, "edge:http://127.0.0.1:9/ee?configId=d")
    others = windows(tmp_path, f"file:{tmp_path}/events.ndjson")
    left_out = 0
    for every, some in zip(spoken, others, strict=True):
        understood = every.route != Route.EDGE_ONLY
        left_out += int((~understood).sum())
        assert some.bodies == [every.bodies[row] for row in np.flatnonzero(understood).tolist()]
        assert some.rows.tobytes() == every.rows.tobytes()
        assert (every.census.left_out, some.census.left_out) == (0, left_out)
    assert left_out > 60


def test_the_summary_counts_what_was_left_out(tmp_path: Path) -> None:
    for workers in (1, 2):
        events = tmp_path / f"{workers}.ndjson"
        overrides = [*TALKATIVE, f"destination.to=file:{events}"]
        prepared = prepare(town(tmp_path), overrides=overrides, people=60)
        summary = run(prepared, RunOptions(out=tmp_path / f"run{workers}", workers=workers)).summary
        assert summary["edge_only"] > 60
        assert summary["sent"] == sum(summary["events"].values()) == len(events.read_bytes().splitlines())
        assert not {"push token", "set-consent"} & summary["events"].keys()
    assert {"push token", "set-consent"} < set(map(str, KINDS))
