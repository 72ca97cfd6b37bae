"""What the inlet destination makes of an endpoint that fails in every known way."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.delivery import Batch, Fate, InletDestination, InletSettings
from simulator.receiver import EventStore, Receiver, ServerThread
from tests.delivery.misbehaving import (
    CERTIFICATE,
    Behaviour,
    Cut,
    Hang,
    MisbehavingServer,
    Reply,
    Request,
    entries,
    first,
    good,
)
from tests.delivery.sending import HEADER, events, send, send_all, tally

ALL = {"ACKNOWLEDGED": 6}


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_what_may_be_tried_again_is_tried_again(status: int, batch_size: int) -> None:
    with MisbehavingServer(first(1, Reply(status))) as server:
        receipt, stats = send(server.url, events(6), batch_size=batch_size)
    assert tally(receipt) == ALL
    assert set(server.taken.values()) == {1}
    assert (stats.retries, stats.statuses[str(status)]) == (1, 1)
    assert stats.resent == (batch_size if status in (500, 502, 504) else 0)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 415, 422, 501])
def test_what_is_refused_is_not_tried_again_and_keeps_its_reason(status: int) -> None:
    body = orjson.dumps({"report": {"message": "no good"}})
    with MisbehavingServer(lambda request: Reply(status, body)) as server:
        receipt, stats = send(server.url, events(3))
    assert tally(receipt) == {"REJECTED": 3}
    assert receipt.reasons[0] == f"{status}: no good"
    assert stats.retries == 0


def test_an_error_body_need_not_be_json() -> None:
    with MisbehavingServer(lambda request: Reply(403, b"<html>\n go \xff away</html>")) as server:
        receipt, _ = send(server.url, events(1))
    assert receipt.reasons[0] == "403: <html> go � away</html>"


def test_retry_after_is_honoured_by_all_requests() -> None:
    times: list[float] = []

    def script(request: Request) -> Behaviour:
        times.append(time.monotonic())
        return Reply(503, headers={"Retry-After": "1"}) if request.number == 0 else good(request)

    with MisbehavingServer(script) as server:
        receipt, _ = send(server.url, events(6), connections=1, give_up_after=5.0)
    assert tally(receipt) == ALL
    assert times[1] - times[0] >= 0.99


def test_a_retry_after_beyond_giving_up_is_not_waited_for() -> None:
    with MisbehavingServer(lambda request: Reply(429, headers={"Retry-After": "3600"})) as server:
        began = time.monotonic()
        receipt, stats = send(server.url, events(6), connections=1)
    assert time.monotonic() - began < 1.5
    assert tally(receipt) == {"PENDING": 6}
    assert "asks to wait 3600 s" in receipt.reasons[5]
    assert stats.requests == 1


def test_an_event_that_always_gets_500_is_tried_three_times_and_stays_pending() -> None:
    def script(request: Request) -> Behaviour:
        return Reply(500) if request.events[0]["_id"] == "e-1" else good(request)

    with MisbehavingServer(script) as server:
        receipt, stats = send(server.url, events(6))
    assert tally(receipt) == {"ACKNOWLEDGED": 5, "PENDING": 1}
    assert receipt.reasons[1] == "500: {} (after 3 tries; it may have arrived)"
    assert stats.statuses["500"] == 3


def test_an_event_that_always_gets_503_is_given_up_after_its_time() -> None:
    def script(request: Request) -> Behaviour:
        return Reply(503) if request.events[0]["_id"] == "e-1" else good(request)

    with MisbehavingServer(script) as server:
        receipt, _ = send(server.url, events(6), give_up_after=0.5)
    assert tally(receipt) == {"ACKNOWLEDGED": 5, "PENDING": 1}
    assert receipt.reasons[1].startswith("503: {} (given up after")


def test_a_connection_cut_before_the_answer_is_tried_again_and_known_as_uncertain() -> None:
    with MisbehavingServer(first(1, Cut(takes=True))) as server:
        receipt, stats = send(server.url, events(6))
    assert tally(receipt) == ALL
    twice = sum(server.taken.values()) - len(server.taken)
    assert twice == stats.resent == 1


def test_a_kept_connection_cut_after_the_request_is_known_as_uncertain_too() -> None:
    # libcurl replaces a reused connection by itself here: nothing may be taken twice without our knowing.
    with MisbehavingServer(lambda r: Cut(takes=True) if r.number == 2 else good(r)) as server:
        receipt, stats = send(server.url, events(6), connections=1)
    assert tally(receipt) == ALL
    twice = sum(server.taken.values()) - len(server.taken)
    assert twice == stats.resent == 1
    assert stats.requests == len(server.requests)


def test_an_endpoint_that_hangs_is_given_up_in_bounded_time() -> None:
    with MisbehavingServer(lambda request: Hang()) as server:
        began = time.monotonic()
        receipt, stats = send(server.url, events(50), timeout=0.3, give_up_after=0.5)
        took = time.monotonic() - began
    assert tally(receipt) == {"PENDING": 50}
    assert took < 3.0
    assert "no answer from 127.0.0.1" in receipt.reasons[49]
    assert stats.statuses["timeout"] == stats.requests


def test_a_hanging_request_does_not_hold_up_the_others_and_is_sent_again() -> None:
    with MisbehavingServer(first(1, Hang())) as server:
        receipt, stats = send(server.url, events(6), timeout=0.3)
    assert tally(receipt) == ALL
    assert (stats.resent, stats.statuses["timeout"]) == (1, 1)


def test_half_an_answer_leaves_the_events_unknown_and_they_are_sent_again() -> None:
    short = Reply(200, b"{}", headers={"x-pad": "1\r\ncontent-length: 50"})
    with MisbehavingServer(first(1, short)) as server:
        receipt, stats = send(server.url, events(2), timeout=0.3, connections=1)
    assert tally(receipt) == {"ACKNOWLEDGED": 2}
    assert stats.resent == 1


# --- nobody there -------------------------------------------------------------------------------------------


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    yield port


def test_a_refused_connection_leaves_everything_pending_with_the_reason(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}/collection/demo"
    began = time.monotonic()
    receipt, stats = send(url, events(5000), give_up_after=1.0)
    assert 0.9 < time.monotonic() - began < 3.0
    assert tally(receipt) == {"PENDING": 5000}
    assert f"connection refused by 127.0.0.1:{closed_port}" in receipt.reasons[4999]
    assert stats.requests < 100
    assert stats.resent == 0


def test_a_dead_endpoint_costs_later_batches_one_request_each(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}/collection/demo"
    began = time.monotonic()
    receipts, stats = send_all(url, [events(100)] * 6, give_up_after=1.0)
    assert time.monotonic() - began < 2.5
    assert [tally(receipt) for receipt in receipts] == [{"PENDING": 100}] * 6
    _, first_only = send_all(url, [events(100)], give_up_after=1.0)
    assert stats.requests <= first_only.requests + 10


def test_a_dead_endpoint_that_comes_back_is_noticed() -> None:
    down = threading.Event()
    down.set()
    with MisbehavingServer(lambda request: Reply(503) if down.is_set() else good(request)) as server:

        async def run() -> list[dict[str, int]]:
            destination = InletDestination(
                server.url, InletSettings(header=HEADER, give_up_after=1.0, connections=4)
            )
            await destination.open()
            one = await destination.send(Batch(events(6)))
            down.clear()
            two = await destination.send(Batch(events(6)))
            await destination.close()
            return [tally(one), tally(two)]

        assert asyncio.run(run()) == [{"PENDING": 6}, ALL]


def test_an_endpoint_that_starts_late_gets_everything(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}/collection/demo"
    with EventStore() as store:
        started: list[ServerThread] = []
        late = threading.Timer(
            0.4, lambda: started.append(ServerThread(Receiver(store), port=closed_port).start())
        )
        late.start()
        receipt, stats = send(url, events(20), give_up_after=5.0)
        late.join()
        started[0].stop()
        assert tally(receipt) == {"ACKNOWLEDGED": 20}
        assert store.counts().accepted == 20
        assert store.counts().duplicates == stats.resent == 0


def test_an_unknown_host_is_named() -> None:
    receipt, _ = send("http://no-such-host.invalid/collection/demo", events(2), give_up_after=0.0)
    assert "no-such-host.invalid is not known" in receipt.reasons[0]


def test_a_server_without_tls_is_not_trusted() -> None:
    with MisbehavingServer(good) as server:
        receipt, _ = send(server.url.replace("http:", "https:"), events(2), give_up_after=0.0, timeout=0.5)
    assert tally(receipt) == {"PENDING": 2}
    assert not server.taken


def test_a_certificate_that_cannot_be_trusted_is_not_accepted_and_not_tried_again() -> None:
    with MisbehavingServer(good, tls=True) as server:
        receipt, stats = send(server.url, events(3), connections=1)
    assert tally(receipt) == {"PENDING": 3}
    assert "cannot be trusted" in receipt.reasons[2]
    assert (stats.requests, server.requests) == (1, [])


def test_a_trusted_certificate_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with MisbehavingServer(good, tls=True) as server:
        receipt, _ = send(server.url, events(6))
    assert tally(receipt) == ALL


# --- batches ------------------------------------------------------------------------------------------------


def test_failed_entries_of_the_connector_shape_are_found_by_their_number() -> None:
    def script(request: Request) -> Behaviour:
        return entries(
            [
                {"xactionId": "u-1", "status": 400, "message": "bad"},
                {"xactionId": "u-0"},
                {"xactionId": "u-2"},
            ]
        )

    with MisbehavingServer(script) as server:
        receipt, _ = send(server.url, events(3), batch_size=3)
    assert receipt.fates.tolist() == [Fate.ACKNOWLEDGED, Fate.REJECTED, Fate.ACKNOWLEDGED]
    assert receipt.reasons == {1: "400: bad"}


def test_failed_entries_of_the_tutorial_shape_are_found_by_position() -> None:
    def script(request: Request) -> Behaviour:
        return entries(
            [{"xactionId": "1:2:3:0"}, {"statusCode": 400, "message": "bad"}, {"xactionId": "1:2:3:2"}]
        )

    with MisbehavingServer(script) as server:
        receipt, _ = send(server.url, events(3), batch_size=3)
    assert receipt.reasons == {1: "400: bad"}


def test_only_the_entries_that_allow_it_are_sent_again() -> None:
    def script(request: Request) -> Behaviour:
        if request.number == 0:
            return entries(
                [
                    {"xactionId": "u-0"},
                    {"xactionId": "u-1", "status": 503},
                    {"xactionId": "u-2", "status": 400},
                ]
            )
        return good(request)

    with MisbehavingServer(script) as server:
        receipt, _ = send(server.url, events(3), batch_size=3)
        sent = [[event["_id"] for event in request.events] for request in server.requests]
    assert sent == [["e-0", "e-1", "e-2"], ["e-1"]]
    assert tally(receipt) == {"ACKNOWLEDGED": 2, "REJECTED": 1}


def test_a_message_without_an_entry_is_unknown_and_stays_pending() -> None:
    with MisbehavingServer(lambda r: entries([{"xactionId": f"1:2:3:{n}"} for n in (0, 1, 2, 4)])) as server:
        receipt, stats = send(server.url, events(5), batch_size=5)
    assert receipt.fates.tolist() == [1, 1, 1, 0, 1]
    assert "says nothing about this message" in receipt.reasons[3]
    assert stats.requests == 1


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"responses":5}'])
def test_an_unreadable_207_leaves_the_batch_pending(body: bytes) -> None:
    with MisbehavingServer(lambda request: Reply(207, body)) as server:
        receipt, _ = send(server.url, events(3), batch_size=3)
    assert tally(receipt) == {"PENDING": 3}


def test_413_splits_a_batch_until_it_fits() -> None:
    with MisbehavingServer(lambda r: Reply(413) if len(r.events) > 2 else good(r)) as server:
        receipt, _ = send(server.url, events(9), batch_size=9)
    assert tally(receipt) == {"ACKNOWLEDGED": 9}
    assert set(server.taken.values()) == {1}


def test_501_for_synchronous_validation_sends_without_it_from_then_on() -> None:
    def script(request: Request) -> Behaviour:
        return Reply(501) if "syncValidation=true" in request.path else good(request)

    with MisbehavingServer(script) as server:
        receipt, stats = send(server.url, events(6), sync_validation=True, connections=1)
    assert tally(receipt) == ALL
    assert stats.statuses == {"501": 1, "200": 6}


# --- stopping -----------------------------------------------------------------------------------------------


def test_interrupting_finishes_what_is_in_flight_and_keeps_the_rest() -> None:
    reached = threading.Event()
    go_on = threading.Event()

    def script(request: Request) -> Behaviour:
        reached.set()
        go_on.wait(5)
        return good(request)

    with MisbehavingServer(script) as server:

        async def run() -> dict[str, int]:
            destination = InletDestination(server.url, InletSettings(header=HEADER, connections=1))
            await destination.open()
            sending = asyncio.create_task(destination.send(Batch(events(50))))
            await asyncio.to_thread(reached.wait)
            destination.interrupt()
            go_on.set()
            receipt = await sending
            await destination.close()
            return tally(receipt)

        assert asyncio.run(run()) == {"PENDING": 49, "ACKNOWLEDGED": 1}
    assert sum(server.taken.values()) == 1


def test_a_cancelled_send_ends_in_order() -> None:
    with MisbehavingServer(lambda request: Hang()) as server:

        async def run() -> float:
            destination = InletDestination(
                server.url, InletSettings(header=HEADER, timeout=0.5, give_up_after=60.0)
            )
            await destination.open()
            sending = asyncio.create_task(destination.send(Batch(events(50))))
            await asyncio.sleep(0.1)
            began = time.monotonic()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            await destination.close()
            return time.monotonic() - began

        assert asyncio.run(run()) < 2.0


# --- conservation -------------------------------------------------------------------------------------------

BEHAVIOURS = st.sampled_from(
    [
        None,
        None,
        Reply(503),
        Reply(429),
        Reply(500),
        Reply(400),
        Reply(413),
        Reply(207, b"{}"),
        Reply(502, takes=True),
        Cut(),
        Cut(takes=True),
    ]
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    plan=st.lists(BEHAVIOURS, min_size=1, max_size=10),
    batch_size=st.sampled_from([1, 4]),
    count=st.integers(1, 20),
)
def test_every_event_has_one_fate_and_nothing_is_taken_twice_unknown(
    plan: list[Behaviour | None], batch_size: int, count: int
) -> None:
    def script(request: Request) -> Behaviour:
        return (plan[request.number] if request.number < len(plan) else None) or good(request)

    with MisbehavingServer(script) as server:
        receipt, stats = send(
            server.url, events(count), batch_size=batch_size, connections=2, give_up_after=1.0
        )
    assert sum(tally(receipt).values()) == count
    acknowledged = {f"e-{index}" for index in range(count) if receipt.fates[index] == Fate.ACKNOWLEDGED}
    assert acknowledged <= set(server.taken)
    assert sum(server.taken.values()) - len(server.taken) <= stats.resent
    assert stats.requests == len(server.requests)
