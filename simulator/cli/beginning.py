"""`journeysim new`: files to begin with, for each of the things that people come for."""

from __future__ import annotations

import shlex
from importlib.resources import files
from pathlib import Path

import rich_click as click

from simulator.cli.complaints import user_errors
from simulator.cli.output import program_name
from simulator.core.errors import UsageError

STARTERS = {
    "prove": ("check store.yaml", "run store.yaml --out runs/coupon"),
    "load_test": ("check load.yaml", "run load.yaml --dry-run"),
    "demo": ("check demo.yaml", "live demo.yaml --speed 20"),
}
"""What there is to begin with, and the commands that come next."""


@click.command()
@click.argument(
    "kind",
    type=click.Choice(list(STARTERS)),
    metavar="prove|load_test|demo",
    help="A journey and its proof, a load test of an inlet, or a demo for the live map.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="The folder where the files go; it is made if need be [.].",
)
@user_errors
def new(kind: str, into: Path) -> None:
    """Write a scenario to begin with, and say what to do next. Nothing is overwritten.

    **Examples**

    - `journeysim new prove`
    - `journeysim new load_test --into load`
    - `journeysim new demo`
    """
    starter = files("simulator.cli") / "starters" / kind
    texts = {file.name: file.read_text(encoding="utf-8") for file in starter.iterdir()}
    for name in texts:
        if (into / name).exists():
            raise UsageError(f"{into / name}: is there already; name another folder with --into")
    into.mkdir(parents=True, exist_ok=True)
    for name, text in sorted(texts.items()):
        (into / name).write_text(text, encoding="utf-8", newline="\n")
        click.echo(f"{into / name}")
    click.echo("\nNext:")
    if into != Path():
        click.echo(f"  cd {shlex.quote(str(into))}")
    for command in STARTERS[kind]:
        click.echo(f"  {program_name()} {command}")
