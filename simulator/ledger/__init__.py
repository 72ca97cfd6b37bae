"""The ledger: the typed, append-only record of every true crossing and of what became of it."""

from simulator.ledger.record import (
    CROSSING_FIELDS,
    HEADER_FILE,
    ROW,
    ROWS_FILE,
    CrossingRow,
    Ledger,
    LedgerWriter,
    Outcome,
    Rows,
    read_ledger,
    rows_from,
)

__all__ = [
    "CROSSING_FIELDS",
    "HEADER_FILE",
    "ROW",
    "ROWS_FILE",
    "CrossingRow",
    "Ledger",
    "LedgerWriter",
    "Outcome",
    "Rows",
    "read_ledger",
    "rows_from",
]
