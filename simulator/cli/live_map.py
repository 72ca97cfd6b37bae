"""The command that shows a run in a browser."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path

import rich_click as click

from simulator.cli.complaints import show_problems, user_errors
from simulator.cli.output import console_for, program_name, say_what_went_wrong

FILE = click.Path(path_type=Path)


@click.command()
@click.argument(
    "scenario",
    type=FILE,
    metavar="SCENARIO",
    required=False,
    help="Scenario file (YAML); not with `--replay`.",
)
@click.option("--replay", type=FILE, metavar="RUN", help="Watch the run in this folder again.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    metavar="N",
    help="Port of the page [8765]; 0 takes a free one.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 3600),
    default=1.0,
    metavar="N",
    help="Begin at N times real time [1].",
)
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Another seed.")
@click.option("--people", type=click.IntRange(1), metavar="N", help="Scale all groups to N people together.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    help="Change a value of the scenario; may be repeated.",
)
@click.option("--to", "destinations", multiple=True, metavar="DESTINATION", help="As for `journeysim run`.")
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="HOST",
    help="Allow to send to this host; may be repeated.",
)
@click.option(
    "--tiles",
    metavar="URL",
    help="Map tiles below the people, such as `https://HOST/{z}/{x}/{y}.png` [none].",
)
@click.option("--out", type=FILE, metavar="DIR", help="Run folder [runs/SCENARIO-TIME].")
@click.option("--open/--no-open", "open_page", default=True, help="Open the page in a browser [yes].")
@click.option("--quiet", is_flag=True, help="Print nothing but errors and the address of the page.")
@user_errors
def live(
    scenario: Path | None,
    replay: Path | None,
    port: int,
    speed: float,
    seed: int | None,
    people: int | None,
    overrides: tuple[str, ...],
    destinations: tuple[str, ...],
    allow_hosts: tuple[str, ...],
    tiles: str | None,
    out: Path | None,
    open_page: bool,
    quiet: bool,
) -> None:
    """Show a scenario in a browser while it runs: people, geofences, events, journeys; and take phones over.

    Ctrl-C ends it. It is then a run like any other, with a run folder.

    **Examples**

    - `journeysim live scenarios/lunch_rush_live.yaml`
    - `journeysim live scenarios/coupon_at_the_door.yaml --speed 120`
    - `journeysim live --replay runs/coupon_at_the_door-20260302-060000`
    """
    from simulator.live import LiveOptions, watch
    from simulator.live import live as show
    from simulator.report import render_summary
    from simulator.run import RunOptions, prepare
    from simulator.scenario import destination_options

    def ready(url: str) -> None:
        click.echo(f"journeysim: the page is at {url} (Ctrl-C ends it)", err=True)
        if open_page:
            webbrowser.open(url)

    options = LiveOptions(port=port, speed=speed, tiles=tiles, on_ready=ready)
    if replay is not None:
        given = {"SCENARIO": scenario, "--seed": seed, "--people": people, "--out": out,
                 "--to": destinations or None, "--set": overrides or None}  # fmt: skip
        for name, value in given.items():
            if value is not None:
                raise click.UsageError(f"{name} makes no sense with --replay: the run is as it was")
        watch(replay, options)
        return
    if scenario is None:
        raise click.MissingParameter(param_type="argument", param_hint="'SCENARIO'")
    prepared = prepare(
        scenario, overrides=[*destination_options(destinations), *overrides], seed=seed, people=people
    )
    if not quiet:
        show_problems(prepared.warnings)
    result = show(prepared, options, RunOptions(out=out, allow_hosts=allow_hosts))
    if quiet:
        say_what_went_wrong(result)
    else:
        render_summary(result.summary, console_for(), program=program_name(), watched=True)
    sys.exit(result.exit_code)
