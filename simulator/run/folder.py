"""The run folder: everything that a run leaves behind."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from simulator import __version__
from simulator.checks import SUMMARY_FILE, TIMESERIES_FILE
from simulator.core.errors import DeliveryError, UsageError
from simulator.ledger import LEDGER_FOLDER
from simulator.listener import CALLS_FILE
from simulator.run.options import RunOptions
from simulator.run.simulation import World
from simulator.scenario import LoadedScenario, dump_as_run

SCENARIO_FILE = "scenario.yaml"
RECEIVED_STORE = "received.sqlite"
RECEIVED_FILE = "received.ndjson"
UNDELIVERED_FILE = "undelivered.ndjson"
DELIVERY_LOG_FILE = "delivery.log"
SPILL_FILE = "held.spill"
JOURNAL_FILE = "journeys.ndjson"
STEP_EVENTS_FILE = "step_events.ndjson"


class RunFolder:
    """Paths in one run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scenario = path / SCENARIO_FILE
        self.summary = path / SUMMARY_FILE
        self.ledger = path / LEDGER_FOLDER
        self.received_store = path / RECEIVED_STORE
        self.received = path / RECEIVED_FILE
        self.undelivered = path / UNDELIVERED_FILE
        self.timeseries = path / TIMESERIES_FILE
        self.delivery_log = path / DELIVERY_LOG_FILE
        self.spill = path / SPILL_FILE
        self.journal = path / JOURNAL_FILE
        self.step_events = path / STEP_EVENTS_FILE
        self.calls = path / CALLS_FILE
        self.undelivered_step_events = self.undelivered.with_stem(f"{self.undelivered.stem}.step_events")

    @classmethod
    def create(cls, path: Path) -> RunFolder:
        """Make the folder; an earlier run in it is never overwritten.

        Raises UsageError where the folder can't be made or is in use.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise UsageError(
                    f"--out {path}: the folder is not empty; name a new one, or remove what is there first"
                )
            probe = path / ".journeysim"
            probe.touch()
            probe.unlink()
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(
                f"--out {path}: the run folder can't be written ({reason}); name another with --out"
            ) from error
        return cls(path)

    @classmethod
    def create_unused(cls, path: Path) -> RunFolder:
        """Make the folder, with a number behind its name where runs have started in the same second."""
        candidate, number = path, 2
        with contextlib.suppress(OSError):  # said below
            path.parent.mkdir(parents=True, exist_ok=True)
            while True:
                try:
                    candidate.mkdir()
                    break
                except FileExistsError:
                    candidate = path.with_name(f"{path.name}-{number}")
                    number += 1
        return cls.create(candidate)

    @classmethod
    def existing(cls, path: Path) -> RunFolder:
        """The folder of a run that was cut off. Raises UsageError where there is none to go on with."""
        folder = cls(path)
        if not folder.scenario.is_file():
            what = (
                "has no scenario.yaml: nothing was sent yet" if path.is_dir() else "there is no such folder"
            )
            raise UsageError(f"--resume {path}: {what}; start the run again")
        return folder

    def begin_anew(self) -> None:
        """Remove what only the whole run may leave behind. Raises UsageError where that fails."""
        store = self.received_store
        stale = [self.summary, self.undelivered, self.received, self.spill, store]
        stale += [self.journal, self.step_events, self.calls]
        stale += [store.with_name(store.name + end) for end in ("-wal", "-shm")]
        try:
            # What one of several destinations had not got.
            stale += self.path.glob(f"{self.undelivered.stem}.*{self.undelivered.suffix}")
            for file in stale:
                file.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"--resume {self.path}: {error.strerror or error}") from error

    def write_scenario(self, text: str) -> None:
        """Write scenario.yaml; raises DeliveryError where that fails."""
        _write_whole(self.scenario, text)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write summary.json; raises DeliveryError where that fails."""
        _write_whole(self.summary, json.dumps(summary, indent=2, ensure_ascii=False) + "\n")

    def remove_if_empty(self) -> None:
        """Leave no empty folder behind when a run fails before it begins."""
        with contextlib.suppress(OSError):
            self.path.rmdir()


def scenario_as_run(loaded: LoadedScenario, world: World, folder: RunFolder) -> str:
    """The text of scenario.yaml: the scenario with its seed and sizes."""
    seed = world.scenario.seed
    header = (
        f"The scenario as run by journeysim {__version__} with seed {seed}.\n"
        f"People: {world.people:,}. Run it again: journeysim run {folder.scenario.name}"
    )
    sizes = {f"people.{name}.size": size for name, size in world.sizes.items()}
    return dump_as_run(loaded, header=header, seed=seed, **sizes)


def folder_of(options: RunOptions, name: str) -> RunFolder:
    """The folder of a run: the one that is named, or of that ``name`` in `runs`."""
    if options.resume is not None:
        return RunFolder.existing(options.resume)
    if options.out is not None:
        return RunFolder.create(options.out)
    return RunFolder.create_unused(Path("runs") / name)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a full disk and its like into a DeliveryError that names the file."""
    try:
        yield
    except OSError as error:
        raise DeliveryError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error


def _write_whole(path: Path, text: str) -> None:
    """Write a file, or leave none."""
    aside = path.with_suffix(".part")
    with writing(path):
        try:
            aside.write_text(text, encoding="utf-8")
            aside.replace(path)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
