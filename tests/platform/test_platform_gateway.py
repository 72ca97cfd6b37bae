"""The gateway in front of the platform's APIs (ingestion.md 3.3)."""

from __future__ import annotations

import httpx
import pytest

from tests.platform.clients import ORGANIZATION, REGISTRY, Client, schema, serving


@pytest.mark.parametrize(
    ("missing", "status", "code", "message"),
    [
        ("Authorization", 403, "403010", "Oauth token is missing."),
        ("x-api-key", 403, "403000", "Api Key is required"),
        ("x-gw-ims-org-id", 400, "400003", "Missing header"),
    ],
)
def test_a_missing_header_is_named_by_its_code(
    client: Client, missing: str, status: int, code: str, message: str
) -> None:
    headers = {name: value for name, value in client.headers.items() if name != missing}
    answer = httpx.get(f"{client.url}{REGISTRY}/stats", headers=headers)
    assert answer.status_code == status
    assert answer.json() == {"error_code": code, "message": message}


@pytest.mark.parametrize("value", ["Bearer nonsense", "Basic abc", "Bearer"])
def test_a_token_that_was_not_given_out_is_not_valid(client: Client, value: str) -> None:
    answer = client.get(f"{REGISTRY}/stats", headers={"Authorization": value})
    if value == "Bearer":
        assert answer.status_code in (401, 403)
    else:
        assert (answer.status_code, answer.json()["error_code"]) == (401, "401013")


def test_another_organization_is_refused_where_one_is_expected() -> None:
    with serving(organization=ORGANIZATION) as client:
        assert client.get(f"{REGISTRY}/stats").status_code == 200
        answer = client.get(f"{REGISTRY}/stats", headers={"x-gw-ims-org-id": "FF@AdobeOrg"})
        assert (answer.status_code, answer.json()["error_code"]) == (403, "403025")


@pytest.mark.parametrize("content_type", ["text/plain", "application/json-patch+json", ""])
def test_a_body_needs_the_right_content_type(client: Client, content_type: str) -> None:
    answer = client.http.post(
        f"{REGISTRY}/tenant/schemas", content=b"{}", headers={"Content-Type": content_type}
    )
    assert answer.status_code == 400
    assert answer.json()["detail"] == "A valid content-type must be specified"


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff\xfe"])
def test_a_body_that_is_no_json_is_a_bad_request(client: Client, body: bytes) -> None:
    for path in (f"{REGISTRY}/tenant/schemas", "/data/foundation/catalog/dataSets"):
        answer = client.http.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, answer.text


def test_an_unknown_path_and_method_are_said_to_be_so(client: Client) -> None:
    assert client.get(f"{REGISTRY}/tenant/nonsense").status_code == 404
    answer = client.http.put(f"{REGISTRY}/tenant/schemas", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


def test_a_body_above_a_megabyte_is_too_large(client: Client) -> None:
    answer = client.post(f"{REGISTRY}/tenant/schemas", schema("x" * 1_000_001))
    assert answer.status_code == 413
