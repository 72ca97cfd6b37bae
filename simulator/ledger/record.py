"""The ledger: one row for every true crossing, with what became of it.

Rows have a fixed width and are written as they become final, so the file is cheap to append to, can be read
while it grows, and a torn last row is recognised by its length.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from simulator.core.errors import DeliveryError, UsageError

FORMAT_VERSION = 2
LEDGER_FOLDER = "ledger"
ROWS_FILE = "crossings.bin"
PEOPLE_FILE = "people.bin"
HEADER_FILE = "ledger.json"


class Outcome(IntEnum):
    """How a true crossing ended. Every crossing has exactly one outcome."""

    OPEN = 0
    """Not decided yet; never in a finished ledger."""
    DELIVERED = 1
    """Its event was acknowledged by the destination, and not late."""
    REJECTED = 2
    """Its event was refused by the destination, which will not take it later either."""
    UNDELIVERED = 3
    """Its event was sent out by the phone, but the destination could not be reached; it is kept on record."""
    NO_PERMISSION = 4
    """Not noticed: the app was not allowed to use the location in the way that region monitoring needs."""
    NOT_MONITORED = 5
    """Not noticed: the place was not among the regions that the app had registered at that moment."""
    TOO_SHORT = 6
    """Not noticed: the person was back across the border before the operating system was sure of it."""
    NOT_NOTICED = 7
    """Not noticed: the fence is smaller than what the operating system detects reliably."""
    PENDING_DETECTION = 8
    """The run ended before the operating system would have noticed."""
    APP_NOT_RUNNING = 9
    """Noticed by nobody: the app was not running, and the operating system does not start it in that state."""
    PHONE_OFF = 10
    """Not noticed: the phone was switched off."""
    DELIVERED_LATE = 11
    """Its event was acknowledged by the destination, but longer after it was queued than the scenario calls late."""
    STALE_POI = 12
    """The SDK did not believe the region event: the place was no longer in its list of nearby ones."""
    NO_METADATA = 13
    """The SDK made no event of it: Android's cannot for a place without any metadata."""
    DEDUPLICATED = 14
    """The app itself held it back, because it took itself to be on that side of the border already."""
    CONSENT_NO = 15
    """Its event was thrown away, because the person does not consent to data being collected."""
    DROPPED_BY_CODE = 16
    """The SDK gave its event up after an answer that it does not try again."""
    QUEUE_LOST = 17
    """Its event was still in the queue when the app was removed or installed afresh."""
    QUEUED_AT_END = 18
    """Its event was still in the phone's queue when the run ended."""
    UNCONFIRMED = 19
    """Its event reached the endpoint, but the phone had not heard so when the run ended or the event was lost."""
    NOT_DUE = 20
    """Its event was not sent, because the load that sends events at a rate ended before its time."""

    @property
    def label(self) -> str:
        """The name in summaries: lower case."""
        return self.name.lower()


# What the simulation knows of a crossing when its event leaves the phone (or will never leave it), in the order
# of CROSSING_FIELDS. Times are virtual milliseconds since the start of the run; -1 stands for "never".
# A plain tuple, because there are millions of them.
CrossingRow = tuple[int, int, int, int, int, int, int, int, int, int]
CROSSING_FIELDS = (
    *("person", "place", "entry", "crossed", "noticed", "queued", "sent", "acknowledged"),
    *("attempts", "outcome"),
)

# One row in the file. `sent` is when the attempt began that got through, `acknowledged` when the phone heard that it
# had, `attempts` how often it was tried. `event` is the number of the event in the run's event stream, -1 if there is
# none.
ROW = np.dtype(
    [
        ("person", "<i4"),
        ("place", "<i4"),
        ("entry", "u1"),
        ("outcome", "u1"),
        ("crossed", "<i8"),
        ("noticed", "<i8"),
        ("queued", "<i8"),
        ("sent", "<i8"),
        ("acknowledged", "<i8"),
        ("attempts", "<u4"),
        ("event", "<i8"),
    ]
)
Rows = npt.NDArray[np.void]

# What the ledger knows of each person's phone, two bytes a person in the order of their ordinals. The numbers
# are positions in these tuples, which the header repeats; phones that notice everything need no permission.
SYSTEMS = ("ios", "android")
PERMISSIONS = ("not needed", "always", "while_in_use", "approximate", "denied")
PERSON = np.dtype([("system", "u1"), ("permission", "u1")])
PersonRows = npt.NDArray[np.void]


def unnoticed(person: int, place: int, entry: int, crossed: int, outcome: int) -> CrossingRow:
    """The row of a crossing that the app was never told of."""
    return person, place, entry, crossed, -1, -1, -1, -1, 0, outcome


