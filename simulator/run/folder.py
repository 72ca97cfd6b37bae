"""The run folder: everything that a run leaves behind."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.checks import SUMMARY_FILE
from simulator.core.errors import UsageError
from simulator.ledger import LEDGER_FOLDER

SCENARIO_FILE = "scenario.yaml"
RECEIVED_STORE = "received.sqlite"
RECEIVED_FILE = "received.ndjson"
UNDELIVERED_FILE = "undelivered.ndjson"


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

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write summary.json, whole or not at all."""
        aside = self.summary.with_suffix(".part")
        aside.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(self.summary)

    def remove_if_empty(self) -> None:
        """Leave no empty folder behind when a run fails before it begins."""
        with contextlib.suppress(OSError):
            self.path.rmdir()
