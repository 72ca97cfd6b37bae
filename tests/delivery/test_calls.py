"""Calls of other systems: authenticated as the action says, bounded in time, and only to whom it is allowed."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.delivery import Caller, OutgoingCall, Reply
from simulator.scenario.models import CallAuthentication
from simulator.scenario.references import Reference
from tests.delivery.peer import Got, Peer, Says

SECRET = "correct-horse-battery"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALL_SECRET", SECRET)


@pytest.fixture
def caller() -> Iterator[Caller]:
    caller = Caller((), time.monotonic)
    yield caller
    caller.close()


def call(url: str, **fields: Any) -> OutgoingCall:
    authentication = fields.pop("authentication", None)
    way = None if authentication is None else CallAuthentication.model_validate(authentication)
    return OutgoingCall("Coupon", "POST", url, {}, {}, b"{}", way)._replace(**fields)


def test_a_call_arrives_as_it_is_meant_and_its_answer_comes_back(caller: Caller) -> None:
    with Peer(lambda got: Says(201, {"points": 7})) as peer:
        reply = caller.call(
            call(f"{peer.url}/loyalty?a=1", body=b'{"x":2}', headers={"X-Run": "r"}, query={"b": "ä&"}), 5
        )
    assert (reply.status, reply.body, reply.error) == (201, {"points": 7}, "")
    (got,) = peer.got
    assert (got.method, got.path, got.query, got.document) == (
        "POST",
        "/loyalty",
        {"a": "1", "b": "ä&"},
        {"x": 2},
    )
    assert got.headers["X-Run"] == "r"


def test_secrets_in_headers_and_query_are_put_in_where_the_call_leaves(caller: Caller) -> None:
    with Peer() as peer:
        caller.call(
            call(
                peer.url,
                headers={"X-Key": Reference("k ${env:CALL_SECRET}")},
                query={"sig": Reference("${env:CALL_SECRET}")},
            ),
            5,
        )
    assert peer.got[0].headers["X-Key"] == f"k {SECRET}"
    assert peer.got[0].query == {"sig": SECRET}


def test_basic_credentials_are_sent(caller: Caller) -> None:
    basic = {"basic": {"user": "me", "password": "${env:CALL_SECRET}"}}
    with Peer() as peer:
        caller.call(call(peer.url, authentication=basic), 5)
    kind, coded = peer.got[0].headers["Authorization"].split()
    assert (kind, base64.b64decode(coded).decode()) == ("Basic", f"me:{SECRET}")


@pytest.mark.parametrize("place", ["header", "query"])
def test_an_api_key_goes_where_it_is_wanted(caller: Caller, place: str) -> None:
    key = {"api_key": {"name": "x-api-key", "value": "${env:CALL_SECRET}", "place": place}}
    with Peer() as peer:
        caller.call(call(peer.url, authentication=key), 5)
    got = peer.got[0]
    assert (got.query if place == "query" else got.headers)["x-api-key"] == SECRET


def token_peer(got: Got) -> Says:
    if got.path == "/token":
        return Says(200, {"data": {"token": f"token-{got.document['secret']}"}})
    return Says()


TOKEN = {
    "url": "", "body_type": "json", "body": {"secret": "${env:CALL_SECRET}"}, "token_in": "json://data.token"
}  # fmt: skip


@pytest.mark.parametrize(
    ("carried", "where"),
    [
        ({}, "Authorization"),
        ({"send_as": "header", "name": "X-Token"}, "X-Token"),
        ({"send_as": "query", "name": "t"}, "t"),
    ],
)
def test_a_token_is_fetched_once_and_carried_by_every_call(
    caller: Caller, carried: dict[str, str], where: str
) -> None:
    with Peer(token_peer) as peer:
        token = {"token": {**TOKEN, "url": f"{peer.url}/token", **carried}}
        for _ in range(3):
            assert caller.call(call(peer.url, authentication=token), 5).status == 200
    calls = [got for got in peer.got if got.path != "/token"]
    assert len(peer.got) - len(calls) == 1
    prefix = "Bearer " if not carried else ""
    seen = {(got.query if where == "t" else got.headers)[where] for got in calls}
    assert seen == {f"{prefix}token-{SECRET}"}


def test_a_token_that_is_too_old_or_was_refused_is_fetched_again(caller: Caller) -> None:
    refuse = [True]

    def answer(got: Got) -> Says:
        if got.path == "/token":
            return token_peer(got)
        return Says(401 if refuse[0] else 200)

    with Peer(answer) as peer:
        token = {"token": {**TOKEN, "url": f"{peer.url}/token", "valid_for": 0.2}}
        assert caller.call(call(peer.url, authentication=token), 5).status == 401
        refuse[0] = False
        caller.call(call(peer.url, authentication=token), 5)
        time.sleep(0.25)
        caller.call(call(peer.url, authentication=token), 5)
    assert [got.path for got in peer.got].count("/token") == 3


def test_a_token_in_a_plain_answer_sent_as_a_form(caller: Caller) -> None:
    with Peer(lambda got: Says(200, b"plain-token\n")) as peer:
        token = {
            "url": f"{peer.url}/token", "body": {"grant_type": "client_credentials"}, "token_in": "response"
        }  # fmt: skip
        caller.call(call(peer.url, authentication={"token": token}), 5)
    fetched, called = peer.got
    assert fetched.body == b"grant_type=client_credentials"
    assert fetched.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert called.headers["Authorization"] == "Bearer plain-token"


def test_without_a_token_there_is_no_call_and_the_endpoint_is_left_alone_for_a_while(caller: Caller) -> None:
    with Peer(lambda got: Says(403, {"said": got.body.decode()})) as peer:
        token = {"token": {**TOKEN, "url": f"{peer.url}/token"}}
        replies = [caller.call(call(peer.url, authentication=token), 5) for _ in range(3)]
    assert [got.path for got in peer.got] == ["/token"]
    assert {reply.error for reply in replies} == {"no token: the endpoint answered 403"}
    assert SECRET not in str(replies)


def test_an_answer_that_takes_too_long_is_none(caller: Caller) -> None:
    with Peer(lambda got: Says(delay=2.0)) as peer:
        reply = caller.call(call(peer.url), 0.3)
    assert (reply.status, reply.timed_out) == (None, True)
    assert 0.2 < reply.seconds < 1.5


def test_the_time_of_an_answer_covers_the_ways_on_which_it_was_sent(caller: Caller) -> None:
    def answer(got: Got) -> Says:
        if got.path == "/here":
            return Says(302, headers={"Location": "/there"}, delay=0.4)
        return Says(200, b"", delay=0.4)

    with Peer(answer) as peer:
        assert caller.call(call(f"{peer.url}/here"), 0.6).timed_out
        assert caller.call(call(f"{peer.url}/here"), 5).status == 200


def test_nobody_at_the_other_end_is_an_error_in_words(caller: Caller) -> None:
    with Peer() as peer:
        url = peer.url
    reply = caller.call(call(url), 2)
    assert reply.status is None and not reply.timed_out and reply.error


@pytest.mark.parametrize("body", [b"{broken", b"", b"\xff\xfe"])
def test_an_answer_that_is_no_json_has_no_body(caller: Caller, body: bytes) -> None:
    with Peer(lambda got: Says(200, body)) as peer:
        assert caller.call(call(peer.url), 5)[:2] == (200, None)


def test_redirects_are_followed_where_the_dialect_does(caller: Caller) -> None:
    def answer(got: Got) -> Says:
        return (
            Says(302, headers={"Location": "/there"}) if got.path == "/here" else Says(200, {"at": got.path})
        )

    with Peer(answer) as peer:
        assert caller.call(call(f"{peer.url}/here"), 5)[:2] == (200, {"at": "/there"})
        assert caller.call(call(f"{peer.url}/here", follow=False), 5).status == 302


def test_secrets_do_not_follow_a_redirect_to_another_place(caller: Caller) -> None:
    key = {"api_key": {"name": "x-api-key", "value": "${env:CALL_SECRET}"}}
    with Peer() as other, Peer(lambda got: Says(307, headers={"Location": f"{other.url}/"})) as peer:
        assert caller.call(call(peer.url, authentication=key), 5).status == 200
    assert peer.got[0].headers["x-api-key"] == SECRET
    assert "x-api-key" not in other.got[0].headers


def test_the_request_for_a_token_does_not_follow_a_redirect_to_another_place(caller: Caller) -> None:
    spec = {"url": "", "body": {"client_secret": "${env:CALL_SECRET}"}, "token_in": "json://t"}

    def token(got: Got) -> Says:
        return Says(307, headers={"Location": f"{other.url}/token"})

    with Peer(lambda got: Says(200, {"t": "stolen"})) as other, Peer(token) as peer:
        spec["url"] = f"{peer.url}/token"
        reply = caller.call(call(f"{peer.url}/hook", authentication={"token": spec}), 5)
    assert "another place" in refusal(reply)
    assert other.got == []


def test_the_request_for_a_token_follows_a_redirect_on_the_same_host(caller: Caller) -> None:
    def answer(got: Got) -> Says:
        return Says(307, headers={"Location": "/new"}) if got.path == "/token" else Says(200, {"t": "abc"})

    with Peer(answer) as peer:
        spec = {
            "url": f"{peer.url}/token",
            "body": {"client_secret": "${env:CALL_SECRET}"},
            "token_in": "json://t",
        }
        assert caller.call(call(f"{peer.url}/hook", authentication={"token": spec}), 5).status == 200
    assert peer.got[-1].headers["Authorization"] == "Bearer abc"


def refusal(reply: Reply) -> str:
    assert reply.status is None
    return reply.error


def test_other_hosts_are_not_called_unless_they_are_allowed(caller: Caller) -> None:
    assert "nothing says that it may be called" in refusal(caller.call(call("http://host.invalid/"), 2))
    with Peer(lambda got: Says(302, headers={"Location": "http://host.invalid/"})) as peer:
        assert "nothing says that it may be called" in refusal(caller.call(call(peer.url), 2))
    allowing = Caller(("host.invalid",), time.monotonic)
    assert "nothing says" not in refusal(allowing.call(call("http://host.invalid/"), 2))
    allowing.close()


def test_secrets_do_not_leave_the_machine_in_clear() -> None:
    caller = Caller(("host.invalid",), time.monotonic)
    key = {"api_key": {"name": "x-api-key", "value": "${env:CALL_SECRET}"}}
    assert "without encryption" in refusal(caller.call(call("http://host.invalid/", authentication=key), 2))
    caller.close()


def test_a_secret_that_is_not_there_is_named_and_nothing_is_sent(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALL_SECRET")
    with Peer() as peer:
        reply = caller.call(call(peer.url, headers={"X-Key": Reference("${env:CALL_SECRET}")}), 5)
    assert reply.error == "Coupon.X-Key: the environment variable CALL_SECRET is not set"
    assert peer.got == []
