"""The commands around journeys: what an event must look like, whether one would start a journey, importing one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import rich_click as click

from simulator.cli.complaints import user_errors
from simulator.cli.output import print_json
from simulator.core.errors import ExitCode

FILE = click.Path(path_type=Path)
_MARKS = {True: "✔", False: "✘", None: "?"}


@click.command("event-definition")
@click.argument("name", metavar="NAME", help="Name of an event definition of the scenario.")
@click.option("--scenario", type=FILE, required=True, metavar="FILE", help="The scenario that defines it.")
@click.option("--json", "as_json", is_flag=True, help="Print the payload preview alone, as JSON.")
@user_errors
def event_definition(name: str, scenario: Path, as_json: bool) -> None:
    """Print what the person who configures the journey needs: the rule or event id, key, fields and payload.

    **Examples**

    - `journeysim event-definition CafeEntry --scenario scenarios/coupon_at_the_door.yaml`
    - `journeysim event-definition CafeEntry --scenario scenarios/coupon_at_the_door.yaml --json > payload.json`
    """
    from simulator.run import describe_event

    described = describe_event(scenario, name)
    if as_json:
        print_json(described.preview)
        return
    click.echo(f"{name}: {described.kind}")
    for label, text in described.facts:
        click.echo(f"  {label:<12} {text}")
    click.echo("  fields       " + "\n               ".join(described.fields or ("all",)))
    click.echo("The payload that starts it:")
    print_json(described.preview)


@click.command()
@click.argument(
    "event", type=FILE, metavar="EVENT.json", help="An event: XDM entity, message or Edge request."
)
@click.option("--against", "scenario", type=FILE, required=True, metavar="SCENARIO", help="The journeys.")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@user_errors
def triggerable(event: Path, scenario: Path, as_json: bool) -> None:
    """Say whether an event would start a journey, check by check, and if not, why.

    The exit code is 0 if it would start one, and 1 if not.

    **Examples**

    - `journeysim triggerable event.json --against scenarios/coupon_at_the_door.yaml`
    """
    from simulator.run import judge_event

    verdicts = judge_event(event, scenario)
    if as_json:
        print_json({"verdicts": [_document(verdict) for verdict in verdicts]})
    else:
        for verdict in verdicts:
            outcome = "would start its journey" if verdict.triggers else f"no: {verdict.reason}"
            click.echo(f"{_MARKS[verdict.triggers]} {verdict.definition}: {outcome}")
            for check in verdict.checks:
                click.echo(f"    {_MARKS[check.passed]} {check.name}: {check.said}")
    if not any(verdict.triggers for verdict in verdicts):
        sys.exit(ExitCode.EXPECTATION_FAILED)


def _document(verdict: Any) -> dict[str, Any]:
    return {
        "definition": verdict.definition,
        "triggers": verdict.triggers,
        "reason": verdict.reason,
        "checks": [{"check": one.name, "passed": one.passed, "said": one.said} for one in verdict.checks],
    }


@click.command("import-journey")
@click.argument("journey", type=FILE, metavar="JOURNEY.json", help="A journey as the read API returns it.")
@click.option(
    "-o", "--output", type=FILE, metavar="FILE", help="Write to this file instead of standard output."
)
@user_errors
def import_journey(journey: Path, output: Path | None) -> None:
    """Turn a journey of the vendor's read API (`GET /ajo/journey/{id}`) into the `journeys:` of a scenario.

    What the API does not tell stands in comments at the top.

    **Examples**

    - `journeysim import-journey journey.json -o journeys.yaml`
    """
    from simulator.run import imported_journey

    text = imported_journey(journey)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        from simulator.core.errors import UsageError

        raise UsageError(f"-o {output}: can't be written ({error.strerror or error})") from None
