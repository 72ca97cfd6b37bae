"""Misbehaviour on demand, seen by a client that knows nothing of it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.errors import InputError
from simulator.receiver import EventStore, Fault, Faults, Receiver, ServerThread, load_faults
from simulator.receiver.faults.plan import FaultPlan
from tests.receiver.messages import NOW, batch, ecid, event, message


@pytest.fixture
def clock() -> list[int]:
    return [NOW]


@pytest.fixture
def receiver(clock: list[int]) -> Iterator[Receiver]:
    with EventStore() as store:
        yield Receiver(store, now_ms=lambda: clock[0])


@pytest.fixture
def client(receiver: Receiver) -> Iterator[httpx.Client]:
    with ServerThread(receiver) as server, httpx.Client(base_url=server.url, trust_env=False) as opened:
        yield opened


def put(client: httpx.Client, *faults: dict[str, Any], **more: Any) -> None:
    answer = client.put("/faults", json={"faults": faults, **more})
    assert answer.status_code == 200, answer.text


def send(client: httpx.Client, number: int = 1, path: str = "/collection/demo") -> httpx.Response:
    return client.post(path, json=message(event(number)))


def accepted(receiver: Receiver) -> int:
    return receiver.store.counts().accepted


# --- what a fault does --------------------------------------------------------------------------------------


def test_a_status_is_answered_with_retry_after_and_nothing_is_kept(
    client: httpx.Client, receiver: Receiver
) -> None:
    put(client, {"path": "/collection/*", "status": 503, "retry_after": "2 s"})
    answer = send(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert accepted(receiver) == 0
    assert client.get("/received").status_code == 200


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500, 501, 502, 503, 504, 507])
def test_every_status_that_clients_know_can_be_asked_for(client: httpx.Client, status: int) -> None:
    put(client, {"status": status})
    assert send(client).status_code == status


@pytest.mark.parametrize("code", ["0001-500", "0202-502", "0000-503", "0200-504"])
def test_a_status_of_the_edge_network_has_its_body(client: httpx.Client, code: str) -> None:
    put(client, {"path": "/ee/*", "status": int(code[-3:])})
    answer = client.post("/ee/v1/interact?configId=d", json={"events": [{"xdm": event()}]})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"https://ns.adobe.com/aep/errors/EXEG-{code}"


def test_a_body_of_ones_own_is_sent(client: httpx.Client) -> None:
    put(client, {"status": 207, "body": {"handle": [], "errors": [{"status": 503}]}})
    assert send(client).json()["errors"] == [{"status": 503}]
    put(client, {"status": 502, "body": "<html>bad gateway</html>"})
    assert send(client).text == "<html>bad gateway</html>"


def test_accepting_first_and_then_answering_an_error_keeps_the_event(
    client: httpx.Client, receiver: Receiver
) -> None:
    put(client, {"status": 504, "accept": True})
    assert send(client).status_code == 504
    assert accepted(receiver) == 1


@pytest.mark.parametrize(("cut", "kept"), [("before", 0), ("after", 1), ("half", 1)])
def test_a_cut_connection_has_no_answer_whether_the_event_was_kept_or_not(
    client: httpx.Client, receiver: Receiver, cut: str, kept: int
) -> None:
    put(client, {"cut": cut, "path": "/collection/*"})
    with pytest.raises(httpx.TransportError):
        send(client)
    assert accepted(receiver) == kept
    client.delete("/faults")
    assert send(client).status_code == 200


def test_half_an_answer_is_half_an_answer(receiver: Receiver) -> None:
    receiver.faults.set(Faults(faults=(Fault(cut="half", path="/health"),)), NOW)
    with ServerThread(receiver) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as plain:
            plain.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
            data = b""
            while part := plain.recv(4096):
                data += part
    head, _, body = data.partition(b"\r\n\r\n")
    announced = int(
        next(line for line in head.lower().split(b"\r\n") if b"content-length" in line).split(b":")[1]
    )
    assert 0 < len(body) < announced


def test_wrong_json_cannot_be_read(client: httpx.Client) -> None:
    put(client, {"wrong_json": True})
    answer = send(client)
    assert answer.status_code == 200
    with pytest.raises(ValueError):
        answer.json()


@pytest.mark.parametrize("where", ["delay_reading", "delay_answer", "drip"])
def test_an_answer_takes_its_time_and_is_whole(client: httpx.Client, receiver: Receiver, where: str) -> None:
    put(client, {where: "0.3 s"})
    began = time.monotonic()
    assert send(client).json()["inletId"] == "demo"
    assert 0.29 < time.monotonic() - began < 10
    assert accepted(receiver) == 1


@pytest.mark.parametrize(
    "fault", [{"wrong_json": True}, {"drip": "1 s"}, {"cut": "half"}, {"delay_answer": "0.01 s"}]
)
def test_an_answer_without_end_is_never_collected_in_memory(
    client: httpx.Client, fault: dict[str, Any]
) -> None:
    put(client, fault)
    with client.stream("GET", "/received/stream") as answer:
        assert next(answer.iter_lines()) == ": hello"


# --- which requests it hits ---------------------------------------------------------------------------------


def test_only_the_path_method_and_identity_that_are_meant_are_hit(client: httpx.Client) -> None:
    put(
        client,
        {"path": "/collection/a", "status": 500},
        {"method": "delete", "status": 501},
        {"identity": ecid(7), "status": 502},
    )
    assert send(client, path="/collection/a").status_code == 500
    assert send(client, path="/collection/ab").status_code == 200
    assert client.delete("/received").status_code == 501
    assert send(client, 7).status_code == 502
    assert send(client, 8).status_code == 200
    assert (
        client.post("/collection/batch/b", content=batch(message(event(8)), message(event(7)))).status_code
        == 502
    )


def test_a_share_hits_the_same_requests_with_the_same_seed(client: httpx.Client) -> None:
    def statuses(seed: int) -> list[int]:
        put(client, {"share": "30 %", "status": 500, "path": "/collection/*"}, seed=seed)
        return [send(client).status_code for _ in range(60)]

    first = statuses(1)
    assert statuses(1) == first
    assert statuses(2) != first
    assert 8 <= first.count(500) <= 29


def test_first_failures_then_success(client: httpx.Client) -> None:
    put(client, {"skip": 1, "times": 2, "status": 503})
    assert [send(client).status_code for _ in range(5)] == [200, 503, 503, 200, 200]


def test_a_fault_has_its_time(client: httpx.Client, clock: list[int]) -> None:
    put(client, {"after": "10 s", "lasts": "1 min", "status": 503})
    seen = []
    for seconds in (0, 9.999, 10, 69.999, 70):
        clock[0] = NOW + int(seconds * 1000)
        seen.append(send(client).status_code)
    assert seen == [200, 200, 503, 503, 200]


def test_faults_can_be_read_with_their_counts_and_ended(client: httpx.Client) -> None:
    put(client, {"name": "down", "path": "/collection/*", "status": 503, "times": 1})
    send(client)
    send(client)
    told = client.get("/faults").json()
    assert told == {
        "seed": 1,
        "faults": [
            {"name": "down", "path": "/collection/*", "status": 503, "times": 1, "matched": 1, "hit": 1}
        ],
    }
    assert client.delete("/faults").json() == {"deleted": 1}
    assert client.get("/faults").json()["faults"] == []
    assert send(client).status_code == 200


def test_no_token_is_logged_whatever_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    token = "open-sesame-1234567890"
    with EventStore() as store:
        receiver = Receiver(store, access_token=token)
        with ServerThread(receiver) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
            headers = {"authorization": f"Bearer {token}", "x-journeysim-token": token}
            store._writer.execute("PRAGMA query_only = ON")
            for path in (f"/access/{token}/collection/demo", f"/access/{token}/ee/v1/interact?configId=d"):
                body = {**message(), "events": [{"xdm": event()}]}
                assert client.post(path, json=body, headers=headers).status_code == 503
            store._writer.execute("PRAGMA query_only = OFF")
            receiver.datasets.default = None  # type: ignore[assignment]  # a fault of the receiver itself
            assert client.post("/collection/demo", json=message(), headers=headers).status_code == 500
    text = caplog.text
    assert "cannot store" in text and "AttributeError" in text
    assert token not in text


def test_faults_never_lock_out_the_page_that_ends_them(client: httpx.Client) -> None:
    put(client, {"status": 500})
    assert client.get("/health").status_code == 500
    assert client.delete("/faults").status_code == 200
    assert client.get("/health").status_code == 200


@given(share=st.floats(0, 1), seed=st.integers(0, 10**9), skip=st.integers(0, 5), times=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_never_more_hits_than_allowed_and_a_share_of_one_hits_all(
    share: float, seed: int, skip: int, times: int
) -> None:
    plan = FaultPlan()
    plan.set(Faults(seed=seed, faults=(Fault(share=share, skip=skip, times=times, status=500),)), 0)
    hits = 0
    for _ in range(40):
        hits += sum(active.hits(None) for active in plan.candidates("POST", "/x", 0))
    (active,) = plan.active
    assert hits == active.hit <= (times or 40)
    if share == 1:
        assert hits == (min(times, 40 - skip) if times else 40 - skip)
    if share == 0:
        assert hits == 0


# --- mistakes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"statuss": 500}, "did you mean 'status'?"),
        ({"share": 2, "status": 500}, "share"),
        ({"delay_answer": "3 m"}, "delay_answer"),
        ({"cut": "before", "status": 500}, "no status"),
        ({"cut": "middle"}, "cut"),
        ({}, "does nothing"),
        ({"retry_after": "1 s", "cut": "before"}, "belong to a status"),
        ({"status": 99}, "status"),
    ],
)
def test_a_wrong_fault_is_400_says_what_is_wrong_and_changes_nothing(
    client: httpx.Client, fault: dict[str, Any], said: str
) -> None:
    put(client, {"name": "old", "path": "/nothing", "status": 500})
    answer = client.put("/faults", json={"faults": [fault]})
    assert answer.status_code == 400
    assert "faults.0" in answer.json()["detail"] and said in answer.json()["detail"]
    assert client.get("/faults").json()["faults"][0]["name"] == "old"


@pytest.mark.parametrize("content", [b"{", b"[]", b"7", b'{"faults": 3}', b'{"seed": -1}'])
def test_what_is_no_list_of_faults_is_400(client: httpx.Client, content: bytes) -> None:
    assert client.put("/faults", content=content).status_code == 400


def test_mistakes_of_a_file_have_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("faults:\n  - path: /ee/*\n    statsu: 500\n  - share: 300 %\n    status: 500\n")
    with pytest.raises(InputError) as caught:
        load_faults(path)
    lines = [str(problem) for problem in caught.value.problems]
    assert lines[0].startswith(f"{path}:3:5: faults.0.statsu: unknown key; did you mean 'status'?")
    assert lines[1].startswith(f"{path}:4:12: faults.1.share: ")


def test_the_faults_that_the_documentation_shows_are_read(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "receiver.md").read_text(encoding="utf-8")
    path = tmp_path / "faults.yaml"
    path.write_text(text.partition("```yaml\n")[2].partition("```")[0])
    assert [fault.status or fault.cut or fault.delay_answer for fault in load_faults(path).faults] == [
        503,
        "after",
        5.0,
    ]
    for name in Fault.model_fields:
        assert f"`{name}`" in text


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("seed: 4\nfaults:\n  - {path: /ee/*, status: 503, retry_after: 5 s, share: 10 %}\n")
    faults = load_faults(path)
    assert (faults.seed, faults.faults[0].retry_after, faults.faults[0].share) == (4, 5.0, 0.1)
    with pytest.raises(InputError, match="can't be read"):
        load_faults(tmp_path / "none.yaml")
