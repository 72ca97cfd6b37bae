"""The Edge Network as a destination: a queue for each phone, requests and patience as on phones."""

from __future__ import annotations

import asyncio
import threading
import time
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.core.errors import UsageError
from simulator.delivery import Batch, DeliveryStats, EdgeDestination, EdgeSettings, Fate, Receipt
from simulator.delivery.edge_requests import MAX_BODY_BYTES, CollectFormat
from simulator.scenario.models import SOURCES, ServerCredentials
from simulator.scenario.references import Reference
from tests.delivery.misbehaving import Behaviour, Cut, Hang, MisbehavingServer, Reply, Request
from tests.delivery.sending import tally
from tests.delivery.test_delivery_tokens import Endpoint as TokenEndpoint

IDENTITY = "kndctr_0123_AdobeOrg_identity"


def of_phones(count: int, phones: int = 3) -> list[bytes]:
    """Events numbered from 0, in turn of ``phones``."""
    return [
        b'{"_id":"e-%d","timestamp":"2026-03-02T18:36:55.897Z","eventType":"location.entry",'
        b'"identityMap":{"ECID":[{"id":"%038d","authenticatedState":"ambiguous","primary":false}]},'
        b'"implementationDetails":{"name":"https://ns.adobe.com/experience/mobilesdk/ios"}}'
        % (number, number % phones)
        for number in range(count)
    ]


def phone_of(request: Request) -> str:
    document = orjson.loads(request.body)
    event = document.get("event") or document
    return str(event["xdm"]["identityMap"]["ECID"][0]["id"])


def event_of(request: Request) -> str:
    document = orjson.loads(request.body)
    event = document.get("event") or document["events"][0]
    return str(event["xdm"]["_id"])


def query_of(request: Request) -> dict[str, list[str]]:
    return urllib.parse.parse_qs(request.path.partition("?")[2])


def answer(*handles: Any) -> Reply:
    """A streamed answer, a piece for each handle."""
    pieces = [orjson.dumps({"requestId": "r", "handle": [handle]}) for handle in handles] or [
        b'{"handle":[]}'
    ]
    return Reply(200, b"".join(b"\x00" + piece + b"\n" for piece in pieces))


def good(request: Request) -> Reply:
    return answer()


def send_all(
    server: MisbehavingServer, *batches: Batch, meanwhile: Callable[[EdgeDestination], None] | None = None,
    **chosen: Any,
) -> tuple[list[Receipt], DeliveryStats]:  # fmt: skip
    defaults = {"connections": 4, "timeout": 1.0, "give_up_after": 12.0, "organization": "ORG@AdobeOrg"}

    async def run() -> list[Receipt]:
        await destination.open()
        try:
            if meanwhile is not None:
                asyncio.get_running_loop().call_later(0.3, meanwhile, destination)
            return list(await asyncio.gather(*(destination.send(batch) for batch in batches)))
        finally:
            await destination.close()

    destination = EdgeDestination(
        f"edge:{server.base}?configId=stream-1", EdgeSettings(**{**defaults, **chosen})
    )
    receipts = asyncio.run(run())
    for receipt in receipts:
        assert set(receipt.reasons) == set(np.flatnonzero(receipt.fates != Fate.ACKNOWLEDGED).tolist())
    return receipts, destination.stats


def send(server: MisbehavingServer, bodies: Sequence[bytes], **chosen: Any) -> tuple[Receipt, DeliveryStats]:
    receipts, stats = send_all(server, Batch(list(bodies)), **chosen)
    return receipts[0], stats


# --- requests -----------------------------------------------------------------------------------------------


def test_a_request_is_what_the_mobile_sdk_sends() -> None:
    with MisbehavingServer(good) as server:
        receipt, stats = send(server, of_phones(1))
    assert tally(receipt) == {"ACKNOWLEDGED": 1}
    (request,) = server.requests
    assert (request.method, request.path.partition("?")[0]) == ("POST", "/ee/v1/interact")
    assert query_of(request)["configId"] == ["stream-1"]
    assert request.headers["accept"] == request.headers["content-type"] == "application/json"
    document = orjson.loads(request.body)
    assert document["xdm"]["identityMap"]["ECID"][0]["id"] == "0" * 38
    assert [event["xdm"]["_id"] for event in document["events"]] == ["e-0"]
    assert document["meta"]["konductorConfig"]["streaming"]["enabled"] is True
    assert (stats.requests, stats.bytes, stats.statuses) == (1, len(request.body), {"200": 1})


