"""`journeysim run`: run a scenario and stream its events."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from simulator.cli.complaints import show_problems, user_errors
from simulator.cli.listener import listening_said
from simulator.cli.options import ALLOW_HOST, PEOPLE, SEED, SET
from simulator.cli.output import console_for, print_json, program_name, say_what_went_wrong
from simulator.cli.reports import HTML, JUNIT, write_reports
from simulator.core.errors import ExitCode

if TYPE_CHECKING:
    from simulator.run import Figures, Prepared


@click.command()
@click.argument(
    "scenario",
    type=click.Path(path_type=Path),
    metavar="SCENARIO",
    required=False,
    help="Scenario file (YAML); not with `--resume`.",
)
@click.option(
    "--to",
    "destinations",
    multiple=True,
    metavar="DESTINATION",
    help="`receiver` (embedded), `http(s)://HOST/collection/INLET`, `edge:URL`, `kafka:BROKER/TOPIC`, "
    "`http:URL`, `file:PATH.ndjson[.gz|.zst]`, `file:PATH.parquet`, "
    "`provisioned:FILE`, or `-`; may be repeated.",
)
@ALLOW_HOST
@click.option("--over-limit", is_flag=True, help="Allow more than the service's documented limits.")
@click.option(
    "--dry-run", is_flag=True, help="Say what would be sent where, how fast and how much; send nothing."
)
@SEED
@PEOPLE
@click.option(
    "--speed",
    metavar="N",
    help="Run by the clock at N times real time, such as `60`, or `live`; without it as fast as possible.",
)
@click.option("--duration", metavar="TIME", help="Run this much simulated time, such as `90 min` or `7 d`.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Run folder [runs/SCENARIO-TIME]."
)
@click.option("--rate", metavar="RATE", help="Send at this rate, such as `500/s` or `20 requests/s`.")
@click.option(
    "--profile",
    metavar="PROFILE",
    help="Send by this load profile, such as `ramp 10/s to 500/s over 5 min`.",
)
@click.option(
    "--backfill",
    metavar="TIME",
    help="Begin this long ago: the past at full speed, then live as the clock goes.",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Go on with a run that was cut off, in its folder: what was acknowledged is not sent again.",
)
@click.option(
    "--metrics",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve live figures for Prometheus on this port of the loopback; 0 takes a free one.",
)
@click.option(
    "--step-events-to",
    metavar="DESTINATION",
    help="Send journey step events there while the run goes on, as with `--to`.",
)
@click.option(
    "--call-actions",
    is_flag=True,
    help="Actions of journeys with `call: true` really call at full speed, too; the run waits for the answers.",
)
@click.option(
    "--listen",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Listen to calls of custom actions on this port of the loopback while the run goes on; 0 takes a free one.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    metavar="N",
    help="Processes that simulate, and that send [1].",
)
@SET
@JUNIT
@HTML
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@user_errors
def run(
    scenario: Path | None,
    destinations: tuple[str, ...],
    allow_hosts: tuple[str, ...],
    over_limit: bool,
    dry_run: bool,
    seed: int | None,
    people: int | None,
    speed: str | None,
    duration: str | None,
    out: Path | None,
    rate: str | None,
    profile: str | None,
    backfill: str | None,
    resume: Path | None,
    metrics: int | None,
    step_events_to: str | None,
    call_actions: bool,
    listen: int | None,
    workers: int,
    overrides: tuple[str, ...],
    junit: Path | None,
    html: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run a scenario and stream its events.

    **Examples**

    - `journeysim run scenarios/lunch_rush.yaml`
    - `journeysim run scenarios/lunch_rush.yaml --people 50000 --workers 2 --to file:events.ndjson.zst`
    - `journeysim run scenarios/lunch_rush.yaml --to http://127.0.0.1:8080/collection/demo`
    - `journeysim run scenarios/lunch_rush.yaml --seed 7 --duration "90 min" --set destination.batch_size=100`
    - `journeysim run scenarios/lunch_rush.yaml --to http://127.0.0.1:8080/collection/demo --rate 200/s`
    - `journeysim run scenarios/spa_beacon.yaml --speed 60 --to http://127.0.0.1:8080/collection/hotel`
    - `journeysim run --resume runs/lunch_rush-20260302-103000`
    """
    from simulator.report import Progress, render_summary
    from simulator.run import (
        RunOptions,
        WallClock,
        backfill_options,
        load_options,
        prepare,
        scenario_to_resume,
        serving_metrics,
    )
    from simulator.run import run as run_scenario
    from simulator.scenario import Option, destination_options

    clock = WallClock()
    if resume is not None:
        scenario = scenario_to_resume(
            resume, {"SCENARIO": scenario, "--seed": seed, "--people": people, "--speed": speed, "--duration": duration,
                     "--out": out, "--backfill": backfill}, overrides,
        )  # fmt: skip
    elif scenario is None:
        message = "Such as scenarios/lunch_rush.yaml; `journeysim new prove` writes one to begin with."
        raise click.MissingParameter(message, param_type="argument", param_hint="'SCENARIO'")
    # Settings of a destination may follow, those of one of several by its name.
    given: list[str | Option] = [*destination_options(destinations), *overrides]
    if duration is not None:
        given.append(Option("--duration", "clock.duration", duration))
    if speed is not None:
        given.append(Option("--speed", "clock.speed", speed))
    given += load_options(rate, profile)
    if step_events_to is not None:
        given.append(Option("--step-events-to", "journeys.step_events.to", step_events_to))
    if backfill is not None:
        given += backfill_options(scenario, backfill, clock)
    prepared = prepare(scenario, overrides=given, seed=seed, people=people)
    if dry_run:
        _dry_run(prepared, allow_hosts, over_limit, call_actions, as_json)
        return
    # Where events go to standard output, nothing else must get between them.
    events_on_stdout = any(spec.to == "-" for spec in prepared.scenario.all_destinations().values())
    if not quiet and not as_json:
        show_problems(prepared.warnings)
    world = prepared.world
    progress = Progress(
        prepared.scenario.name,
        world.duration_ms / 1000.0,
        calendar=world.calendar,
        clock=clock.monotonic,
        # A live line and events on the same terminal would tear each other apart.
        quiet=quiet or as_json or events_on_stdout,
        load_s=_length_of_load(prepared),
    )
    with serving_metrics(metrics) as gauges, progress:
        if gauges is not None and not quiet:
            click.echo(f"journeysim: figures for Prometheus on {gauges.url}", err=True)

        def measured(figures: Figures) -> None:
            progress.measured(figures)
            if gauges is not None:
                gauges.update(figures)

        result = run_scenario(
            prepared,
            RunOptions(
                out=out,
                workers=workers,
                allow_hosts=allow_hosts,
                over_limit=over_limit,
                resume=resume,
                call_actions=call_actions,
                listen=listen,
                on_listening=lambda url: None if quiet or as_json else listening_said(url),
            ),
            clock=clock,
            progress=lambda tally: progress.update(tally.simulated_ms / 1000.0, tally.sent),
            on_people=progress.making_people,
            on_figures=measured,
        )
    write_reports(Path(result.summary["run_folder"]), result.summary, junit=junit, html=html)
    if as_json:
        print_json(result.summary, err=events_on_stdout)
    elif not quiet:
        render_summary(result.summary, console_for(stderr=events_on_stdout), program=program_name())
    if quiet or as_json:
        say_what_went_wrong(result)
    sys.exit(result.exit_code)


def _length_of_load(prepared: Prepared) -> float | None:
    """How long a load takes, in seconds of the wall; None without a load, or if only its events end it."""
    load = prepared.scenario.load
    return load.profile.seconds if load is not None and math.isfinite(load.profile.seconds) else None


def _dry_run(
    prepared: Prepared, allow_hosts: tuple[str, ...], over_limit: bool, call_actions: bool, as_json: bool
) -> None:
    from simulator.report import render_plan
    from simulator.run import plan

    document = plan(prepared, allow_hosts=allow_hosts, over_limit=over_limit, call_actions=call_actions)
    if as_json:
        print_json(document)
    else:
        render_plan(document, console_for())
    sys.exit(ExitCode.OK if document["allowed"] else ExitCode.BAD_INPUT)
