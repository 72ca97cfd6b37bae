"""Serving the receiver as the call wants it, and taking files out of its store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from simulator.core.errors import InputError, UsageError
from simulator.receiver import (
    AcceptAll,
    EventStore,
    Query,
    Receiver,
    Tls,
    Validator,
    load_faults,
    load_schema,
    parse_options,
    serve,
    write_export,
)
from simulator.run.calling import Calling
from simulator.run.guard import calls_made, refused_calls
from simulator.run.prepare import Prepared, prepare
from simulator.run.served_journeys import ServedJourneys
from simulator.scenario import Library, load_scenario
from simulator.world import PlaceSet, load_places
from simulator.xdm import EventValidator

_SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """What ``journeysim serve`` was told; see its options."""

    host: str = "127.0.0.1"
    port: int = 8080
    store: Path | None = None
    idempotent: bool = False
    schema: Path | None = None
    validate: bool = True
    scenario: Path | None = None
    journeys: Path | None = None
    overrides: Sequence[str] = ()
    speed: float = 1.0
    start: str | None = None
    call_actions: bool = False
    allow_hosts: tuple[str, ...] = ()
    places: Sequence[Path] = ()
    faults: Path | None = None
    options: Sequence[str] = ()
    access_token: str | None = field(default=None, repr=False)
    tls_certificate: Path | None = None
    tls_key: Path | None = None


def serve_receiver(settings: ServeSettings, on_ready: Callable[[str], None]) -> int:
    """Serve the embedded receiver until it is told to stop; how many events it holds then.

    Raises ``UsageError`` or ``InputError`` for everything that is wrong with the call or its files.
    """
    inlets, edge = parse_options(settings.options)
    faults = None if settings.faults is None else load_faults(settings.faults)
    validator, places, tls = _validator(settings), _places(settings), _tls(settings)
    token = settings.access_token
    if token is not None and len(token) < _SHORTEST_TOKEN:
        raise UsageError(f"the access token is too short; expected at least {_SHORTEST_TOKEN} characters")
    journeys = _journeys(settings)
    with ExitStack() as stack:
        kept = stack.enter_context(EventStore(settings.store, idempotent=settings.idempotent))
        if journeys is not None:
            journeys.keep_in(kept.journeys)
            stack.enter_context(journeys)
        receiver = Receiver(
            kept,
            validator,
            options=inlets,
            edge=edge,
            places=places,
            access_token=token,
            journeys=journeys,
        )
        if faults is not None:
            receiver.faults.set(faults, receiver.now_ms())
        serve(receiver, host=settings.host, port=settings.port, tls=tls, on_ready=on_ready)
        return kept.counts().accepted


def export_store(store: Path, target: Path, query: Query | None = None) -> int:
    """Write the accepted events of a store into ``target`` (``.ndjson`` or ``.parquet``); how many.

    Raises ``UsageError`` when there is no such store, or the file's ending is another.
    """
    form = target.suffix.removeprefix(".")
    if form not in ("ndjson", "parquet"):
        raise UsageError(f"--to: {target}: expected a name that ends in .ndjson or .parquet")
    if not store.is_file():
        raise UsageError(
            f"{store}: no such file; expected the store of a receiver, or a run's received.sqlite"
        )
    with EventStore(store) as kept:
        try:
            with target.open("wb") as file:
                return write_export(kept, file, form, query)
        except OSError as error:
            raise UsageError(f"--to: {target}: can't be written: {error.strerror or error}") from error


def _validator(settings: ServeSettings) -> Validator:
    if not settings.validate:
        if settings.schema is not None:
            raise UsageError("--schema: not together with --no-validation")
        return AcceptAll()
    return EventValidator() if settings.schema is None else load_schema(settings.schema)


def _journeys(settings: ServeSettings) -> ServedJourneys | None:
    """The journeys that are served, if there are any."""
    if settings.journeys is None:
        for option, given in (
            ("--speed", settings.speed != 1.0),
            ("--start", settings.start is not None),
            ("--set", bool(settings.overrides)),
            ("--call-actions", settings.call_actions),
        ):
            if given:
                raise UsageError(f"{option}: means nothing without --journeys")
        return None
    prepared = prepare(settings.journeys, overrides=settings.overrides)
    world = prepared.world
    plan = world.journey_plan()
    if plan is None:
        raise UsageError(
            f"--journeys {settings.journeys}: the scenario has no journeys; add `journeys:` (docs/journeys.md)"
        )
    start = None if settings.start is None else _moment(settings.start, world.calendar.zone)
    calling = _calling(prepared, settings.allow_hosts) if settings.call_actions else None
    return ServedJourneys(world, plan, speed=settings.speed, start=start, calling=calling)


def _calling(prepared: Prepared, allow_hosts: Sequence[str]) -> Calling:
    """Which calls may leave. Raises UsageError where none would, InputError for hosts that are not allowed."""
    calls_made(prepared.scenario, at_full_speed=True)
    allowed = (*prepared.scenario.allow_hosts, *allow_hosts)
    if problems := list(refused_calls(prepared.loaded, allowed)):
        raise InputError(problems)
    return Calling(allowed)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--start: {text!r} is no date and time; expected one such as 2026-03-02T09:00"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _places(settings: ServeSettings) -> PlaceSet:
    """Those of the scenario, then those of the files; each file is a library named as the file."""
    found: list[PlaceSet] = []
    path = settings.scenario or settings.journeys
    if path is not None:
        loaded = load_scenario(path)
        scenario = loaded.scenario
        places, _ = load_places(
            scenario.places, seed=scenario.seed, where=loaded.where, file=str(loaded.path)
        )
        found.append(places)
    if settings.places:
        libraries = [Library(library=path.stem, file=path.absolute()) for path in settings.places]
        found.append(load_places(libraries, seed=1, file="--places")[0])
    return PlaceSet([place for places in found for place in places.places])


def _tls(settings: ServeSettings) -> Tls | None:
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("--tls-cert and --tls-key belong together; give both")
    return Tls(certificate, key)