def test_version_2_sends_one_event_with_a_primary_identity() -> None:
    with MisbehavingServer(good) as server:
        receipt, _ = send(server, of_phones(2), version="v2")
    assert tally(receipt) == {"ACKNOWLEDGED": 2}
    request = server.requests[0]
    assert request.path.partition("?")[0] == "/ee/v2/interact"
    assert query_of(request)["datastreamId"] == ["stream-1"]
    assert list(orjson.loads(request.body)) == ["event"]
    assert orjson.loads(request.body)["event"]["xdm"]["identityMap"]["ECID"][0]["primary"] is True


def test_version_2_sends_events_of_many_phones_to_collect() -> None:
    with MisbehavingServer(lambda request: Reply(202, b'{"requestId":"r"}')) as server:
        receipt, _ = send(server, of_phones(25), version="v2", batch_size=10)
    assert tally(receipt) == {"ACKNOWLEDGED": 25}
    assert {request.path.partition("?")[0] for request in server.requests} == {"/ee/v2/collect"}
    found = [event["xdm"]["_id"] for r in server.requests for event in orjson.loads(r.body)["events"]]
    assert sorted(found) == sorted(f"e-{number}" for number in range(25))


@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=30))
def test_requests_to_collect_stay_under_the_limit(sizes: list[int]) -> None:
    bodies = [
        b'{"_id":"%s","identityMap":{"ECID":[{"id":"1","primary":false}]}}' % (b"x" * size) for size in sizes
    ]
    cuts = CollectFormat(100).cut(bodies)
    assert [index for cut in cuts for index in cut] == list(range(len(bodies)))
    for cut in cuts:
        assert len(CollectFormat(100).build([bodies[index] for index in cut])) <= MAX_BODY_BYTES


def test_a_host_that_asks_for_it_gets_a_token_and_is_told_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_CLIENT_SECRET", "s3cr3t")
    tokens = TokenEndpoint()

    def script(request: Request) -> Behaviour:
        if "/ims/" in request.path:
            return tokens(request)
        if len(server.requests) == 3:
            tokens.issued += 1  # the token is not the newest any more
        if request.headers["authorization"] != f"Bearer {tokens.token}":
            return Reply(401, b'{"title":"Invalid authorization token"}')
        return answer()

    with MisbehavingServer(script) as server:
        credentials = ServerCredentials(
            client_id=Reference("me"),
            client_secret=Reference("${env:TEST_CLIENT_SECRET}"),
            token_url=f"{server.base}/ims/token/v3",
        )
        receipt, _ = send(server, of_phones(6, 1), authentication=credentials)
    assert tally(receipt) == {"ACKNOWLEDGED": 6}
    events = [request for request in server.requests if "/ims/" not in request.path]
    assert {request.headers["x-api-key"] for request in events} == {"me"}
    assert {request.headers["x-gw-ims-org-id"] for request in events} == {"ORG@AdobeOrg"}
    assert tokens.issued == 3


# --- queues -------------------------------------------------------------------------------------------------


def test_a_phone_has_one_request_in_flight_and_keeps_its_order() -> None:
    seen: dict[str, list[tuple[float, str]]] = defaultdict(list)

    def script(request: Request) -> Behaviour:
        seen[phone_of(request)].append((time.monotonic(), event_of(request)))
        return replace(answer(), delay=0.02)

    with MisbehavingServer(script) as server:
        began = time.monotonic()
        receipts, _ = send_all(server, Batch(of_phones(60, 7)), Batch(of_phones(60, 7)), connections=16)
        took = time.monotonic() - began
    assert [tally(receipt) for receipt in receipts] == [{"ACKNOWLEDGED": 60}] * 2
    for phone, found in seen.items():
        mine = [f"e-{number}" for number in range(60) if number % 7 == int(phone)]
        assert [event for _, event in found] == mine * 2
        assert all(later - earlier >= 0.019 for (earlier, _), (later, _) in pairwise(found))
    assert took < 120 * 0.02, "phones don't wait for each other"


