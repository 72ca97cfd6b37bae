"""The Schema Registry (ingestion.md 4.1 to 4.3)."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.receiver import EventStore, Receiver, ServerThread
from simulator.xdm import EventValidator
from tests.platform.clients import (
    EVENT_CLASS,
    FULL,
    PROFILE_CLASS,
    REGISTRY,
    SHORT,
    Client,
    encoded,
    field_group,
    schema,
)

COMMERCE = f"{EVENT_CLASS}-commerce"
XED = {"Accept": "application/vnd.adobe.xed+json"}


def test_stats_tell_the_tenant_and_count_its_resources(client: Client) -> None:
    group = client.field_group()
    client.schema("Events", group["$id"], **{"meta:immutableTags": ["union"]})
    stats = client.get(f"{REGISTRY}/stats").json()
    assert stats["tenantId"] == "journeysim"
    assert stats["counts"] == {"classes": 0, "mixins": 1, "schemas": 1, "datatypes": 0, "unions": 1}
    assert {one["title"] for one in stats["recentlyUpdatedResources"]} == {"Places sim details", "Events"}


def test_the_library_has_the_classes_and_field_groups_of_the_catalogue(client: Client) -> None:
    classes = client.get(f"{REGISTRY}/global/classes", headers=SHORT).json()["results"]
    assert {one["$id"] for one in classes} == {EVENT_CLASS, PROFILE_CLASS}
    wanted = {"property": f"meta:intendedToExtend=={EVENT_CLASS}"}
    groups = client.get(f"{REGISTRY}/global/fieldgroups", headers=SHORT, params=wanted).json()["results"]
    ids = {one["$id"] for one in groups}
    assert COMMERCE in ids and "https://ns.adobe.com/experience/campaign/orchestration/eventid" in ids
    assert not any("profile-person-details" in id for id in ids)


@pytest.mark.parametrize("name", ["_xdm.context.experienceevent-commerce", encoded(COMMERCE)])
def test_a_resource_is_found_by_its_short_and_its_encoded_id(client: Client, name: str) -> None:
    found = client.get(f"{REGISTRY}/global/mixins/{name}", headers=FULL).json()
    assert found["$id"] == COMMERCE
    assert found["properties"]["productListItems"]["items"]["properties"]["SKU"]["type"] == "string"


@pytest.mark.parametrize(
    ("accept", "status", "problem"),
    [
        ("application/json", 400, "XDM-1006-400"),
        ("*/*", 400, "XDM-1006-400"),
        ("application/vnd.adobe.xed+json; version=1", 400, "XDM-1006-400"),
    ],
)
def test_a_listing_needs_an_accept_header_without_version(
    client: Client, accept: str, status: int, problem: str
) -> None:
    answer = client.get(f"{REGISTRY}/tenant/schemas", headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.json()["type"] == f"http://ns.adobe.com/aep/errors/{problem}"
    assert answer.json()["title"] == "Accept header invalid"
    assert set(answer.json()["report"]) == {
        "registryRequestId",
        "timestamp",
        "detailed-message",
        "sub-errors",
    }


@pytest.mark.parametrize("accept", ["application/vnd.adobe.xed-full+json", "application/json"])
def test_a_look_up_needs_an_accept_header_with_version(client: Client, accept: str) -> None:
    made = client.schema()
    answer = client.get(f"{REGISTRY}/tenant/schemas/{made['meta:altId']}", headers={"Accept": accept})
    assert answer.json()["type"].endswith("XDM-1007-400")


def test_no_accept_header_at_all_is_not_acceptable(client: Client) -> None:
    request = client.http.build_request("GET", f"{REGISTRY}/tenant/schemas")
    del request.headers["accept"]
    answer = client.http.send(request)
    assert (answer.status_code, answer.json()["detail"]) == (406, "Accept header parameter is required")


@pytest.mark.parametrize("kind", ["schemas", "fieldgroups", "classes", "datatypes", "unions", "descriptors"])
def test_an_unknown_resource_is_not_found(client: Client, kind: str) -> None:
    headers = {"Accept": "application/vnd.adobe.xdm+json"} if kind == "descriptors" else FULL
    answer = client.get(f"{REGISTRY}/tenant/{kind}/_journeysim.{kind}.0", headers=headers)
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("XDM-1012-404")


# --- creating -----------------------------------------------------------------------------------------------


def test_a_field_group_comes_back_whole(client: Client) -> None:
    given = field_group("Places sim details", {"deviceId": {"type": "string"}})
    answer = client.post(f"{REGISTRY}/tenant/fieldgroups", given)
    made = answer.json()
    assert answer.status_code == 201
    assert given.items() <= made.items()
    assert made["$id"].startswith("https://ns.adobe.com/journeysim/mixins/")
    assert made["meta:altId"] == "_journeysim.mixins." + made["$id"].rpartition("/")[2]
    assert made["meta:resourceType"] == "mixins"
    assert (made["version"], made["meta:tenantNamespace"]) == ("1.0", "_journeysim")
    assert answer.headers["etag"] == f'"{made["meta:registryMetadata"]["eTag"]}"'


def test_a_schema_tells_its_class_and_what_it_extends(client: Client) -> None:
    made = client.schema("Events", COMMERCE)
    assert made["meta:class"] == EVENT_CLASS
    assert made["refs"] == [EVENT_CLASS, COMMERCE]
    assert "https://ns.adobe.com/xdm/data/time-series" in made["meta:extends"]
    assert made["allOf"][0] == {"$ref": EVENT_CLASS, "type": "object", "meta:xdmType": "object"}


def test_a_title_is_unique_across_kinds(client: Client) -> None:
    group = client.field_group("One title")
    answer = client.post(f"{REGISTRY}/tenant/schemas", schema("One title"))
    assert answer.status_code == 400
    expected = f"Title must be unique. An object {group['$id']} already exists with the same title."
    assert answer.json()["detail"] == expected


def test_own_fields_belong_below_the_tenants_name(client: Client) -> None:
    given = field_group("Group", {})
    given["definitions"]["customFields"]["properties"] = {"deviceId": {"type": "string"}}
    answer = client.post(f"{REGISTRY}/tenant/fieldgroups", given)
    assert answer.status_code == 400
    assert "you must use a top level field named _journeysim" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("schemas", {"title": None}, "title"),
        ("schemas", {"type": "string"}, "type"),
        ("schemas", {"allOf": []}, "exactly one class"),
        ("schemas", {"allOf": [{"$ref": EVENT_CLASS}, {"$ref": PROFILE_CLASS}]}, "exactly one class"),
        ("schemas", {"allOf": "nonsense"}, "allOf"),
        ("schemas", {"allOf": [{"$ref": EVENT_CLASS}, {"$ref": "https://ns.adobe.com/x"}]}, "library"),
        ("schemas", {"allOf": [{"$ref": PROFILE_CLASS}, {"$ref": COMMERCE}]}, "not compatible"),
        ("schemas", {"properties": {}}, "fields of its own"),
        ("schemas", {"meta:immutableTags": "union"}, "meta:immutableTags"),
        ("fieldgroups", {"meta:intendedToExtend": []}, "meta:intendedToExtend"),
        ("fieldgroups", {"meta:intendedToExtend": ["https://ns.adobe.com/x"]}, "library"),
        ("fieldgroups", {"allOf": [{"$ref": "#/definitions/absent"}]}, "leads nowhere"),
        ("fieldgroups", {"definitions": {"customFields": {"properties": {"_journeysim": 1}}}}, "expected an object"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_resource_is_said(
    client: Client, kind: str, change: dict[str, Any], said: str
) -> None:
    given = schema("A") if kind == "schemas" else field_group("A", {"a": {"type": "string"}})
    answer = client.post(f"{REGISTRY}/tenant/{kind}", {**given, **change})
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    "field",
    [
        {"type": "strange"},
        {"type": "string", "pattern": "("},
        {"type": "string", "maxLength": -1},
        {"type": "string", "enum": []},
        {"oneOf": [{"type": "string"}]},
        {"title": "no type"},
        {"$ref": "https://ns.adobe.com/unknown"},
        {"$ref": "http://127.0.0.1:1/remote.json"},
        {"$ref": "#/definitions/customFields"},
    ],
)
def test_a_field_that_is_no_field_is_refused(client: Client, field: dict[str, Any]) -> None:
    answer = client.post(f"{REGISTRY}/tenant/fieldgroups", field_group("A", {"a": field}))
    assert answer.status_code == 400, answer.text


def test_a_small_body_that_stands_for_millions_of_fields_is_refused(client: Client) -> None:
    given = field_group("A", {"a": {"$ref": "#/definitions/d0"}})
    for level in range(16):
        twice = {name: {"$ref": f"#/definitions/d{level + 1}"} for name in ("x", "y")}
        given["definitions"][f"d{level}"] = {"type": "object", "properties": twice}
    given["definitions"]["d16"] = {"type": "string"}
    answer = client.post(f"{REGISTRY}/tenant/fieldgroups", given)
    assert answer.status_code == 400
    assert "stands for more than" in answer.json()["detail"]


def test_data_types_of_data_types_cannot_grow_without_bounds(client: Client) -> None:
    inner: dict[str, Any] = {"type": "string"}
    statuses = []
    for level in range(16):
        fields = dict.fromkeys(("a", "b", "c"), inner)
        kind = {"type": "object", "title": f"Type {level}", "properties": fields}
        answer = client.post(f"{REGISTRY}/tenant/datatypes", kind)
        statuses.append(answer.status_code)
        if answer.status_code != 201:
            assert "stands for more than" in answer.json()["detail"]
            break
        inner = {"$ref": answer.json()["$id"]}
    assert statuses[-1] == 400


# --- changing -----------------------------------------------------------------------------------------------


def test_a_patch_adds_a_field_group_and_raises_the_minor_version(client: Client) -> None:
    made = client.schema()
    steps = [{"op": "add", "path": "/allOf/-", "value": {"$ref": COMMERCE}}]
    answer = client.http.patch(f"{REGISTRY}/tenant/schemas/{encoded(made['$id'])}", json=steps)
    assert answer.status_code == 200
    assert (answer.json()["version"], answer.json()["refs"]) == ("1.1", [EVENT_CLASS, COMMERCE])
    assert answer.json()["meta:registryMetadata"]["eTag"] != made["meta:registryMetadata"]["eTag"]


def test_put_replaces_what_the_client_gives_and_keeps_the_ids(client: Client) -> None:
    made = client.schema("Before")
    path = f"{REGISTRY}/tenant/schemas/{made['meta:altId']}"
    changed = client.http.put(path, json=schema("After", COMMERCE)).json()
    assert (changed["title"], changed["$id"], changed["version"]) == ("After", made["$id"], "1.1")


def test_the_union_tag_can_be_set_and_never_removed(client: Client) -> None:
    made = client.schema()
    path = f"{REGISTRY}/tenant/schemas/{made['meta:altId']}"
    add = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    assert client.http.patch(path, json=add).json()["meta:immutableTags"] == ["union"]
    answer = client.http.patch(path, json=[{"op": "remove", "path": "/meta:immutableTags"}])
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "steps",
    [
        {},
        [],
        [1],
        [{"op": "add"}],
        [{"op": "strange", "path": "/title", "value": 1}],
        [{"op": "remove", "path": "/absent"}],
        [{"op": "replace", "path": "", "value": 1}],
        [{"op": "add", "path": "title", "value": "x"}],
        [{"op": "test", "path": "/title", "value": "another"}],
    ],
)
def test_a_patch_that_cannot_be_applied_changes_nothing(client: Client, steps: Any) -> None:
    made = client.schema()
    path = f"{REGISTRY}/tenant/schemas/{made['meta:altId']}"
    assert client.http.patch(path, json=steps).status_code == 400
    assert client.get(path, headers=FULL).json()["version"] == "1.0"


def test_if_match_protects_from_changing_what_somebody_else_changed(client: Client) -> None:
    made = client.schema()
    path = f"{REGISTRY}/tenant/schemas/{made['meta:altId']}"
    etag = client.get(path, headers=FULL).headers["etag"]
    steps = [{"op": "replace", "path": "/description", "value": "new"}]
    assert client.http.patch(path, json=steps, headers={"If-Match": etag}).status_code == 200
    assert client.http.patch(path, json=steps, headers={"If-Match": etag}).status_code == 412


def test_what_is_in_use_is_not_deleted_and_what_is_not_is_gone(client: Client) -> None:
    group = client.field_group()
    made = client.schema("Events", group["$id"])
    in_use = client.http.delete(f"{REGISTRY}/tenant/fieldgroups/{group['meta:altId']}")
    assert in_use.status_code == 400 and "`Events`" in in_use.json()["detail"]
    assert client.http.delete(f"{REGISTRY}/tenant/schemas/{made['meta:altId']}").status_code == 204
    assert client.http.delete(f"{REGISTRY}/tenant/fieldgroups/{group['meta:altId']}").status_code == 204
    assert client.get(f"{REGISTRY}/tenant/schemas", headers=SHORT).json()["results"] == []


# --- reading ------------------------------------------------------------------------------------------------


def test_pages_of_a_list_cover_it_once(client: Client) -> None:
    for number in range(7):
        client.schema(f"Schema {number}")
    seen: list[str] = []
    path = f"{REGISTRY}/tenant/schemas?orderby=-title&limit=3"
    while path:
        page = client.get(path, headers=SHORT).json()
        assert page["_page"]["count"] == len(page["results"]) <= 3
        seen += [one["title"] for one in page["results"]]
        following = page["_links"].get("next")
        path = REGISTRY + following["href"] if following else ""
    assert seen == [f"Schema {number}" for number in range(6, -1, -1)]


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        (["title==B"], ["B"]),
        (["title!=B"], ["A"]),
        (["title==A", "title==B"], []),
        (["meta:immutableTags==union"], ["B"]),
        ([f"meta:class=={EVENT_CLASS}"], ["A", "B"]),
        (["title~^a"], ["A"]),
        (["version>1"], []),
    ],
)
def test_lists_are_filtered_by_properties(client: Client, filters: list[str], titles: list[str]) -> None:
    client.schema("A")
    client.schema("B", **{"meta:immutableTags": ["union"]})
    answer = client.get(
        f"{REGISTRY}/tenant/schemas", headers=XED, params={"property": filters, "orderby": "title"}
    )
    assert [one["title"] for one in answer.json()["results"]] == titles


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "limit=501", "property=nonsense", "start=absent"])
def test_a_list_request_that_makes_no_sense_is_refused(client: Client, query: str) -> None:
    answer = client.get(f"{REGISTRY}/tenant/schemas?orderby=title&{query}", headers=SHORT)
    assert answer.status_code == 400


def test_forms_without_texts_have_fields_called_title_all_the_same(client: Client) -> None:
    made = client.field_group("Group", title={"type": "string", "title": "A title", "description": "said"})
    accept = {"Accept": "application/vnd.adobe.xed-full-notext+json; version=1"}
    found = client.get(f"{REGISTRY}/tenant/mixins/{made['meta:altId']}", headers=accept).json()
    assert found["properties"]["_journeysim"]["properties"]["title"] == {
        "type": "string",
        "meta:xdmType": "string",
    }
    assert "title" not in found


def test_the_exported_schema_compiles_and_judges_events(client: Client) -> None:
    group = client.field_group()
    made = client.schema("Events", group["$id"], COMMERCE)
    exported = client.get(f"{REGISTRY}/tenant/schemas/{made['meta:altId']}", headers=FULL).json()
    validator = EventValidator(exported)
    event = {"_id": "1", "timestamp": "2025-03-04T10:15:30.250Z", "_journeysim": {"visits": 3}}
    assert validator.is_valid(event)
    assert not validator.is_valid({**event, "_journeysim": {"visits": "three"}})


def test_an_export_holds_what_a_schema_needs_of_the_tenant(client: Client) -> None:
    group = client.field_group()
    made = client.schema("Events", group["$id"], COMMERCE)
    answer = client.get(
        f"{REGISTRY}/rpc/export/{made['meta:altId']}", headers={"Accept": f"{XED['Accept']}; version=1"}
    )
    assert [one["$id"] for one in answer.json()] == [group["$id"], made["$id"]]


def test_data_types_are_followed_and_may_not_go_in_circles(client: Client) -> None:
    kind = {"type": "object", "title": "Badge", "properties": {"code": {"type": "string", "maxLength": 3}}}
    badge = client.made(f"{REGISTRY}/tenant/datatypes", kind)
    group = client.field_group(badge={"$ref": badge["$id"]})
    full = client.get(f"{REGISTRY}/tenant/mixins/{group['meta:altId']}", headers=FULL).json()
    assert full["properties"]["_journeysim"]["properties"]["badge"]["properties"]["code"]["maxLength"] == 3
    circle = [{"op": "add", "path": "/properties/again", "value": {"$ref": badge["$id"]}}]
    answer = client.http.patch(f"{REGISTRY}/tenant/datatypes/{badge['meta:altId']}", json=circle)
    assert answer.status_code == 400


# --- descriptors and unions ---------------------------------------------------------------------------------


def identity(schema_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema_id,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/_journeysim/deviceId",
        "xdm:namespace": "ECID",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
        **changes,
    }


def test_a_descriptor_is_made_listed_by_type_replaced_and_deleted(client: Client) -> None:
    made = client.schema("Events", client.field_group()["$id"])
    path = f"{REGISTRY}/tenant/descriptors"
    created = client.made(path, identity(made["$id"]))
    assert len(created["@id"]) == 40 and created["version"] == "1"
    for form, shown in (
        ("xdm", created),
        ("xdm-id", created["@id"]),
        ("xdm-link", f"/tenant/descriptors/{created['@id']}"),
    ):
        accept = {"Accept": f"application/vnd.adobe.{form}+json"}
        assert client.get(path, headers=accept).json() == {"xdm:descriptorIdentity": [shown]}
    paged = client.get(path, headers={"Accept": "application/vnd.adobe.xdm-v2+json"}).json()
    assert paged["results"] == [created]
    one = f"{path}/{created['@id']}"
    changed = client.http.put(one, json=identity(made["$id"], **{"xdm:namespace": "Email"})).json()
    assert (changed["@id"], changed["xdm:namespace"]) == (created["@id"], "Email")
    assert client.http.delete(one).status_code == 204
    assert client.get(one, headers={"Accept": "application/vnd.adobe.xdm+json"}).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"@type": "xdm:strange"},
        {"xdm:sourceSchema": "https://ns.adobe.com/journeysim/schemas/0"},
        {"xdm:sourceProperty": "deviceId"},
        {"xdm:sourceProperty": "/_journeysim/absent"},
        {"xdm:sourceProperty": "/_journeysim/visits"},
        {"xdm:namespace": ""},
        {"xdm:property": "xdm:other"},
        {"xdm:isPrimary": "yes"},
    ],
)
def test_a_descriptor_of_nothing_is_refused(client: Client, change: dict[str, Any]) -> None:
    made = client.schema("Events", client.field_group()["$id"])
    answer = client.post(f"{REGISTRY}/tenant/descriptors", identity(made["$id"], **change))
    assert answer.status_code == 400, answer.text


def test_a_schema_has_one_primary_identity(client: Client) -> None:
    made = client.schema("Events", client.field_group()["$id"])
    client.made(f"{REGISTRY}/tenant/descriptors", identity(made["$id"]))
    answer = client.post(f"{REGISTRY}/tenant/descriptors", identity(made["$id"]))
    assert answer.status_code == 400


def test_a_union_has_the_fields_of_every_tagged_schema_of_its_class(client: Client) -> None:
    union = {"meta:immutableTags": ["union"]}
    client.schema("A", client.field_group()["$id"], **union)
    client.schema("B", COMMERCE, **union)
    client.schema("C", f"{EVENT_CLASS}-web")
    found = client.get(f"{REGISTRY}/tenant/unions/{encoded(EVENT_CLASS + '__union')}", headers=FULL).json()
    assert {"_journeysim", "commerce", "timestamp"} <= set(found["properties"])
    assert "web" not in found["properties"]
    listed = client.get(f"{REGISTRY}/tenant/unions", headers=SHORT).json()["results"]
    assert [one["meta:altId"] for one in listed] == ["_xdm.context.experienceevent__union"]


def test_encoded_ids_come_through_the_door_of_a_receiver_with_an_access_token() -> None:
    with EventStore() as store:
        receiver = Receiver(store, access_token="sixteen-characters-or-more")
        with ServerThread(receiver) as server:
            url = f"{server.url}/access/sixteen-characters-or-more"
            made = Client(url, receiver.tokens.issue(receiver.now_ms()))
            with made.http:
                schema_id = made.schema()["$id"]
                path = f"{REGISTRY}/tenant/schemas/{encoded(schema_id)}"
                assert made.get(path, headers=FULL).json()["$id"] == schema_id
