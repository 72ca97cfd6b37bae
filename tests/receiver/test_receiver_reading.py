"""Reading back: filters, counts, the stream, files, failed batches."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import httpx
import orjson
import pyarrow.parquet as pq
import pytest

from simulator.receiver import EventStore, Receiver, ServerThread
from simulator.receiver.batches import catalog_batch, code_of
from tests.receiver.messages import NOW, batch, event, message

CLOCK = [NOW]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    CLOCK[0] = NOW
    with EventStore() as store:
        yield Receiver(store, now_ms=lambda: CLOCK[0])


@pytest.fixture
def client(receiver: Receiver) -> Iterator[httpx.Client]:
    with (
        ServerThread(receiver) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=10) as opened,
    ):
        yield opened


def send(client: httpx.Client, *numbers: int, inlet: str = "demo", kind: str = "location.entry") -> None:
    content = batch(*(message(event(n, eventType=kind)) for n in numbers))
    assert client.post(f"/collection/batch/{inlet}", content=content).status_code == 207


def test_records_are_found_by_dataset_and_by_event_id(client: httpx.Client) -> None:
    send(client, 1, 2)
    found = client.get("/received", params={"id": event(2)["_id"]}).json()
    assert [record["event"]["_id"] for record in found["records"]] == [event(2)["_id"]]
    assert client.get("/received?dataset=6650f2a1c3d4e5f601234567").json()["total"] == 2
    assert client.get("/received?dataset=other").json()["total"] == 0


def test_counts_are_told_by_type_inlet_dataset_and_place(client: httpx.Client) -> None:
    send(client, 1, 2, 2)
    send(client, 3, inlet="other", kind="location.exit")
    assert client.get("/counts").json() == {
        "accepted": 4,
        "failed": 0,
        "duplicates": 1,
        "types": {"location.entry": 3, "location.exit": 1},
        "inlets": {"demo": 3, "other": 1},
        "datasets": {"6650f2a1c3d4e5f601234567": 4},
        "places": {"": 4},
    }
    assert client.get("/counts?type=location.exit").json()["inlets"] == {"other": 1}


def test_reset_forgets_accepted_and_failed_records(client: httpx.Client) -> None:
    send(client, 1, 2)
    client.post("/collection/demo", json=message(event(_id=7)))
    assert client.post("/reset").json() == {"deleted": {"accepted": 2, "failed": 1}}
    counts = client.get("/counts").json()
    assert (counts["accepted"], counts["failed"], counts["duplicates"]) == (0, 0, 0)


# --- the stream ---------------------------------------------------------------------------------------------


def read_stream(
    client: httpx.Client, path: str, count: int, after_start: threading.Event
) -> list[tuple[str, str]]:
    """The first ``count`` events of a stream: id and event id."""
    found: list[tuple[str, str]] = []
    with client.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == ": hello"
        after_start.set()
        number = ""
        for line in lines:
            name, _, value = line.partition(": ")
            if name == "id":
                number = value
            elif name == "data":
                found.append((number, orjson.loads(value)["event"]["_id"]))
                if len(found) == count:
                    return found
    return found


def test_the_stream_shows_records_as_they_come_with_filters(client: httpx.Client, receiver: Receiver) -> None:
    send(client, 1)
    began = threading.Event()
    found: list[tuple[str, str]] = []
    reader = threading.Thread(
        target=lambda: found.extend(read_stream(client, "/received/stream?type=location.exit", 2, began))
    )
    reader.start()
    assert began.wait(10)
    with httpx.Client(base_url=client.base_url, trust_env=False) as other:
        send(other, 2)
        send(other, 3, kind="location.exit")
        send(other, 4, kind="location.exit")
    reader.join(10)
    assert [event_id for _, event_id in found] == [event(3)["_id"], event(4)["_id"]]


def test_a_stream_goes_on_where_it_was_broken_off(client: httpx.Client) -> None:
    send(client, 1, 2, 3)
    assert [
        number for number, _ in read_stream(client, "/received/stream?after=1", 2, threading.Event())
    ] == ["2", "3"]
    with client.stream("GET", "/received/stream", headers={"last-event-id": "2"}) as answer:
        lines = (line for line in answer.iter_lines() if line.startswith("id"))
        assert next(lines) == "id: 3"


def test_an_open_stream_does_not_keep_the_receiver_from_stopping(receiver: Receiver) -> None:
    server = ServerThread(receiver).start()
    with (
        httpx.Client(base_url=server.url, trust_env=False, timeout=10) as client,
        client.stream("GET", "/received/stream") as answer,
    ):
        lines = answer.iter_lines()
        assert next(lines) == ": hello"
        stopper = threading.Thread(target=server.stop)
        stopper.start()
        assert list(lines) == [""]
        stopper.join(4)
        assert not stopper.is_alive()


# --- files --------------------------------------------------------------------------------------------------


def test_an_export_as_ndjson_holds_the_events_as_they_came(client: httpx.Client) -> None:
    send(client, *range(1, 1200))
    lines = client.get("/export").content.splitlines()
    assert [orjson.loads(line) for line in lines] == [event(n) for n in range(1, 1200)]
    assert len(client.get(f"/export?id={event(7)['_id']}").content.splitlines()) == 1


def test_an_export_as_parquet_is_a_table_of_the_same(client: httpx.Client) -> None:
    send(client, 1, 2)
    table = pq.read_table(io.BytesIO(client.get("/export?format=parquet").content))
    rows = table.to_pylist()
    assert [row["event_id"] for row in rows] == [event(1)["_id"], event(2)["_id"]]
    assert orjson.loads(rows[0]["event"]) == event(1)
    assert rows[0]["received"].timestamp() * 1000 == NOW
    assert rows[0]["timestamp"].timestamp() * 1000 == NOW


def test_an_export_of_nothing_can_be_read(client: httpx.Client) -> None:
    assert client.get("/export").content == b""
    assert pq.read_table(io.BytesIO(client.get("/export?format=parquet").content)).num_rows == 0


def test_an_unknown_format_or_parameter_is_400(client: httpx.Client) -> None:
    assert client.get("/export?format=csv").status_code == 400
    assert client.get("/counts?limit=3").status_code == 400
    assert client.get("/received/stream?limit=3").status_code == 400


# --- failed batches -----------------------------------------------------------------------------------------


def test_failed_records_are_readable_as_files_of_failed_batches(
    client: httpx.Client, receiver: Receiver
) -> None:
    client.post("/collection/demo", json=message(event(_id=5)))
    client.post("/collection/demo", json=message(event(timestamp="2025-03-04 10:15:30Z")))
    CLOCK[0] = NOW + 60_000
    client.post("/collection/demo", json=message(event(_id=6)))
    first, second = receiver.store.failed_batches("6650f2a1c3d4e5f601234567")
    assert (first.records, second.records) == (2, 1)
    path = f"/data/foundation/export/batches/{first.id}/failed"
    listing = client.get(path).json()
    (entry,) = listing["data"]
    assert listing["_page"] == {"limit": 100, "count": 1}
    content = client.get(entry["_links"]["self"]["href"]).content
    assert entry["length"] == str(len(content))
    records = [orjson.loads(line) for line in content.splitlines()]
    assert [record["_validationErrors"][0]["keyword"] for record in records] == ["type", "format"]
    assert records[0]["body"]["xdmEntity"]["_id"] == 5


def test_a_failed_batch_tells_its_errors_by_code(client: httpx.Client, receiver: Receiver) -> None:
    for change in ({"timestamp": "yesterday"}, {"timestamp": "today"}, {"_id": None}):
        client.post("/collection/demo", json=message(event(**change)))
    (found,) = receiver.store.failed_batches()
    told = catalog_batch(receiver.store, found)
    assert told["status"] == "failed"
    assert told["metrics"]["failedRecordCount"] == 3
    assert {error["code"]: error["recordCount"] for error in told["errors"]} == {
        "DCVS-1105-400": 2,
        "DCVS-1111-400": 1,
    }


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("#/a required key [x] not found", "DCVS-1111-400"),
        ("#/a foo is not a valid enum value", "DCVS-1106-400"),
        ("#/a [x] is not a valid date-time. Expected ...", "DCVS-1105-400"),
        ("#/a expected type: JSONArray, found: JSONObject", "DCVS-1104-400"),
        ("#/a extraneous key [foo] is not permitted", "DCVS-1101-400"),
    ],
)
def test_each_kind_of_violation_has_the_code_that_users_meet(reason: str, code: str) -> None:
    assert code_of(reason) == code


def test_an_unknown_batch_or_file_is_404(client: httpx.Client, receiver: Receiver) -> None:
    assert client.get("/data/foundation/export/batches/none/failed").status_code == 404
    client.post("/collection/demo", json=message(event(_id=5)))
    (found,) = receiver.store.failed_batches()
    assert client.get(f"/data/foundation/export/batches/{found.id}/failed?path=x").status_code == 404


# --- idempotence --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("idempotent", "kept"), [(False, 4), (True, 2)])
def test_duplicates_are_always_counted_and_by_option_not_stored(idempotent: bool, kept: int) -> None:
    with EventStore(idempotent=idempotent) as store, ServerThread(Receiver(store)) as server:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            send(client, 1, 2, 1)
            send(client, 2)
        counts = store.counts()
        assert (counts.accepted, counts.duplicates) == (kept, 2)
        assert [record.sequence for record in store.records()] == list(range(1, kept + 1))