def test_what_may_be_tried_again_stays_first_and_holds_up_only_its_own_phone() -> None:
    seen: list[tuple[str, float]] = []

    def script(request: Request) -> Behaviour:
        seen.append((event_of(request), time.monotonic()))
        first = [event for event, _ in seen].count("e-0") == 1
        if event_of(request) == "e-0" and first:
            return Reply(503, headers={"Retry-After": "1"})
        return answer()

    with MisbehavingServer(script) as server:
        receipt, stats = send(server, of_phones(6, 2))
    assert tally(receipt) == {"ACKNOWLEDGED": 6}
    names = [event for event, _ in seen]
    assert names.index("e-5") < len(names) - 1 - names[::-1].index("e-0"), "the other phone went on"
    assert [name for name in names if name in ("e-0", "e-2", "e-4")] == ["e-0", "e-0", "e-2", "e-4"]
    times = [at for event, at in seen if event == "e-0"]
    assert 0.95 <= times[1] - times[0] < 3.0
    assert (stats.retries, stats.resent) == (1, 0)


def test_without_a_hint_phones_wait_five_seconds() -> None:
    times: list[float] = []

    def script(request: Request) -> Behaviour:
        times.append(time.monotonic())
        return Reply(502) if len(times) == 1 else answer()

    with MisbehavingServer(script) as server:
        receipt, stats = send(server, of_phones(1))
    assert tally(receipt) == {"ACKNOWLEDGED": 1}
    assert 4.9 <= times[1] - times[0] < 8.0
    assert stats.resent == 1, "a gateway's answer leaves open what happened behind it"


def test_each_try_has_a_request_id_of_its_own_and_the_same_event() -> None:
    def script(request: Request) -> Behaviour:
        return Reply(429, headers={"Retry-After": "1"}) if request.number == 0 else answer()

    with MisbehavingServer(script) as server:
        send(server, of_phones(1))
    first, second = server.requests
    assert first.body == second.body
    assert query_of(first)["requestId"] != query_of(second)["requestId"]


@pytest.mark.parametrize("status", [202, 400, 404, 422, 500])
def test_any_other_answer_drops_the_event_and_the_next_one_goes(status: int) -> None:
    problem = orjson.dumps({"title": "Invalid datastream ID", "detail": "no such"})

    def script(request: Request) -> Behaviour:
        return Reply(status, problem) if event_of(request) == "e-0" else answer()

    with MisbehavingServer(script) as server:
        receipt, _ = send(server, of_phones(2, 1))
    assert tally(receipt) == {"ACKNOWLEDGED": 1, "REJECTED": 1}
    assert receipt.reasons == {0: f"{status}: Invalid datastream ID: no such"}


@pytest.mark.parametrize("status", [200, 204, 207])
def test_these_answers_are_success(status: int) -> None:
    body = b"" if status == 204 else b'\x00{"handle":[],"errors":[{"title":"x"}]}\n'
    with MisbehavingServer(lambda request: Reply(status, body)) as server:
        receipt, _ = send(server, of_phones(2))
    assert tally(receipt) == {"ACKNOWLEDGED": 2}


def test_a_lost_answer_sends_the_event_again_and_is_known_as_uncertain() -> None:
    taken: list[str] = []

    def script(request: Request) -> Behaviour:
        taken.append(event_of(request))
        return Cut() if len(taken) == 1 else answer()

    with MisbehavingServer(script) as server:
        receipt, stats = send(server, of_phones(2, 1))
    assert tally(receipt) == {"ACKNOWLEDGED": 2}
    assert taken == ["e-0", "e-0", "e-1"]
    assert stats.resent == 1


def test_what_is_no_event_is_rejected_without_a_request() -> None:
    with MisbehavingServer(good) as server:
        receipt, _ = send(server, [b"[1]", *of_phones(1)])
    assert tally(receipt) == {"REJECTED": 1, "ACKNOWLEDGED": 1}
    assert receipt.reasons[0].startswith("can't be sent to the Edge Network: not an event")


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [(502, "1", 1.0), (408, "1.5", 1.5), (503, "Fri, 31 Dec 2100 23:59:59 GMT", 5.0), (429, "0", 5.0)],
)
def test_a_phone_waits_as_long_as_the_sdk_does(status: int, said: str, seconds: float) -> None:
    """Every status that is tried again may say how long, in seconds; a date means the usual time."""
    came: list[float] = []

    def script(request: Request) -> Behaviour:
        came.append(time.monotonic())
        return Reply(status, headers={"Retry-After": said}) if len(came) == 1 else answer()

    with MisbehavingServer(script) as server:
        receipt, _ = send(server, of_phones(1))
    assert tally(receipt) == {"ACKNOWLEDGED": 1}
    assert seconds - 0.05 <= came[1] - came[0] < seconds + 1.0


