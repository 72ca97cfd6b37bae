"""Running small scenarios to a file, and everything that such a run leaves behind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from simulator.core.errors import ExitCode
from simulator.ledger import Ledger, read_ledger
from simulator.run import Prepared, RunOptions, WallClock, prepare, run

Document = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """A run that is over."""

    prepared: Prepared
    folder: Path
    summary: Document
    exit_code: ExitCode
    bodies: list[bytes]
    """The event stream."""

    @cached_property
    def events(self) -> list[Document]:
        return [orjson.loads(body) for body in self.bodies]

    @cached_property
    def ledger(self) -> Ledger:
        return read_ledger(self.folder / "ledger")

    @property
    def ledger_bytes(self) -> bytes:
        return (self.folder / "ledger" / "crossings.bin").read_bytes()

    @property
    def numbers(self) -> Document:
        """The summary without what is about this one execution."""
        own = {"wall_seconds", "events_per_second", "workers", "run_folder", "destination", "scenario_file"}
        own |= {"paced_since"}
        own |= {"pacing_worst_lag_seconds", "speed"}
        return {key: value for key, value in self.summary.items() if key not in own}


def run_to_file(
    scenario: Path,
    folder: Path,
    *,
    workers: int = 1,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    people: int | None = None,
    clock: WallClock | None = None,
) -> Record:
    """Run ``scenario`` with its run folder and its stream in ``folder``."""
    folder.mkdir(parents=True)
    target = folder / "events.ndjson"
    prepared = prepare(
        scenario, overrides=[f"destination.to=file:{target}", *overrides], seed=seed, people=people
    )
    result = run(prepared, RunOptions(out=folder / "run", workers=workers), clock=clock)
    return Record(
        prepared, folder / "run", result.summary, result.exit_code, target.read_bytes().splitlines()
    )


def write_scenario(folder: Path, document: Document) -> Path:
    """A scenario as a file; JSON is YAML, too."""
    path = folder / "scenario.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def ecid_of(event: Document) -> str:
    """The identity that an event belongs to."""
    return str(event["identityMap"]["ECID"][0]["id"])


def poi_of(event: Document) -> str:
    """The place of a location event."""
    return str(event["placeContext"]["POIinteraction"]["poiDetail"]["poiID"])
