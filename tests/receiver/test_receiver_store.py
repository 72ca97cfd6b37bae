"""The receiver's store: what is committed stays, what is not leaves nothing."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import UsageError
from simulator.receiver import AcceptedRecord, Counts, EventStore, FailedRecord, Query


def record(number: int, **changes: object) -> AcceptedRecord:
    values: dict[str, object] = {
        "received_ms": 1000 + number,
        "inlet": "demo",
        "xaction_id": f"x:{number}",
        "dataset": "d",
        "event_id": f"id-{number}",
        "event_type": "location.entry",
        "timestamp_ms": number * 10,
        "place": None,
        "body": b'{"n":%d}' % number,
        "identities": (),
        **changes,
    }
    return AcceptedRecord(**values)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    with EventStore(tmp_path / "store.sqlite") as opened:
        yield opened


def numbers(records: list[AcceptedRecord]) -> list[int]:
    return [r.sequence for r in records]


def test_records_are_visible_to_readers_once_committed(store: EventStore) -> None:
    store.add(record(1))
    assert store.counts() == Counts(0, 0, 0)
    store.commit()
    assert store.counts() == Counts(1, 0, 0)
    assert [r.body for r in store.query()] == [b'{"n":1}']


def test_sequences_go_up_by_one_and_never_start_again(store: EventStore) -> None:
    for number in range(3):
        store.add(record(number))
    store.commit()
    assert store.clear() == 3
    store.add(record(9))
    store.commit()
    assert numbers(store.query()) == [4]


def test_pages_follow_the_cursor(store: EventStore) -> None:
    for number in range(10):
        store.add(record(number))
    store.commit()
    assert numbers(store.query(limit=4)) == [1, 2, 3, 4]
    assert numbers(store.query(after=8, limit=4)) == [9, 10]


def test_an_identity_is_found_in_any_namespace_and_once(store: EventStore) -> None:
    store.add(record(1, identities=("a", "b", "a")))
    store.add(record(2, identities=("b",)))
    store.commit()
    assert numbers(store.query(Query(identity="a"))) == [1]
    assert numbers(store.query(Query(identity="b"))) == [1, 2]
    assert store.count(Query(identity="c")) == 0


def test_filters_combine(store: EventStore) -> None:
    store.add(record(1, place="p", timestamp_ms=100))
    store.add(record(2, place="p", timestamp_ms=200))
    store.add(record(3, place="q", timestamp_ms=200))
    store.add(record(4, place="p", timestamp_ms=None))
    store.commit()
    assert numbers(store.query(Query(place="p", from_ms=100, to_ms=200))) == [1]
    assert store.count(Query(place="p", from_ms=100)) == 2


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["entry", "exit"]),
            st.integers(0, 5),
            st.lists(st.sampled_from("abc"), max_size=2),
        ),
        max_size=12,
    ),
    wanted_type=st.sampled_from([None, "entry", "exit"]),
    identity=st.sampled_from([None, "a", "b"]),
    low=st.none() | st.integers(0, 5),
    high=st.none() | st.integers(0, 5),
)
def test_a_query_finds_what_a_plain_filter_finds(
    rows: list[tuple[str, int, list[str]]],
    wanted_type: str | None,
    identity: str | None,
    low: int | None,
    high: int | None,
) -> None:
    with EventStore() as store:
        for number, (kind, time, ids) in enumerate(rows):
            store.add(record(number, event_type=kind, timestamp_ms=time, identities=tuple(ids)))
        store.commit()
        found = numbers(
            store.query(Query(event_type=wanted_type, identity=identity, from_ms=low, to_ms=high))
        )
    expected = [
        sequence
        for sequence, (kind, time, ids) in enumerate(rows, start=1)
        if wanted_type in (None, kind)
        and (identity is None or identity in ids)
        and (low is None or time >= low)
        and (high is None or time < high)
    ]
    assert found == expected


def test_duplicates_are_counted_by_dataset_and_id(store: EventStore) -> None:
    store.add(record(1, event_id="same"))
    store.add(record(2, event_id="same"))
    store.commit()
    store.add(record(3, event_id="same"))
    store.add(record(4, event_id="same", dataset="another"))
    store.commit()
    assert store.counts() == Counts(accepted=4, failed=0, duplicates=2)


def test_records_without_an_id_are_no_duplicates(store: EventStore) -> None:
    store.add(record(1, event_id=""))
    store.add(record(2, event_id=""))
    store.commit()
    assert store.counts().duplicates == 0


def test_clearing_forgets_ids_and_identities(store: EventStore) -> None:
    store.add(record(1, identities=("a",)))
    store.add_failed(FailedRecord(1, "demo", "x", "d", "bad", b"{}"))
    assert store.clear() == 1
    store.add(record(1, identities=("a",)))
    store.commit()
    assert store.counts() == Counts(accepted=1, failed=1, duplicates=0)
    assert store.count(Query(identity="a")) == 1


def test_failed_records_are_kept_apart(store: EventStore) -> None:
    store.add_failed(FailedRecord(1, "demo", "x", "d", "bad", b'{"k":1}'))
    store.commit()
    assert store.query() == []
    assert [(r.sequence, r.reason, r.body) for r in store.failed()] == [(1, "bad", b'{"k":1}')]
    assert store.clear_failed() == 1
    assert store.failed() == []


def test_all_records_can_be_read_in_order(store: EventStore) -> None:
    for number in range(1201):
        store.add(record(number))
    store.commit()
    assert [r.sequence for r in store.records()] == list(range(1, 1202))


def test_a_store_opened_again_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with EventStore(path) as store:
        store.add(record(1))
    with EventStore(path) as store:
        store.add(record(1))
        store.commit()
        assert numbers(store.query()) == [1, 2]
        assert store.counts() == Counts(2, 0, 1)


def test_many_records_are_committed_on_the_way_so_that_memory_stays_bounded(store: EventStore) -> None:
    for number in range(10_001):
        store.add(record(number))
    assert store.counts().accepted == 10_001


def test_a_full_disk_loses_the_commit_and_nothing_else(store: EventStore) -> None:
    store.add(record(1))
    store.commit()
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages + 1}")
    for number in range(2, 200):
        store.add(record(number, body=b"x" * 2000))
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.commit()
    assert numbers(store.query()) == [1]
    store._writer.execute("PRAGMA max_page_count = 1000000")
    store.add(record(2))
    store.commit()
    assert numbers(store.query()) == [1, 2]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("this is no database, and long enough to show it " * 20)
    with pytest.raises(UsageError, match="cannot be used as the receiver's store"):
        EventStore(text)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(UsageError, match="another kind"):
        EventStore(other)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unable to open"):
        EventStore(tmp_path / "no" / "store.sqlite")


_WRITER = """
import sys
from pathlib import Path
from simulator.receiver import AcceptedRecord, EventStore
store = EventStore(Path(sys.argv[1]))
n = 0
while True:
    for _ in range(50):
        n += 1
        store.add(AcceptedRecord(n, "i", str(n), "d", str(n), "t", n, None, b"x" * 1000))
    store.commit()
    print(n, flush=True)
"""


def test_a_killed_writer_loses_nothing_it_committed_and_leaves_no_half_transaction(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
        text=True,
    )
    assert writer.stdout is not None
    for _ in range(20):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    committed = max(int(line) for line in writer.stdout.read().split() or ["1000"])
    writer.wait()
    writer.stdout.close()
    with EventStore(path) as store:
        held = store.counts().accepted
        assert held >= committed
        assert held % 50 == 0
        assert [r.sequence for r in store.records()] == list(range(1, held + 1))