# --- what answers leave behind ------------------------------------------------------------------------------


def test_state_and_location_hint_come_back_with_the_next_request_of_the_same_phone() -> None:
    def script(request: Request) -> Behaviour:
        phone = phone_of(request)
        return answer(
            {"type": "state:store", "payload": [{"key": IDENTITY, "value": f"of-{phone}", "maxAge": 3600}]},
            {"type": "locationHint:result",
             "payload": [{"scope": "EdgeNetwork", "hint": f"or{int(phone)}", "ttlSeconds": 1800}]},
        )  # fmt: skip

    with MisbehavingServer(script) as server:
        send(server, of_phones(6, 2), connections=2)
    by_phone: dict[str, list[Request]] = defaultdict(list)
    for request in server.requests:
        by_phone[phone_of(request)].append(request)
    for phone, (first, *later) in by_phone.items():
        assert "state" not in orjson.loads(first.body)["meta"]
        assert first.path.startswith("/ee/v1/")
        for request in later:
            entries = orjson.loads(request.body)["meta"]["state"]["entries"]
            assert entries == [{"key": IDENTITY, "value": f"of-{phone}", "maxAge": 3600}]
            assert request.path.startswith(f"/ee/or{int(phone)}/v1/interact?")


def test_an_unknown_hint_drops_the_event_as_on_phones() -> None:
    hint = {"type": "locationHint:result",
            "payload": [{"scope": "EdgeNetwork", "hint": "zz9", "ttlSeconds": 1800}]}  # fmt: skip

    def script(request: Request) -> Behaviour:
        return Reply(404, b"") if "/zz9/" in request.path else answer(hint)

    with MisbehavingServer(script) as server:
        receipt, _ = send(server, of_phones(3, 1))
    assert tally(receipt) == {"ACKNOWLEDGED": 1, "REJECTED": 2}
    assert receipt.reasons[1] == "404"


def of_identities(*identities: int, install: bool = False) -> list[bytes]:
    """Events of one phone after the other with these ECIDs."""
    bodies = [of_phones(identity + 1, identity + 1)[identity] for identity in identities]
    bodies = [body.replace(b'"e-%d"' % identity, b'"e-%d"' % number)
              for number, (body, identity) in enumerate(zip(bodies, identities, strict=True))]  # fmt: skip
    return [body[:-1] + b',"application":{"isInstall":true}}' for body in bodies] if install else bodies


def remembering(request: Request) -> Behaviour:
    """Gives each event a state entry of its own, and a location hint."""
    name = event_of(request)
    return answer(
        {"type": "state:store", "payload": [{"key": name, "value": f"of-{phone_of(request)}", "maxAge": 3600}]},
        {"type": "locationHint:result", "payload": [{"scope": "EdgeNetwork", "hint": "or2", "ttlSeconds": 1800}]},
    )  # fmt: skip


def entries_of(request: Request) -> list[str]:
    state = orjson.loads(request.body)["meta"].get("state", {"entries": []})
    return [entry["key"] for entry in state["entries"]]


def of_person(bodies: list[bytes], **more: Any) -> Batch:
    return Batch(bodies, person=np.zeros(len(bodies), dtype=np.int32), **more)


def test_a_reset_of_the_identities_forgets_the_entries_and_keeps_the_queue_and_the_hint() -> None:
    with MisbehavingServer(remembering) as server:
        send_all(server, of_person(of_identities(0, 0, 1, 1, 0, 1)))
    asked = {event_of(request): entries_of(request) for request in server.requests}
    assert list(asked) == [f"e-{number}" for number in range(6)]  # one after the other, whatever their ECID
    # The event with the old ECID after the reset goes out with what is there, and its answer leaves nothing.
    assert asked == {
        "e-0": [],
        "e-1": ["e-0"],
        "e-2": [],
        "e-3": ["e-2"],
        "e-4": ["e-2", "e-3"],
        "e-5": ["e-2", "e-3"],
    }
    assert ["/or2/" in request.path for request in server.requests] == [False] + 5 * [True]


