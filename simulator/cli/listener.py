"""The command that listens to the calls of custom actions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from simulator.cli.complaints import plural, user_errors

if TYPE_CHECKING:
    from simulator.listener import HeardCall

FILE = click.Path(path_type=Path)


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on."
)
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Port; 0 takes a free one [8090].")
@click.option("--answers", type=FILE, metavar="FILE", help="Answer as this file says (YAML).")
@click.option("--out", type=FILE, metavar="FILE", help="Write every call to this file, one per line.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@user_errors
def listen(host: str, port: int | None, answers: Path | None, out: Path | None, quiet: bool) -> None:
    """Listen to the calls of custom actions of any journey, answer them, and keep them.

    **Examples**

    - `journeysim listen`
    - `journeysim listen --port 9000 --answers answers.yaml --out calls.ndjson`
    - `journeysim verify runs/live --calls calls.ndjson`
    """
    from simulator.run import listen_to_calls

    def ready(url: str) -> None:
        if not quiet:
            click.echo(f"journeysim listener on {url}")
            click.echo("  any path and method; stop with Ctrl-C")

    def heard(call: HeardCall) -> None:
        if not quiet:
            click.echo(_line(call))

    calls = listen_to_calls(host=host, port=port, answers=answers, out=out, on_ready=ready, on_call=heard)
    if not quiet:
        click.echo(f"stopped; {plural(calls, 'call')} heard")


def _line(call: HeardCall) -> str:
    keys = call.keys
    about = [f"{name} {value}" for name, value in (("person", keys.person), ("step", keys.step)) if value]
    attempt = f", attempt {call.attempt}" if call.attempt > 1 else ""
    wrong = f"; {'; '.join(call.wrong)}" if call.wrong else ""
    return (
        f"{call.document()['received']}  {call.method} {call.path}  {call.status}  "
        f"{', '.join([f'call {call.delivery}{attempt}', *about])}{wrong}"
    )


def listening_said(url: str) -> None:
    """Say where custom actions can call."""
    click.echo(f"journeysim: listening to custom actions on {url}", err=True)
