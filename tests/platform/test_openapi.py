"""The OpenAPI document: complete, and true."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.platform.clients import Client


def document(client: Client) -> dict[str, object]:
    answer = httpx.get(f"{client.url}/openapi.json")
    assert answer.status_code == 200
    return answer.json()  # type: ignore[no-any-return]


def test_everything_that_the_root_links_to_is_described(client: Client) -> None:
    paths = document(client)["paths"]
    assert isinstance(paths, dict)
    links = httpx.get(client.url).json()["links"]
    described = {re.sub(r"\{[^}]*\}", "{}", path) for path in paths}
    for name, link in links.items():
        path = re.sub(r"\{[^}]*\}", "{}", re.sub(r"\{\?[^}]*\}|\?.*", "", link))
        assert path in described or name == "openapi", f"{link} is missing from the OpenAPI document"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_the_document_itself_can_only_be_read(client: Client, method: str) -> None:
    assert httpx.request(method, f"{client.url}/openapi.json").status_code == 405
    assert httpx.get(f"{client.url}/openapi.jsonx").status_code == 404


def test_every_operation_has_an_id_of_its_own(client: Client) -> None:
    paths = document(client)["paths"]
    assert isinstance(paths, dict)
    ids = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(ids) == len(set(ids)) > 60
