"""The command line: parse, call, print.

Heavy imports wait until a command runs, so that ``--help`` is instant.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from simulator import __version__
from simulator.cli_receiver import export, serve
from simulator.complaints import plural, show_problems, user_errors
from simulator.core.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from simulator.run import Prepared, RunResult

click.rich_click.TEXT_MARKUP = "markdown"
click.rich_click.SHOW_ARGUMENTS = True
click.rich_click.STYLE_COMMANDS_TABLE_COLUMN_WIDTH_RATIO = (1, 4)

EPILOG = """
Exit codes: **0** good, **1** an expectation failed, **2** the scenario or the call is wrong,
**3** events could not be delivered, **130** interrupted, **70** a fault of journeysim itself.
"""


SCENARIO = click.argument(
    "scenario", type=click.Path(path_type=Path), metavar="SCENARIO", help="Scenario file (YAML)."
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


class _InOrder(click.RichGroup):
    """Lists commands as they stand here, the most wanted first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="journeysim")
def main() -> None:
    """Simulate people, phones and geofences, and stream the XDM events a real app would send.

    Start with `journeysim run scenarios/lunch_rush.yaml`.
    """


@main.command()
@SCENARIO
@click.option(
    "--to",
    "destinations",
    multiple=True,
    metavar="DESTINATION",
    help="`receiver` (embedded), `http(s)://HOST/collection/INLET`, `edge:URL`, `kafka:BROKER/TOPIC`, "
    "`http:URL`, `file:PATH.ndjson[.gz|.zst]`, `file:PATH.parquet`, or `-`; may be repeated.",
)
@ALLOW_HOST
@click.option("--over-limit", is_flag=True, help="Allow more than the service's documented limits.")
@click.option(
    "--dry-run", is_flag=True, help="Say what would be sent where, how fast and how much; send nothing."
)
@SEED
@PEOPLE
@click.option("--duration", metavar="TIME", help="Run this much simulated time, such as `90 min` or `7 d`.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Run folder [runs/SCENARIO-TIME]."
)
@click.option(
    "--workers", type=click.IntRange(1), default=1, metavar="N", help="Processes that simulate [1]."
)
@SET
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@user_errors
def run(
    scenario: Path,
    destinations: tuple[str, ...],
    allow_hosts: tuple[str, ...],
    over_limit: bool,
    dry_run: bool,
    seed: int | None,
    people: int | None,
    duration: str | None,
    out: Path | None,
    workers: int,
    overrides: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Run a scenario and stream its events.

    **Examples**

    - `journeysim run scenarios/lunch_rush.yaml`
    - `journeysim run scenarios/lunch_rush.yaml --people 50000 --workers 2 --to file:events.ndjson.zst`
    - `journeysim run scenarios/lunch_rush.yaml --to http://127.0.0.1:8080/collection/demo`
    - `journeysim run scenarios/lunch_rush.yaml --seed 7 --duration "90 min" --set destination.batch_size=100`
    """
    from simulator.report import Progress, render_summary
    from simulator.run import RunOptions, WallClock, prepare
    from simulator.run import run as run_scenario
    from simulator.scenario import Option, destination_options

    # Settings of a destination may follow, those of one of several by its name.
    given: list[str | Option] = [*destination_options(destinations), *overrides]
    if duration is not None:
        given.append(Option("--duration", "clock.duration", duration))
    prepared = prepare(scenario, overrides=given, seed=seed, people=people)
    if dry_run:
        _dry_run(prepared, allow_hosts, over_limit, as_json)
        return
    # Where events go to standard output, nothing else must get between them.
    events_on_stdout = any(spec.to == "-" for spec in prepared.scenario.all_destinations().values())
    if not quiet and not as_json:
        show_problems(prepared.warnings)
    clock = WallClock()
    world = prepared.world
    progress = Progress(
        prepared.scenario.name,
        world.duration_ms / 1000.0,
        calendar=world.calendar,
        clock=clock.monotonic,
        # A live line and events on the same terminal would tear each other apart.
        quiet=quiet or as_json or events_on_stdout,
    )
    with progress:
        result = run_scenario(
            prepared,
            RunOptions(out=out, workers=workers, allow_hosts=allow_hosts, over_limit=over_limit),
            clock=clock,
            progress=lambda tally: progress.update(tally.simulated_ms / 1000.0, tally.sent),
            on_people=progress.making_people,
        )
    if as_json:
        _print_json(result.summary, err=events_on_stdout)
    elif not quiet:
        render_summary(result.summary, _console(stderr=events_on_stdout), program=_program())
    if quiet or as_json:
        _say_what_went_wrong(result)
    sys.exit(result.exit_code)


@main.command()
@SCENARIO
@SET
@user_errors
def check(scenario: Path, overrides: tuple[str, ...]) -> None:
    """Say every mistake in a scenario and the files it names, with file, line and column.

    **Example**

    - `journeysim check scenarios/lunch_rush.yaml`
    """
    from simulator.run import prepare

    prepared = prepare(scenario, overrides=overrides)
    show_problems(prepared.warnings)
    world = prepared.world
    people = f"{world.people:,} {'person' if world.people == 1 else 'people'}"
    groups, places = plural(len(world.sizes), "group"), plural(len(world.places.places), "place")
    click.echo(f"{scenario}: good: {people} in {groups}, {places}")


@main.command()
@user_errors
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors.

    **Example**

    - `journeysim schema > scenario.schema.json`
    """
    from simulator.scenario import json_schema_text

    click.echo(json_schema_text().encode(), nl=False)


@main.command()
@SCENARIO
@SEED
@PEOPLE
@SET
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Print at most N people.")
@click.option(
    "--profiles", is_flag=True, help="Print XDM profile records instead, to seed a platform before the run."
)
@click.option("--test-profiles", is_flag=True, help="The same, flagged as test profiles.")
@user_errors
def people(
    scenario: Path,
    seed: int | None,
    people: int | None,
    overrides: tuple[str, ...],
    limit: int | None,
    profiles: bool,
    test_profiles: bool,
) -> None:
    """Print the people of a scenario, one JSON document per line.

    **Examples**

    - `journeysim people scenarios/lunch_rush.yaml --limit 3`
    - `journeysim people scenarios/lunch_rush.yaml --test-profiles > profiles.ndjson`
    """
    from itertools import islice

    from simulator.run import describe_people, prepare, profile_records

    world = prepare(scenario, overrides=overrides, seed=seed, people=people).world
    records = profiles or test_profiles
    lines = profile_records(world, test_profiles=test_profiles) if records else describe_people(world)
    for line in islice(lines, limit):
        click.echo(line.encode())  # JSON is UTF-8, whatever the terminal is


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="RUN", help="Run folder, finished or not.")
@click.option("--person", metavar="GROUP/NUMBER", help="Tell the story of this person.")
@click.option("--place", metavar="ID|NAME", help="Tell the story of this place.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="Tell at most N crossings of a story [100], or N places with losses [5].",
)
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
@user_errors
def explain(folder: Path, person: str | None, place: str | None, limit: int | None, as_json: bool) -> None:
    """Say what became of every crossing of a run: how many got through, and why the others did not.

    **Examples**

    - `journeysim explain runs/lunch_rush-20260302-103000`
    - `journeysim explain runs/lunch_rush-20260302-103000 --person residents/17`
    - `journeysim explain runs/lunch_rush-20260302-103000 --place "Market Hall" --limit 20`
    """
    from simulator.checks import explain as explain_run
    from simulator.checks import read_record, tell
    from simulator.report import render_explanation, render_story

    limited = {} if limit is None else {"limit": limit}
    record = read_record(folder)
    one = person is not None or place is not None
    document = tell(record, person=person, place=place, **limited) if one else explain_run(record, **limited)
    if as_json:
        _print_json(document)
    elif one:
        render_story(document, _console())
    else:
        render_explanation(document, _console())


