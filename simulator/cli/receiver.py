"""The commands around the receiver: serving it, and taking files out of its store."""

from __future__ import annotations

import os
from pathlib import Path

import rich_click as click

from simulator.cli.complaints import plural, user_errors
from simulator.core.errors import UsageError

FILE = click.Path(path_type=Path)
TOKEN_VARIABLE = "JOURNEYSIM_TOKEN"


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    metavar="N",
    help="0 takes a free one.",
)
@click.option("--store", type=FILE, metavar="FILE", help="Keep events in this SQLite file.")
@click.option("--idempotent", is_flag=True, help="Store an event whose id was seen before only once.")
@click.option("--schema", type=FILE, metavar="FILE", help="Validate against this JSON Schema.")
@click.option("--no-validation", is_flag=True, help="Take every event.")
@click.option("--scenario", type=FILE, metavar="FILE", help="Answer places queries from this scenario.")
@click.option(
    "--journeys", type=FILE, metavar="SCENARIO", help="Evaluate this scenario's journeys on what comes in."
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    metavar="FACTOR",
    help="Their clock runs so many times as fast as real time [1].",
)
@click.option(
    "--start", metavar="TIME", help="What their clock shows at first [the time of the first event]."
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    help="Change a value of their scenario; may be repeated.",
)
@click.option(
    "--call-actions",
    is_flag=True,
    help="Their actions with `call: true` really call; stubs answer the others.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="HOST",
    help="Let them call this host; may be repeated.",
)
@click.option(
    "--places",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="Answer them from this file too; may be repeated.",
)
@click.option("--faults", type=FILE, metavar="FILE", help="Misbehave as this file says.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="How to answer where there is a choice, such as `rates=documented`; may be repeated.",
)
@click.option(
    "--token-file",
    type=FILE,
    metavar="FILE",
    help=f"Serve only who knows the token in this file [the variable {TOKEN_VARIABLE}].",
)
@click.option("--tls-cert", type=FILE, metavar="FILE", help="Speak TLS with this certificate (PEM).")
@click.option("--tls-key", type=FILE, metavar="FILE", help="Its key (PEM).")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@user_errors
def serve(
    host: str,
    port: int,
    store: Path | None,
    idempotent: bool,
    schema: Path | None,
    no_validation: bool,
    scenario: Path | None,
    journeys: Path | None,
    speed: float,
    start: str | None,
    overrides: tuple[str, ...],
    call_actions: bool,
    allow_hosts: tuple[str, ...],
    places: tuple[Path, ...],
    faults: Path | None,
    options: tuple[str, ...],
    token_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    quiet: bool,
) -> None:
    """Run the embedded receiver: an ingestion endpoint that validates and keeps what it gets.

    **Examples** (the second line in another shell)

    - `journeysim serve --port 8080`
    - `journeysim run scenarios/lunch_rush.yaml --to http://127.0.0.1:8080/collection/demo`
    - `journeysim serve --store events.sqlite --schema my-schema.json --faults outage.yaml`
    - `journeysim serve --journeys scenarios/hotel_welcome.yaml --speed 60`
    """
    from simulator.run import ServeSettings, serve_receiver

    def ready(url: str) -> None:
        if not quiet:
            click.echo(f"journeysim receiver on {url}")
            click.echo(f"  send to   {url}/collection/demo   (or /collection/batch/demo)")
            click.echo(f"  look at   {url}/received")
            if journeys is not None:
                click.echo(f"            {url}/journeys")
            click.echo("  stop with Ctrl-C")

    settings = ServeSettings(
        host=host,
        port=port,
        store=store,
        idempotent=idempotent,
        schema=schema,
        validate=not no_validation,
        scenario=scenario,
        journeys=journeys,
        overrides=overrides,
        speed=speed,
        start=start,
        call_actions=call_actions,
        allow_hosts=allow_hosts,
        places=places,
        faults=faults,
        options=options,
        access_token=_access_token(token_file),
        tls_certificate=tls_cert,
        tls_key=tls_key,
    )
    kept = serve_receiver(settings, on_ready=ready)
    if not quiet:
        click.echo(f"stopped; {plural(kept, 'event')} kept")


@click.command()
@click.argument(
    "store", type=FILE, metavar="STORE", help="A receiver's store, or `received.sqlite` of a run."
)
@click.option("--to", "target", type=FILE, required=True, metavar="FILE", help="`.ndjson` or `.parquet`.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@user_errors
def export(store: Path, target: Path, quiet: bool) -> None:
    """Write the events that a receiver accepted into a file; it may be running.

    **Example**

    - `journeysim export runs/lunch_rush-20260302-103000/received.sqlite --to events.parquet`
    """
    from simulator.run import export_store

    count = export_store(store, target)
    if not quiet:
        click.echo(f"{plural(count, 'event')} written to {target}")


def _access_token(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(TOKEN_VARIABLE) or None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        raise UsageError(f"--token-file: {file}: can't be read: {reason}") from error
