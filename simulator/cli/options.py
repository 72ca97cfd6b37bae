"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

SCENARIO = click.argument(
    "scenario", type=click.Path(path_type=Path), metavar="SCENARIO", help="Scenario file (YAML)."
)


def _newest_if_none(ctx: click.Context, parameter: click.Parameter, given: Path | None) -> Path:
    """Without a run folder the one in `runs` whose run was begun last is meant, and named."""
    if given is not None:
        return given
    from simulator.checks import newest_run

    newest = newest_run(Path("runs"))
    if newest is None:
        raise click.MissingParameter("There is none in runs/ either.", ctx=ctx, param=parameter)
    click.echo(f"journeysim: {newest}, the newest run in runs", err=True)
    return newest


RUN = click.argument(
    "folder",
    type=click.Path(path_type=Path),
    metavar="[RUN]",
    required=False,
    callback=_newest_if_none,
    help="Run folder [the newest one in runs].",
)
SET = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    help="Change a value of the scenario, such as `destination.batch_size=100`; may be repeated.",
)
SEED = click.option(
    "--seed", type=click.IntRange(0), metavar="N", help="Another seed: the same seed gives the same bytes."
)
PEOPLE = click.option(
    "--people", type=click.IntRange(1), metavar="N", help="Scale all groups to N people together."
)


ALLOW_HOST = click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="HOST",
    help="Allow to send to this host, such as `dcs.adobedc.net` or `*.example.com`; may be repeated.",
)
