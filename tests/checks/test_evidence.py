"""The record of a run as evidence: a person's part of it is found at once, however long it is."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from simulator.checks import read_record
from simulator.checks.evidence import bare_evidence
from tests.checks.records import write_run

PEOPLE, EACH = 50_000, 10


def test_the_crossings_of_everybody_are_found_in_time_that_grows_with_their_number(tmp_path: Path) -> None:
    record = read_record(write_run(tmp_path / "run"))
    rows = np.resize(record.ledger.rows, PEOPLE * EACH)
    rows["person"] = np.random.default_rng(1).permutation(np.arange(len(rows)) % PEOPLE)
    evidence = bare_evidence(replace(record, ledger=replace(record.ledger, rows=rows)))
    assert len(evidence.rows_of(0)) == EACH
    began = time.process_time()
    assert sum(len(evidence.rows_of(person)) for person in range(PEOPLE)) == len(rows)
    assert time.process_time() - began < 5.0
