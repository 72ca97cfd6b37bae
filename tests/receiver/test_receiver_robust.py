"""Whatever a client sends, it is answered, and never with a fault of the receiver."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.receiver import EventStore, Receiver, create_app
from tests.receiver.messages import NOW, SCHEMA, event, message

PATHS = (
    "/collection/demo",
    "/collection/demo?syncValidation=true",
    "/collection/demo?x-adobe-flow-id=f",
    "/collection/batch/demo",
    "/collection/batch/demo?x-adobe-flow-id=f",
    "/ee/v1/interact?configId=d",
    "/ee/v1/collect?configId=d",
    "/ee/v1/privacy/set-consent?configId=d",
    "/ee/v1/identity/acquire?configId=d",
    "/ee/v2/interact?datastreamId=d",
    "/ee/v2/collect?datastreamId=d",
    "/ims/token/v3",
)
NAMES = st.sampled_from(
    [
        *(
            "header",
            "body",
            "xdmMeta",
            "xdmEntity",
            "schemaRef",
            "id",
            "contentType",
            "datasetId",
            "imsOrgId",
        ),
        *("source", "name", "messages", "events", "event", "xdm", "identityMap", "ECID", "primary", "meta"),
        *("state", "entries", "key", "value", "konductorConfig", "streaming", "enabled", "recordSeparator"),
        *(
            "query",
            "identity",
            "fetch",
            "consent",
            "collect",
            "val",
            "placeContext",
            "POIinteraction",
            "poiDetail",
        ),
        *("poiID", "timestamp", "_id", "eventType"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70).filter(lambda number: -(2**63) <= number < 2**64),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(
        ["4" * 38, "2025-03-04T10:15:30Z", "y", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=15,
)


@pytest.fixture(scope="module")
def store() -> Iterator[EventStore]:
    with EventStore() as opened:
        yield opened


def put_into(tree: Any, way: list[int], value: Any) -> Any:
    """``value`` in place of something inside of ``tree``, which the numbers lead to."""
    if not way or not tree or not isinstance(tree, dict | list):
        return value
    first, *rest = way
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    key = keys[first % len(keys)]
    changed = dict(tree) if isinstance(tree, dict) else list(tree)
    changed[key] = put_into(tree[key], rest, value)
    return changed


def post(store: EventStore, path: str, content: bytes, kind: str = "application/json") -> httpx.Response:
    async def ask() -> httpx.Response:
        app = create_app(Receiver(store, now_ms=lambda: NOW, nonce="test"))
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as client:
            return await client.post(path, content=content, headers={"content-type": kind})

    return asyncio.run(ask())


@given(path=st.sampled_from(PATHS), content=st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_answered(store: EventStore, path: str, content: bytes) -> None:
    assert post(store, path, content).status_code < 500


@given(path=st.sampled_from(PATHS), tree=TREES)
@settings(max_examples=200, deadline=None)
def test_any_json_is_answered(store: EventStore, path: str, tree: Any) -> None:
    assert post(store, path, orjson.dumps(tree)).status_code < 500


GOOD = {
    "/collection/demo": message(),
    "/collection/demo?syncValidation=true": message(),
    "/collection/batch/demo": {"messages": [message(), message()]},
    "/ee/v1/interact?configId=d": {
        "xdm": {"identityMap": {"ECID": [{"id": "4" * 38}]}},
        "events": [{"xdm": event(), "meta": {"collect": {"datasetId": "s"}}, "query": {"a": 1}}],
        "query": {"identity": {"fetch": ["ECID"]}},
        "meta": {
            "konductorConfig": {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}},
            "state": {"entries": [{"key": "kndctr_x_identity", "value": "CiY0"}]},
        },
    },
    "/ee/v2/collect?datastreamId=d": {"events": [{"xdm": event()}]},
    "/ee/v1/privacy/set-consent?configId=d": {
        "consent": [{"standard": "Adobe", "version": "2.0", "value": {"collect": {"val": "y"}}}],
        "identityMap": {"ECID": [{"id": "4" * 38}]},
    },
}


@given(path=st.sampled_from(sorted(GOOD)), way=st.lists(st.integers(0, 9), max_size=8), value=TREES)
@settings(max_examples=300, deadline=None)
def test_a_good_request_with_something_wrong_inside_is_answered(
    store: EventStore, path: str, way: list[int], value: Any
) -> None:
    answer = post(store, path, orjson.dumps(put_into(GOOD[path], way, value)))
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert answer.headers["content-type"] in ("application/json", "application/problem+json")
        assert answer.json()["status"] in (answer.status_code, str(answer.status_code))


@given(spelling=st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_content_type_of_the_schema_is_answered(store: EventStore, spelling: str) -> None:
    sent = message(schemaRef={**SCHEMA, "contentType": spelling})
    assert post(store, "/collection/demo", orjson.dumps(sent)).status_code in (200, 400)
