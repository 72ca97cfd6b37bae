"""Files and standard output: whole lines whatever happens."""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import DeliveryError, InputError, Problem, UsageError
from simulator.delivery import (
    Batch,
    Fate,
    FileDestination,
    Receipt,
    StandardOutput,
    UndeliveredWriter,
    read_events,
)
from tests.core.test_lines import in_memory
from tests.delivery.sending import events, tally

NAMES = ["out.ndjson", "out.ndjson.gz", "out.ndjson.zst"]


def write(path: Path, *batches: Sequence[bytes]) -> list[Receipt]:
    async def run() -> list[Receipt]:
        destination = FileDestination(path)
        await destination.open()
        try:
            return [await destination.send(Batch(bodies)) for bodies in batches]
        finally:
            await destination.close()

    return asyncio.run(run())


@pytest.mark.parametrize("form", [list, in_memory], ids=["list", "lines"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_can_be_read_back(
    tmp_path: Path, name: str, form: Callable[[list[bytes]], Sequence[bytes]]
) -> None:
    path = tmp_path / name
    receipts = write(path, form(events(100)), form([]), form(events(3)))
    assert [tally(receipt) for receipt in receipts] == [{"ACKNOWLEDGED": 100}, {}, {"ACKNOWLEDGED": 3}]
    assert list(read_events(path)) == [*events(100), *events(3)]


def test_compressed_files_are_what_their_names_say(tmp_path: Path) -> None:
    for name in NAMES:
        write(tmp_path / name, events(50), events(50))
    plain = (tmp_path / NAMES[0]).read_bytes()
    assert gzip.decompress((tmp_path / NAMES[1]).read_bytes()) == plain
    with (tmp_path / NAMES[2]).open("rb") as file:
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        assert reader.read() == plain
    assert all((tmp_path / name).stat().st_size < len(plain) / 4 for name in NAMES[1:])


def test_the_file_has_its_final_name_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.ndjson"

    async def run() -> None:
        destination = FileDestination(path)
        await destination.open()
        await destination.send(Batch(events(2)))
        assert not path.exists()
        assert list(read_events(tmp_path / "out.ndjson.part")) == events(2)
        await destination.close()
        await destination.close()

    asyncio.run(run())
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.ndjson"]


def test_a_run_without_events_leaves_an_empty_file(tmp_path: Path) -> None:
    for name in NAMES:
        write(tmp_path / name)
        assert list(read_events(tmp_path / name)) == []


@pytest.mark.parametrize("form", ["list", "in_memory"])
def test_a_full_disk_is_said_and_the_whole_lines_stay(tmp_path: Path, form: str) -> None:
    # A limit on file size makes the kernel refuse in the middle of a batch, as a full disk does.
    script = """

import asyncio, resource, signal, sys
from pathlib import Path
from simulator.core.errors import DeliveryError
from simulator.delivery import Batch, FileDestination
from tests.core.test_lines import in_memory
from tests.delivery.sending import events
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000))
async def run():
    destination = FileDestination(Path(sys.argv[1]))
    await destination.open()
    for _ in range(2):
        try:
            for _ in range(100):
                await destination.send(Batch(FORM(events(40))))
        except DeliveryError as error:
            print(error)
    await destination.close()
asyncio.run(run())
"""
    path = tmp_path / "out.ndjson"
    done = subprocess.run(
        [sys.executable, "-c", script.replace("FORM", form), str(path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert first == second
    assert first == f"cannot write {path}: file too large; the first 120 events are in {path}.part"
    assert not path.exists()
    assert list(read_events(tmp_path / "out.ndjson.part")) == events(40) * 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which only Linux has")
def test_a_device_without_room_is_said() -> None:
    with pytest.raises(DeliveryError, match="no space left on device; the first 0 events"):
        write(Path("/dev/full"), events(2))


def test_a_missing_or_closed_folder_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the folder .*no does not exist"):
        write(tmp_path / "no" / "out.ndjson")
    (tmp_path / "dir.ndjson.part").mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        write(tmp_path / "dir.ndjson")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="no permission to write"):
        write(tmp_path / "out.ndjson")


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lost", [1, 5, 20])
def test_a_cut_off_file_gives_its_whole_events_and_reports_the_rest(
    tmp_path: Path, name: str, lost: int
) -> None:
    path = tmp_path / name
    write(path, events(40), events(40))
    path.write_bytes(path.read_bytes()[:-lost])
    problems: list[Problem] = []
    read = list(read_events(path, problems.append))
    assert len(read) >= 40
    assert read == (events(40) * 2)[: len(read)]
    assert len(problems) == 1
    assert "cut off or damaged" in problems[0].what
    assert problems[0].line == len(read) + 1


@pytest.mark.parametrize("name", NAMES)
def test_without_anybody_to_report_to_damage_is_an_error_after_the_whole_events(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    write(path, events(40))
    path.write_bytes(path.read_bytes()[:-1] if name == NAMES[0] else path.read_bytes() + b"tail")
    read: list[bytes] = []
    with pytest.raises(InputError, match="cut off or damaged"):
        read.extend(read_events(path))
    with pytest.raises(InputError):
        for event in read_events(path):
            read.append(event)  # noqa: PERF402 (the loop is what is tested)
    assert len(read) >= 39


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        list(read_events(tmp_path / "none.ndjson"))


def test_empty_lines_and_any_name_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "events.txt"
    path.write_bytes(gzip.compress(b'{"a":1}\n\n  \n{"b":2}\n'))
    assert list(read_events(path)) == [b'{"a":1}', b'{"b":2}']


# An event begins with a brace, so no file of events can look like a compressed one.
EVENTS = st.binary().filter(lambda data: b"\n" not in data).map(lambda data: b"{" + data)


@given(
    batches=st.lists(st.lists(EVENTS, max_size=5), max_size=5),
    name=st.sampled_from(NAMES),
)
def test_any_events_come_back_in_order(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[bytes]], name: str
) -> None:
    path = tmp_path_factory.mktemp("any") / name
    write(path, *batches)
    assert list(read_events(path)) == [body for batch in batches for body in batch]


# --- standard output ----------------------------------------------------------------------------------------


def test_standard_output_gets_lines() -> None:
    reading, writing = os.pipe()

    async def run() -> Receipt:
        destination = StandardOutput(writing)
        await destination.open()
        receipt = await destination.send(Batch(events(3)))
        await destination.close()
        return receipt

    assert tally(asyncio.run(run())) == {"ACKNOWLEDGED": 3}
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert file.read().splitlines() == events(3)


def test_a_reader_that_goes_away_leaves_the_rest_pending() -> None:
    reading, writing = os.pipe()

    async def run() -> list[dict[str, int]]:
        destination = StandardOutput(writing)
        await destination.open()
        one = await destination.send(Batch(events(1)))
        os.close(reading)
        later = [await destination.send(Batch(events(2))) for _ in range(2)]
        assert later[1].reasons[1] == "standard output was closed by its reader"
        return [tally(one), *map(tally, later)]

    assert asyncio.run(run()) == [{"ACKNOWLEDGED": 1}, {"PENDING": 2}, {"PENDING": 2}]
    os.close(writing)


def test_a_closed_pipe_ends_quietly_in_a_real_process() -> None:
    script = """
import asyncio, sys
from simulator.delivery import Batch, Fate, StandardOutput
async def run():
    destination = StandardOutput()
    await destination.open()
    while (await destination.send(Batch([b'{"n":1}'] * 1000))).fates[0] == Fate.ACKNOWLEDGED:
        pass
    await destination.close()
asyncio.run(run())
"""
    done = subprocess.run(
        f'"{sys.executable}" -c "$SCRIPT" | head -n 1',
        shell=True,
        capture_output=True,
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "SCRIPT": script},
        check=True,
    )
    assert (done.stdout, done.stderr) == (b'{"n":1}\n', b"")


# --- undelivered --------------------------------------------------------------------------------------------


def test_pending_events_are_kept_for_a_later_run(tmp_path: Path) -> None:
    path = tmp_path / "undelivered.ndjson"
    writer = UndeliveredWriter(path)
    fates = np.array([Fate.PENDING, Fate.ACKNOWLEDGED, Fate.REJECTED, Fate.PENDING], dtype=np.uint8)
    assert writer.write_pending(Batch(events(4)), Receipt(fates)) == 2
    writer.write(b'{"_id":"one more"}')
    assert list(read_events(path)) == [events(4)[0], events(4)[3], b'{"_id":"one more"}']
    writer.close()
    assert writer.count == 3


def test_nothing_pending_leaves_no_file(tmp_path: Path) -> None:
    writer = UndeliveredWriter(tmp_path / "undelivered.ndjson")
    assert writer.write_pending(Batch(events(2)), Receipt.of(2, Fate.ACKNOWLEDGED)) == 0
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_an_undelivered_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    writer = UndeliveredWriter(tmp_path / "no" / "undelivered.ndjson")
    with pytest.raises(DeliveryError, match="the file of undelivered events"):
        writer.write(b"{}")


FULL_WHILE_KEEPING = """
import resource, signal, sys
from pathlib import Path
from simulator.core.errors import DeliveryError
from simulator.delivery import Batch, Fate, Receipt, UndeliveredWriter
from tests.delivery.sending import events
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000))
writer = UndeliveredWriter(Path(sys.argv[1]))
try:
    while True:
        writer.write_pending(Batch(events(40)), Receipt.of(40, Fate.PENDING))
except DeliveryError as error:
    print(writer.count, error)
writer.close()
"""


def test_what_a_full_disk_takes_of_undelivered_events_ends_with_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "undelivered.ndjson"
    finished = subprocess.run(
        [sys.executable, "-c", FULL_WHILE_KEEPING, str(path)],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    count, _, said = finished.stdout.partition(" ")
    assert said.startswith(f"cannot write {path}, the file of undelivered events: ")
    kept = list(read_events(path))
    assert len(kept) >= int(count) > 0
    assert kept == (events(40) * 1000)[: len(kept)]
    assert path.read_bytes().endswith(b"\n")
    assert path.stat().st_size > 14_000
