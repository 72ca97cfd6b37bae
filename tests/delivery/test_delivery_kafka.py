"""Kafka through librdkafka's own mock cluster: keys, order, idempotence, brokers that go away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest

from simulator.core.errors import UsageError
from simulator.delivery import Batch, DeliveryStats, Fate, KafkaDestination, KafkaSettings, Receipt
from simulator.delivery.envelope import Envelope
from simulator.delivery.kafka import parse_kafka
from simulator.scenario.references import Reference
from tests.delivery.mock_kafka import MockCluster
from tests.delivery.sending import HEADER, tally

# Error codes of the protocol.
NOT_LEADER, TIMED_OUT, NOT_ENOUGH_REPLICAS, INVALID_RECORD = 6, 7, 19, 87


def of_people(count: int, people: int = 7) -> list[bytes]:
    """Events numbered from 0, in turn of ``people`` senders."""
    return [
        b'{"_id":"e-%d","identityMap":{"ECID":[{"id":"%038d","primary":false}]}}' % (number, number % people)
        for number in range(count)
    ]


def produce(
    to: str, *batches: Sequence[bytes], meanwhile: Callable[[], None] | None = None, **settings: Any
) -> tuple[list[Receipt], DeliveryStats]:
    """Send batches one after the other, with ``meanwhile`` going on in a thread."""

    async def run() -> list[Receipt]:
        await destination.open()
        if helper is not None:
            helper.start()
        try:
            return [await destination.send(Batch(list(bodies))) for bodies in batches]
        finally:
            await destination.close()

    helper = threading.Thread(target=meanwhile) if meanwhile else None
    destination = KafkaDestination(to, KafkaSettings(**{"header": HEADER, "give_up_after": 20.0, **settings}))
    receipts = asyncio.run(run())
    if helper is not None:
        helper.join()
    return receipts, destination.stats


def ids(records: dict[int, list[tuple[bytes | None, bytes]]]) -> list[str]:
    return [
        orjson.loads(value)["body"]["xdmEntity"]["_id"] for found in records.values() for _, value in found
    ]


def test_a_record_is_the_message_that_the_sink_connector_passes_on() -> None:
    event = of_people(1)[0]
    with MockCluster(1) as cluster:
        receipts, stats = produce(cluster.url, [event])
        records = cluster.records(1)
    assert tally(receipts[0]) == {"ACKNOWLEDGED": 1}
    ((key, value),) = next(iter(records.values()))
    assert value == Envelope(HEADER).single(event)
    assert key == b"%038d" % 0
    assert (stats.requests, stats.bytes, stats.statuses) == (1, len(value), {"ok": 1})


def test_raw_events_go_as_they_are() -> None:
    with MockCluster(1) as cluster:
        produce(cluster.url, of_people(3), header=None)
        records = cluster.records(3)
    assert sorted(value for found in records.values() for _, value in found) == of_people(3)


def test_events_of_one_sender_share_a_partition_and_stay_in_order() -> None:
    bodies = of_people(3000, people=23)
    with MockCluster(3, partitions=6) as cluster:
        receipts, _ = produce(cluster.url, bodies[:1000], bodies[1000:])
        records = cluster.records(3000)
    assert [tally(receipt) for receipt in receipts] == [{"ACKNOWLEDGED": 1000}, {"ACKNOWLEDGED": 2000}]
    assert len(records) > 1, "several partitions are used"
    partitions: dict[bytes | None, set[int]] = defaultdict(set)
    numbers: dict[bytes | None, list[int]] = defaultdict(list)
    for partition, found in records.items():
        for key, value in found:
            partitions[key].add(partition)
            numbers[key].append(int(orjson.loads(value)["body"]["xdmEntity"]["_id"][2:]))
    assert len(numbers) == 23
    assert all(len(where) == 1 for where in partitions.values())
    assert all(order == sorted(order) for order in numbers.values())


def test_requests_that_fail_are_repeated_without_doubling_or_reordering_anything() -> None:
    bodies = of_people(2000, people=5)
    with MockCluster(1, partitions=1) as cluster:
        cluster.fail_produce(TIMED_OUT, NOT_ENOUGH_REPLICAS, NOT_LEADER, TIMED_OUT)
        receipts, _ = produce(cluster.url, bodies)
        records = cluster.records(2000)
    assert tally(receipts[0]) == {"ACKNOWLEDGED": 2000}
    assert ids(records) == [f"e-{number}" for number in range(2000)]


def test_a_lost_broker_costs_nothing_once_another_leads() -> None:
    bodies = of_people(4000, people=11)

    with MockCluster(3) as cluster:

        def fail_over() -> None:
            cluster.lose(1)
            time.sleep(0.5)
            cluster.lead(2)

        cluster.lead(1)
        receipts, _ = produce(cluster.url, bodies[:500], bodies[500:], meanwhile=fail_over)
        records = cluster.records(4000)
    assert [tally(receipt) for receipt in receipts] == [{"ACKNOWLEDGED": 500}, {"ACKNOWLEDGED": 3500}]
    assert sorted(ids(records)) == sorted(f"e-{number}" for number in range(4000))


def test_brokers_that_stay_away_leave_events_pending_in_bounded_time() -> None:
    with MockCluster(1) as cluster:
        cluster.lose(1)
        began = time.monotonic()
        receipts, _ = produce(cluster.url, of_people(50), give_up_after=1.0)
        took = time.monotonic() - began
    assert tally(receipts[0]) == {"PENDING": 50}
    assert set(receipts[0].reasons) == set(range(50))
    assert "not confirmed within 1 s; it may have arrived" in receipts[0].reasons[0]
    assert receipts[0].doubtful == set(range(50))
    assert took < 6.0


def test_a_record_that_the_broker_refuses_is_rejected() -> None:
    with MockCluster(1, partitions=1) as cluster:
        cluster.fail_produce(INVALID_RECORD)
        receipts, _ = produce(cluster.url, of_people(1))
    assert tally(receipts[0]) == {"REJECTED": 1}
    assert receipts[0].reasons[0].startswith("Kafka: ")


def test_a_record_too_large_for_the_client_is_rejected_and_the_others_arrive() -> None:
    huge = b'{"_id":"huge","pad":"%s"}' % (b"x" * 1_200_000)
    with MockCluster(1) as cluster:
        receipts, _ = produce(cluster.url, [*of_people(2), huge, *of_people(1)])
    assert tally(receipts[0]) == {"ACKNOWLEDGED": 3, "REJECTED": 1}
    assert set(receipts[0].reasons) == {2}


def test_what_became_of_a_record_is_told_as_soon_as_it_is_known() -> None:
    huge = b'{"_id":"huge","pad":"%s"}' % (b"x" * 1_200_000)
    heard: dict[int, Fate] = {}

    async def run() -> Receipt:
        destination = KafkaDestination(cluster.url, KafkaSettings(header=HEADER, give_up_after=20.0))
        await destination.open()
        try:
            batch = Batch([*of_people(3), huge])
            batch.on_settled = lambda indices, fate: heard.update(dict.fromkeys(indices, fate))
            return await destination.send(batch)
        finally:
            await destination.close()

    with MockCluster(1) as cluster:
        receipt = asyncio.run(run())
    assert heard == {0: Fate.ACKNOWLEDGED, 1: Fate.ACKNOWLEDGED, 2: Fate.ACKNOWLEDGED, 3: Fate.REJECTED}
    assert not receipt.doubtful


def test_an_interruption_leaves_what_is_not_confirmed_pending() -> None:
    async def run() -> Receipt:
        destination = KafkaDestination(cluster.url, KafkaSettings(header=HEADER, timeout=1.0))
        await destination.open()
        try:
            sending = asyncio.create_task(destination.send(Batch(of_people(20))))
            await asyncio.sleep(0.3)
            destination.interrupt()
            return await sending
        finally:
            await destination.close()

    with MockCluster(1) as cluster:
        cluster.lose(1)
        receipt = asyncio.run(run())
    assert tally(receipt) == {"PENDING": 20}
    assert all("interrupted" in reason for reason in receipt.reasons.values())


def test_settings_of_the_library_are_passed_on_and_wrong_ones_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_KAFKA_PASSWORD", "hunter2-hunter2")
    settings = {
        "security.protocol": Reference("SASL_PLAINTEXT"),
        "sasl.mechanism": Reference("PLAIN"),
        "sasl.username": Reference("me"),
        "sasl.password": Reference("${env:TEST_KAFKA_PASSWORD}"),
    }
    with pytest.raises(UsageError) as caught:
        produce("kafka:127.0.0.1:1/t", of_people(1), settings={**settings, "no.such": Reference("1")})
    assert "no.such" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    receipts, _ = produce("kafka:127.0.0.1:1/t", of_people(1), settings=settings, give_up_after=1.0)
    assert tally(receipts[0]) == {"PENDING": 1}
    assert "hunter2" not in receipts[0].reasons[0]


def test_what_the_delivery_depends_on_cannot_be_set() -> None:
    with pytest.raises(UsageError, match=r"acks is set by journeysim itself"):
        KafkaDestination("kafka:h/t", KafkaSettings(settings={"acks": Reference("1")}))


def test_a_secret_that_is_not_there_is_said_before_anything_is_sent() -> None:
    settings = {"sasl.password": Reference("${env:TEST_NO_SUCH_VARIABLE}")}
    with pytest.raises(UsageError, match=r"sasl\.password: the environment variable TEST_NO_SUCH_VARIABLE"):
        produce("kafka:127.0.0.1:1/t", of_people(1), settings=settings)


@pytest.mark.parametrize(
    ("to", "brokers", "topic", "hosts"),
    [
        ("kafka:one/t", "one:9092", "t", ["one"]),
        ("kafka:one:1,two:2/a.b-c_d", "one:1,two:2", "a.b-c_d", ["one", "two"]),
        ("kafka://one:1/t", "one:1", "t", ["one"]),
        ("kafka:[::1]:9093/t", "[::1]:9093", "t", ["::1"]),
        ("kafka:[::1]/t", "[::1]:9092", "t", ["::1"]),
    ],
)
def test_brokers_and_topic_are_read(to: str, brokers: str, topic: str, hosts: list[str]) -> None:
    assert parse_kafka(to) == (brokers, topic, hosts)


@pytest.mark.parametrize(
    "to", ["kafka:one", "kafka:/t", "kafka:one/", "kafka:one:x/t", "kafka:one:70000/t", "kafka:a,,b/t",
           "kafka:me@one/t", "kafka:one/..", "kafka:one/a b"],
)  # fmt: skip
def test_what_is_no_topic_is_said(to: str) -> None:
    with pytest.raises(UsageError, match="expected kafka:BROKER"):
        parse_kafka(to)
