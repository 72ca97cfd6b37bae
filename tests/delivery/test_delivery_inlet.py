"""The inlet destination against the real receiver over real HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import orjson
import pytest

from simulator.core.errors import UsageError
from simulator.delivery import InletDestination, InletSettings
from simulator.receiver import EventStore, Receiver, ServerThread
from tests.delivery.sending import HEADER, events, send, tally


@pytest.fixture
def store() -> Iterator[EventStore]:
    with EventStore() as opened:
        yield opened


@pytest.fixture
def server(store: EventStore) -> Iterator[ServerThread]:
    with ServerThread(Receiver(store)) as running:
        yield running


@pytest.mark.parametrize("batch_size", [1, 2, 100, 10_000])
def test_everything_sent_is_received_once(store: EventStore, server: ServerThread, batch_size: int) -> None:
    bodies = events(250)
    receipt, stats = send(server.inlet_url("demo"), bodies, batch_size=batch_size)
    assert tally(receipt) == {"ACKNOWLEDGED": 250}
    assert sorted(record.body for record in store.records()) == sorted(bodies)
    assert stats.requests == -(-250 // batch_size)
    assert stats.connects <= 4
    assert (stats.retries, stats.resent) == (0, 0)


def test_the_envelope_carries_what_the_scenario_says(store: EventStore, server: ServerThread) -> None:
    send(server.inlet_url("demo"), [b'{"_id":"x","bad":1}'])
    (failed,) = store.failed()
    payload = orjson.loads(failed.body)
    assert payload["header"] == {
        "schemaRef": {
            "id": HEADER.schema_id,
            "contentType": "application/vnd.adobe.xed-full+json;version=1",
        },
        "imsOrgId": HEADER.organization,
        "datasetId": HEADER.dataset_id,
        "source": {"name": "test"},
    }
    assert payload["body"]["xdmMeta"]["schemaRef"] == payload["header"]["schemaRef"]


def test_the_address_of_batches_serves_as_well(store: EventStore, server: ServerThread) -> None:
    batch_url = f"{server.url}/collection/batch/demo"
    assert tally(send(batch_url, events(3), batch_size=2)[0]) == {"ACKNOWLEDGED": 3}
    assert tally(send(batch_url, events(3))[0]) == {"ACKNOWLEDGED": 3}
    assert store.counts().accepted == 6


def test_batches_are_cut_so_that_no_request_is_too_large(store: EventStore, server: ServerThread) -> None:
    receipt, stats = send(server.inlet_url("demo"), events(30, size=100_000), batch_size=1000)
    assert tally(receipt) == {"ACKNOWLEDGED": 30}
    assert stats.statuses == {"207": 4}
    assert store.counts().accepted == 30


def test_an_event_too_large_for_any_request_is_rejected(server: ServerThread) -> None:
    receipt, _ = send(server.inlet_url("demo"), [*events(2), *events(1, size=1_000_000)], batch_size=10)
    assert tally(receipt) == {"ACKNOWLEDGED": 2, "REJECTED": 1}
    assert receipt.reasons[2].startswith("413: ")


def test_sync_validation_rejects_with_the_reason(server: ServerThread) -> None:
    bodies = [*events(1), b'{"_id":"x","timestamp":"2025-03-04T10:15:30Z","eventType":"t","wrong":1}']
    receipt, _ = send(server.inlet_url("demo"), bodies, sync_validation=True)
    assert tally(receipt) == {"ACKNOWLEDGED": 1, "REJECTED": 1}
    assert receipt.reasons[1].startswith("400: inletId: [demo]")
    assert receipt.reasons[1].endswith("extraneous key [wrong] is not permitted")


def test_an_unknown_inlet_rejects(store: EventStore) -> None:
    with ServerThread(Receiver(store, inlets=["known"])) as server:
        receipt, _ = send(server.inlet_url("other"), events(2))
    assert tally(receipt) == {"REJECTED": 2}
    assert receipt.reasons[0].startswith("404: ")


def test_an_empty_batch_sends_nothing(server: ServerThread) -> None:
    receipt, stats = send(server.inlet_url("demo"), [])
    assert (len(receipt.fates), stats.requests) == (0, 0)


def test_loopback_is_never_asked_for_through_a_proxy(
    store: EventStore, server: ServerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "elsewhere.example")
        receipt, _ = send(server.inlet_url("demo"), events(1))
    assert tally(receipt) == {"ACKNOWLEDGED": 1}


@pytest.mark.parametrize(
    "url",
    [
        "http://host/",
        "http://host/collection/",
        "http://host/collection/batch/",
        "http:///collection/x",
        "http://host:x/collection/y",
        "ftp://host/collection/x",
    ],
)
def test_what_is_no_inlet_is_said(url: str) -> None:
    with pytest.raises(UsageError, match="expected http"):
        InletDestination(url, InletSettings(header=HEADER))


def test_a_password_in_the_address_is_refused_without_repeating_it() -> None:
    with pytest.raises(UsageError) as caught:
        InletDestination("http://me:secret@host/collection/x", InletSettings(header=HEADER))
    assert "secret" not in str(caught.value)


def test_the_description_shows_no_query() -> None:
    destination = InletDestination("https://host/collection/x?token=secret", InletSettings(header=HEADER))
    assert destination.description == "https://host/collection/x"
