"""Any HTTP endpoint: method, headers and body as the scenario says; and what inlets know by option."""

from __future__ import annotations

import asyncio
import gzip
import socket
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import UsageError
from simulator.delivery import Batch, HttpDestination, HttpSettings, Receipt
from simulator.delivery.template import TemplateFormat
from simulator.scenario.references import Reference
from tests.delivery.misbehaving import CERTIFICATE, MisbehavingServer, Reply, good
from tests.delivery.sending import events, send, tally

EVENT = (
    b'{"_id":"e-\\"1\\"","timestamp":"2025-03-04T10:15:30.250Z","eventType":"location.entry",'
    b'"identityMap":{"ECID":[{"id":"123","primary":false}]},"place":{"name":"A \\u00fc","list":[{"a":1}]}}'
)


def post(url: str, bodies: list[bytes], **options: Any) -> Receipt:
    settings = HttpSettings(timeout=1.0, give_up_after=1.0, connections=2)

    async def run() -> Receipt:
        await destination.open()
        try:
            return await destination.send(Batch(bodies))
        finally:
            await destination.close()

    destination = HttpDestination(url, options.pop("settings", settings), **options)
    return asyncio.run(run())


def built(template: str | None, bodies: list[bytes], batch_size: int = 1) -> bytes:
    return TemplateFormat(template, batch_size).build(bodies)


def test_by_default_the_event_is_posted_as_json() -> None:
    with MisbehavingServer(lambda request: Reply(204, b"")) as server:
        receipt = post(f"{server.base}/any/where?x=1", events(3))
    assert tally(receipt) == {"ACKNOWLEDGED": 3}
    assert sorted(request.body for request in server.requests) == events(3)
    request = server.requests[0]
    assert (request.method, request.path, request.headers["content-type"]) == (
        "POST",
        "/any/where?x=1",
        "application/json",
    )


def test_method_and_headers_are_those_of_the_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_TOKEN", "very-secret")
    headers = {"Authorization": Reference("Bearer ${env:TEST_TOKEN}"), "content-type": Reference("text/x")}
    with MisbehavingServer(lambda request: Reply(200)) as server:
        post(f"{server.base}/x", events(1), method="PUT", headers=headers)
    request = server.requests[0]
    assert request.method == "PUT"
    assert request.headers["authorization"] == "Bearer very-secret"
    assert request.headers["content-type"] == "text/x"


def test_what_the_endpoint_echoes_of_a_secret_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_TOKEN", "very-secret")
    with MisbehavingServer(lambda r: Reply(400, r.headers["x-key"].encode())) as server:
        receipt = post(f"{server.base}/x", events(1), headers={"X-Key": Reference("${env:TEST_TOKEN}")})
    assert receipt.reasons[0] == "400: ***"


def test_several_events_share_a_request() -> None:
    with MisbehavingServer(lambda request: Reply(200)) as server:
        receipt = post(f"{server.base}/x", events(7), batch_size=3)
    assert tally(receipt) == {"ACKNOWLEDGED": 7}
    assert sorted(len(orjson.loads(request.body)) for request in server.requests) == [1, 3, 3]


def test_failures_mean_what_they_mean_for_an_inlet() -> None:
    with MisbehavingServer(
        lambda r: Reply(503 if r.number == 0 else 422 if r.number == 1 else 201)
    ) as server:
        settings = HttpSettings(connections=1, timeout=1.0, give_up_after=3.0)
        receipt = post(f"{server.base}/x", events(3), settings=settings)
    assert tally(receipt) == {"ACKNOWLEDGED": 2, "REJECTED": 1}


def test_a_template_is_filled_with_the_event() -> None:
    template = (
        '{"id": "{id}", "kind": "{type}", "at": "{time}", "who": "{identity}", "place": {event.place.name},'
        ' "first": {event.place.list.0.a}, "none": {event.no.such}, "all": {event}, "obj": {"a": {}}}'
    )
    assert orjson.loads(built(template, [EVENT])) == {
        "id": 'e-"1"',
        "kind": "location.entry",
        "at": "2025-03-04T10:15:30.250Z",
        "who": "123",
        "place": "A ü",
        "first": 1,
        "none": None,
        "all": orjson.loads(EVENT),
        "obj": {"a": {}},
    }


def test_a_template_for_several_events() -> None:
    body = built('{"n": {count}, "events": {events}}', events(4), 10)
    assert orjson.loads(body) == {"n": 4, "events": [orjson.loads(event) for event in events(4)]}


@given(st.text(), st.text())
def test_whatever_an_event_says_the_body_stays_json(name: str, kind: str) -> None:
    try:
        event = orjson.dumps({"_id": name, "eventType": kind})
    except TypeError:
        return  # half a surrogate pair, which no event holds
    assert orjson.loads(built('{"a": "{id}", "b": "{type}"}', [event])) == {"a": name, "b": kind}


