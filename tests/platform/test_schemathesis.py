"""Everything that the OpenAPI document describes, called with whatever fits the description, and what does not.

Schemathesis makes the calls; it checks that nothing answers 5xx, and that status, media type and body are among
those that the document promises.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of libraries that schemathesis uses
    schemathesis = pytest.importorskip("schemathesis", reason="needs the extra `dev`")

from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import (  # noqa: E402
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.platform.clients import Client, serving  # noqa: E402

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 8  # of each operation and mode: enough to have found every mistake so far, in bounded time
# Documents end here that don't end: a stream of events is another test's.
ENDLESS = "/received/stream"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving() as made:
        made_up = made.schema("Events", made.field_group()["$id"], **{"meta:immutableTags": ["union"]})
        dataset = made.dataset(made_up["$id"])
        made.flow(made.connection()["id"], made_up["$id"], dataset)
        yield made


def operations(client: Client) -> list[Any]:
    document = client.get("/openapi.json").json()
    document["paths"].pop(ENDLESS, None)
    schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "wrong"])
def test_no_call_is_answered_with_5xx_or_with_what_the_document_does_not_promise(
    client: Client, mode: GenerationMode
) -> None:
    called = 0
    for operation in operations(client):

        @hypothesis.settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def call(case: Any) -> None:
            nonlocal called
            called += 1
            # What the caller is may be left out by schemathesis; here the operations are what is tried.
            headers = {**(case.headers or {}), **client.headers}
            case.call_and_validate(base_url=client.url, headers=headers, checks=CHECKS, timeout=10)

        try:
            call()
        except hypothesis.errors.Unsatisfiable:
            continue  # nothing that is wrong can be said to an operation without parameters
    assert called > 200


def test_the_gateway_and_a_strangers_calls_are_described_too(client: Client) -> None:
    """Without credentials every platform operation is refused as the document says."""
    for operation in operations(client):
        if not operation.path.startswith("/data/"):
            continue
        case = operation.Case(path_parameters={one: "x" for one in operation.path.split("/") if "{" in one})
        case.path_parameters = {name.strip("{}"): "x" for name in case.path_parameters}
        answer = case.call(base_url=client.url, timeout=10)
        assert answer.status_code == 403, operation.label
        case.validate_response(answer, checks=CHECKS)
