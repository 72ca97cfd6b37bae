"""What people see of a run: live progress on standard error while it lasts, the summary when it is over, the
explanation of what became of its crossings, and reports as files: a page to look at, and JUnit XML.

What goes to a terminal is drawn from plain numbers, looks right with and without colour and at any width from 60
columns on, and falls back to ASCII where the output cannot show more.
"""

from __future__ import annotations

from simulator.report.explain import render_explanation
from simulator.report.junit import write_junit
from simulator.report.page import headline, write_page
from simulator.report.plan import render_plan
from simulator.report.progress import Progress
from simulator.report.story import render_story
from simulator.report.terminal import render_summary, render_verdicts

__all__ = [
    "Progress",
    "headline",
    "render_explanation",
    "render_plan",
    "render_story",
    "render_summary",
    "render_verdicts",
    "write_junit",
    "write_page",
]
