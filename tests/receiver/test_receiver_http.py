"""The receiver over real HTTP."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from simulator.receiver import EventStore, Receiver, ServerThread
from simulator.receiver.queries import RECEIVED_PARAMETERS
from tests.receiver.messages import NOW, batch, ecid, event, message

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with EventStore() as store, ServerThread(Receiver(store, now_ms=lambda: NOW)) as running:
        yield running.url


@pytest.fixture
def client(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server, trust_env=False) as opened:
        opened.delete("/received")
        opened.delete("/failed")
        yield opened


def post(client: httpx.Client, path: str, content: object, **headers: str) -> httpx.Response:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return client.post(
        path, content=body, headers={**JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}
    )


def test_what_was_answered_200_can_be_read_at_once(client: httpx.Client) -> None:
    answer = post(client, "/collection/demo", message())
    assert answer.status_code == 200
    page = client.get("/received").json()
    assert (page["total"], page["count"], page["next"]) == (1, 1, None)
    (record,) = page["records"]
    assert record["event"] == event()
    assert record["xactionId"] == answer.json()["xactionId"]
    assert record["warnings"] == []


def test_the_other_prefix_leads_to_the_same_inlet(client: httpx.Client) -> None:
    path = "/data/foundation/import/collection/demo"
    assert post(client, path, message()).json()["inletId"] == "demo"


@pytest.mark.parametrize("name", ["syncValidation", "synchronousValidation"])
def test_sync_validation_is_asked_for_by_either_name(client: httpx.Client, name: str) -> None:
    assert post(client, f"/collection/demo?{name}=true", message(event(foo=1))).status_code == 400
    assert post(client, f"/collection/demo?{name}=false", message(event(foo=1))).status_code == 200


def test_batches_have_an_address_of_their_own(client: httpx.Client) -> None:
    answer = post(client, "/collection/batch/demo", batch(message(event(1)), message(event(2))))
    assert answer.status_code == 207
    assert client.get("/received").json()["total"] == 2


def test_requests_of_the_same_moment_are_all_committed(client: httpx.Client) -> None:
    statuses: list[int] = []

    def send(first: int) -> None:
        with httpx.Client(base_url=client.base_url, trust_env=False) as own:
            answers = (post(own, "/collection/demo", message(event(first + n))) for n in range(10))
            statuses.extend(answer.status_code for answer in answers)

    threads = [threading.Thread(target=send, args=(100 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 80
    assert client.get("/health").json() == {"status": "ok", "accepted": 80, "failed": 0, "duplicates": 0}


def test_gzip_is_accepted_and_measured_decoded(client: httpx.Client) -> None:
    body = gzip.compress(orjson.dumps(message()))
    assert post(client, "/collection/demo", body, content_encoding="gzip").status_code == 200
    bomb = gzip.compress(b" " * 3_000_000)
    assert post(client, "/collection/demo", bomb, content_encoding="gzip").status_code == 413
    assert post(client, "/collection/demo", body[:-12], content_encoding="gzip").status_code == 400
    assert post(client, "/collection/demo", b"plain", content_encoding="gzip").status_code == 400


def test_other_encodings_and_smile_are_415(client: httpx.Client) -> None:
    assert post(client, "/collection/demo", b"x", content_encoding="br").status_code == 415
    smile = client.post(
        "/collection/demo", content=b":)\n", headers={"content-type": "application/x-jackson-smile"}
    )
    assert smile.status_code == 415
    assert "Smile" in smile.json()["detail"]


def test_a_body_above_the_limit_is_413_whether_its_length_is_announced_or_not(client: httpx.Client) -> None:
    assert post(client, "/collection/batch/demo", b" " * 1_000_001).status_code == 413
    chunks = (b" " * 100_000 for _ in range(11))
    assert client.post("/collection/demo", content=chunks).status_code == 413
    assert post(client, "/collection/demo", message()).status_code == 200


def test_a_raw_record_is_taken_when_header_or_query_names_a_flow(client: httpx.Client) -> None:
    by_header = post(client, "/collection/demo", {"deviceId": "d"}, x_adobe_flow_id="f")
    by_query = post(client, "/collection/demo?x-adobe-flow-id=f", {"deviceId": "d"})
    in_a_batch = post(client, "/collection/batch/demo", batch({"deviceId": "d"}), x_adobe_flow_id="f")
    assert (by_header.status_code, by_query.status_code, in_a_batch.status_code) == (200, 200, 207)
    assert client.get("/received").json()["records"][-1]["event"] == {"deviceId": "d"}


def test_an_inlet_takes_post_only(client: httpx.Client) -> None:
    answer = client.get("/collection/demo")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/collection/", "/collection/a/b", "/collection/batch/", "/collection/a%20b"]
)
def test_what_is_no_inlet_is_404(client: httpx.Client, path: str) -> None:
    answer = post(client, path, message())
    assert (answer.status_code, answer.json()["title"]) == (404, "Unknown inlet")


def test_only_the_given_inlets_exist() -> None:
    with EventStore() as store, ServerThread(Receiver(store, inlets=["known"])) as server:
        assert httpx.post(server.inlet_url("known"), json=message(), trust_env=False).status_code == 200
        assert httpx.post(server.inlet_url("other"), json=message(), trust_env=False).status_code == 404


# --- reading ------------------------------------------------------------------------------------------------


def test_pages_are_linked_until_the_last(client: httpx.Client) -> None:
    post(client, "/collection/batch/demo", batch(*(message(event(n)) for n in range(5))))
    path: str | None = "/received?limit=2&type=location.entry"
    seen: list[str] = []
    while path:
        page = client.get(path).json()
        assert page["total"] == 5
        seen += [record["event"]["_id"] for record in page["records"]]
        path = page["next"]
    assert seen == [event(n)["_id"] for n in range(5)]


def test_received_is_filtered_by_type_identity_place_inlet_and_time(client: httpx.Client) -> None:
    place = {"POIinteraction": {"poiDetail": {"poiID": "store-1"}}}
    post(client, "/collection/a", message(event(1, timestamp="2025-03-04T10:00:00Z", placeContext=place)))
    post(client, "/collection/b", message(event(2, timestamp="2025-03-04T12:00:00+01:00")))
    post(
        client,
        "/collection/b",
        message(event(3, eventType="location.exit", timestamp="2025-03-04T12:00:00Z")),
    )

    def found(query: str) -> list[int]:
        records = client.get(f"/received?{query}").json()["records"]
        return [int(record["event"]["_id"][-12:]) for record in records]

    assert found("type=location.exit") == [3]
    assert found(f"identity={ecid(2)}") == [2]
    assert found("place=store-1") == [1]
    assert found("inlet=b") == [2, 3]
    assert found("from=2025-03-04T11:00:00Z&to=2025-03-04T12:00:00Z") == [2]
    assert found("from=2025-03-04T12:00:00%2B01:00") == [2, 3]
    assert found("to=1741082400000") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=0", "expected a whole number from 1 to 1000"),
        ("limit=x", "expected a whole number from 1 to 1000"),
        ("after=-1", "expected a whole number from 0"),
        ("from=yesterday", "expected a time with zone"),
        ("from=2025-03-04T10:00:00", "expected a time with zone"),
        ("from=20&to=10", "'from' is later than 'to'"),
        ("limt=5", "did you mean 'limit'?"),
    ],
)
def test_a_wrong_query_says_what_is_expected(client: httpx.Client, query: str, expected: str) -> None:
    answer = client.get(f"/received?{query}")
    assert answer.status_code == 400
    assert expected in answer.json()["detail"]


def test_deleting_says_how_many_and_leaves_the_failed_ones(client: httpx.Client) -> None:
    post(client, "/collection/demo", message(event(1)))
    post(client, "/collection/demo", message(event(1)))
    post(client, "/collection/demo", message(event(2, foo=1)))
    assert client.get("/health").json() == {"status": "ok", "accepted": 2, "failed": 1, "duplicates": 1}
    assert client.delete("/received").json() == {"deleted": 2}
    assert client.get("/received").json() == {"total": 0, "count": 0, "records": [], "next": None}
    failed = client.get("/failed").json()
    assert failed["total"] == 1
    assert failed["records"][0]["reason"] == "# extraneous key [foo] is not permitted"
    assert failed["records"][0]["record"]["body"]["xdmEntity"]["foo"] == 1
    assert client.delete("/failed").json() == {"deleted": 1}


def test_an_event_from_the_future_carries_a_warning(client: httpx.Client) -> None:
    post(client, "/collection/demo", message(event(timestamp="2031-01-01T00:00:00Z")))
    assert client.get("/received").json()["records"][0]["warnings"] == ["timestamp lies in the future"]


def test_the_root_links_to_everything(client: httpx.Client) -> None:
    links = client.get("/").json()["links"]
    assert {
        "inlet",
        "batch",
        "interact",
        "collect",
        "places",
        "token",
        "received",
        "failed",
        "openapi",
    } <= set(links)


def test_unknown_paths_and_methods_are_answered_with_problems(client: httpx.Client) -> None:
    nowhere = client.get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["status"]) == (404, 404)
    put = client.put("/received")
    assert (put.status_code, put.headers["allow"]) == (405, "DELETE, GET, HEAD")
    assert put.headers["content-type"] == "application/problem+json"


class BrokenValidator:
    """A validator with a fault of its own."""

    def is_valid(self, event: object, /) -> bool:
        raise RuntimeError("secret detail")

    def violations(self, event: object, limit: int = 5) -> list[object]:
        return []

    def report(self, violations: object) -> dict[str, object]:
        return {}


def test_a_fault_of_the_program_shows_no_traceback_to_the_client() -> None:
    with EventStore() as store, ServerThread(Receiver(store, BrokenValidator())) as server:
        answer = httpx.post(server.inlet_url("demo"), json=message(), trust_env=False)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_store_that_cannot_write_is_answered_503_and_the_record_is_not_kept() -> None:
    with EventStore() as store, ServerThread(Receiver(store)) as server:
        store._writer.execute("PRAGMA query_only = ON")
        answer = httpx.post(server.inlet_url("demo"), json=message(), trust_env=False)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        store._writer.execute("PRAGMA query_only = OFF")
        assert httpx.post(server.inlet_url("demo"), json=message(), trust_env=False).status_code == 200
        assert store.counts().accepted == 1


def test_every_query_parameter_and_link_is_documented(client: httpx.Client) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "receiver.md").read_text(encoding="utf-8")
    for name in RECEIVED_PARAMETERS:
        assert f"`{name}`" in text
    for link in client.get("/").json()["links"].values():
        assert link.split("?")[0].rstrip("{") in text
