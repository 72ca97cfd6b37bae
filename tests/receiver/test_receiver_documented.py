"""What ingestion.md advises an emulator to do, line by line, and every status of its section 8."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from simulator.receiver import (
    EdgeOptions,
    EventStore,
    Fault,
    Faults,
    InletOptions,
    InletSpec,
    Receiver,
    ServerThread,
    parse_options,
)
from simulator.receiver.edge.errors import TITLES
from tests.receiver.messages import NOW, SCHEMA, batch, ecid, event, message

ONE, MANY = "/collection/demo", "/collection/batch/demo"
V1, V2 = "/ee/v1/interact?configId=d", "/ee/v2/interact?datastreamId=d"
V2_COLLECT = "/ee/v2/collect?datastreamId=d"
JSON = {"content-type": "application/json"}


class Place:
    """A receiver with options, and a client of it."""

    def __init__(self, fault: Fault | None = None, edge: EdgeOptions | None = None, **options: Any) -> None:
        self.store = EventStore()
        self.receiver = Receiver(
            self.store, options=InletOptions(**options), edge=edge, now_ms=lambda: NOW, nonce="test"
        )
        self.receiver.inlets.define(InletSpec("closed", authenticated=True))
        if fault is not None:
            self.receiver.faults.set(Faults(faults=(fault,)), NOW)

    def __enter__(self) -> httpx.Client:
        self.server = ServerThread(self.receiver).start()
        self.client = httpx.Client(base_url=self.server.url, trust_env=False)
        return self.client

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.server.stop()
        self.store.close()


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.store.close()


# --- advice to emulators ------------------------------------------------------------------------------------


def test_1_1_x_sandbox_name_is_accepted_and_never_required(place: Place) -> None:
    with place as client:
        assert client.post(ONE, json=message(), headers={"x-sandbox-name": "dev"}).status_code == 200
        assert client.post(ONE, json=message()).status_code == 200


def test_1_1_gzip_is_accepted_and_the_limit_holds_for_the_decoded_body(place: Place) -> None:
    with place as client:
        headers = {**JSON, "content-encoding": "gzip"}
        small = gzip.compress(orjson.dumps(message()))
        assert client.post(ONE, content=small, headers=headers).status_code == 200
        assert client.post(ONE, content=gzip.compress(b" " * 1_000_001), headers=headers).status_code == 413


@pytest.mark.parametrize(
    "spelling",
    [
        "application/vnd.adobe.xed-full+json;version=1",
        "application/vnd.adobe.xed-full+json;version=1.3",
        "application/vnd.adobe.xed-full+json; version=1.0",
        "application/vnd.adobe.xed-full-notext+json; version=1",
        "application/vnd.adobe.xed-full+json;1",
    ],
)
def test_1_2_every_spelling_of_the_content_type_is_parsed(place: Place, spelling: str) -> None:
    sent = message(schemaRef={**SCHEMA, "contentType": spelling})
    with place as client:
        assert client.post(ONE, json=sent).status_code == 200


def test_1_5_the_entry_shape_is_the_connectors_and_by_switch_the_tutorials() -> None:
    content = batch(message(), {"header": 1})
    with Place() as client:
        entry = client.post(MANY, content=content).json()["responses"][1]
        assert entry["status"] == 400 and entry["xactionId"].endswith("-1")
    with Place(entry_shape="tutorial") as client:
        entry = client.post(MANY, content=content).json()["responses"][1]
        assert entry["statusCode"] == 400 and "xactionId" not in entry


def test_1_6_an_unknown_inlet_is_404_with_a_body_marked_as_ours(place: Place) -> None:
    place.receiver.inlets.remove("closed")
    with place as client:
        answer = client.post("/collection/closed", json=message())
        assert answer.status_code == 404
        assert answer.json()["type"].startswith("https://ns.journeysim.example/problem/")


def test_1_9_a_repeat_is_answered_200_and_counted_by_dataset_and_id(place: Place) -> None:
    with place as client:
        for sent in (message(), message(), message(datasetId="another")):
            assert client.post(ONE, json=sent).status_code == 200
        assert client.get("/health").json()["duplicates"] == 1


def test_1_9_a_future_timestamp_is_accepted_with_a_warning_and_by_option_refused() -> None:
    late = message(event(timestamp="2031-01-01T00:00:00Z"))
    with Place() as client:
        assert client.post(ONE, json=late).status_code == 200
        assert client.get("/received").json()["records"][0]["warnings"] == ["timestamp lies in the future"]
    with Place(future="reject") as client:
        assert client.post(ONE, json=late).status_code == 200
        assert (
            client.get("/failed").json()["records"][0]["reason"] == "#/timestamp timestamp lies in the future"
        )
        answer = client.post(ONE + "?syncValidation=true", json=late)
        assert answer.status_code == 400
        (violation,) = answer.json()["report"]["cause"]["_streamingValidation"]
        assert violation["pointerToViolation"] == "#/timestamp"


@pytest.mark.parametrize("name", ["datastreamId", "dataStreamId", "DATASTREAMID", "configId", "configid"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_2_1_the_datastream_parameter_is_taken_in_every_spelling_on_both_versions(
    place: Place, name: str, version: str
) -> None:
    body = {"events": [{"xdm": event()}], "event": {"xdm": event()}}
    with place as client:
        assert client.post(f"/ee/{version}/interact?{name}=d", json=body).status_code == 200


def test_2_3_the_primary_identity_rule_holds_for_v2_collect_and_not_for_v1(place: Place) -> None:
    body = {"events": [{"xdm": event(identityMap={"ECID": [{"id": ecid(1), "primary": False}]})}]}
    with place as client:
        assert client.post(V2_COLLECT, json=body).status_code == 400
        assert client.post(V1, json=body).status_code == 200


def test_2_4_fragments_begin_with_the_separator_that_was_asked_for(place: Place) -> None:
    streaming = {"enabled": True, "recordSeparator": "\u0000", "lineFeed": "\n"}
    body = {"events": [{"xdm": event()}], "meta": {"konductorConfig": {"streaming": streaming}}}
    with place as client:
        lines = client.post(V1, json=body).content.splitlines()
        assert lines and all(line.startswith(b"\x00{") for line in lines)


def test_2_5_xdm_is_not_checked_by_the_edge_and_fails_later(place: Place) -> None:
    with place as client:
        answer = client.post(V2, json={"event": {"xdm": event(foo=1)}})
        assert (answer.status_code, "errors" in answer.json()) == (200, False)
        assert client.get("/failed").json()["total"] == 1


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("way", ["data", "params"])
def test_3_1_the_token_endpoint_takes_v1_to_v3_and_body_or_query(
    place: Place, version: int, way: str
) -> None:
    fields = {"client_id": "a", "client_secret": "b", "grant_type": "client_credentials", "scope": "c"}
    with place as client:
        assert client.post(f"/ims/token/v{version}", **{way: fields}).json()["expires_in"] == 86_399


def test_5_3_a_batch_of_the_connector_finds_its_failed_message_by_the_end_of_the_id(place: Place) -> None:
    with place as client:
        answer = client.post(MANY, content=batch(message(), {"body": {}}, message(event(2))), headers=JSON)
        responses = answer.json()["responses"]
        failed = [entry for entry in responses if entry.get("status") is not None]
        assert [int(entry["xactionId"].rpartition("-")[2]) for entry in failed] == [1]


def test_5_3_raw_records_of_the_connector_go_to_the_batch_path_with_a_flow(place: Place) -> None:
    headers = {**JSON, "x-adobe-flow-id": "f", "x-adobe-dataset-id": "set"}
    with place as client:
        answer = client.post(MANY, content=batch({"a": 1}, {"a": 2}), headers=headers)
        assert [set(entry) for entry in answer.json()["responses"]] == [{"xactionId"}, {"xactionId"}]
        assert client.get("/received?dataset=set").json()["total"] == 2


def test_7_2_a_bad_token_is_401_and_by_option_403() -> None:
    headers = {"authorization": "Bearer nonsense"}
    for status in (401, 403):
        with Place(bad_token_status=status) as client:
            assert client.post("/collection/closed", json=message(), headers=headers).status_code == status


def test_7_8_inlets_are_mounted_under_both_prefixes(place: Place) -> None:
    with place as client:
        assert client.post("/data/foundation/import/collection/demo", json=message()).status_code == 200
        path = "/data/foundation/import/collection/batch/demo"
        assert client.post(path, content=batch(message())).status_code == 207


def test_7_10_202_is_never_answered_on_v1_paths(place: Place) -> None:
    with place as client:
        body = {"events": [{"xdm": event()}]}
        assert client.post("/ee/v1/collect?configId=d", json=body).status_code == 204
        assert client.post(V2_COLLECT, json=body).status_code == 202


# --- every status of the inlet ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requests_per_second", "messages_per_second"])
def test_status_429_above_a_rate_of_the_inlet(name: str) -> None:
    with Place(**{name: 3}) as client:
        path, content = (MANY, batch(message(), message())) if name.startswith("m") else (ONE, None)
        send = (
            (lambda: client.post(path, content=content))
            if content
            else (lambda: client.post(path, json=message()))
        )
        statuses = [send().status_code for _ in range(5)]
        answer = send()
    assert statuses[0] < 300 and statuses[-1] == 429
    assert statuses.count(429) == (4 if content else 2)
    assert answer.headers["retry-after"] == "1"


def test_status_429_above_sixty_synchronous_validations_a_minute() -> None:
    options, _ = parse_options(["rates=documented"])
    with Place(sync_per_minute=options.sync_per_minute) as client:
        statuses = [client.post(ONE + "?syncValidation=true", json=message()).status_code for _ in range(61)]
        assert statuses == [200] * 60 + [429]
        assert client.post(ONE, json=message()).status_code == 200


def test_status_501_without_synchronous_validation() -> None:
    with Place(sync_validation=False) as client:
        assert client.post(ONE + "?syncValidation=true", json=message()).status_code == 501
        assert client.post(ONE, json=message()).status_code == 200


@pytest.mark.parametrize(
    ("status", "path", "content", "headers"),
    [
        (200, ONE, orjson.dumps(message()), JSON),
        (207, MANY, batch(message(), {}), JSON),
        (400, ONE, b"{", JSON),
        (400, ONE + "?syncValidation=true", orjson.dumps(message(event(foo=1))), JSON),
        (401, "/collection/closed", orjson.dumps(message()), JSON),
        (404, "/collection/no/such", orjson.dumps(message()), JSON),
        (413, ONE, b" " * 1_000_001, JSON),
        (413, MANY, b" " * 1_000_001, JSON),
        (415, ONE, b":)\n", {"content-type": "application/x-jackson-smile"}),
    ],
)
def test_status_of_the_inlet(
    place: Place, status: int, path: str, content: bytes, headers: dict[str, str]
) -> None:
    with place as client:
        assert client.post(path, content=content, headers=headers).status_code == status


@pytest.mark.parametrize("status", [500, 503])
def test_status_of_the_inlet_by_a_fault(status: int) -> None:
    with Place(Fault(path="/collection/*", status=status, retry_after=3)) as client:
        answer = client.post(ONE, json=message())
        assert (answer.status_code, answer.headers["retry-after"]) == (status, "3")


# --- every status of the Edge Network -----------------------------------------------------------------------

GOOD = orjson.dumps({"events": [{"xdm": event()}], "event": {"xdm": event()}})


@pytest.mark.parametrize(
    ("status", "path", "content", "headers"),
    [
        (200, V1, GOOD, JSON),
        (202, V2_COLLECT, GOOD, JSON),
        (204, "/ee/v1/collect?configId=d", GOOD, JSON),
        (204, V2_COLLECT + "&silent=true", GOOD, JSON),
        (400, "/ee/v1/interact", GOOD, JSON),
        (404, "/ee/nowhere/v1/interact?configId=d", GOOD, JSON),
        (408, V1, b"", JSON),
        (413, V1, b" " * 70_000, JSON),
        (415, V1, GOOD, {"content-type": "application/xml"}),
        (422, "/ee/v1/interact?configId=off", GOOD, JSON),
    ],
)
def test_status_of_the_edge(status: int, path: str, content: bytes, headers: dict[str, str]) -> None:
    with Place(edge=EdgeOptions(disabled="off")) as client:
        assert client.post(path, content=content, headers=headers).status_code == status


def test_status_401_of_the_edge() -> None:
    with Place(edge=EdgeOptions(authenticated=True)) as client:
        assert client.post(V1, content=GOOD, headers=JSON).status_code == 401


def test_status_429_of_the_edge_with_the_documented_rates() -> None:
    _, edge = parse_options(["rates=documented"])
    assert (edge.interact_units_per_second, edge.collect_units_per_second) == (4_000, 6_000)
    with Place(edge=EdgeOptions(interact_units_per_second=1)) as client:
        answers = [client.post(V2, content=GOOD, headers=JSON) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[1].headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "0400-403"), (500, "0001-500"), (502, "0202-502"), (503, "0000-503"), (504, "0200-504")],
)
def test_status_of_the_edge_by_a_fault(status: int, code: str) -> None:
    with Place(Fault(path="/ee/*", status=status)) as client:
        answer = client.post(V1, content=GOOD, headers=JSON)
        assert (answer.status_code, answer.json()["type"][-8:]) == (status, code)


def test_status_207_of_the_edge_by_a_fault_that_keeps_the_event() -> None:
    errors = [{"type": "https://ns.adobe.com/aep/errors/EXEG-0201-503", "status": 503, "title": "x"}]
    fault = Fault(
        path="/ee/*", status=207, accept=True, body={"requestId": "r", "handle": [], "errors": errors}
    )
    with Place(fault) as client:
        answer = client.post(V1, content=GOOD, headers=JSON)
        assert (answer.status_code, answer.json()["errors"]) == (207, errors)
        assert client.get("/received").json()["total"] == 1


def test_every_code_that_the_edge_gives_is_in_the_documentation() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "receiver.md").read_text(encoding="utf-8")
    given = text.partition("documented codes:")[2].partition("404")[0]
    by_fault = {"0001-500", "0200-504", "0202-502", "0301-200", "0400-403"}
    assert {code[:4] for code in TITLES} - {code[:4] for code in by_fault} == set(
        re.findall(r"\b0\d{3}\b", given)
    )


def test_every_option_is_in_the_documentation() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "receiver.md").read_text(encoding="utf-8")
    for options, prefix in ((InletOptions, ""), (EdgeOptions, "edge_")):
        for field in fields(options):
            assert f"`{prefix}{field.name}`" in text


# --- options ------------------------------------------------------------------------------------------------


def test_options_are_read_from_text() -> None:
    inlets, edge = parse_options(
        [
            "entry_shape=tutorial",
            "organization=A@AdobeOrg",
            "sync_validation=false",
            "bad_token_status=403",
            "edge_datastreams=a,b",
            "edge_authenticated=true",
            "edge_hint=irl1",
            "max_body_bytes=2000000",
        ]
    )
    assert inlets == InletOptions("A@AdobeOrg", "tutorial", 2_000_000, False, 403)
    assert edge == EdgeOptions(datastreams="a,b", authenticated=True, hint="irl1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("entry_shap=x", "did you mean 'entry_shape'?"),
        ("entry_shape=x", "expected connector or tutorial"),
        ("bad_token_status=500", "expected 401 or 403"),
        ("edge_authenticated=yes", "expected true or false"),
        ("requests_per_second=fast", "expected a whole number"),
        ("rates=all", "expected 'documented'"),
        ("future", "expected NAME=VALUE"),
    ],
)
def test_a_wrong_option_says_what_is_expected(text: str, said: str) -> None:
    with pytest.raises(Exception, match="--option") as caught:
        parse_options([text])
    assert said in str(caught.value)
