"""The command line: parse, call, print.

Heavy imports wait until a command runs, so that ``--help`` is instant.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from simulator import __version__
from simulator.cli_journeys import event_definition, import_journey, triggerable
from simulator.cli_listener import listen as listen_command
from simulator.cli_live import live
from simulator.cli_receiver import export, serve
from simulator.cli_reports import HTML, JUNIT, report, verify, write_reports
from simulator.complaints import plural, show_problems, user_errors
from simulator.core.errors import ExitCode
from simulator.output import console_for, print_json, program_name, say_what_went_wrong

if TYPE_CHECKING:
    from simulator.run import Figures, Prepared

click.rich_click.TEXT_MARKUP = "markdown"
click.rich_click.SHOW_ARGUMENTS = True
click.rich_click.STYLE_COMMANDS_TABLE_COLUMN_WIDTH_RATIO = (1, 3)

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
    "--workers", type=click.IntRange(1), default=1, metavar="N", help="Processes that simulate [1]."
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
            resume, {"SCENARIO": scenario, "--seed": seed, "--people": people, "--duration": duration,
                     "--out": out, "--backfill": backfill}, overrides,
        )  # fmt: skip
    elif scenario is None:
        raise click.MissingParameter(param_type="argument", param_hint="'SCENARIO'")
    # Settings of a destination may follow, those of one of several by its name.
    given: list[str | Option] = [*destination_options(destinations), *overrides]
    if duration is not None:
        given.append(Option("--duration", "clock.duration", duration))
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
    import json
    from itertools import islice

    from simulator.run import describe_people, prepare, profile_records

    world = prepare(scenario, overrides=overrides, seed=seed, people=people).world
    records = profiles or test_profiles
    documents = profile_records(world, test_profiles=test_profiles) if records else describe_people(world)
    for document in islice(documents, limit):
        # JSON is UTF-8, whatever the terminal is.
        click.echo(json.dumps(document, ensure_ascii=False).encode())


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

    limited: dict[str, Any] = {} if limit is None else {"limit": limit}
    record = read_record(folder)
    one = person is not None or place is not None
    document = tell(record, person=person, place=place, **limited) if one else explain_run(record, **limited)
    if as_json:
        print_json(document)
    elif one:
        render_story(document, console_for())
    else:
        render_explanation(document, console_for())


main.add_command(live)
main.add_command(verify)
main.add_command(report)
main.add_command(serve)
main.add_command(listen_command)
main.add_command(export)
main.add_command(event_definition)
main.add_command(triggerable)
main.add_command(import_journey)


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


def listening_said(url: str) -> None:
    """Say where custom actions can call."""
    click.echo(f"journeysim: listening to custom actions on {url}", err=True)


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


@main.command()
@click.argument(
    "plan", type=click.Path(path_type=Path), metavar="PLAN", help="What to set up, and where (YAML)."
)
@click.option("--dry-run", is_flag=True, help="Print every call that would be made, and make none.")
@click.option("--delete", "delete", is_flag=True, help="Delete what was made, and nothing else.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@user_errors
def provision(plan: Path, dry_run: bool, delete: bool, quiet: bool) -> None:
    """Set a platform up for a scenario: schema, dataset, inlet, test profiles.

    What is there already is found and kept; a second call changes nothing.

    **Examples**

    - `journeysim provision plan.yaml --dry-run`
    - `journeysim provision plan.yaml`
    - `journeysim run scenarios/lunch_rush.yaml --to provisioned:provisioned.json`
    - `journeysim provision plan.yaml --delete`
    """
    from simulator.provision import provision as set_up
    from simulator.provision import unprovision
    from simulator.run import prepare, profile_records

    def records_of(scenario: Path) -> Iterator[dict[str, Any]]:
        # The schema that is made names the mail address as the primary identity.
        return profile_records(prepare(scenario).world, test_profiles=True, ecid_primary=False)

    def report(line: str) -> None:
        if not quiet:
            click.echo(line)

    if delete:
        unprovision(plan, report=report, dry_run=dry_run)
    else:
        output = set_up(plan, records=records_of, report=report, dry_run=dry_run)
        if not dry_run:
            report(f"\nsend events there with `--to provisioned:{output}`")


__all__: Sequence[str] = ("main",)

if __name__ == "__main__":
    main()
