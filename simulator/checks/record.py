"""The record that a run left behind, read back: its ledger and, if it came to its end, its summary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulator.core.errors import UsageError
from simulator.core.simtime import Calendar
from simulator.ledger import HEADER_FILE, LEDGER_FOLDER, ROWS_FILE, Ledger, read_ledger

SUMMARY_FILE = "summary.json"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is on record of a run. ``summary`` is None while the run lasts, and for good if it was killed."""

    folder: Path
    ledger: Ledger
    summary: Mapping[str, Any] | None
    calendar: Calendar

    def local(self, t: int) -> str | None:
        """Virtual time as local time with its offset; None for "never"."""
        return None if t < 0 else self.calendar.local(t).isoformat(timespec="milliseconds")

    def virtual(self, moment: datetime) -> int | None:
        """The virtual time of a moment of the wall, in milliseconds; None where the run kept to no clock."""
        summary = self.summary or {}
        speed, since = summary.get("speed"), summary.get("paced_since")
        if speed == "live":
            return round((moment - self.calendar.utc(0)) / timedelta(milliseconds=1))
        if since is None or not isinstance(speed, int | float):
            return None
        return round((moment - datetime.fromisoformat(since)) / timedelta(milliseconds=1) * speed)

    def system_of(self, person: int) -> str:
        """``ios`` or ``android``; empty where the record does not say."""
        people = self.ledger.people
        return "" if people is None else str(self.ledger.header["systems"][people["system"][person]])

    def permission_of(self, person: int) -> str:
        """What the app on the person's phone may know of its location; empty where the record does not say."""
        people = self.ledger.people
        return "" if people is None else str(self.ledger.header["permissions"][people["permission"][person]])


def read_record(folder: Path) -> RunRecord:
    """Read the run folder ``folder``; UsageError where it is none or cannot be understood."""
    if not folder.exists():
        raise UsageError(f"{folder}: there is no such run folder{_or_the_newest(folder.parent)}")
    inside = folder / LEDGER_FOLDER
    if not (inside / HEADER_FILE).is_file() or not (inside / ROWS_FILE).is_file():
        meant = _or_the_newest(folder) or (
            "; name a folder that `journeysim run` wrote, such as runs/lunch_rush-20260302-113000"
        )
        raise UsageError(f"{folder}: is not a run folder, it has no {LEDGER_FOLDER}/{HEADER_FILE}{meant}")
    ledger = read_ledger(inside)
    header = ledger.header
    calendar = Calendar(datetime.fromisoformat(header["start"]), ZoneInfo(header["timezone"]))
    return RunRecord(folder, ledger, _summary(folder / SUMMARY_FILE), calendar)


def _or_the_newest(folder: Path) -> str:
    """The run in ``folder`` that was begun last, to be named; empty if there is none."""
    newest = newest_run(folder)
    return f"; the newest one there is {newest}" if newest else ""


def newest_run(folder: Path) -> Path | None:
    """The run folder in ``folder`` whose run was begun last; None if there is none."""
    inside = folder.iterdir() if folder.is_dir() else ()
    begun = [
        (header.stat().st_mtime_ns, run)
        for run in inside
        if (header := run / LEDGER_FOLDER / HEADER_FILE).is_file()
    ]
    return max(begun)[1] if begun else None


def run_document(record: RunRecord) -> dict[str, Any]:
    """Which run it is and whether the record of it is whole."""
    header, summary = record.ledger.header, record.summary
    return {
        "folder": str(record.folder),
        "scenario": header["scenario"],
        "seed": header["seed"],
        "journeysim_version": header["journeysim_version"],
        "people": sum(size for _, _, size in header["groups"]),
        "groups": {name: size for name, _, size in header["groups"]},
        "places": len(header["places"]),
        "started": record.calendar.local(0).isoformat(),
        "ended": summary.get("ended") if summary else None,
        "timezone": header["timezone"],
        "state": _state(summary),
        "notes": _notes(record),
    }


def _summary(path: Path) -> Mapping[str, Any] | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UsageError(f"{path}: is damaged: not a JSON document") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path}: is damaged: not the summary of a run")
    return document


def _state(summary: Mapping[str, Any] | None) -> str:
    if summary is None:
        return "unfinished"
    if summary.get("interrupted"):
        return "interrupted"
    return "stopped" if summary.get("failure") else "complete"


def _notes(record: RunRecord) -> list[str]:
    """What to know before trusting the numbers."""
    summary, rows = record.summary, len(record.ledger.rows)
    if summary is None:
        return [
            "There is no summary.json: the run still goes on, or was killed. What follows is what is on record "
            "so far."
        ]
    notes = []
    if summary.get("interrupted"):
        notes.append("The run was interrupted; what follows goes up to then.")
    if failure := summary.get("failure"):
        notes.append(f"The run stopped early: {failure}")
    if (crossings := summary.get("crossings")) != rows:
        notes.append(
            f"The ledger has {rows:,} crossings, but the summary counts {crossings}; a file was changed."
        )
    if record.ledger.people is None:
        notes.append("The record does not say who has which phone; an earlier version made it.")
    return notes
