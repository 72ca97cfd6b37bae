"""Putting everything together: prepare a scenario, run it, and leave a run folder behind."""

from simulator.run.engine import RunOptions, RunResult, run
from simulator.run.folder import RunFolder
from simulator.run.observations import Observations
from simulator.run.pacing import Pacer, WallClock
from simulator.run.plan import plan
from simulator.run.prepare import Prepared, prepare
from simulator.run.replay import Replayed, replay_file
from simulator.run.serving import ServeSettings, export_store, serve_receiver
from simulator.run.simulation import Simulation, World
from simulator.run.tally import Tally
from simulator.run.tools import describe_people, profile_records

__all__ = [
    "Observations",
    "Pacer",
    "Prepared",
    "Replayed",
    "RunFolder",
    "RunOptions",
    "RunResult",
    "ServeSettings",
    "Simulation",
    "Tally",
    "WallClock",
    "World",
    "describe_people",
    "export_store",
    "plan",
    "prepare",
    "profile_records",
    "replay_file",
    "run",
    "serve_receiver",
]
