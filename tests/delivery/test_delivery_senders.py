"""Sending from several processes: what arrives is what one process would have sent, and nothing gets lost with them."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import UsageError
from simulator.delivery import (
    Batch,
    DeliveryStats,
    Fate,
    FileDestination,
)
from simulator.delivery.limits import EDGE_COLLECT, INLET
from simulator.delivery.sender_processes import SenderProcesses
from simulator.scenario.models import SOURCES, ServerCredentials
from simulator.scenario.models import Destination as Spec
from simulator.scenario.references import Reference
from tests.delivery import test_delivery_edge as edge
from tests.delivery.misbehaving import Behaviour, MisbehavingServer, Reply, Request, good
from tests.delivery.mock_kafka import MockCluster
from tests.delivery.senders import QUICK, deliver, destination_of, send, settled_of
from tests.delivery.sending import events, tally
from tests.delivery.test_delivery_kafka import ids, of_people
from tests.delivery.test_delivery_tokens import SECRET, Endpoint

# --- the same as one process would do -----------------------------------------------------------------------


def plain(request: Request) -> Reply:
    return Reply(200, takes=True)


FORMS: dict[str, tuple[str, dict[str, Any], Callable[[Request], Behaviour]]] = {
    "single": ("{url}", {}, good),
    "batches": ("{url}", {"batch_size": 7}, good),
    "http": ("http:{base}/x", {"batch_size": 3, "request": {"body": "[{events}]"}}, plain),
    "edge v1": ("edge:{base}?configId=s", {}, edge.good),
    "edge v2": ("edge:{base}?configId=s", {"edge": {"version": "v2"}}, edge.good),
    "collect": ("edge:{base}?configId=s", {"edge": {"version": "v2"}, "batch_size": 7}, edge.good),
}


@pytest.mark.parametrize("form", FORMS)
def test_three_senders_make_the_requests_that_one_makes_and_tell_what_became_of_them(form: str) -> None:
    to, settings, script = FORMS[form]
    bodies = edge.of_phones(100, phones=20)
    seen, found = [], []
    for senders in (1, 3):
        batches = [
            Batch(bodies[first : first + 50], first, person=np.arange(50, dtype=np.int32) % 20)
            for first in (0, 50)
        ]
        told = [settled_of(batch) for batch in batches]
        with MisbehavingServer(script) as server:
            address = to.format(url=server.url, base=server.base)
            receipts, stats = send(senders, *batches, to=address, **settings)
        assert [tally(receipt) for receipt in receipts] == [{"ACKNOWLEDGED": 50}] * 2
        assert told == [Counter((index, Fate.ACKNOWLEDGED) for index in range(50))] * 2
        assert stats.requests == len(server.requests) == stats.latency.intended.count
        assert stats.statuses.total() == stats.latency.sent().count == stats.requests
        assert stats.events == 100
        assert stats.in_flight == 0
        seen.append(sorted(sorted(ids_in(request.body)) for request in server.requests))
        found.append((stats.requests, stats.bytes, stats.statuses))
    assert seen[0] == seen[1]
    assert {name for names in seen[0] for name in names} == {f"e-{number}" for number in range(100)}
    assert found[0] == found[1]


def ids_in(body: bytes) -> list[str]:
    """The ids of the test's events in a request, whatever its form."""
    return [part.partition(b'"')[0].decode() for part in body.split(b'"_id":"')[1:]]


