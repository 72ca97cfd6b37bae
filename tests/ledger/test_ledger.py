"""The ledger: what is written comes back, whatever happened to the end of the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ledger import (
    CROSSING_FIELDS,
    HEADER_FILE,
    ROW,
    ROWS_FILE,
    LedgerWriter,
    Outcome,
    read_ledger,
    rows_from,
)

HEADER = {"scenario": "any", "groups": [["office", 0, 3], ["home", 3, 2]], "places": [["p-1", "Café"]]}


def crossing(person: int, outcome: Outcome = Outcome.DELIVERED, at: int = 5) -> tuple[int, ...]:
    return (person, 0, 1, at, at, at, at, at, 1, int(outcome))


def write(folder: Path, *batches: Sequence[tuple[int, ...]]) -> LedgerWriter:
    ledger = LedgerWriter(folder, HEADER)
    for batch in batches:
        ledger.append(rows_from(batch))
    ledger.close()
    return ledger


int64 = st.integers(-(2**63), 2**63 - 1)
rows_of_any_kind = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.just(0),
        st.integers(0, 1),
        int64,
        int64,
        int64,
        int64,
        int64,
        st.integers(0, 2**32 - 1),
        st.sampled_from([1, 2, 3]),
    ),
    max_size=20,
)


@given(st.lists(rows_of_any_kind, max_size=4))
def test_rows_come_back_as_they_were_written(batches: list[list[tuple[int, ...]]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        written = write(Path(name), *batches)
        ledger = read_ledger(Path(name))
    expected = [row for batch in batches for row in batch]
    assert [tuple(row[field].item() for field in CROSSING_FIELDS) for row in ledger.rows] == expected
    assert (ledger.rows["event"] == -1).all()
    assert written.total == len(expected) == sum(written.outcomes.values())


def test_the_header_explains_the_rows_without_this_program(tmp_path: Path) -> None:
    write(tmp_path, [crossing(1), crossing(4, Outcome.REJECTED)])
    header = json.loads((tmp_path / HEADER_FILE).read_text(encoding="utf-8"))
    assert header["format"] == 2
    assert header["outcomes"] == {str(int(outcome)): outcome.label for outcome in Outcome}
    assert (header["outcomes"]["0"], header["outcomes"]["1"]) == ("open", "delivered")
    assert header["places"] == [["p-1", "Café"]]
    dtype = np.dtype([(name, kind) for name, kind in header["columns"]])
    rows = np.fromfile(tmp_path / ROWS_FILE, dtype=dtype)
    assert dtype == ROW
    assert rows["person"].tolist() == [1, 4]
    assert [header["outcomes"][str(outcome)] for outcome in rows["outcome"]] == ["delivered", "rejected"]


def test_a_row_is_as_wide_on_every_machine() -> None:
    assert ROW.itemsize == 62
    assert {ROW[name].str[0] for name in ROW.names or ()} == {"<", "|"}


@pytest.mark.parametrize("torn", [1, 25, ROW.itemsize - 1])
def test_a_torn_last_row_is_left_out(tmp_path: Path, torn: int) -> None:
    write(tmp_path, [crossing(person) for person in range(4)])
    os.truncate(tmp_path / ROWS_FILE, 4 * ROW.itemsize - torn)
    assert read_ledger(tmp_path).rows["person"].tolist() == [0, 1, 2]


def test_a_ledger_can_be_read_while_it_grows(tmp_path: Path) -> None:
    ledger = LedgerWriter(tmp_path, HEADER)
    assert len(read_ledger(tmp_path).rows) == 0
    for person in range(3):
        ledger.append(rows_from([crossing(person)]))
        assert read_ledger(tmp_path).rows["person"].tolist() == list(range(person + 1))
    ledger.close()


def test_outcomes_are_counted_by_name_and_only_those_that_occurred(tmp_path: Path) -> None:
    ledger = write(tmp_path, [crossing(0), crossing(1, Outcome.UNDELIVERED)], [crossing(2)])
    assert ledger.outcomes == {"delivered": 2, "undelivered": 1}


def test_a_row_names_its_person_by_group_and_number(tmp_path: Path) -> None:
    write(tmp_path)
    ledger = read_ledger(tmp_path)
    assert [ledger.person_id(person) for person in range(5)] == [
        "office/0",
        "office/1",
        "office/2",
        "home/0",
        "home/1",
    ]
    with pytest.raises(KeyError):
        ledger.person_id(5)


def test_a_full_disk_is_said_and_whole_rows_stay(tmp_path: Path) -> None:
    # A limit on file size makes the kernel refuse in the middle of a row, as a full disk does.
    script = """
import resource, sys
from pathlib import Path
from simulator.core.errors import DeliveryError
from simulator.ledger import LedgerWriter, rows_from
resource.setrlimit(resource.RLIMIT_FSIZE, (2020, 2020))
ledger = LedgerWriter(Path(sys.argv[1]), {"groups": [["all", 0, 100]], "places": [["p", "P"]]})
try:
    for person in range(100):
        ledger.append(rows_from([(person, 0, 1, 5, 5, 5, 5, 5, 1, 1)]))
except DeliveryError as error:
    print(error)
    print(ledger.total)
try:
    ledger.close()
except DeliveryError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
        check=True,
    )
    said = f"cannot write {tmp_path / ROWS_FILE}, the ledger: file too large"
    assert done.stdout.splitlines() == [said, str(2020 // ROW.itemsize), said]
    assert done.stderr == ""
    assert read_ledger(tmp_path).rows["person"].tolist() == list(range(2020 // ROW.itemsize))
