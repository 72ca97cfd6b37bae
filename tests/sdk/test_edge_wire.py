"""What the SDK says to the Edge Network, and what it makes of the answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.phone import Os
from simulator.sdk import (
    NO_ANSWER,
    NO_SUCH_HOST,
    EdgeAnswer,
    EdgeEndpoint,
    EdgeState,
    Handling,
    edge_headers,
    edge_request,
    judge,
    read_answer,
    user_agent,
)

DATASTREAM = "5b1e0c2a-0000-4000-8000-000000000001"
ENDPOINT = EdgeEndpoint.of(DATASTREAM)
REQUEST_ID = "0F3C0000-0000-4000-8000-000000000001"
IDENTITIES = {"ECID": [{"id": "1" * 38, "authenticatedState": "ambiguous", "primary": False}]}
DETAILS = {
    "version": "5.11.0+5.0.3",
    "name": "https://ns.adobe.com/experience/mobilesdk/ios",
    "environment": "app",
}
XDM = {
    "_id": "A",
    "timestamp": "2026-03-02T08:15:30.125Z",
    "eventType": "location.entry",
    "placeContext": {"n": 1},
}
ENTRY = orjson.dumps({**XDM, "identityMap": IDENTITIES, "implementationDetails": DETAILS})
STREAMING = {"konductorConfig": {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}}}


def body_of(event: bytes, **more: Any) -> dict[str, Any]:
    document = orjson.loads(edge_request(event, ENDPOINT, REQUEST_ID, **more).body)
    assert isinstance(document, dict)
    return document


def stored(*items: tuple[str, str, int]) -> EdgeAnswer:
    payload = [{"key": key, "value": value, "maxAge": age} for key, value, age in items]
    return EdgeAnswer(({"type": "state:store", "payload": payload},))


def hinted(hint: str, ttl: int, scope: str = "EdgeNetwork") -> EdgeAnswer:
    payload = [{"scope": scope, "hint": hint, "ttlSeconds": ttl}]
    return EdgeAnswer(({"type": "locationHint:result", "payload": payload},))


# --- requests -----------------------------------------------------------------------------------------------


def test_the_identities_and_the_sdk_stand_once_in_the_request_and_not_in_its_event() -> None:
    assert body_of(ENTRY) == {
        "meta": STREAMING,
        "xdm": {"identityMap": IDENTITIES, "implementationDetails": DETAILS},
        "events": [{"xdm": XDM}],
    }


def test_state_entries_are_sent_back_with_the_age_that_they_came_with() -> None:
    state = EdgeState()
    state.take(stored(("kndctr_X_AdobeOrg_cluster", "irl1", 1800)), 0)
    meta = body_of(ENTRY, entries=state.entries(60_000))["meta"]
    assert meta["state"] == {
        "entries": [{"key": "kndctr_X_AdobeOrg_cluster", "value": "irl1", "maxAge": 1800}]
    }


def test_free_form_data_stands_beside_the_xdm() -> None:
    push = orjson.dumps({"_id": "A", "timestamp": "t", "identityMap": IDENTITIES, "data": {"token": "a1"}})
    assert body_of(push)["events"] == [{"xdm": {"_id": "A", "timestamp": "t"}, "data": {"token": "a1"}}]


def test_push_tracking_names_its_dataset_and_nothing_else_does() -> None:
    opened = orjson.dumps({**XDM, "eventType": "pushTracking.applicationOpened"})
    assert body_of(opened, push_dataset="d1")["events"][0]["meta"] == {"collect": {"datasetId": "d1"}}
    assert "meta" not in body_of(ENTRY, push_dataset="d1")["events"][0]


def test_a_change_of_consent_is_a_request_of_its_own() -> None:
    consent = [{"standard": "Adobe", "version": "2.0", "value": {"collect": {"val": "n"}}}]
    change = orjson.dumps({"_id": "A", "timestamp": "t", "identityMap": IDENTITIES, "consent": consent})
    request = edge_request(change, ENDPOINT, REQUEST_ID)
    assert urlsplit(request.url).path == "/ee/v1/privacy/set-consent"
    assert orjson.loads(request.body) == {
        "meta": STREAMING,
        "query": {"consent": {"operation": "update"}},
        "identityMap": IDENTITIES,
        "consent": consent,
    }


@pytest.mark.parametrize("event", [b"[]", b"7", b"{", b""])
def test_what_is_no_event_is_refused(event: bytes) -> None:
    with pytest.raises(ValueError, match="not an event"):
        edge_request(event, ENDPOINT, REQUEST_ID)


@pytest.mark.parametrize(
    ("environment", "start"),
    [
        ("prod", "https://shop.example/ee/v1/"),
        ("pre-prod", "https://shop.example/ee-pre-prd/v1/"),
        ("int", "https://edge-int.adobedc.net/ee/v1/"),
    ],
)
def test_the_environment_decides_about_host_and_prefix(environment: Any, start: str) -> None:
    endpoint = EdgeEndpoint.of(DATASTREAM, environment, "shop.example")
    url = edge_request(ENTRY, endpoint, REQUEST_ID).url
    assert url.startswith(start + "interact?")
    assert parse_qs(urlsplit(url).query) == {"configId": [DATASTREAM], "requestId": [REQUEST_ID]}


def test_the_location_hint_stands_after_the_prefix() -> None:
    url = edge_request(ENTRY, ENDPOINT, REQUEST_ID, hint="irl1").url
    assert urlsplit(url).path == "/ee/irl1/v1/interact"


@pytest.mark.parametrize("path", ["v1/x", "//x", "/v1//x", "/v1/x?y", "/", ""])
def test_a_path_that_the_sdk_does_not_take_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        ENDPOINT.url(path, REQUEST_ID)


def test_headers_are_those_of_the_sdk() -> None:
    agent = user_agent("ios", "17.4", "en-US")
    assert agent == "Mozilla/5.0 (iPhone; CPU OS 17_4 like Mac OS X; en-US)"
    assert edge_headers(agent, "en-US") == {
        "accept": "application/json",
        "Content-Type": "application/json",
        "Accept-Language": "en-US",
        "User-Agent": agent,
    }
    android = user_agent("android", "14", "en-US", "Pixel 8", "AP1A.240505.004")
    assert android == "Mozilla/5.0 (Linux; U; Android 14; en-US; Pixel 8 Build/AP1A.240505.004)"


# --- answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [200, 204, 207])
def test_these_codes_end_a_hit_well(code: int) -> None:
    assert judge(code) == (Handling.DONE, 0)


@pytest.mark.parametrize("code", [408, 429, 502, 503, 504, 507, NO_ANSWER])
def test_these_codes_are_tried_again_after_five_seconds(code: int) -> None:
    assert judge(code) == (Handling.RETRY, 5000)


@given(st.integers(100, 599).filter(lambda code: code not in {200, 204, 207, 408, 429, 502, 503, 504, 507}))
def test_every_other_code_drops_the_hit(code: int) -> None:
    assert judge(code, "7") == (Handling.DROP, 0)


def test_an_unknown_host_loses_the_hit_on_ios_and_is_taken_for_no_network_on_android() -> None:
    assert judge(NO_SUCH_HOST, os="ios").handling is Handling.DROP
    assert judge(NO_SUCH_HOST, os="android").handling is Handling.RETRY


@pytest.mark.parametrize(
    ("text", "ios", "android"),
    [
        ("30", 30_000, 30_000),
        (" 1 ", 1000, 1000),
        ("0", 5000, 5000),
        ("-1", 5000, 5000),
        ("1.5", 1500, 5000),
        ("", 5000, 5000),
        (None, 5000, 5000),
        ("soon", 5000, 5000),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 5000, 5000),
        ("9" * 400, 5000, 5000),
    ],
)
def test_retry_after_is_heeded_in_positive_seconds_only(text: str | None, ios: int, android: int) -> None:
    assert (judge(503, text, "ios").wait_ms, judge(503, text, "android").wait_ms) == (ios, android)


@pytest.mark.parametrize("os", ["ios", "android"])
def test_a_streamed_answer_is_put_together_from_its_pieces(os: Os) -> None:
    body = b'\0{"requestId":"r","handle":[{"type":"a"}]}\n\0{"handle":[{"type":"b"}],"errors":[{"status":503}]}\n'
    answer = read_answer(body, os)
    assert [handle["type"] for handle in answer.handles] == ["a", "b"]
    assert answer.errors == ({"status": 503},)
    assert answer.unreadable == 0


def test_android_cannot_read_an_answer_without_separators() -> None:
    body = b'{"handle":[{"type":"a"}]}\n'
    assert [handle["type"] for handle in read_answer(body, "ios").handles] == ["a"]
    assert read_answer(body, "android") == EdgeAnswer(unreadable=1)


@given(st.binary(max_size=60), st.sampled_from(["ios", "android"]))
def test_no_answer_is_so_broken_that_reading_it_fails(body: bytes, os: Os) -> None:
    EdgeState().take(read_answer(body, os), 0)


# --- state --------------------------------------------------------------------------------------------------


def test_an_entry_is_kept_until_its_age_is_over() -> None:
    state = EdgeState()
    state.take(stored(("k", "v", 10)), 1000)
    assert [entry.value for entry in state.entries(10_999)] == ["v"]
    assert not state.entries(11_000)


def test_an_age_of_zero_deletes_an_entry() -> None:
    state = EdgeState()
    state.take(stored(("k", "v", 10), ("other", "w", 10)), 0)
    state.take(stored(("k", "v", 0)), 1)
    assert [entry.key for entry in state.entries(2)] == ["other"]


def test_the_hint_of_the_edge_network_holds_for_its_time_and_other_scopes_are_ignored() -> None:
    state = EdgeState()
    state.take(hinted("irl1", 1800), 0)
    state.take(hinted("35", 1800, "Target"), 0)
    assert state.hint(1_799_999) == "irl1"
    assert state.hint(1_800_000) == ""


def test_a_reset_of_the_identities_clears_the_entries_and_keeps_the_hint() -> None:
    state = EdgeState()
    state.take(stored(("k", "v", 10)), 0)
    state.take(hinted("irl1", 1800), 0)
    state.reset(500)
    assert (list(state.entries(600)), state.hint(600)) == ([], "irl1")


def test_an_answer_to_what_was_asked_before_a_reset_changes_nothing() -> None:
    state = EdgeState()
    state.reset(500)
    state.take(stored(("k", "old", 10)), 600, created=499)
    assert not state.entries(600)
    state.take(stored(("k", "new", 10)), 600, created=500)
    assert [entry.value for entry in state.entries(600)] == ["new"]
