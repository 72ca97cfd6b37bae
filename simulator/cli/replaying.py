"""`journeysim replay`: send recorded events again."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from simulator.cli.complaints import plural, show_problems, user_errors
from simulator.cli.options import ALLOW_HOST, SET


@click.command()
@click.argument(
    "file", type=click.Path(path_type=Path), metavar="FILE", help="Events, one per line (.gz, .zst too)."
)
@click.option("--to", required=True, metavar="DESTINATION", help="As for `journeysim run`, but only once.")
@ALLOW_HOST
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Talk to the destination as this scenario says [the scenario.yaml beside the events, if there is one].",
)
@click.option("--now", is_flag=True, help="Move the times in the events so that the first happens now.")
@click.option(
    "--speed", type=click.FloatRange(0, min_open=True), metavar="FACTOR",
    help="Send at the distances that the events had, divided by this; 1 is as it was [as fast as possible].",
)  # fmt: skip
@click.option("--new-ids", metavar="WORD", help="Give events new ids, made of their own and this word.")
@SET
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@user_errors
def replay(
    file: Path,
    to: str,
    allow_hosts: tuple[str, ...],
    scenario: Path | None,
    now: bool,
    speed: float | None,
    new_ids: str | None,
    overrides: tuple[str, ...],
    quiet: bool,
) -> None:
    """Send recorded events again, as they are: the undelivered ones of an earlier run, for instance.

    **Example**

    - `journeysim replay runs/lunch_rush-20260302-113000/undelivered.ndjson --to http://127.0.0.1:8080/collection/demo`
    """
    from simulator.run import Retiming, replay_file

    result = replay_file(
        file,
        to,
        scenario=scenario,
        overrides=overrides,
        allow_hosts=allow_hosts,
        retiming=Retiming(to_now=now, speed=speed, renew=new_ids),
    )
    if not quiet:
        click.echo(
            f"{result.sent:,} events read, {result.acknowledged:,} acknowledged, "
            f"{result.rejected:,} rejected, {result.pending:,} not delivered"
        )
    for reason, count in result.reasons:
        click.echo(f"journeysim: {plural(count, 'event')}: {reason}", err=True)
    show_problems(result.damage)
    if result.undelivered is not None:
        click.echo(f"journeysim: what is missing is in {result.undelivered}", err=True)
    sys.exit(result.exit_code)
