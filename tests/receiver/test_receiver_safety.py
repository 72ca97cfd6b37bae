"""Safe by default: who gets in, and how much may be asked of the receiver."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from simulator.core.errors import UsageError
from simulator.receiver import EventStore, InletSpec, Receiver, ServerThread, Tls, protocol
from simulator.receiver import http as receiver_http
from tests.receiver.messages import event, message

TOKEN = "open-sesame-1234567890"


@pytest.fixture
def guarded() -> Iterator[httpx.Client]:
    with EventStore() as store:
        receiver = Receiver(store, access_token=TOKEN)
        receiver.inlets.define(InletSpec("closed", authenticated=True))
        with ServerThread(receiver) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
            yield client


# --- access -------------------------------------------------------------------------------------------------


def test_beyond_loopback_a_receiver_needs_an_access_token() -> None:
    with EventStore() as store:
        with pytest.raises(UsageError, match="no access token"):
            ServerThread(Receiver(store), host="0.0.0.0")
        with ServerThread(Receiver(store, access_token=TOKEN), host="0.0.0.0") as server:
            port = server.url.rpartition(":")[2]
            assert httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/received", "/faults", "/collection/demo", "/ee/v1/interact", "/nothing"]
)
def test_nobody_comes_in_without_the_token(guarded: httpx.Client, path: str) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}, {"x-journeysim-token": "wrong"}):
        assert guarded.get(path, headers=headers).status_code == 401
    assert guarded.get(f"/access/wrong{path}").status_code == 401


def test_the_token_may_come_in_a_header_as_bearer_or_in_the_path(guarded: httpx.Client) -> None:
    body = message()
    assert guarded.post("/collection/a", json=body, headers={"x-journeysim-token": TOKEN}).status_code == 200
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert guarded.post("/collection/closed", json=body, headers=bearer).status_code == 200
    assert guarded.post(f"/access/{TOKEN}/collection/a", json=body).status_code == 200
    edge = f"/access/{TOKEN}/ee/v1/interact?configId=d"
    assert guarded.post(edge, json={"events": [{"xdm": event()}]}).status_code == 200
    assert guarded.get(f"/access/{TOKEN}").status_code == 200


def test_the_token_endpoint_wants_the_access_token_as_secret(guarded: httpx.Client) -> None:
    fields = {"client_id": "me", "grant_type": "client_credentials", "scope": "x"}
    assert guarded.post("/ims/token/v3", data={**fields, "client_secret": "wrong"}).status_code == 401
    token = guarded.post("/ims/token/v3", data={**fields, "client_secret": TOKEN}).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    assert guarded.post("/collection/closed", json=message(), headers=headers).status_code == 200


# --- bounds -------------------------------------------------------------------------------------------------


def plain(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def answer_of(connection: socket.socket) -> bytes:
    data = b""
    try:
        while part := connection.recv(65_536):
            data += part
    except ConnectionResetError:
        pass
    return data


@pytest.mark.parametrize("where", ["many headers", "one header", "the address"])
def test_a_head_above_64_kb_is_431(where: str) -> None:
    parts = {
        "many headers": b"GET / HTTP/1.1\r\n" + b"x-filler: 0123456789abcdef\r\n" * 4_000,
        "one header": b"GET / HTTP/1.1\r\nx-filler: " + b"y" * 100_000,
        "the address": b"GET /" + b"y" * 100_000,
    }
    with EventStore() as store, ServerThread(Receiver(store)) as server, plain(server.url) as connection:
        connection.sendall(parts[where])
        assert answer_of(connection).startswith(b"HTTP/1.1 431 ")
        assert httpx.get(f"{server.url}/health", trust_env=False).status_code == 200


def test_a_large_body_in_the_same_packet_is_no_large_head() -> None:
    body = b" " * 200_000 + b"{}"
    head = b"POST /collection/a HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(
        body
    )
    with EventStore() as store, ServerThread(Receiver(store)) as server, plain(server.url) as connection:
        connection.sendall(head + body)
        assert answer_of(connection).startswith(b"HTTP/1.1 400 ")


def test_a_head_that_does_not_come_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with EventStore() as store, ServerThread(Receiver(store)) as server:
        with plain(server.url) as connection:
            assert answer_of(connection) == b""
        with plain(server.url) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
            connection.sendall(b"GET /health HT")
            assert b"HTTP/1.1" not in answer_of(connection)


def test_a_body_that_does_not_come_is_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver_http, "BODY_SECONDS", 0.2)
    head = b"POST /collection/a HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"
    with EventStore() as store, ServerThread(Receiver(store)) as server, plain(server.url) as connection:
        connection.sendall(head)
        assert answer_of(connection).startswith(b"HTTP/1.1 408 ")


def test_bodies_together_are_bounded() -> None:
    with EventStore() as store:
        receiver = Receiver(store)
        receiver.bodies.most = 150_000
        with ServerThread(receiver) as server:
            head = (
                b"POST /collection/a HTTP/1.1\r\nhost: x\r\ncontent-length: 120000\r\n\r\n" + b" " * 110_000
            )
            with plain(server.url) as slow, httpx.Client(base_url=server.url, trust_env=False) as client:
                slow.sendall(head)
                statuses = set()
                for _ in range(50):
                    chunks = (b" " * 30_000 for _ in range(3))
                    answer = client.post("/collection/a", content=chunks)
                    statuses.add(answer.status_code)
                    if answer.status_code == 503:
                        break
                assert 503 in statuses
                assert answer.headers["retry-after"] == "1"
        assert receiver.bodies.used == 0


def test_nonsense_on_the_wire_is_400_and_no_fault() -> None:
    with EventStore() as store, ServerThread(Receiver(store)) as server, plain(server.url) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        assert answer_of(connection).startswith(b"HTTP/1.1 400 ")


# --- TLS ----------------------------------------------------------------------------------------------------


def test_a_receiver_with_a_certificate_speaks_tls(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 "
        f"-keyout {key} -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(cafile=str(certificate))
    with EventStore() as store, ServerThread(Receiver(store), tls=Tls(certificate, key)) as server:
        assert server.url.startswith("https://")
        assert httpx.get(f"{server.url}/health", verify=context, trust_env=False).status_code == 200


def test_a_certificate_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nothing")
    with EventStore() as store, pytest.raises(UsageError, match="certificate"):
        ServerThread(Receiver(store), tls=Tls(tmp_path / "cert.pem", tmp_path / "cert.pem"))