def rows_from(crossings: Sequence[CrossingRow]) -> Rows:
    """Many rows as one structured array of dtype ``ROW``; the event numbers are -1."""
    width = len(CROSSING_FIELDS)
    flat = np.fromiter(chain.from_iterable(crossings), dtype=np.int64, count=width * len(crossings))
    table = flat.reshape(-1, width)
    rows = np.empty(len(table), dtype=ROW)
    for column, name in enumerate(CROSSING_FIELDS):
        rows[name] = table[:, column]
    rows["event"] = -1
    return rows


class LedgerWriter:
    """Appends final rows to a folder and counts outcomes as it goes.

    Every append reaches the file at once. Raises DeliveryError when it can't be written.
    """

    def __init__(self, folder: Path, header: dict[str, Any], people: PersonRows | None = None) -> None:
        """``header`` says what the numbers mean: groups of people, places, start (see :class:`Ledger`).

        ``people`` has one row of dtype ``PERSON`` for each person of the run.
        """
        document = {
            "format": FORMAT_VERSION,
            "columns": _columns(ROW),
            "outcomes": _OUTCOMES,
            "people_columns": _columns(PERSON),
            "systems": SYSTEMS,
            "permissions": PERMISSIONS,
            **header,
        }
        self._path = folder / ROWS_FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if people is not None:
                (folder / PEOPLE_FILE).write_bytes(people.tobytes())
            (folder / HEADER_FILE).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
            self._file: BinaryIO = self._path.open("wb")
        except OSError as error:
            raise self._failure(error) from error
        self._counts = np.zeros(len(Outcome), dtype=np.int64)

    def append(self, rows: Rows) -> None:
        """Add rows whose outcomes are final."""
        try:
            self._file.write(rows.tobytes())
            self._file.flush()
        except OSError as error:
            raise self._failure(error) from error
        self._counts += np.bincount(rows["outcome"], minlength=len(Outcome))

    @property
    def outcomes(self) -> dict[str, int]:
        """Rows by outcome so far, those that occurred."""
        return {outcome.label: int(n) for outcome, n in zip(Outcome, self._counts, strict=True) if n}

    @property
    def total(self) -> int:
        """Rows so far."""
        return int(self._counts.sum())

    def close(self) -> None:
        """Write everything out."""
        try:
            self._file.close()
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> DeliveryError:
        return DeliveryError(
            f"cannot write {self._path}, the ledger: {(error.strerror or str(error)).lower()}"
        )


def _columns(row: np.dtype[np.void]) -> list[list[str]]:
    return [[name, row[name].str] for name in row.names or ()]


_OUTCOMES = {int(outcome): outcome.label for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger read back: ``rows`` has dtype ``ROW``, ``people`` dtype ``PERSON`` (None where it has none)."""

    header: dict[str, Any]
    rows: Rows
    people: PersonRows | None

    def person_id(self, person: int) -> str:
        """The name of a person: group and index within it."""
        for group, first, size in self.header["groups"]:
            if first <= person < first + size:
                return f"{group}/{person - first}"
        raise KeyError(person)


def read_ledger(folder: Path) -> Ledger:
    """Read the ledger in ``folder``; a torn last row of an unfinished run is left out.

    Raises UsageError for a ledger that another version wrote or that is damaged, OSError for none at all.
    """
    path = folder / HEADER_FILE
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
        found = header["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: is not the header of a ledger, or is damaged") from error
    if found != FORMAT_VERSION or header.get("columns") != _columns(ROW):
        raise UsageError(
            f"{path}: the ledger has format {found}, but this version of journeysim reads format "
            f"{FORMAT_VERSION}; use the version that wrote it ({header.get('journeysim_version', 'unknown')})"
        )
    rows = _read_rows(folder / ROWS_FILE)
    size = sum(size for _, _, size in header["groups"])
    known = (("person", 0, size), ("place", 0, len(header["places"])), ("outcome", 1, len(Outcome)))
    if any(((rows[name] < first) | (rows[name] >= end)).any() for name, first, end in known):
        raise UsageError(
            f"{folder / ROWS_FILE}: the ledger is damaged: its rows name what its header does not have"
        )
    return Ledger(header, rows, _read_people(folder, header, size))


def _read_rows(path: Path) -> Rows:
    """The whole rows of a file, mapped: what is not looked at is not read, and large ledgers need no memory."""
    whole = path.stat().st_size // ROW.itemsize
    if not whole:
        return np.empty(0, dtype=ROW)
    return np.asarray(np.memmap(path, dtype=ROW, mode="r", shape=(whole,)))


def _read_people(folder: Path, header: dict[str, Any], size: int) -> PersonRows | None:
    """The phones of all people, if they are on record as this version knows them."""
    path = folder / PEOPLE_FILE
    if header.get("people_columns") != _columns(PERSON) or not path.exists():
        return None
    people = np.frombuffer(path.read_bytes(), dtype=PERSON)
    return people if len(people) == size else None
