"""The Flow Service, mapping sets and namespaces (ingestion.md 4.5)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.platform.clients import DATA_LAKE, FLOW, HTTP_SOURCE, MAPPED, Client

AUTH = {"specName": "Streaming Connection", "params": {"sourceId": "places-sim", "dataType": "xdm"}}


def test_a_connection_is_answered_with_id_and_quoted_etag_and_has_an_inlet(client: Client) -> None:
    body = {"name": "Inlet", "connectionSpec": HTTP_SOURCE, "auth": AUTH}
    answer = client.post(f"{FLOW}/connections", body)
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "etag"}
    assert re.fullmatch('"[0-9a-f-]+"', answer.json()["etag"])
    (item,) = client.get(f"{FLOW}/connections/{answer.json()['id']}").json()["items"]
    parameters = item["auth"]["params"]
    assert re.fullmatch("[0-9a-f]{64}", parameters["inletId"])
    assert parameters["inletUrl"] == f"{client.url}/collection/{parameters['inletId']}"
    assert (parameters["dataType"], parameters["authenticationRequired"]) == ("xdm", False)
    assert item["etag"] == answer.json()["etag"] and item["sandboxName"] == "dev"


def test_without_a_source_id_the_name_stands_for_it(client: Client) -> None:
    body = {"name": "Inlet", "connectionSpec": HTTP_SOURCE, "auth": {"specName": "Streaming Connection"}}
    made = client.made(f"{FLOW}/connections", body)
    (item,) = client.get(f"{FLOW}/connections/{made['id']}").json()["items"]
    assert item["auth"]["params"]["sourceId"] == "Inlet"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("connections", {}, "1405-400"),
        ("connections", {"name": "x"}, "1100-400"),
        ("connections", {"name": "x", "connectionSpec": {"id": "other"}, "auth": AUTH}, "1413-400"),
        ("connections", {"name": "x", "connectionSpec": HTTP_SOURCE, "auth": {"specName": "x"}}, "1415-400"),
        (
            "sourceConnections",
            {"name": "x", "connectionSpec": HTTP_SOURCE, "baseConnectionId": "x"},
            "1101-404",
        ),
        ("targetConnections", {"name": "x", "connectionSpec": DATA_LAKE, "params": {}}, "1100-400"),
        ("flows", {"name": "x", "flowSpec": {"id": "x"}}, "1413-400"),
        ("flows", {"name": "x", "flowSpec": MAPPED, "sourceConnectionIds": []}, "1100-400"),
    ],
)
def test_mistakes_have_the_documented_codes(
    client: Client, path: str, body: dict[str, Any], code: str
) -> None:
    answer = client.post(f"{FLOW}/{path}", body)
    assert answer.status_code == int(code[-3:])
    assert answer.json()["errorCode"] == code


def test_a_target_needs_the_schema_of_its_dataset(client: Client) -> None:
    made, other = client.schema("A"), client.schema("B")
    body = {
        "name": "target",
        "connectionSpec": DATA_LAKE,
        "params": {"dataSetId": client.dataset(made["$id"])},
        "data": {"schema": {"id": other["$id"]}},
    }
    assert client.post(f"{FLOW}/targetConnections", body).json()["errorCode"] == "1425-400"


def test_what_a_flow_uses_cannot_be_deleted_before_it(client: Client) -> None:
    made = client.schema()
    base = client.connection()["id"]
    flow = client.flow(base, made["$id"], client.dataset(made["$id"]))["id"]
    (item,) = client.get(f"{FLOW}/flows/{flow}").json()["items"]
    parts = [
        f"{FLOW}/sourceConnections/{item['sourceConnectionIds'][0]}",
        f"{FLOW}/targetConnections/{item['targetConnectionIds'][0]}",
        f"{FLOW}/connections/{base}",
    ]
    for path in parts:
        assert client.http.delete(path).json()["errorCode"] == "1418-400"
    for path in (f"{FLOW}/flows/{flow}", *parts):
        assert client.http.delete(path).status_code == 204
        assert client.get(path).status_code == 404


def test_a_change_needs_the_present_etag(client: Client) -> None:
    made = client.connection()
    path = f"{FLOW}/connections/{made['id']}"
    steps = [{"op": "REPLACE", "path": "/name", "value": "Renamed"}]
    assert client.http.patch(path, json=steps).json()["errorCode"] == "1403-400"
    changed = client.http.patch(path, json=steps, headers={"If-Match": made["etag"]})
    assert changed.status_code == 200 and changed.json()["etag"] != made["etag"]
    again = client.http.patch(path, json=steps, headers={"If-Match": made["etag"]})
    assert again.json()["errorCode"] == "1404-412"
    (item,) = client.get(path).json()["items"]
    assert item["name"] == "Renamed"


def test_a_renamed_connection_keeps_its_inlet(client: Client) -> None:
    made = client.connection()
    before = client.inlet_url(made["id"])
    steps = [{"op": "replace", "path": "/auth/params/inletId", "value": "f" * 64}]
    path = f"{FLOW}/connections/{made['id']}"
    assert client.http.patch(path, json=steps, headers={"If-Match": made["etag"]}).status_code == 200
    assert client.inlet_url(made["id"]) == before


def test_lists_are_filtered_and_continued(client: Client) -> None:
    for number in range(5):
        client.connection(f"Inlet {number}")
    found = client.get(f"{FLOW}/connections?property=name==Inlet 3").json()["items"]
    assert [item["name"] for item in found] == ["Inlet 3"]
    names: list[str] = []
    path = "/connections?limit=2&orderby=-name"
    while path:
        page = client.get(FLOW + path).json()
        names += [item["name"] for item in page["items"]]
        path = page["_links"].get("next", {}).get("href", "")
    assert names == [f"Inlet {number}" for number in range(4, -1, -1)]
    assert client.get(f"{FLOW}/connections?count=true").json()["totalCount"] == 5
    both = client.get(f"{FLOW}/connections?count=true&limit=1")
    assert both.json()["errorCode"] == "1401-400"


def test_specifications_have_their_fixed_ids(client: Client) -> None:
    (spec,) = client.get(f"{FLOW}/connectionSpecs/{HTTP_SOURCE['id']}").json()["items"]
    assert (spec["version"], spec["authSpec"][0]["name"]) == ("1.0", "Streaming Connection")
    listed = client.get(f"{FLOW}/connectionSpecs?property=name==Data Lake").json()["items"]
    assert [one["id"] for one in listed] == [DATA_LAKE["id"]]
    assert client.get(f"{FLOW}/flowSpecs/{MAPPED['id']}").status_code == 200
    assert client.get(f"{FLOW}/flowSpecs/other").json()["errorCode"] == "1101-404"


# --- mapping sets and namespaces ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prefix", ["/data/foundation/conversion/mappingSets", "/data/foundation/mappingSets"]
)
def test_mapping_sets_are_served_under_both_paths(client: Client, prefix: str) -> None:
    made = client.schema()
    body = {
        "version": 0,
        "xdmSchema": made["$id"],
        "xdmVersion": "1.0",
        "mappings": [{"destinationXdmPath": "_id", "sourceAttribute": "id", "identity": False, "version": 0}],
    }
    answer = client.post(prefix, body)
    assert answer.status_code == 200
    assert re.fullmatch("[0-9a-f]{32}", answer.json()["id"]) and answer.json()["version"] == 0
    assert client.get(f"{prefix}/{answer.json()['id']}").json()["mappings"] == body["mappings"]
    assert client.http.delete(f"{prefix}/{answer.json()['id']}").status_code == 204


@pytest.mark.parametrize("change", [{"mappings": None}, {"mappings": [1]}, {"xdmSchema": "other"}])
def test_a_mapping_set_of_nothing_is_refused(client: Client, change: dict[str, Any]) -> None:
    body = {"xdmSchema": client.schema()["$id"], "mappings": [], **change}
    assert client.post("/data/foundation/mappingSets", body).status_code == 400


def test_a_namespace_of_ones_own_is_made_once(client: Client) -> None:
    path = "/data/core/idnamespace/identities"
    body = {"name": "Loyalty card", "code": "LoyaltyCard", "idType": "CROSS_DEVICE"}
    answer = client.post(path, body)
    assert answer.status_code == 201 and answer.json()["custom"] is True
    assert client.post(path, body).status_code == 400
    assert {"ECID", "Email", "LoyaltyCard"} <= {one["code"] for one in client.get(path).json()}
    assert client.get(f"{path}/LoyaltyCard").json() == answer.json()
    assert client.get(f"{path}/{answer.json()['id']}").json() == answer.json()
