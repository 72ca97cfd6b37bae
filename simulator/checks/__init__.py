"""What must hold at the end of a run: expectations on its summary, each answered with a verdict."""

from __future__ import annotations

from simulator.checks.expectations import Verdict, evaluate, metric_problem

__all__ = ["Verdict", "evaluate", "metric_problem"]
