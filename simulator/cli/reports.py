"""The commands that look at a run again: reports of it, and another verdict on it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import rich_click as click

from simulator.cli.complaints import user_errors
from simulator.cli.options import RUN
from simulator.cli.output import console_for, print_json
from simulator.core.errors import ExitCode, UsageError

FILE = click.Path(path_type=Path)
JUNIT = click.option("--junit", type=FILE, metavar="FILE", help="Write the verdicts as JUnit XML.")
HTML = click.option("--html", type=FILE, metavar="FILE", help="Write a report as one HTML file.")


def write_reports(folder: Path, summary: Mapping[str, Any], *, junit: Path | None, html: Path | None) -> None:
    """Write the reports that were asked for; raises DeliveryError where that fails."""
    from simulator.checks import overview, read_record
    from simulator.report import write_junit, write_page

    if junit is not None:
        write_junit(summary, junit)
    if html is not None:
        write_page(overview(read_record(folder), summary=summary), html)


@click.command()
@RUN
@HTML
@JUNIT
@user_errors
def report(folder: Path, html: Path | None, junit: Path | None) -> None:
    """Write reports of a run: a page to look at, and JUnit XML for build servers.

    Without an option the page is written to `report.html` in the run folder.

    **Examples**

    - `journeysim report runs/coupon_at_the_door-20260302-060000`
    - `journeysim report runs/coupon_at_the_door-20260302-060000 --html report.html --junit junit.xml`
    """
    if html is None and junit is None:
        html = folder / "report.html"
    write_reports(folder, _summary(folder), junit=junit, html=html)
    for path in (html, junit):
        if path is not None:
            click.echo(path)


@click.command()
@RUN
@click.option(
    "--scenario",
    type=FILE,
    metavar="FILE",
    help="Judge by the expectations of this scenario [that of the run].",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    help="Change a value of the scenario; may be repeated.",
)
@click.option(
    "--step-events",
    metavar="FILE|URL",
    help="Judge by this export of journey step events (one per line) instead of the run's own journeys.",
)
@click.option(
    "--calls",
    type=FILE,
    metavar="FILE",
    help="Take what a listener heard from here [calls.ndjson of the run].",
)
@HTML
@JUNIT
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as one JSON document.")
@user_errors
def verify(
    folder: Path,
    scenario: Path | None,
    overrides: tuple[str, ...],
    step_events: str | None,
    calls: Path | None,
    html: Path | None,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Judge a run again: by other expectations, or by what the real product says happened.

    The exit code is 0 if all expectations hold, otherwise 1.

    **Examples**

    - `journeysim verify runs/coupon_at_the_door-20260302-060000`
    - `journeysim verify runs/live --step-events export.ndjson --junit junit.xml`
    - `journeysim verify runs/live --step-events http://127.0.0.1:8080/journeys/step-events`
    """
    from simulator.checks import evaluate
    from simulator.report import render_verdicts
    from simulator.run import exported_counts, prepare, read_evidence

    summary = dict(_summary(folder))
    prepared = prepare(scenario or folder / "scenario.yaml", overrides=overrides)
    evidence = cache(partial(read_evidence, folder, prepared.world, step_events, calls))
    if step_events is not None:
        summary |= exported_counts(evidence())
    verdicts = evaluate(prepared.scenario.expect, summary, evidence)
    summary["expectations"] = [verdict.document() for verdict in verdicts]
    write_reports(folder, summary, junit=junit, html=html)
    if as_json:
        print_json({"format": 1, "run": str(folder), "expectations": summary["expectations"]})
    else:
        render_verdicts(summary, console_for())
    failed = any(verdict.failed for verdict in verdicts)
    sys.exit(ExitCode.EXPECTATION_FAILED if failed else ExitCode.OK)


def _summary(folder: Path) -> Mapping[str, Any]:
    from simulator.checks import read_record

    summary = read_record(folder).summary
    if summary is None:
        raise UsageError(f"{folder}: the run has no summary.json: it still goes on, or was killed")
    return summary