def test_an_app_that_was_installed_afresh_forgets_the_hint_too() -> None:
    with MisbehavingServer(remembering) as server:
        send_all(server, of_person([*of_identities(0), *of_identities(1, install=True), *of_identities(1)]))
    assert [entries_of(request) for request in server.requests[:2]] == [[], []]
    assert ["/or2/" in request.path for request in server.requests] == [False, False, True]


def test_an_answer_that_comes_after_a_reset_leaves_nothing_behind() -> None:
    """The new ECID comes up while the request with the old one is in flight."""

    def script(request: Request) -> Behaviour:
        reply = remembering(request)
        assert isinstance(reply, Reply)
        return replace(reply, delay=0.4) if event_of(request) == "e-0" else reply

    with MisbehavingServer(script) as server:
        due = time.monotonic() + np.array([0.05, 0.2, 0.7])
        send_all(server, of_person(of_identities(0, 1, 1), due=due))
    assert [entries_of(request) for request in server.requests] == [[], [], ["e-1"]]
    assert ["/or2/" in request.path for request in server.requests] == [False, False, True]


def test_events_that_come_from_elsewhere_are_not_in_the_queue_of_the_phone() -> None:
    sources = np.array([SOURCES.index("phone"), SOURCES.index("web"), SOURCES.index("phone")], dtype=np.uint8)
    with MisbehavingServer(remembering) as server:
        send_all(server, of_person(of_identities(0, 1, 0), sources=sources), connections=1)
    asked = {event_of(request): entries_of(request) for request in server.requests}
    assert asked == {"e-0": [], "e-1": [], "e-2": ["e-0"]}


def test_without_a_person_each_ecid_is_a_phone() -> None:
    with MisbehavingServer(remembering) as server:
        send(server, of_identities(0, 1, 0, 1))
    asked = {event_of(request): entries_of(request) for request in server.requests}
    assert asked == {"e-0": [], "e-1": [], "e-2": ["e-0"], "e-3": ["e-1"]}


# --- the end of patience ------------------------------------------------------------------------------------


def test_an_event_is_given_up_after_its_time_and_the_others_of_its_phone_go_on() -> None:
    def script(request: Request) -> Behaviour:
        return Reply(503, headers={"Retry-After": "1"}) if event_of(request) == "e-0" else answer()

    with MisbehavingServer(script) as server:
        receipt, _ = send(server, of_phones(4, 2), give_up_after=2.5)
    assert tally(receipt) == {"ACKNOWLEDGED": 3, "PENDING": 1}
    assert receipt.reasons[0].startswith("503: {} (given up after 3 tries")


def test_a_dead_endpoint_costs_its_time_once_and_one_request_from_then_on() -> None:
    with MisbehavingServer(lambda request: Hang()) as server:
        began = time.monotonic()
        receipts, stats = send_all(
            server, Batch(of_phones(200, 100)), timeout=0.3, give_up_after=0.5, connections=4
        )
        took = time.monotonic() - began
        assert tally(receipts[0]) == {"PENDING": 200}
        assert took < 4.0
        assert "no answer from 127.0.0.1" in receipts[0].reasons[199]
        assert stats.statuses["timeout"] == stats.requests


def test_an_endpoint_that_comes_back_is_found() -> None:
    def script(request: Request) -> Behaviour:
        return Reply(503, headers={"Retry-After": "1"}) if time.monotonic() - began < 1.5 else answer()

    async def run() -> list[Receipt]:
        destination = EdgeDestination(
            f"edge:{server.base}?configId=x", EdgeSettings(give_up_after=1.0, timeout=1.0)
        )
        await destination.open()
        try:
            first = await destination.send(Batch(of_phones(20, 10)))
            await asyncio.sleep(max(0.0, 1.6 - (time.monotonic() - began)))
            return [first, await destination.send(Batch(of_phones(20, 10)))]
        finally:
            await destination.close()

    began = time.monotonic()
    with MisbehavingServer(script) as server:
        first, second = asyncio.run(run())
    assert tally(first) == {"PENDING": 20}
    assert tally(second) == {"ACKNOWLEDGED": 20}


