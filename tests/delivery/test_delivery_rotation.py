"""Parquet files, and files that follow each other."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import DeliveryError, InputError, UsageError
from simulator.delivery import (
    Batch,
    Destination,
    FileDestination,
    ParquetDestination,
    Receipt,
    RotatingFiles,
    read_events,
)
from tests.delivery.sending import events, tally

EVENT = (
    b'{"_id":"a-1","timestamp":"2026-03-02T18:36:55.897Z","eventType":"location.entry",'
    b'"identityMap":{"ECID":[{"id":"42","primary":false}]},"x":{"y":1.50}}'
)


def write(destination: Destination, *batches: Batch) -> list[Receipt]:
    async def run() -> list[Receipt]:
        await destination.open()
        try:
            return [await destination.send(batch) for batch in batches]
        finally:
            await destination.close()

    return asyncio.run(run())


def one_file(path: Path) -> ParquetDestination | FileDestination:
    return ParquetDestination(path) if path.suffix == ".parquet" else FileDestination(path)


def read_all(folder: Path) -> list[bytes]:
    return [event for path in sorted(folder.iterdir()) for event in read_events(path)]


# --- Parquet ----------------------------------------------------------------------------------------------


def test_a_row_holds_what_is_looked_for_and_the_event_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    receipts = write(ParquetDestination(path), Batch([EVENT]))
    assert tally(receipts[0]) == {"ACKNOWLEDGED": 1}
    assert pyarrow.parquet.read_table(path).to_pylist() == [
        {
            "_id": "a-1",
            "timestamp": datetime.datetime(2026, 3, 2, 18, 36, 55, 897000, tzinfo=datetime.UTC),
            "eventType": "location.entry",
            "identity": "42",
            "body": EVENT.decode(),
        }
    ]


def test_events_come_back_from_parquet_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    destination = ParquetDestination(path)
    write(destination, Batch(events(30_000)), Batch([]), Batch([EVENT]))
    assert list(read_events(path)) == [*events(30_000), EVENT]
    assert pyarrow.parquet.ParquetFile(path).metadata.num_row_groups == 2
    assert 0 < destination.stats.bytes <= path.stat().st_size


def test_what_an_event_lacks_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(ParquetDestination(path), Batch([b'{"timestamp":"soon","eventType":7}', EVENT]))
    rows = pyarrow.parquet.read_table(path).to_pylist()
    assert [rows[0][key] for key in ("_id", "timestamp", "eventType", "identity")] == [None] * 4
    assert rows[1]["timestamp"] is not None


def test_a_parquet_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"

    async def run() -> None:
        destination = ParquetDestination(path)
        await destination.open()
        await destination.send(Batch(events(10)))
        assert not path.exists()
        assert path.with_name("a.parquet.part").exists()
        await destination.close()

    asyncio.run(run())
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.parquet"]


def test_a_full_disk_is_said_and_leaves_no_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.with_name("a.parquet.part").symlink_to("/dev/full")
    with pytest.raises(DeliveryError, match=r"no space left on device; of a Parquet file that isn't whole"):
        write(ParquetDestination(path), Batch(events(30_000)))
    assert not path.exists()


def test_half_a_parquet_file_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(ParquetDestination(path), Batch(events(10)))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="not a whole Parquet file"):
        list(read_events(path))


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        write(ParquetDestination(tmp_path / "no" / "a.parquet"))


# --- rotation ---------------------------------------------------------------------------------------------


@given(
    sizes=st.lists(st.integers(0, 400), min_size=1, max_size=60),
    limit=st.integers(100, 3000),
    cut=st.integers(1, 60),
)
def test_plain_files_stay_within_the_size_and_hold_every_event_once(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], limit: int, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("rotation")
    bodies = [
        body for number, size in enumerate(sizes) for body in [b'{"n":%d,"p":"%s"}' % (number, b"x" * size)]
    ]
    batches = [Batch(bodies[:cut]), Batch(bodies[cut:])]
    receipts = write(RotatingFiles(folder / "e.ndjson", one_file, size=limit, every_s=None), *batches)
    assert [len(receipt.fates) for receipt in receipts] == [len(batch) for batch in batches]
    assert read_all(folder) == bodies
    for path in folder.iterdir():
        assert path.stat().st_size <= limit or path.read_bytes().count(b"\n") == 1


@pytest.mark.parametrize("ending", [".ndjson.gz", ".ndjson.zst", ".parquet"])
def test_other_files_end_soon_after_they_have_reached_the_size(tmp_path: Path, ending: str) -> None:
    bodies = [
        b'{"n":"%s"}' % np.random.default_rng(number).bytes(150).hex().encode() for number in range(50_000)
    ]
    destination = RotatingFiles(tmp_path / f"e{ending}", one_file, size=1_000_000, every_s=None)
    write(destination, *(Batch(bodies[first : first + 2000]) for first in range(0, len(bodies), 2000)))
    files = sorted(tmp_path.iterdir())
    assert len(files) >= 3
    assert files[0].name == f"e-00001{ending}"
    assert read_all(tmp_path) == bodies
    assert destination.stats.bytes <= sum(path.stat().st_size for path in files)


def test_a_file_holds_so_much_simulated_time(tmp_path: Path) -> None:
    times = np.array([0, 10, 59_999, 60_000, 200_000, 239_999, 240_000], dtype=np.int64)
    batch = Batch(events(7), times=times)
    write(RotatingFiles(tmp_path / "e.ndjson", one_file, size=None, every_s=60.0), batch, Batch([]))
    names = {path.name: list(read_events(path)) for path in tmp_path.iterdir()}
    assert names == {
        "e-00001.ndjson": events(7)[:3],
        "e-00002.ndjson": events(7)[3:4],
        "e-00003.ndjson": events(7)[4:6],
        "e-00004.ndjson": events(7)[6:],
    }


def test_without_a_run_the_events_own_times_decide(tmp_path: Path) -> None:
    stamps = ["2026-03-02T23:59:00.000Z", "2026-03-03T00:58:59Z", "2026-03-03T00:59:00.000Z"]
    bodies = [b'{"timestamp":"%s"}' % stamp.encode() for stamp in stamps]
    bodies.insert(1, b'{"no":"time"}')
    write(RotatingFiles(tmp_path / "e.ndjson", one_file, size=None, every_s=3600.0), Batch(bodies))
    assert [list(read_events(path)) for path in sorted(tmp_path.iterdir())] == [bodies[:3], bodies[3:]]


def test_each_file_is_whole_before_the_next_one_begins(tmp_path: Path) -> None:
    async def run() -> None:
        destination = RotatingFiles(tmp_path / "e.ndjson", one_file, size=300, every_s=None)
        await destination.open()
        for _ in range(4):
            await destination.send(Batch(events(2)))
            names = sorted(path.name for path in tmp_path.iterdir())
            assert [name.endswith(".part") for name in names] == [False] * (len(names) - 1) + [True]
        await destination.close()

    asyncio.run(run())


def test_files_of_an_earlier_run_are_not_mixed_with_ours(tmp_path: Path) -> None:
    (tmp_path / "e-00007.ndjson").write_text("")
    (tmp_path / "other-00001.ndjson").write_text("")
    with pytest.raises(UsageError, match=r"e-00007\.ndjson is there from an earlier run"):
        write(RotatingFiles(tmp_path / "e.ndjson", one_file, size=300, every_s=None))


def test_the_same_run_begins_its_files_anew(tmp_path: Path) -> None:
    (tmp_path / "e-00007.ndjson").write_text("")
    (tmp_path / "e-00009.ndjson.part").write_text("")
    (tmp_path / "other-00001.ndjson").write_text("")
    destination = RotatingFiles(tmp_path / "e.ndjson", one_file, size=300, every_s=None, replace=True)
    write(destination, Batch(events(1)))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["e-00001.ndjson", "other-00001.ndjson"]


def test_a_folder_that_vanishes_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()

    async def run() -> None:
        destination = RotatingFiles(folder / "e.ndjson", one_file, size=100, every_s=None)
        await destination.open()
        folder.rename(tmp_path / "gone")
        try:
            await destination.send(Batch(events(10)))
        finally:
            await destination.close()

    with pytest.raises(DeliveryError, match="cannot"):
        asyncio.run(run())
