"""The Catalog (ingestion.md 4.4)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.platform.clients import CATALOG, CONTENT_TYPE, ORGANIZATION, REGISTRY, Client

UNION = {"meta:immutableTags": ["union"]}
ENABLED = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}
PATCH = {"Content-Type": "application/json-patch+json"}


def test_a_dataset_is_answered_with_its_reference_and_found_by_its_id(client: Client) -> None:
    made = client.schema()
    reference = {"id": made["$id"], "contentType": CONTENT_TYPE}
    answer = client.post(f"{CATALOG}/dataSets", {"name": "Set", "schemaRef": reference})
    assert answer.status_code == 201
    (shown,) = answer.json()
    id = shown.removeprefix("@/dataSets/")
    assert len(id) == 24 and answer.headers["location"].endswith(f"/dataSets/{id}")
    (found,) = client.get(f"{CATALOG}/dataSets/{id}").json().items()
    assert found[0] == id
    assert found[1] | {"name": "Set", "schemaRef": reference, "status": "enabled"} == found[1]


def test_profile_tags_need_a_schema_with_the_union_tag(client: Client) -> None:
    plain, union = client.schema("Plain"), client.schema("Union", **UNION)
    reference = {"id": plain["$id"], "contentType": CONTENT_TYPE}
    body = {"name": "Set", "schemaRef": reference, "tags": ENABLED}
    answer = client.post(f"{CATALOG}/dataSets", body)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "To enable profile datasets the schema should be valid"
    assert client.dataset(union["$id"], tags=ENABLED)


@pytest.mark.parametrize("way", ["merge", "patch", "v2"])
def test_a_dataset_is_enabled_for_profiles_later(client: Client, way: str) -> None:
    id = client.dataset(client.schema(**UNION)["$id"], tags={"own": ["kept"]})
    steps = [{"op": "add", "path": f"/tags/{name}", "value": value} for name, value in ENABLED.items()]
    path = f"{CATALOG}/v2/dataSets/{id}" if way == "v2" else f"{CATALOG}/dataSets/{id}"
    if way == "patch":
        answer = client.http.patch(path, json=steps, headers=PATCH)
    else:
        answer = client.http.patch(path, json={"tags": ENABLED})
    assert (answer.status_code, answer.json()) == (200, [f"@/dataSets/{id}"])
    stored = client.get(f"{CATALOG}/dataSets/{id}").json()[id]
    assert ENABLED.items() <= stored["tags"].items()
    assert ("own" in stored["tags"]) == (way != "merge")
    assert stored["version"] == "1.0.1"


def test_a_dataset_is_deleted_with_its_reference_as_the_answer(client: Client) -> None:
    id = client.dataset(client.schema()["$id"])
    answer = client.http.delete(f"{CATALOG}/dataSets/{id}")
    assert (answer.status_code, answer.json()) == (200, [f"@/dataSets/{id}"])
    assert client.get(f"{CATALOG}/dataSets/{id}").status_code == 404
    assert client.http.delete(f"{CATALOG}/dataSets/{id}").status_code == 404


def test_a_schema_that_a_dataset_uses_is_not_deleted(client: Client) -> None:
    made = client.schema()
    client.dataset(made["$id"], "Set")
    answer = client.http.delete(f"{REGISTRY}/tenant/schemas/{made['meta:altId']}")
    assert answer.status_code == 400 and "the dataset `Set`" in answer.json()["detail"]


def test_lists_are_objects_by_id_filtered_ordered_and_paged(client: Client) -> None:
    made = client.schema()["$id"]
    ids = {name: client.dataset(made, name) for name in "CAB"}
    assert list(client.get(f"{CATALOG}/dataSets?name=A").json()) == [ids["A"]]
    ordered = client.get(f"{CATALOG}/dataSets?orderBy=asc:name&properties=name").json()
    assert list(ordered.values()) == [{"name": "A"}, {"name": "B"}, {"name": "C"}]
    assert list(client.get(f"{CATALOG}/dataSets?orderBy=asc:name&start=1&limit=1").json()) == [ids["B"]]
    assert client.get(f"{CATALOG}/dataSets?property=schemaRef.id==absent").json() == {}


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": 1},
        {"schemaRef": None},
        {"schemaRef": {"id": "https://ns.adobe.com/journeysim/schemas/0"}},
        {"tags": {"unifiedProfile": "enabled:true"}},
        {"tags": []},
    ],
)
def test_a_dataset_that_makes_no_sense_is_refused(client: Client, change: dict[str, Any]) -> None:
    reference = {"id": client.schema()["$id"], "contentType": CONTENT_TYPE}
    answer = client.post(f"{CATALOG}/dataSets", {"name": "Set", "schemaRef": reference, **change})
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "start=-1", "property=x"])
def test_a_list_request_that_makes_no_sense_is_refused(client: Client, query: str) -> None:
    assert client.get(f"{CATALOG}/dataSets?{query}").status_code == 400


def test_failed_records_are_batches_of_their_dataset(client: Client) -> None:
    made = client.schema()["$id"]
    dataset = client.dataset(made)
    url = client.inlet_url(client.connection()["id"])
    reference = {"id": made, "contentType": CONTENT_TYPE}
    header = {"schemaRef": reference, "imsOrgId": ORGANIZATION, "datasetId": dataset}
    for entity in ({"_id": "1"}, {"_id": "2", "timestamp": "yesterday"}):
        message = {"header": header, "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}}
        assert httpx.post(url, json=message).status_code == 200
    batches = client.get(f"{CATALOG}/batches?dataSet={dataset}&status=failed&orderBy=desc:created").json()
    assert sum(batch["metrics"]["failedRecordCount"] for batch in batches.values()) == 2
    (id, batch), *_ = batches.items()
    assert batch["relatedObjects"] == [{"type": "dataSet", "id": dataset}]
    assert client.get(f"{CATALOG}/batches/{id}").json() == {id: batch}
    files = client.get(f"/data/foundation/export/batches/{id}/failed").json()["data"]
    content = client.get(f"/data/foundation/export/batches/{id}/failed?path={files[0]['name']}")
    assert "_validationErrors" in content.text
    assert client.get(f"{CATALOG}/batches?dataSet=other").json() == {}
    assert client.get(f"{CATALOG}/batches?status=success").json() == {}
    assert client.get(f"{CATALOG}/batches/other").status_code == 404
