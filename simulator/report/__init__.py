"""What people see of a run: live progress on standard error while it lasts, the summary when it is over, and
the explanation of what became of its crossings.

Both are drawn from plain numbers, look right with and without colour and at any width from 60 columns on,
and fall back to ASCII where the output cannot show more.
"""

from __future__ import annotations

from simulator.report.explain import render_explanation
from simulator.report.plan import render_plan
from simulator.report.progress import Progress
from simulator.report.story import render_story
from simulator.report.terminal import render_summary

__all__ = ["Progress", "render_explanation", "render_plan", "render_story", "render_summary"]