@pytest.mark.parametrize(
    ("template", "batch_size", "what"),
    [
        ("{evnt}", 1, "unknown placeholder {evnt}; did you mean {event}?"),
        ("{zzz}", 1, "expected one of {event}"),
        ("{id}", 2, "stands for one event"),
        ("{events}", 1, "unknown placeholder {events}"),
        ("{id.x}", 1, "unknown placeholder {id.x}"),
    ],
)
def test_a_placeholder_that_fits_nothing_is_said(template: str, batch_size: int, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        TemplateFormat(template, batch_size)
    assert what in str(caught.value)


# --- options of inlets ------------------------------------------------------------------------------------


def test_bodies_are_compressed_by_option() -> None:
    with MisbehavingServer(good) as server:
        receipt, stats = send(server.url, events(50), batch_size=50, gzip=True)
    assert tally(receipt) == {"ACKNOWLEDGED": 50}
    request = server.requests[0]
    assert request.headers["content-encoding"] == "gzip"
    assert len(orjson.loads(gzip.decompress(request.body))["messages"]) == 50
    assert stats.bytes == len(request.body)


def test_raw_events_name_their_dataflow_in_a_header() -> None:
    with MisbehavingServer(lambda request: Reply(200)) as server:
        receipt, _ = send(server.url, events(1), header=None, flow_id="f-1")
    assert tally(receipt) == {"ACKNOWLEDGED": 1}
    assert server.requests[0].body == events(1)[0]
    assert server.requests[0].headers["x-adobe-flow-id"] == "f-1"


def test_several_raw_events_share_a_request() -> None:
    answers = lambda r: Reply(207, b'{"responses":[{"xactionId":"u-0"},{"xactionId":"u-1"}]}')  # noqa: E731
    with MisbehavingServer(answers) as server:
        receipt, _ = send(server.url, events(2), header=None, flow_id="f-1", batch_size=2)
    assert tally(receipt) == {"ACKNOWLEDGED": 2}
    assert orjson.loads(server.requests[0].body) == {"messages": [orjson.loads(e) for e in events(2)]}


def test_a_sandbox_is_named_by_option() -> None:
    with MisbehavingServer(good) as server:
        send(server.url, events(1), sandbox="dev")
    assert server.requests[0].headers["x-sandbox-name"] == "dev"


def test_a_certificate_of_ones_own_is_trusted_if_the_scenario_names_it() -> None:
    with MisbehavingServer(good, tls=True) as server:
        receipt, _ = send(server.url, events(1))
        assert tally(receipt) == {"PENDING": 1}
        assert "cannot be trusted" in receipt.reasons[0]
        receipt, _ = send(server.url, events(1), ca_file=CERTIFICATE)
    assert tally(receipt) == {"ACKNOWLEDGED": 1}


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6 loopback")
def test_addresses_may_be_ipv6() -> None:
    with MisbehavingServer(good, address="::1") as server:
        receipt, _ = send(server.url, events(3))
    assert tally(receipt) == {"ACKNOWLEDGED": 3}


def test_other_hosts_are_reached_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with MisbehavingServer(good) as proxy:
        monkeypatch.setenv("http_proxy", proxy.base)
        receipt, _ = send("http://inlet.example/collection/demo", events(2))
    assert tally(receipt) == {"ACKNOWLEDGED": 2}
    assert proxy.requests[0].path == "http://inlet.example/collection/demo"
    assert proxy.requests[0].headers["host"] == "inlet.example"


def test_a_rate_cap_holds_requests_back() -> None:
    from time import monotonic

    from simulator.delivery.limits import RateCap, ServiceLimit

    with MisbehavingServer(good) as server:
        began = monotonic()
        receipt, _ = send(server.url, events(60), cap=RateCap(ServiceLimit(100.0, 1000.0, "a test")))
        took = monotonic() - began
    assert tally(receipt) == {"ACKNOWLEDGED": 60}
    assert 0.55 <= took < 3.0


@given(st.lists(st.tuples(st.floats(0, 0.05), st.integers(1, 500)), min_size=1, max_size=200))
def test_no_second_sees_more_than_the_limit(tries: list[tuple[float, int]]) -> None:
    from simulator.delivery.limits import RateCap, ServiceLimit

    cap = RateCap(ServiceLimit(100.0, 2000.0, "a test"))
    now, started = 0.0, []
    for pause, count in tries:
        now += pause + cap.wait(now + pause)
        cap.take(now, count)
        started.append((now, count))
    for begin, _ in started:
        second = [(at, count) for at, count in started if begin <= at < begin + 1.0]
        assert len(second) <= 100 * 1.02 + 1
        assert sum(count for _, count in second[:-1]) <= 2000 * 1.02 + 1
