"""CSV files as they come: any of three separators, with or without byte order mark, from any spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from simulator.core.errors import InputError, Problem
from simulator.scenario.units import nearest, one_of, shown
from simulator.world.importers.complaints import Complaints

_SEPARATORS = ",;\t"
_COLUMNS_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Row:
    """One record. ``number`` counts as spreadsheets do: the header is row 1 (mobile_sdk.md 1.5)."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file with a header. ``decimal_comma`` tells that ``52,5`` may be a number in it."""

    file: str
    columns: tuple[str, ...]
    decimal_comma: bool
    records: tuple[list[str], ...]

    def rows(self, complaints: Complaints) -> Iterator[Row]:
        """The records that have as many cells as the header; the others are complained about."""
        width = len(self.columns)
        for number, record in enumerate(self.records, start=2):
            if not any(cell.strip() for cell in record):
                continue
            extra = record[width:]
            if len(record) < width or any(cell.strip() for cell in extra):
                what = f"the row has {len(record)} cells, the header {width}"
                expected = "put quotes around cells that hold the separator"
                complaints.add(Problem(self.file, number, 0, "", what, expected))
                continue
            yield Row(number, dict(zip(self.columns, record, strict=False)))

    def missing(self, column: str) -> str:
        """What to expect instead of ``column``: the nearest one there is, and all there are."""
        near = nearest_column(column, self.columns)
        hint = f"did you mean {shown(near)}? " if near else ""
        named = [name for name in self.columns if name]
        return f"{hint}the columns are {one_of(named, joint='and', limit=_COLUMNS_SHOWN)}"


def nearest_column(name: str, columns: Sequence[str]) -> str | None:
    """The column that most likely was meant by ``name``: much alike, or one begins like the other."""
    near = nearest(name, columns)
    if near:
        return near
    wanted = _plain(name)
    plain = {_plain(column): column for column in columns if len(_plain(column)) >= 2}
    for candidate, column in plain.items():
        if wanted and (candidate.startswith(wanted) or wanted.startswith(candidate)):
            return column
    return None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def read_bytes(path: Path, problem_at: Problem) -> bytes:
    """The contents of ``path``; raises InputError at the place of ``problem_at`` if it can't be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        what, expected = f"there is no file {path}", _similar_file(path)
    except IsADirectoryError:
        what, expected = f"{path} is a folder", "expected a file"
    except PermissionError:
        what, expected = f"{path} may not be read", "check its permissions"
    except (OSError, ValueError) as error:
        what, expected = f"{path} can't be read: {getattr(error, 'strerror', None) or error}", ""
    raise InputError([_renewed(problem_at, what, expected)])


def _similar_file(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"there is no folder {path.parent} either"
    near = get_close_matches(path.name, names, n=1, cutoff=0.6)
    return (
        f"did you mean {near[0]}?"
        if near
        else "paths in a scenario are relative to its file, those of --set to the current folder"
    )


def _renewed(problem: Problem, what: str, expected: str) -> Problem:
    return Problem(problem.file, problem.line, problem.column, problem.field, what, expected)


def decode_utf8(data: bytes, path: Path, problem_at: Problem) -> str:
    """``data`` as text; raises InputError at the place of ``problem_at`` if it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"{path} is not UTF-8 text: byte 0x{data[error.start]:02x} in line {line}"
        raise InputError([_renewed(problem_at, what, "save it as UTF-8")]) from None


def decode_any(data: bytes, path: Path, complaints: Complaints) -> str:
    """``data`` as text: UTF-8, UTF-16 with a byte order mark, else Western European, with a warning."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = "not UTF-8; read as Western European (Windows-1252)"
        expected = "save it as UTF-8 if names come out wrong"
        complaints.add(Problem(str(path), line, 0, "", what, expected, warning=True))
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parse_table(text: str, path: Path) -> Table:
    """The table in ``text``; raises InputError if there is none."""
    file = str(path)

    def fail(line: int, what: str, expected: str = "") -> InputError:
        return InputError([Problem(file, line, 0, "", what, expected)])

    if "\0" in text:
        raise fail(0, "this is no text file: it holds NUL bytes", "expected a CSV file")
    if not text.strip():
        raise fail(0, "the file is empty", "expected a CSV file with a header and one record per row")
    separator = _separator(text)
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            records.append(record)  # noqa: PERF402 - what was read before an error tells its row
    except csv.Error as error:
        raise fail(len(records) + 1, f"not a CSV record: {error}", "check the quotes") from None
    columns = tuple(cell.strip() for cell in records[0])
    seen: set[str] = set()
    for column in columns:
        if column and column in seen:
            raise fail(1, f"two columns are named {shown(column)}", "give each column a name of its own")
        seen.add(column)
    if not any(cell.strip() for record in records[1:] for cell in record):
        raise fail(0, "the file has a header but no rows", "expected one record per row")
    return Table(file, columns, separator != ",", tuple(records[1:]))


def _separator(text: str) -> str:
    """The separator that divides the header into the most cells; the comma if none does."""
    quoted = False
    counts = dict.fromkeys(_SEPARATORS, 0)
    for letter in text:
        if letter == '"':
            quoted = not quoted
        elif not quoted:
            if letter in "\r\n":
                break
            if letter in counts:
                counts[letter] += 1
    return max(counts, key=lambda separator: counts[separator])
