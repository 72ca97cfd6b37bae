"""Tokens: the endpoint that gives them (ingestion.md 3.1) and the inlets that ask for them (1.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from simulator.receiver import EventStore, InletOptions, InletSpec, Receiver, ServerThread, Tokens
from tests.receiver.messages import NOW, message

SECRET = "s3cret"
FIELDS = {
    "client_id": "me",
    "client_secret": SECRET,
    "grant_type": "client_credentials",
    "scope": "openid,AdobeID,session",
}
AUTHORIZATION = "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization"


@pytest.fixture
def clock() -> list[int]:
    return [NOW]


@pytest.fixture
def receiver(clock: list[int]) -> Iterator[Receiver]:
    with EventStore() as store:
        tokens = Tokens(b"k" * 32, client_secret=SECRET)
        made = Receiver(store, tokens=tokens, now_ms=lambda: clock[0])
        made.inlets.define(InletSpec("closed", authenticated=True))
        yield made


@pytest.fixture
def client(receiver: Receiver) -> Iterator[httpx.Client]:
    with ServerThread(receiver) as server, httpx.Client(base_url=server.url, trust_env=False) as opened:
        yield opened


def token(client: httpx.Client) -> str:
    return str(client.post("/ims/token/v3", data=FIELDS).json()["access_token"])


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("where", ["body", "query"])
def test_a_token_comes_with_its_life_in_seconds(client: httpx.Client, version: int, where: str) -> None:
    path = f"/ims/token/v{version}"
    answer = client.post(path, data=FIELDS) if where == "body" else client.post(path, params=FIELDS)
    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"]) == ("bearer", 86_399)
    assert body["access_token"]


@pytest.mark.parametrize("missing", list(FIELDS))
def test_all_four_fields_are_mandatory(client: httpx.Client, missing: str) -> None:
    answer = client.post("/ims/token/v3", data={k: v for k, v in FIELDS.items() if k != missing})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert missing in answer.json()["error_description"]


def test_a_wrong_secret_gets_nothing_and_is_not_repeated(client: httpx.Client) -> None:
    answer = client.post("/ims/token/v3", data={**FIELDS, "client_secret": "guess-me"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "guess-me" not in answer.text


def test_the_retired_exchange_says_so(client: httpx.Client) -> None:
    answer = client.post("/ims/exchange/jwt", data={})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def send(client: httpx.Client, value: str | None, path: str = "/collection/closed") -> httpx.Response:
    headers = {} if value is None else {"authorization": value}
    return client.post(path, json=message(), headers=headers)


def test_an_authenticated_inlet_takes_messages_with_a_token(client: httpx.Client, receiver: Receiver) -> None:
    assert send(client, f"Bearer {token(client)}").status_code == 200
    assert receiver.store.counts().accepted == 1


def test_status_401_for_a_missing_token_has_the_documented_body(
    client: httpx.Client, receiver: Receiver
) -> None:
    for path in ("/collection/closed", "/collection/batch/closed"):
        answer = send(client, None, path)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json")
        assert answer.json() == {
            "type": AUTHORIZATION,
            "status": "401",
            "title": "Authorization",
            "report": {"message": "[id] Ims service token is empty"},
        }
    assert receiver.store.counts().accepted == 0


@pytest.mark.parametrize("value", ["Bearer nonsense", "Basic abc", "Bearer", "Bearer " + "A" * 52])
def test_status_401_for_an_invalid_token(client: httpx.Client, value: str) -> None:
    assert send(client, value).status_code == 401


def test_a_token_ends(client: httpx.Client, clock: list[int]) -> None:
    value = f"Bearer {token(client)}"
    clock[0] += 86_398_000
    assert send(client, value).status_code == 200
    clock[0] += 1_000
    answer = send(client, value)
    assert (answer.status_code, "expired" in answer.text) == (401, True)


def test_status_403_for_a_wrong_token_by_option() -> None:
    with EventStore() as store:
        receiver = Receiver(store, options=InletOptions(bad_token_status=403))
        receiver.inlets.define(InletSpec("closed", authenticated=True))
        with ServerThread(receiver) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
            assert send(client, "Bearer nonsense").status_code == 403
            assert send(client, None).status_code == 401


def test_an_open_inlet_does_not_care(client: httpx.Client) -> None:
    assert send(client, "Bearer nonsense", "/collection/open").status_code == 200


def test_no_token_is_ever_kept(receiver: Receiver, client: httpx.Client) -> None:
    value = token(client)
    send(client, f"Bearer {value}")
    dump: list[Any] = list(receiver.store._writer.iterdump())
    assert not any(value in line or SECRET in line for line in dump)
