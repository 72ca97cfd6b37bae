"""Putting everything together: prepare a scenario, run it, and leave a run folder behind."""

from simulator.run.engine import run
from simulator.run.folder import RunFolder
from simulator.run.journey_tools import EventDescription, describe_event, imported_journey, judge_event
from simulator.run.knowledge import exported_counts, read_evidence
from simulator.run.listening import listen_to_calls
from simulator.run.measuring import Figures
from simulator.run.metrics import serving_metrics
from simulator.run.observations import Observations
from simulator.run.options import RunOptions, RunResult
from simulator.run.pacing import Pacer, WallClock
from simulator.run.plan import plan
from simulator.run.prepare import Prepared, prepare
from simulator.run.replay import Replayed, replay_file
from simulator.run.retiming import Retiming
from simulator.run.serving import ServeSettings, export_store, serve_receiver
from simulator.run.simulation import Simulation, World
from simulator.run.starting import backfill_options, load_options, scenario_to_resume
from simulator.run.tally import Tally
from simulator.run.tools import describe_people, profile_records

__all__ = [
    "EventDescription",
    "Figures",
    "Observations",
    "Pacer",
    "Prepared",
    "Replayed",
    "Retiming",
    "RunFolder",
    "RunOptions",
    "RunResult",
    "ServeSettings",
    "Simulation",
    "Tally",
    "WallClock",
    "World",
    "backfill_options",
    "describe_event",
    "describe_people",
    "export_store",
    "exported_counts",
    "imported_journey",
    "judge_event",
    "listen_to_calls",
    "load_options",
    "plan",
    "prepare",
    "profile_records",
    "read_evidence",
    "replay_file",
    "run",
    "scenario_to_resume",
    "serve_receiver",
    "serving_metrics",
]
