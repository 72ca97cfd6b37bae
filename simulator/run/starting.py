"""What the options of a run mean for its scenario: a rate, a start in the past, an earlier run to go on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulator.core.errors import UsageError
from simulator.run.folder import SCENARIO_FILE
from simulator.run.pacing import WallClock
from simulator.scenario import Option, load_scenario
from simulator.scenario.units import DURATION, BadValueError, parse

# What may be changed for the rest of a run: nothing that its events depend on.
_CHANGEABLE = ("destination", "destinations", "allow_hosts", "load", "expect")


def load_options(rate: str | None, profile: str | None) -> list[Option]:
    """``--rate`` and ``--profile`` as values of the scenario."""
    if rate is not None and profile is not None:
        raise UsageError("--rate and --profile: give one of them; a rate is the simplest profile")
    given = (("--rate", rate), ("--profile", profile))
    return [Option(name, "load.profile", value) for name, value in given if value is not None]


def backfill_options(scenario: Path, backfill: str, clock: WallClock) -> list[Option]:
    """``--backfill``: a start that long ago in the scenario's own time zone, and a live clock from then on."""
    try:
        seconds = parse(backfill, DURATION)
    except BadValueError as error:
        raise UsageError(f"--backfill: {error.what}; {error.expected}") from error
    zone = load_scenario(scenario).scenario.clock.timezone
    now = datetime.fromtimestamp(clock.epoch_ms() // 1000, tz=UTC)
    start = (now - timedelta(seconds=round(seconds))).astimezone(zone)
    return [
        Option("--backfill", "clock.start", start.replace(tzinfo=None).isoformat()),
        Option("--backfill", "clock.speed", "live"),
    ]


def scenario_to_resume(run: Path, given: Mapping[str, object], overrides: Sequence[str]) -> Path:
    """The scenario of the run in folder ``run``, if nothing was ``given`` that would make it another run."""
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"{name} and --resume: a resumed run has the events that it began with")
    for override in overrides:
        if override.partition("=")[0].partition(".")[0] not in _CHANGEABLE:
            raise UsageError(
                f"--set {override}: a resumed run has the events that it began with; "
                f"only values of {', '.join(_CHANGEABLE)} can be changed"
            )
    file = run / SCENARIO_FILE
    if not file.is_file():
        what = "has no scenario.yaml: nothing was sent yet" if run.is_dir() else "there is no such folder"
        raise UsageError(f"--resume {run}: {what}; start the run again")
    return file