def test_an_interruption_finishes_what_is_in_flight_and_leaves_the_rest_pending() -> None:
    release = threading.Event()

    def script(request: Request) -> Behaviour:
        return answer() if release.is_set() else Hang()

    with MisbehavingServer(script) as server:
        receipts, stats = send_all(
            server, Batch(of_phones(50, 25)), timeout=0.8, meanwhile=lambda made: made.interrupt()
        )
    assert tally(receipts[0]) == {"PENDING": 50}
    assert stats.requests == 4
    reasons = set(receipts[0].reasons.values())
    assert "the run was interrupted before it was delivered" in reasons


def test_what_waits_for_another_try_when_it_is_interrupted_may_have_arrived() -> None:
    """A gateway's time-out says nothing of what became of the event behind it."""
    with MisbehavingServer(lambda request: Reply(504 if event_of(request) == "e-0" else 503)) as server:
        (receipt,), _ = send_all(server, Batch(of_phones(2, 2)), meanwhile=lambda made: made.interrupt())
    assert tally(receipt) == {"PENDING": 2}
    assert receipt.doubtful == {0}


def test_events_with_a_time_go_out_then() -> None:
    times: dict[str, float] = {}

    def script(request: Request) -> Behaviour:
        times[event_of(request)] = time.monotonic()
        return answer()

    with MisbehavingServer(script) as server:
        began = time.monotonic()
        due = began + np.array([0.3, 0.3, 0.6, 0.9])
        receipts, stats = send_all(server, Batch(of_phones(4), due=due))
    assert tally(receipts[0]) == {"ACKNOWLEDGED": 4}
    for number, wanted in enumerate(due.tolist()):
        assert wanted <= times[f"e-{number}"] < wanted + 0.25
    assert stats.latency.late.count == 4


FAULTS = st.sampled_from(
    [
        Reply(429, headers={"Retry-After": "1"}),
        Reply(503, headers={"Retry-After": "1"}),
        Cut(),
        Reply(400),
        None,
    ]
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(plan=st.lists(FAULTS, max_size=6))
def test_whatever_the_endpoint_answers_every_event_has_one_fate_and_phones_keep_their_order(
    plan: list[Behaviour | None],
) -> None:
    order: dict[str, list[int]] = defaultdict(list)

    def script(request: Request) -> Behaviour:
        order[phone_of(request)].append(int(event_of(request)[2:]))
        fault = plan[request.number] if request.number < len(plan) else None
        return fault if fault is not None else answer()

    with MisbehavingServer(script) as server:
        receipt, stats = send(server, of_phones(12, 3), give_up_after=4.0)
    assert all(numbers == sorted(numbers) for numbers in order.values())
    assert stats.requests == len(server.requests)
    refused = sum(1 for fault in plan if isinstance(fault, Reply) and fault.status == 400)
    assert int((receipt.fates == Fate.REJECTED).sum()) == min(refused, 12)


# --- addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "url"),
    [
        ("edge:https://edge.adobedc.net?configId=a", "https://edge.adobedc.net/ee/v1/interact?configId=a&requestId=r"),
        ("edge:https://h/ee-pre-prd?datastreamId=a%3Ab", "https://h/ee-pre-prd/v1/interact?configId=a%3Ab&requestId=r"),
        ("edge:http://[::1]:80/?configid=a", "http://[::1]:80/ee/v1/interact?configId=a&requestId=r"),
    ],
)  # fmt: skip
def test_addresses_are_read(to: str, url: str) -> None:
    from simulator.delivery.edge import parse_edge

    assert parse_edge(to).url("/v1/interact", "r") == url


@pytest.mark.parametrize(
    "to", ["edge:", "edge:https://h", "edge:https://h?x=1", "edge:ftp://h?configId=1", "edge:https://h?configId=1&y=2",
           "edge:https://me:secret@h?configId=1"],
)  # fmt: skip
def test_what_is_no_address_is_said(to: str) -> None:
    with pytest.raises(UsageError) as caught:
        EdgeDestination(to, EdgeSettings())
    assert "expected edge:https://HOST?configId=DATASTREAM" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_batches_need_version_2() -> None:
    with pytest.raises(UsageError, match=r"set it to 1, or edge\.version to v2"):
        EdgeDestination("edge:https://h?configId=1", EdgeSettings(batch_size=2))