main.add_command(serve)
main.add_command(export)


@main.command()
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
@SET
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@user_errors
def replay(
    file: Path,
    to: str,
    allow_hosts: tuple[str, ...],
    scenario: Path | None,
    overrides: tuple[str, ...],
    quiet: bool,
) -> None:
    """Send recorded events again, as they are: the undelivered ones of an earlier run, for instance.

    **Example**

    - `journeysim replay runs/lunch_rush-20260302-113000/undelivered.ndjson --to http://127.0.0.1:8080/collection/demo`
    """
    from simulator.run import replay_file

    result = replay_file(file, to, scenario=scenario, overrides=overrides, allow_hosts=allow_hosts)
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


def _dry_run(prepared: Prepared, allow_hosts: tuple[str, ...], over_limit: bool, as_json: bool) -> None:
    from simulator.report import render_plan
    from simulator.run import plan

    document = plan(prepared, allow_hosts=allow_hosts, over_limit=over_limit)
    if as_json:
        _print_json(document)
    else:
        render_plan(document, _console())
    sys.exit(ExitCode.OK if document["allowed"] else ExitCode.BAD_INPUT)


def _say_what_went_wrong(result: RunResult) -> None:
    """One line for each reason of an exit code other than 0, for those who don't see the summary."""
    summary = result.summary
    lines = []
    if summary["interrupted"]:
        lines.append("interrupted")
    if summary["failure"]:
        lines.append(summary["failure"])
    reasons = {entry["reason"]: entry["events"] for entry in summary["reasons"]}
    why = f": {max(reasons, key=lambda reason: reasons[reason])}" if reasons else ""
    if summary["pending"]:
        kept = f"; they are in {summary['undelivered_file']}" if summary["undelivered_file"] else ""
        lines.append(f"{plural(summary['pending'], 'event')} could not be delivered{why}{kept}")
    elif summary["rejected"] and result.exit_code is ExitCode.NOT_DELIVERED:
        lines.append(f"{plural(summary['rejected'], 'event')} rejected{why}")
    lines += [
        f"expectation failed: {verdict['name'] or verdict['metric']}: {verdict['reason']}"
        for verdict in summary["expectations"]
        if not verdict["ok"] and verdict["severity"] == "error"
    ]
    for line in lines:
        click.echo(f"journeysim: {line}", err=True)


def _print_json(document: dict[str, Any], *, err: bool = False) -> None:
    import json

    click.echo(json.dumps(document, indent=2, ensure_ascii=False).encode(), err=err)


def _program() -> str:
    """How the user calls the program, for commands to copy."""
    import shutil

    if shutil.which("journeysim"):
        return "journeysim"
    called = Path(sys.argv[0])
    if called.stem != "journeysim":
        return "python -m simulator"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


__all__: Sequence[str] = ("main",)

if __name__ == "__main__":
    main()
