"""The listener takes any call, answers it as told, and keeps what it was about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from simulator.listener import CallListener, HeardCall, ListenerThread
from simulator.scenario.models import Listener

Heard = list[HeardCall]
SECRET = "correct-horse-battery"


class Clock:
    """A clock that stands still until it is moved."""

    now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


@contextmanager
def listening(
    routes: dict[str, Any] | None = None, now_ms: Callable[[], int] | None = None
) -> Iterator[tuple[httpx.Client, Heard]]:
    heard: Heard = []
    model = Listener.model_validate({"routes": routes or {}})
    thread = ListenerThread(CallListener(model.routes, heard.append, now_ms or Clock()))
    thread.start()
    try:
        with httpx.Client(base_url=thread.url, trust_env=False) as client:
            yield client, heard
    finally:
        thread.stop()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_any_method_and_path_is_answered_and_kept(method: str) -> None:
    with listening() as (client, heard):
        answer = client.request(method, "/any/where?b=2", headers={"X-One": "1"})
    assert (answer.status_code, answer.json()) == (200, {})
    (call,) = heard
    assert (call.method, call.path, call.query, call.headers["x-one"]) == (
        method,
        "/any/where",
        {"b": "2"},
        "1",
    )
    assert call.action == "where"


def test_answers_are_given_attempt_by_attempt_and_the_last_one_stays() -> None:
    answers = [{"status": 500}, {"status": 429, "headers": {"Retry-After": "1"}}, {"body": {"ok": True}}]
    with listening({"Hook": {"path": "/hook", "answers": answers}}) as (client, heard):
        got = [client.post("/hook", json={"instanceUID": "i", "nodeName": "n"}) for _ in range(4)]
    assert [answer.status_code for answer in got] == [500, 429, 200, 200]
    assert got[1].headers["retry-after"] == "1"
    assert got[2].json() == {"ok": True}
    assert [(call.delivery, call.attempt) for call in heard] == [(1, 1), (1, 2), (1, 3), (1, 4)]


def test_broken_json_redirects_and_delays_can_be_answered() -> None:
    routes = {
        "Broken": {"path": "/broken", "answers": [{"text": "{oops"}]},
        "Moved": {"path": "/moved", "answers": [{"status": 302, "headers": {"Location": "/there"}}]},
        "Slow": {"path": "/slow", "answers": [{"delay": 0.3}]},
    }
    with listening(routes) as (client, _):
        assert client.post("/broken").text == "{oops"
        moved = client.get("/moved")
        assert (moved.status_code, moved.headers["location"]) == (302, "/there")
        assert client.post("/slow").elapsed.total_seconds() >= 0.3


def test_the_first_route_that_fits_answers() -> None:
    routes = {"One": {"path": "/a/*", "method": "PUT"}, "Two": {"path": "/a/*"}}
    with listening(routes) as (client, heard):
        client.put("/a/b")
        client.post("/a/b")
    assert [call.action for call in heard] == ["One", "Two"]


def test_a_call_says_by_the_recommended_names_what_it_is_about() -> None:
    body = {
        "customer": {"profileId": "p1", "points": 3},
        "meta": [{"eventMsgId": "e1", "journey-version-uid": "v"}, {"instance_uid": "i1"}],
    }
    with listening() as (client, heard):
        client.post("/x?nodeName=coupon", json=body, headers={"X-RunId": "r1"})
    keys = heard[0].keys
    assert (keys.person, keys.event, keys.instance, keys.step, keys.journey, keys.run) == (
        "p1", "e1", "i1", "coupon", "v", "r1"
    )  # fmt: skip


def test_a_route_says_where_else_that_stands() -> None:
    route = {"person": "body.to.0.id", "event": "headers.X-Cause", "step": "query.at"}
    with listening({"Hook": route}) as (client, heard):
        client.post("/x?at=s", json={"to": [{"id": 42}], "profileId": "other"}, headers={"X-Cause": "e"})
    keys = heard[0].keys
    assert (keys.person, keys.event, keys.step) == ("42", "e", "s")


def test_calls_that_say_nothing_are_attempts_only_if_they_are_the_same_and_had_no_success() -> None:
    clock = Clock()
    with listening({"Hook": {"answers": [{"status": 503}, {"status": 200}]}}, clock) as (client, heard):
        for _ in range(3):
            client.post("/x", json={"a": 1})  # fails, succeeds, and is another call then
        client.post("/x", json={"a": 2})
        clock.now += 31_000
        client.post("/x", json={"a": 2})  # attempts lie closer together
    assert [(call.delivery, call.attempt) for call in heard] == [(1, 1), (1, 2), (2, 1), (3, 1), (4, 1)]


def test_one_instance_does_several_steps() -> None:
    with listening() as (client, heard):
        for step in ("one", "two", "one"):
            client.post("/x", json={"instanceUID": "i", "nodeName": step})
    assert [(call.delivery, call.attempt) for call in heard] == [(1, 1), (2, 1), (1, 2)]


def test_differences_from_the_sample_of_the_body_are_on_record() -> None:
    sample = {"id": "x", "points": 1, "tags": ["a"], "to": {"mail": "m"}, "free": None}
    with listening({"Hook": {"shape": sample}}) as (client, heard):
        client.post("/x", json={"id": 7, "points": None, "tags": ["a", 1], "to": {}, "free": [1]})
        client.post("/y", json=sample)
    assert (
        heard[0].wrong
        == [
            "body.id: a number instead of text",
            "body.points: null",
            "body.tags.1: a number instead of text",
            "body.to.mail: missing",
            "body.free: missing",
        ][:4]
    )
    assert heard[1].wrong == []


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LISTENER_SECRET", SECRET)
    return SECRET


def test_who_does_not_know_the_key_is_refused_and_the_key_is_not_kept(secret: str) -> None:
    route = {"requires": {"api_key": {"name": "X-Key", "value": "${env:LISTENER_SECRET}"}}}
    with listening({"Hook": route}) as (client, heard):
        assert client.post("/x").status_code == 401
        assert client.post("/x", headers={"X-Key": "other"}).status_code == 401
        assert client.post("/x", headers={"X-Key": secret}, json={"echo": secret}).status_code == 200
    assert secret not in str([call.document() for call in heard])


def test_basic_credentials_are_checked(secret: str) -> None:
    route = {"requires": {"basic": {"user": "me", "password": "${env:LISTENER_SECRET}"}}}
    with listening({"Hook": route}) as (client, heard):
        assert client.post("/x", auth=("me", "wrong")).status_code == 401
        assert client.post("/x", auth=("me", secret)).status_code == 200
    assert [call.headers["authorization"] for call in heard] == ["***", "***"]


def test_a_token_is_given_to_who_knows_the_secret_and_taken_until_it_ends(secret: str) -> None:
    routes = {
        "token": {
            "path": "/token",
            "token": {
                "valid_for": 60,
                "expects": {"client_id": "c", "client_secret": "${env:LISTENER_SECRET}"},
            },
        },
        "Hook": {"requires": {"token": "token"}},
    }
    clock = Clock()
    with listening(routes, clock) as (client, heard):
        assert client.post("/token", data={"client_id": "c", "client_secret": "no"}).status_code == 401
        given = client.post("/token", json={"client_id": "c", "client_secret": secret}).json()
        assert (given["token_type"], given["expires_in"]) == ("bearer", 60)
        bearer = {"Authorization": f"Bearer {given['access_token']}"}
        assert client.post("/hook").status_code == 401
        assert client.post("/hook", headers=bearer).status_code == 200
        assert client.post("/hook", headers={"X-Own": given["access_token"]}).status_code == 200
        clock.now += 61_000
        assert client.post("/hook", headers=bearer).status_code == 401
    kept = str([call.document() for call in heard])
    assert given["access_token"] not in kept and len(heard) == 4  # requests for tokens are not calls


@pytest.mark.parametrize("body", [b"", b"{broken", b"\xff\x00", b"[" * 5000, b'"text"', b"[1,2]", b"null"])
def test_no_body_is_too_odd(body: bytes) -> None:
    with listening({"Hook": {"shape": {"a": 1}, "person": "body.a.b"}}) as (client, heard):
        assert client.post("/x", content=body).status_code == 200
    assert len(heard) == 1
    heard[0].document()


def test_a_body_of_more_than_a_megabyte_is_refused() -> None:
    with listening() as (client, heard):
        assert client.post("/x", content=b"x" * (1 << 20 | 1)).status_code == 413
        assert client.post("/x").status_code == 200
    assert len(heard) == 1
