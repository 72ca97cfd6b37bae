"""The Edge Network over real HTTP, as ingestion.md section 2 gives it."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from simulator.receiver import EdgeOptions, EventStore, InletOptions, Receiver, ServerThread, Tokens
from tests.receiver.messages import NOW, ecid, event

ORG = "kndctr_0123456789ABCDEF01234567_AdobeOrg"
ME = ecid(40)
KEY = b"k" * 32


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with EventStore() as store:
        yield Receiver(store, now_ms=lambda: NOW, nonce="test")


@pytest.fixture
def client(receiver: Receiver) -> Iterator[httpx.Client]:
    with serving(receiver) as opened:
        yield opened


def serving(receiver: Receiver) -> _Serving:
    return _Serving(receiver)


class _Serving:
    def __init__(self, receiver: Receiver) -> None:
        self._server = ServerThread(receiver)

    def __enter__(self) -> httpx.Client:
        self._server.start()
        self._client = httpx.Client(base_url=self._server.url, trust_env=False)
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._server.stop()


def phone(number: int = 1, **more: Any) -> dict[str, Any]:
    """What the mobile SDK sends (ingestion.md 2.2)."""
    xdm = event(number)
    del xdm["identityMap"]
    identities = {"ECID": [{"id": ME, "authenticatedState": "ambiguous", "primary": False}]}
    return {"xdm": {"identityMap": identities}, "events": [{"xdm": xdm}], **more}


def interact(
    client: httpx.Client, body: Any, path: str = "/ee/v1/interact?configId=d", **kw: Any
) -> httpx.Response:
    return client.post(path, json=body, **kw)


def handles(answer: httpx.Response) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for handle in answer.json()["handle"]:
        assert handle["type"] not in found, "one handle of each type"
        found[handle["type"]] = handle["payload"]
    return found


def code(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"] and body["detail"] and body["report"]["requestId"]
    return str(body["type"]).removeprefix("https://ns.adobe.com/aep/errors/EXEG-")


# --- what a phone gets --------------------------------------------------------------------------------------


def test_a_first_request_gets_hint_and_state_once_each(client: httpx.Client) -> None:
    answer = interact(client, phone())
    assert answer.status_code == 200
    found = handles(answer)
    assert found["locationHint:result"] == [{"scope": "EdgeNetwork", "hint": "or2", "ttlSeconds": 1800}]
    assert [entry["key"] for entry in found["state:store"]] == [f"{ORG}_identity", f"{ORG}_cluster"]
    assert [entry["maxAge"] for entry in found["state:store"]] == [34_128_000, 1_800]
    assert "identity:result" not in found


def test_who_sends_the_identity_back_gets_the_cluster_only(client: httpx.Client) -> None:
    entries = handles(interact(client, phone()))["state:store"]
    again = handles(interact(client, phone(meta={"state": {"entries": entries}})))
    assert [entry["key"] for entry in again["state:store"]] == [f"{ORG}_cluster"]


def test_the_event_is_kept_with_what_all_events_of_the_request_share(
    client: httpx.Client, receiver: Receiver
) -> None:
    body = phone()
    body["xdm"]["environment"] = {"type": "application"}
    body["events"][0]["meta"] = {"collect": {"datasetId": "set-1"}}
    assert interact(client, body).status_code == 200
    (record,) = receiver.store.query()
    kept = orjson.loads(record.body)
    assert kept["environment"] == {"type": "application"}
    assert kept["identityMap"]["ECID"][0] == {"id": ME, "authenticatedState": "ambiguous", "primary": False}
    assert (record.inlet, record.dataset) == ("edge", "set-1")


def test_an_event_against_its_schema_gets_200_and_fails_later(
    client: httpx.Client, receiver: Receiver
) -> None:
    body = phone()
    body["events"][0]["xdm"]["noSuchField"] = 1
    answer = interact(client, body)
    assert (answer.status_code, "errors" in answer.json()) == (200, False)
    (failed,) = receiver.store.failed()
    assert "extraneous key [noSuchField] is not permitted" in failed.reason


def test_missing_ids_and_times_are_filled_in(client: httpx.Client, receiver: Receiver) -> None:
    body = phone()
    body["events"] = [{"xdm": {"eventType": "web.webPageDetails.pageViews"}}]
    interact(client, body)
    (record,) = receiver.store.query()
    assert record.timestamp_ms == NOW
    assert len(record.event_id) == 36


def test_a_browser_without_identity_is_given_an_ecid_and_keeps_it(client: httpx.Client) -> None:
    body = {"events": [{"xdm": event(identityMap=None)}], "query": {"identity": {"fetch": ["ECID"]}}}
    headers = {"content-type": "text/plain; charset=UTF-8"}
    path = "/ee/v1/interact?configId=d"
    found = handles(client.post(path, content=orjson.dumps(body), headers=headers))
    ((given,), entries) = (found["identity:result"], found["state:store"])
    assert given["namespace"] == {"code": "ECID"}
    assert len(given["id"]) == 38 and given["id"].isdigit()
    # a client reads its ECID out of the state it keeps
    value = entries[0]["value"]
    assert urlsafe_b64decode(value + "=" * (-len(value) % 4))[2:40].decode() == given["id"]
    body["meta"] = {"state": {"entries": entries}}
    again = handles(client.post(path, content=orjson.dumps(body), headers=headers))
    assert again["identity:result"] == [given]


def test_different_browsers_are_different_people(client: httpx.Client) -> None:
    body = {"events": [{"xdm": event(identityMap=None)}]}
    ids = {handles(interact(client, body))["identity:result"][0]["id"] for _ in range(5)}
    assert len(ids) == 5


def test_a_first_party_id_is_always_the_same_person(client: httpx.Client) -> None:
    body = {"event": {"xdm": event(identityMap=None)}}
    path = "/ee/v2/interact?datastreamId=d"
    seen = [handles(interact(client, body, path, headers={"cookie": "FPID=abc"})) for _ in range(2)]
    assert seen[0]["identity:result"] == seen[1]["identity:result"]


# --- the answer's form --------------------------------------------------------------------------------------


def test_a_streamed_answer_is_separated_lines_of_json(client: httpx.Client) -> None:
    streaming = {"enabled": True, "recordSeparator": "\u0000", "lineFeed": "\n"}
    answer = interact(client, phone(meta={"konductorConfig": {"streaming": streaming}}))
    assert answer.headers["transfer-encoding"] == "chunked"
    *lines, end = answer.content.split(b"\n")
    assert end == b"" and len(lines) == 2
    pieces = [orjson.loads(line.removeprefix(b"\x00")) for line in lines if line.startswith(b"\x00")]
    assert [piece["handle"][0]["type"] for piece in pieces] == ["locationHint:result", "state:store"]
    assert len({piece["requestId"] for piece in pieces}) == 1


@pytest.mark.parametrize("by", ["query", "header"])
def test_the_request_id_comes_back_with_sixteen_hex_digits_added(client: httpx.Client, by: str) -> None:
    path = "/ee/v1/interact?configId=d" + ("&requestId=abc" if by == "query" else "")
    answer = interact(client, phone(), path, headers={"x-request-id": "abc"} if by == "header" else {})
    start, _, rest = answer.json()["requestId"].partition("-")
    assert (start, len(rest), set(rest) <= set("0123456789abcdef")) == ("abc", 16, True)


def test_request_ids_never_repeat(client: httpx.Client) -> None:
    ids = {
        interact(client, phone(), "/ee/v1/interact?configId=d&requestId=x").json()["requestId"]
        for _ in range(5)
    }
    assert len(ids) == 5


# --- paths --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hint", ["or2", "va6", "irl1", "ind1", "jpn3", "sgp3", "aus3", "t35"])
def test_a_location_hint_in_the_path_comes_back(client: httpx.Client, hint: str) -> None:
    answer = interact(client, phone(), f"/ee/{hint}/v1/interact?configId=d")
    found = handles(answer)
    assert found["locationHint:result"][0]["hint"] == hint
    assert found["state:store"][-1]["value"] == hint
    assert answer.headers["x-adobe-edge"].startswith(hint.upper() + ";")


@pytest.mark.parametrize("path", ["/ee/mars1/v1/interact", "/ee/v1/nothing", "/ee/v3/interact", "/ee/"])
def test_an_unknown_hint_or_path_is_404_with_an_empty_body(client: httpx.Client, path: str) -> None:
    answer = interact(client, phone(), f"{path}?configId=d")
    assert (answer.status_code, answer.content) == (404, b"")


def test_the_pre_production_path_of_the_sdk_is_served(client: httpx.Client) -> None:
    assert interact(client, phone(), "/ee-pre-prd/v1/interact?configId=d").status_code == 200


def test_v1_collect_is_204_and_empty(client: httpx.Client, receiver: Receiver) -> None:
    answer = interact(client, phone(), "/ee/v1/collect?configId=d")
    assert (answer.status_code, answer.content) == (204, b"")
    assert receiver.store.counts().accepted == 1


def test_v2_interact_takes_a_single_event(client: httpx.Client, receiver: Receiver) -> None:
    answer = interact(client, {"event": {"xdm": event()}}, "/ee/v2/interact?dataStreamId=d")
    assert answer.status_code == 200
    assert handles(answer)["identity:result"] == [{"id": ecid(1), "namespace": {"code": "ECID"}}]
    assert receiver.store.query()[0].dataset == "d"


def test_v2_collect_takes_events_of_several_people_and_answers_202_with_the_request_id_alone(
    client: httpx.Client, receiver: Receiver
) -> None:
    body = {"events": [{"xdm": event(n)} for n in (1, 2, 3)]}
    answer = interact(client, body, "/ee/v2/collect?datastreamId=d")
    assert (answer.status_code, list(answer.json())) == (202, ["requestId"])
    assert receiver.store.counts().accepted == 3


def test_v2_collect_can_be_silent(client: httpx.Client) -> None:
    answer = interact(client, {"events": [{"xdm": event()}]}, "/ee/v2/collect?datastreamId=d&silent=true")
    assert (answer.status_code, answer.content) == (204, b"")


def test_v1_paths_never_answer_202_which_the_mobile_sdk_takes_for_a_failure(client: httpx.Client) -> None:
    for path in ("interact", "collect", "identity/acquire"):
        assert interact(client, phone(), f"/ee/v1/{path}?configId=d").status_code in (200, 204)


def test_identity_acquire_answers_the_identity(client: httpx.Client, receiver: Receiver) -> None:
    answer = interact(
        client, {"query": {"identity": {"fetch": ["ECID"]}}}, "/ee/v1/identity/acquire?configId=d"
    )
    assert len(handles(answer)["identity:result"][0]["id"]) == 38
    assert receiver.store.counts().accepted == 0


# --- consent ------------------------------------------------------------------------------------------------


def consent(value: str) -> dict[str, Any]:
    return {
        "query": {"consent": {"operation": "update"}},
        "identityMap": {"ECID": [{"id": ME}]},
        "consent": [{"standard": "Adobe", "version": "2.0", "value": {"collect": {"val": value}}}],
    }


def test_set_consent_answers_the_preferences_and_a_state(client: httpx.Client) -> None:
    answer = interact(client, consent("y"), "/ee/v1/privacy/set-consent?configId=d")
    found = handles(answer)
    assert found["consent:preferences"][0]["collect"] == {"val": "y"}
    entries = {entry["key"]: entry["value"] for entry in found["state:store"]}
    assert entries[f"{ORG}_consent"] == "general=in"


def test_events_of_someone_who_refused_are_ignored_with_a_warning(
    client: httpx.Client, receiver: Receiver
) -> None:
    entries = handles(interact(client, consent("n"), "/ee/v1/privacy/set-consent?configId=d"))["state:store"]
    answer = interact(client, phone(meta={"state": {"entries": entries}}))
    assert answer.status_code == 200
    assert answer.json()["warnings"][0]["type"].endswith("EXEG-0301-200")
    assert receiver.store.counts().accepted == 0


# --- errors -------------------------------------------------------------------------------------------------

JSON = {"content-type": "application/json"}
V1, V2, COLLECT = (
    "/ee/v1/interact?configId=d",
    "/ee/v2/interact?datastreamId=d",
    "/ee/v2/collect?datastreamId=d",
)
MANY = {"identityMap": {"ECID": [{"id": "4"}]}}


@pytest.mark.parametrize(
    ("expected", "path", "content", "headers"),
    [
        ("0002-400", "/ee/v1/interact", b"{}", JSON),
        ("0002-400", "/ee/v2/interact?datastreamId=", b"{}", JSON),
        ("0101-400", V1, b"{", JSON),
        ("0102-400", V1, b"[]", JSON),
        ("0102-400", V1, b'{"events":{}}', JSON),
        ("0102-400", V1, b'{"events":[7]}', JSON),
        ("0102-400", V1, b'{"xdm":3,"events":[{}]}', JSON),
        ("0102-400", V1, b'{"events":[{"xdm":{"identityMap":[]}}]}', JSON),
        ("0103-400", V1, b"{}", JSON),
        ("0103-400", V2, b"{}", JSON),
        ("0103-400", COLLECT, b'{"events":[]}', JSON),
        ("0103-400", "/ee/v1/privacy/set-consent?configId=d", b"{}", JSON),
        ("0106-400", V1, b"{}", {"content-type": ""}),
        ("0109-408", V1, b"", JSON),
        ("0111-415", V1, b"{}", {"content-type": "application/xml"}),
        ("0111-415", V1, b"{}", {"content-type": "application/x-jackson-smile"}),
        ("0112-413", V1, b" " * 65_537, JSON),
        ("0305-400", V2, b'{"event":{"xdm":{"identityMap":{"Email":[{}]}}}}', JSON),
        ("0306-400", COLLECT, b'{"events":[{"xdm":{}}]}', JSON),
        ("0308-400", V2, orjson.dumps({"event": {"xdm": MANY}}), JSON),
    ],
)
def test_a_wrong_request_gets_its_code(
    client: httpx.Client,
    receiver: Receiver,
    expected: str,
    path: str,
    content: bytes,
    headers: dict[str, str],
) -> None:
    assert code(client.post(path, content=content, headers=headers)) == expected
    assert receiver.store.counts().accepted == 0


def test_the_body_limit_is_64_kb_and_inclusive(client: httpx.Client) -> None:
    body = orjson.dumps(phone())
    assert client.post(V1, content=body + b" " * (65_536 - len(body)), headers=JSON).status_code == 200


def test_a_missing_primary_identity_names_the_event_and_is_no_error_on_v1(client: httpx.Client) -> None:
    body = {"events": [{"xdm": event(1)}, {"xdm": event(2, identityMap={"ECID": [{"id": ME}]})}]}
    assert interact(client, body, COLLECT).json()["report"]["eventIndex"] == 1
    assert interact(client, body).status_code == 200


def test_known_disabled_and_unknown_datastreams_are_told_apart() -> None:
    with EventStore() as store:
        edge = EdgeOptions(datastreams="good,off", disabled="off")
        with serving(Receiver(store, edge=edge)) as client:
            assert interact(client, phone(), "/ee/v1/interact?configId=good:dev").status_code == 200
            assert code(interact(client, phone(), "/ee/v1/interact?configId=bad")) == "0003-400"
            assert code(interact(client, phone(), "/ee/v1/interact?configId=off")) == "0004-422"


def test_an_authenticated_datastream_wants_a_good_token() -> None:
    clock = [NOW]
    with EventStore() as store:
        tokens = Tokens(KEY)
        receiver = Receiver(
            store, edge=EdgeOptions(authenticated=True), tokens=tokens, now_ms=lambda: clock[0]
        )
        with serving(receiver) as client:

            def ask(token: str | None) -> httpx.Response:
                headers = {} if token is None else {"authorization": f"Bearer {token}"}
                return interact(client, {"event": {"xdm": event()}}, V2, headers=headers)

            token = tokens.issue(NOW)
            assert code(ask(None)) == "0500-401"
            assert code(ask(Tokens(b"x" * 32).issue(NOW))) == "0502-401"
            assert ask(token).status_code == 200
            clock[0] += 86_400_000
            assert code(ask(token)) == "0503-401"


def test_a_store_that_fails_is_answered_503_with_the_edge_body(
    client: httpx.Client, receiver: Receiver
) -> None:
    receiver.store._writer.execute("PRAGMA query_only = ON")
    answer = interact(client, phone())
    assert (code(answer), answer.headers["retry-after"]) == ("0000-503", "1")


def test_above_the_documented_units_per_second_v2_is_answered_429() -> None:
    with EventStore() as store:
        edge = EdgeOptions(interact_units_per_second=3, collect_units_per_second=3)
        receiver = Receiver(store, edge=edge, now_ms=lambda: NOW)
        with serving(receiver) as client:
            big = {"event": {"xdm": event(), "data": {"note": "x" * 10_000}}}  # two units
            assert interact(client, big, V2).status_code == 200
            answer = interact(client, big, V2)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
            assert interact(client, phone()).status_code == 200
        assert store.counts().accepted == 2


# --- browsers -----------------------------------------------------------------------------------------------


def test_any_page_may_call_and_read_the_answer(client: httpx.Client) -> None:
    asked = {
        "origin": "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
        "access-control-request-private-network": "true",
    }
    preflight = client.options(V1, headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == "content-type"
    assert preflight.headers["access-control-allow-private-network"] == "true"
    for answer in (interact(client, phone(), headers={"origin": "https://shop.example"}), preflight):
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["access-control-allow-credentials"] == "true"
    refused = client.post("/ee/v1/interact", json={}, headers={"origin": "https://shop.example"})
    assert refused.headers["access-control-allow-origin"] == "https://shop.example"


def test_the_organization_of_the_receiver_names_the_state() -> None:
    with EventStore() as store:
        receiver = Receiver(store, edge=EdgeOptions(organization="ABC@AdobeOrg"), options=InletOptions())
        with serving(receiver) as client:
            keys = [entry["key"] for entry in handles(interact(client, phone()))["state:store"]]
            assert keys == ["kndctr_ABC_AdobeOrg_identity", "kndctr_ABC_AdobeOrg_cluster"]
