"""`journeysim provision`: set a platform up for a scenario."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rich_click as click

from simulator.cli.complaints import user_errors


@click.command()
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
        world = prepare(scenario).world
        return profile_records(world, test_profiles=True, ecid_primary=False, attributes=False)

    def report(line: str) -> None:
        if not quiet:
            click.echo(line)

    if delete:
        unprovision(plan, report=report, dry_run=dry_run)
    else:
        output = set_up(plan, records=records_of, report=report, dry_run=dry_run)
        if not dry_run:
            report(f"\nsend events there with `--to provisioned:{output}`")
