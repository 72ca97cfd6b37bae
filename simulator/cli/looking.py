"""Commands that send nothing: what is wrong with a scenario, who its people are, what became of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from simulator.cli.complaints import plural, show_problems, user_errors
from simulator.cli.options import PEOPLE, RUN, SCENARIO, SEED, SET
from simulator.cli.output import console_for, print_json, program_name


@click.command()
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


@click.command()
@user_errors
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors.

    **Example**

    - `journeysim schema > scenario.schema.json`
    """
    from simulator.scenario import json_schema_text

    click.echo(json_schema_text().encode(), nl=False)


@click.command()
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


@click.command()
@RUN
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
        render_explanation(document, console_for(), program=program_name())
