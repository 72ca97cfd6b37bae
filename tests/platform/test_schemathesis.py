"""Everything that the OpenAPI document describes, called with whatever fits the description, and what does not.

Schemathesis makes the calls; it checks that nothing answers 5xx, and that status, media type and body are among
those that the document promises.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import Any

import hypothesis
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of libraries that schemathesis uses
    schemathesis = pytest.importorskip("schemathesis", reason="needs the extra `dev`")

from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.platform.clients import FLOW, REGISTRY, Client, serving

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TIME_SERIES = "https://ns.adobe.com/xdm/data/time-series"
EXAMPLES = 5  # of each operation and mode: enough to have found every mistake so far, in bounded time
# Documents end here that don't end: a stream of events is another test's.
ENDLESS = "/received/stream"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving() as made:
        yield made


def existing(client: Client) -> dict[str, str]:
    """One thing of each kind, by the path that leads to it."""
    group = client.field_group()
    schema = client.schema("Events", group["$id"], **{"meta:immutableTags": ["union"]})
    own = {"type": "object", "title": "Own", "properties": {"_journeysim": {"type": "object"}}}
    kind = client.made(f"{REGISTRY}/tenant/classes", {**own, "allOf": [{"$ref": TIME_SERIES}]})
    badge = {"type": "object", "title": "Badge", "properties": {"code": {"type": "string"}}}
    identity = {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema["$id"],
        "xdm:sourceProperty": "/_journeysim/deviceId",
        "xdm:namespace": "ECID",
        "xdm:property": "xdm:code",
    }
    dataset = client.dataset(schema["$id"])
    base = client.connection()["id"]
    flow = client.flow(base, schema["$id"], dataset)["id"]
    (parts,) = client.get(f"{FLOW}/flows/{flow}").json()["items"]
    mapping = client.made("/data/foundation/mappingSets", {"xdmSchema": schema["$id"], "mappings": []})
    tenant = f"{REGISTRY}/tenant"
    return {
        f"{REGISTRY}/global/classes": "_xdm.context.profile",
        f"{REGISTRY}/global/fieldgroups": "_xdm.context.experienceevent-commerce",
        f"{REGISTRY}/global/mixins": "_xdm.context.experienceevent-web",
        f"{REGISTRY}/global/behaviors": "_xdm.data.record",
        f"{tenant}/classes": kind["meta:altId"],
        f"{tenant}/fieldgroups": group["meta:altId"],
        f"{tenant}/mixins": group["meta:altId"],
        f"{tenant}/datatypes": client.made(f"{tenant}/datatypes", badge)["meta:altId"],
        f"{tenant}/schemas": schema["meta:altId"],
        f"{tenant}/descriptors": client.made(f"{tenant}/descriptors", identity)["@id"],
        f"{tenant}/unions": "_xdm.context.experienceevent__union",
        f"{REGISTRY}/rpc/export": schema["meta:altId"],
        "/data/foundation/catalog/dataSets": dataset,
        "/data/foundation/catalog/v2/dataSets": dataset,
        f"{FLOW}/connectionSpecs": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb",
        f"{FLOW}/flowSpecs": "d8a6f005-7eaf-4153-983e-e8574508b877",
        f"{FLOW}/connections": base,
        f"{FLOW}/sourceConnections": parts["sourceConnectionIds"][0],
        f"{FLOW}/targetConnections": parts["targetConnectionIds"][0],
        f"{FLOW}/flows": flow,
        "/data/foundation/conversion/mappingSets": mapping["id"],
        "/data/foundation/mappingSets": mapping["id"],
        "/data/core/idnamespace/identities": "ECID",
    }


def operations(client: Client) -> list[Any]:
    document = client.get("/openapi.json").json()
    document["paths"].pop(ENDLESS, None)
    schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.slow
def test_no_call_is_answered_with_5xx_or_with_what_the_document_does_not_promise(client: Client) -> None:
    ids = existing(client)
    statuses: Counter[int] = Counter()
    # What exists is deleted last.
    every = sorted(operations(client), key=lambda operation: str(operation.method.lower() == "delete"))
    for operation, mode in product(every, (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):
        known = ids.get(operation.path.removesuffix("/{id}"))
        given = {"id": known} if known and mode is GenerationMode.POSITIVE else None

        @hypothesis.settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode, path_parameters=given))
        def call(case: Any) -> None:
            # What the caller is may be left out by schemathesis; here the operations are what is tried.
            headers = {**(case.headers or {}), **client.headers}
            answer = case.call_and_validate(base_url=client.url, headers=headers, checks=CHECKS, timeout=10)
            statuses[answer.status_code] += 1

        try:
            call()
        except hypothesis.errors.Unsatisfiable:
            continue  # nothing that is wrong can be said to an operation without parameters
    assert statuses.total() > 500
    assert {200, 201, 204, 207, 400, 403, 404} <= statuses.keys(), statuses


def test_the_gateway_and_a_strangers_calls_are_described_too(client: Client) -> None:
    """Without credentials every platform operation is refused as the document says."""
    for operation in operations(client):
        if not operation.path.startswith("/data/") or operation.path.startswith("/data/foundation/export"):
            continue  # failed batches are read like `/failed`, without credentials
        case = operation.Case(path_parameters={one: "x" for one in operation.path.split("/") if "{" in one})
        case.path_parameters = {name.strip("{}"): "x" for name in case.path_parameters}
        answer = case.call(base_url=client.url, timeout=10)
        assert answer.status_code == 403, operation.label
        case.validate_response(answer, checks=CHECKS)
