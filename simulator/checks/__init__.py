"""What is to be said of a run when it is over: whether its expectations hold, and what became of every crossing.

Facts as verdicts and plain documents; how they look is a matter of ``report``.
"""

from __future__ import annotations

from simulator.checks.course import TIMESERIES_FILE
from simulator.checks.evidence import Evidence
from simulator.checks.expectations import evaluate, metric_problem
from simulator.checks.explain import explain
from simulator.checks.happenings import (
    OF_THE_PHONE,
    Happening,
    People,
    read_happenings,
    read_step_events,
)
from simulator.checks.heard import Heard, join_calls
from simulator.checks.names import is_called, unknown_names
from simulator.checks.outcomes import EXPLANATIONS, SYSTEM_NAMES, Explanation
from simulator.checks.overview import overview
from simulator.checks.record import SUMMARY_FILE, RunRecord, newest_run, read_record
from simulator.checks.story import tell
from simulator.checks.verdict import Failure, Verdict, with_unit

__all__ = [
    "EXPLANATIONS",
    "OF_THE_PHONE",
    "SUMMARY_FILE",
    "SYSTEM_NAMES",
    "TIMESERIES_FILE",
    "Evidence",
    "Explanation",
    "Failure",
    "Happening",
    "Heard",
    "People",
    "RunRecord",
    "Verdict",
    "evaluate",
    "explain",
    "is_called",
    "join_calls",
    "metric_problem",
    "newest_run",
    "overview",
    "read_happenings",
    "read_record",
    "read_step_events",
    "tell",
    "unknown_names",
    "with_unit",
]
