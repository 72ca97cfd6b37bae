"""What is to be said of a run when it is over: whether its expectations hold, and what became of every crossing.

Facts as verdicts and plain documents; how they look is a matter of ``report``.
"""

from __future__ import annotations

from simulator.checks.expectations import Verdict, evaluate, metric_problem
from simulator.checks.explain import explain
from simulator.checks.outcomes import EXPLANATIONS, Explanation
from simulator.checks.record import SUMMARY_FILE, RunRecord, read_record
from simulator.checks.story import SYSTEM_NAMES, tell

__all__ = [
    "EXPLANATIONS",
    "SUMMARY_FILE",
    "SYSTEM_NAMES",
    "Explanation",
    "RunRecord",
    "Verdict",
    "evaluate",
    "explain",
    "metric_problem",
    "read_record",
    "tell",
]