@pytest.mark.parametrize("senders", [1, 3])
def test_each_phone_stays_one_phone_when_its_identities_are_reset(senders: int) -> None:
    """Which it can only where the senders are told whose events are, and which come from elsewhere."""
    people = [person for _ in range(4) for person in range(6)]
    bodies = edge.of_identities(*(person * 10 + number // 12 for number, person in enumerate(people)))
    web = edge.of_identities(*(900 + person for person in range(6)))
    sources = np.array([0] * len(people) + [SOURCES.index("web")] * 6, dtype=np.uint8)
    batch = Batch(
        [*bodies, *(body.replace(b'"_id":"e-', b'"_id":"w-') for body in web)],
        sources=sources,
        person=np.array([*people, *range(6)], dtype=np.int32),
    )
    with MisbehavingServer(edge.remembering) as server:
        (receipt,), _ = send(senders, batch, to=f"edge:{server.base}?configId=s")
    assert tally(receipt) == {"ACKNOWLEDGED": 30}
    asked = {edge.event_of(request): edge.entries_of(request) for request in server.requests}
    hinted = {edge.event_of(request): "/or2/" in request.path for request in server.requests}
    for person in range(6):
        first, second, third, fourth = (f"e-{number}" for number in range(person, 24, 6))
        assert [asked[name] for name in (first, second, third, fourth)] == [[], [first], [], [third]]
        assert [hinted[name] for name in (first, second, third, fourth)] == [False, True, True, True]
        assert (asked[f"w-{person}"], hinted[f"w-{person}"]) == ([], False)


def test_each_phone_still_sends_one_event_at_a_time_in_its_order() -> None:
    busy: set[str] = set()
    order: defaultdict[str, list[int]] = defaultdict(list)
    overlaps: list[str] = []

    def script(request: Request) -> Behaviour:
        phone = edge.phone_of(request)
        order[phone].append(int(edge.event_of(request).removeprefix("e-")))
        if phone in busy:
            overlaps.append(phone)
        busy.add(phone)
        asyncio.get_running_loop().call_later(0.004, busy.discard, phone)  # before the answer goes out
        return Reply(200, edge.answer().body, delay=0.005)

    bodies = edge.of_phones(300, phones=12)
    person = np.arange(300, dtype=np.int32) % 12
    batches = [Batch(bodies[a : a + 60], a, person=person[a : a + 60]) for a in range(0, 300, 60)]
    with MisbehavingServer(script) as server:
        receipts, _ = send(3, *batches, to=f"edge:{server.base}?configId=s", connections=12, give_up_after=20)
    assert all(tally(receipt) == {"ACKNOWLEDGED": 60} for receipt in receipts)
    assert not overlaps
    assert len(order) == 12
    assert all(numbers == sorted(numbers) and len(numbers) == 25 for numbers in order.values())


def test_records_of_one_key_stay_in_one_partition_and_in_order() -> None:
    with MockCluster() as cluster:
        bodies = of_people(2000)
        person = np.arange(2000, dtype=np.int32) % 7
        destination = destination_of(Spec(to=cluster.url, connections=1), senders=2)
        assert isinstance(destination, SenderProcesses)
        batches = [Batch(bodies[a : a + 1000], a, person=person[a : a + 1000]) for a in (0, 1000)]
        receipts = asyncio.run(deliver(destination, batches))
        records = cluster.records(2000)
    assert [tally(receipt) for receipt in receipts] == [{"ACKNOWLEDGED": 1000}] * 2
    assert sorted(ids(records)) == sorted(f"e-{number}" for number in range(2000))
    partitions: defaultdict[bytes | None, set[int]] = defaultdict(set)
    for partition, found in records.items():
        by_key: defaultdict[bytes | None, list[int]] = defaultdict(list)
        for key, value in found:
            partitions[key].add(partition)
            by_key[key].append(int(orjson.loads(value)["body"]["xdmEntity"]["_id"].removeprefix("e-")))
        assert all(numbers == sorted(numbers) for numbers in by_key.values())
    assert len(partitions) == 7
    assert all(len(where) == 1 for where in partitions.values())


def test_what_the_brokers_client_refuses_is_said_as_one_process_would() -> None:
    spec = Spec(to="kafka:127.0.0.1:1/x", kafka={"settings": {"no.such.setting": "1"}})
    with pytest.raises(UsageError, match=r"destination\.kafka\.settings: No such configuration property"):
        asyncio.run(deliver(destination_of(spec, senders=2), []))


# --- dealing ------------------------------------------------------------------------------------------------


@given(
    persons=st.lists(st.integers(0, 2**31 - 1), max_size=80),
    senders=st.integers(2, 9),
    block=st.none() | st.integers(1, 20),
    before=st.integers(0, 5),
)
def test_every_event_goes_to_one_sender_with_those_it_belongs_to(
    persons: list[int], senders: int, block: int | None, before: int
) -> None:
    destination = SenderProcesses(FileDestination(Path("x")), [lambda *_: None] * senders, block=block)  # type: ignore[arg-type, list-item]
    destination._next = before % senders
    batch = Batch([b"{}"] * len(persons), person=np.array(persons, dtype=np.int32))
    dealt = destination._deal(batch)
    assert sorted(np.concatenate(dealt).tolist()) == list(range(len(persons)))
    assert all((np.diff(indices) > 0).all() for indices in dealt)
    owner = {int(index): number for number, indices in enumerate(dealt) for index in indices}
    groups = persons if block is None else [index // block for index in range(len(persons))]
    assert all(len({owner[at] for at, group in enumerate(groups) if group == g}) == 1 for g in set(groups))
    if block is not None and persons:
        sizes = [len(indices) for indices in dealt]
        assert max(sizes) - min(sizes) <= block
        again = destination._deal(batch)  # goes on where it stopped
        first = next(number for number, indices in enumerate(again) if 0 in indices)
        assert first == (owner[len(persons) - 1] + 1) % senders


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 10, 2500])
def test_people_are_spread_evenly_whatever_their_numbers(stride: int) -> None:
    destination = SenderProcesses(FileDestination(Path("x")), [lambda *_: None] * 3, block=None)  # type: ignore[arg-type, list-item]
    batch = Batch([b"{}"] * 3000, person=np.arange(0, 3000 * stride, stride, dtype=np.int32))
    assert all(900 < len(indices) < 1100 for indices in destination._deal(batch))


# --- what they share ----------------------------------------------------------------------------------------


@pytest.fixture
def authentication(monkeypatch: pytest.MonkeyPatch) -> Callable[[MisbehavingServer], ServerCredentials]:
    monkeypatch.setenv("TEST_CLIENT_SECRET", SECRET)
    return lambda server: ServerCredentials(
        client_id=Reference("the-client"),
        client_secret=Reference("${env:TEST_CLIENT_SECRET}"),
        token_url=f"{server.base}/ims/token/v3",
    )


def test_one_token_serves_all_senders_and_a_refused_one_is_renewed_once(
    authentication: Callable[[MisbehavingServer], ServerCredentials],
) -> None:
    endpoint = Endpoint()
    seen: list[int] = []

    def script(request: Request) -> Behaviour:
        seen.append(len(endpoint.forms))
        if len(seen) == 40:
            endpoint.issued += 1  # what the senders hold is not the newest any more
        return endpoint(request)

    with MisbehavingServer(script) as server:
        receipts, _ = send(3, Batch(events(90)), to=server.url, authentication=authentication(server))
    assert tally(receipts[0]) == {"ACKNOWLEDGED": 90}
    assert set(server.taken.values()) == {1}
    assert seen[38] == 1, "one token for all"
    assert len(endpoint.forms) == 2


def test_credentials_that_are_not_accepted_are_said_before_anything_is_sent(
    authentication: Callable[[MisbehavingServer], ServerCredentials],
) -> None:
    endpoint = Endpoint()
    endpoint.token_answer = Reply(401, orjson.dumps({"error_description": f"{SECRET} is wrong"}))
    with MisbehavingServer(endpoint) as server, pytest.raises(UsageError, match=r"401: \*\*\* is wrong$"):
        send(2, Batch(events(3)), to=server.url, authentication=authentication(server))
    assert not server.taken


def test_without_a_token_events_stay_pending_and_say_why(
    authentication: Callable[[MisbehavingServer], ServerCredentials],
) -> None:
    endpoint = Endpoint()
    endpoint.token_answer = Reply(503)
    with MisbehavingServer(endpoint) as server:
        receipts, _ = send(
            2, Batch(events(4)), to=server.url, authentication=authentication(server), give_up_after=0.3
        )
    assert tally(receipts[0]) == {"PENDING": 4}
    assert all("no access token from 127.0.0.1: 503" in why for why in receipts[0].reasons.values())


def test_connections_are_shared_out() -> None:
    open_at_once: list[int] = []

    def script(request: Request) -> Behaviour:
        open_at_once.append(len(server._connections))
        return Reply(200, takes=True, delay=0.01)

    with MisbehavingServer(script) as server:
        send(2, Batch(events(150)), to=server.url, connections=5)
    assert max(open_at_once) == 5


@pytest.mark.parametrize(("connections", "workers", "senders"), [(1, 4, 1), (3, 8, 3), (16, 4, 4)])
def test_there_are_no_more_senders_than_connections(connections: int, workers: int, senders: int) -> None:
    destination = destination_of(
        Spec(to="http://127.0.0.1:9/collection/x", connections=connections), senders=workers
    )
    assert getattr(destination, "senders", 1) == senders


def test_files_and_standard_output_stay_in_this_process(tmp_path: Path) -> None:
    several = destination_of(
        Spec(to=f"file:{tmp_path}/e.ndjson"), Spec(to="http://127.0.0.1:9/collection/x"), senders=2
    )
    files, endpoint = (member.destination for member in several.members)  # type: ignore[attr-defined]
    assert isinstance(files, FileDestination)
    assert isinstance(endpoint, SenderProcesses)


@pytest.mark.parametrize("limit", [INLET, EDGE_COLLECT])
@pytest.mark.parametrize("senders", [1, 2, 7])
def test_the_parts_of_a_limit_add_up(limit: Any, senders: int) -> None:
    part = limit.part(senders)
    assert part.requests * senders == pytest.approx(limit.requests)
    assert part.events * senders == pytest.approx(limit.events)


def test_the_limit_of_a_service_holds_for_all_senders_together() -> None:
    times: list[float] = []

    def script(request: Request) -> Behaviour:
        times.append(time.monotonic())
        return good(request)

    with MisbehavingServer(script) as server:
        send(2, Batch(events(900)), to=server.url, limited=True)
    # 1,000 requests/s, of which 20 ms may be ahead of their time.
    assert times[-1] - times[0] > 0.8


# --- times --------------------------------------------------------------------------------------------------


def test_senders_keep_to_one_schedule() -> None:
    arrived: dict[str, float] = {}

    def script(request: Request) -> Behaviour:
        arrived[request.events[0]["_id"]] = time.monotonic()
        return good(request)

    async def run() -> None:
        destination = destination_of(Spec(to=server.url, **QUICK), senders=2)
        assert isinstance(destination, SenderProcesses)
        await destination.open()
        try:
            due = time.monotonic() + 0.2 + np.arange(200) / 200.0
            (receipt,) = await asyncio.gather(destination.send(Batch(events(200), due=due)))
            assert tally(receipt) == {"ACKNOWLEDGED": 200}
            late = [arrived[f"e-{number}"] - moment for number, moment in enumerate(due.tolist())]
            assert min(late) > 0.0
            assert np.median(late) < 0.05
        finally:
            await destination.close()
        assert destination.stats.latency.late.count == 200

    with MisbehavingServer(script) as server:
        asyncio.run(run())


# --- figures ------------------------------------------------------------------------------------------------


@given(
    parts=st.lists(
        st.tuples(st.sampled_from(["200", "503", "timeout"]), st.floats(0.0, 10.0), st.integers(0, 2)),
        max_size=60,
    )
)
def test_figures_that_come_from_several_processes_are_those_of_one(
    parts: list[tuple[str, float, int]],
) -> None:
    whole, several = DeliveryStats(), [DeliveryStats() for _ in range(3)]
    for status, seconds, number in parts:
        for stats in (whole, several[number]):
            stats.requests += 1
            stats.answered(status, seconds)
            stats.latency.intended.add(seconds)
    merged = DeliveryStats()
    for stats in several:
        merged.merge(pickle.loads(pickle.dumps(stats.copy())))
    assert (merged.requests, merged.statuses) == (whole.requests, whole.statuses)
    assert merged.latency.intended.document() == pytest.approx(whole.latency.intended.document())
    assert merged.latency.by_status.keys() == whole.latency.by_status.keys()
    for status, histogram in whole.latency.by_status.items():
        assert merged.latency.by_status[status].document() == pytest.approx(histogram.document())
