"""What is set up through the platform's APIs takes effect at the inlets, at once and after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.platform.clients import CONTENT_TYPE, FLOW, MAPPED, ORGANIZATION, REGISTRY, Client, serving

EVENT = {"_id": "e-1", "timestamp": "2025-03-04T10:15:30.250Z", "eventType": "location.entry"}


def message(schema_id: str, dataset: str, event: dict[str, Any]) -> dict[str, Any]:
    reference = {"id": schema_id, "contentType": CONTENT_TYPE}
    header = {"schemaRef": reference, "imsOrgId": ORGANIZATION, "datasetId": dataset}
    return {"header": header, "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": event}}


def validated(url: str, body: dict[str, Any], **options: Any) -> httpx.Response:
    return httpx.post(url, json=body, params={"syncValidation": "true"}, **options)


def texts(answer: httpx.Response) -> list[str]:
    """The messages of a validation report."""
    (report,) = answer.json()["report"]["cause"]["_streamingValidation"]
    return [one["message"] for one in report["causingExceptions"] or [report]]


def set_up(client: Client, **parameters: Any) -> tuple[str, str, str]:
    """A schema with one field of our own, a dataset and an inlet with a flow."""
    made = client.schema("Events", client.field_group()["$id"])["$id"]
    dataset = client.dataset(made)
    base = client.connection(**parameters)["id"]
    client.flow(base, made, dataset)
    return made, dataset, client.inlet_url(base)


def test_events_are_validated_against_the_schema_of_their_dataset(client: Client) -> None:
    made, dataset, url = set_up(client)
    good = {**EVENT, "_journeysim": {"visits": 3}}
    assert validated(url, message(made, dataset, good)).json()["syncValidation"] == {"status": "pass"}
    bad = validated(url, message(made, dataset, {**EVENT, "_journeysim": {"visits": -1}, "commerce": {}}))
    assert texts(bad) == ["extraneous key [commerce] is not permitted", "-1 is not greater or equal to 0"]


def test_a_schema_other_than_the_datasets_is_an_unknown_format(client: Client) -> None:
    _, dataset, url = set_up(client)
    other = client.schema("Other")["$id"]
    answer = validated(url, message(other, dataset, EVENT))
    assert answer.status_code == 400
    assert answer.json()["report"]["message"].endswith("Message has unknown xdm format")


def test_a_change_of_the_schema_takes_effect_at_once(client: Client) -> None:
    made, dataset, url = set_up(client)
    event = {**EVENT, "commerce": {"purchases": {"value": 1}}}
    assert validated(url, message(made, dataset, event)).status_code == 400
    commerce = {"$ref": "https://ns.adobe.com/xdm/context/experienceevent-commerce"}
    path = f"{REGISTRY}/tenant/schemas/_journeysim.schemas.{made.rpartition('/')[2]}"
    client.http.patch(path, json=[{"op": "add", "path": "/allOf/-", "value": commerce}])
    assert validated(url, message(made, dataset, event)).status_code == 200


def test_a_primary_identity_field_becomes_mandatory(client: Client) -> None:
    made, dataset, url = set_up(client)
    assert validated(url, message(made, dataset, EVENT)).status_code == 200
    client.made(
        f"{REGISTRY}/tenant/descriptors",
        {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceSchema": made,
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": "/_journeysim/deviceId",
            "xdm:namespace": "ECID",
            "xdm:property": "xdm:code",
            "xdm:isPrimary": True,
        },
    )
    assert texts(validated(url, message(made, dataset, EVENT))) == ["required key [_journeysim] not found"]
    without = {**EVENT, "_journeysim": {}}
    assert texts(validated(url, message(made, dataset, without))) == ["required key [deviceId] not found"]


def test_an_authenticated_inlet_asks_for_a_token(client: Client) -> None:
    made, dataset, url = set_up(client, authenticationRequired=True)
    body = message(made, dataset, EVENT)
    refused = validated(url, body)
    assert refused.status_code == 401 and refused.json()["status"] == "401"
    token = {"Authorization": client.headers["Authorization"]}
    assert validated(url, body, headers=token).status_code == 200


def test_another_organization_is_refused_at_the_inlet(client: Client) -> None:
    made, dataset, url = set_up(client)
    body = message(made, dataset, EVENT)
    body["header"]["imsOrgId"] = "FFFFFFFFFFFFFFFFFFFFFFFF@AdobeOrg"
    answer = validated(url, body)
    assert answer.json()["report"]["message"].endswith("absent or wrong ims org in the header")


def test_a_deleted_connection_takes_its_inlet_with_it(client: Client) -> None:
    base = client.connection()["id"]
    url = client.inlet_url(base)
    assert client.http.delete(f"{FLOW}/connections/{base}").status_code == 204
    assert httpx.post(url, json={}).status_code == 404


def test_a_raw_record_becomes_an_event_by_the_mapping_of_its_flow(client: Client) -> None:
    made = client.schema("Events", client.field_group()["$id"])["$id"]
    dataset = client.dataset(made)
    paths = {"_id": "id", "timestamp": "at", "_journeysim.deviceId": "device.id"}
    mappings = [{"destinationXdmPath": to, "sourceAttribute": source} for to, source in paths.items()]
    mapping = client.made("/data/foundation/mappingSets", {"xdmSchema": made, "mappings": mappings})["id"]
    base = client.connection(dataType="raw")["id"]
    transformation = {"name": "Mapping", "params": {"mappingId": mapping, "mappingVersion": 0}}
    flow = client.flow(base, made, dataset, flowSpec=MAPPED, transformations=[transformation])["id"]
    record = {"id": "r-1", "at": "2025-03-04T10:15:30Z", "device": {"id": "d-17"}}
    answer = httpx.post(client.inlet_url(base), json=record, headers={"x-adobe-flow-id": flow})
    assert answer.status_code == 200, answer.text
    (kept,) = httpx.get(f"{client.url}/received").json()["records"]
    assert kept["event"] == {"_id": "r-1", "timestamp": record["at"], "_journeysim": {"deviceId": "d-17"}}
    assert kept["datasetId"] == dataset


def test_what_was_set_up_is_there_after_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    with serving(store) as client:
        made, dataset, url = set_up(client)
    inlet = url.rpartition("/")[2]
    with serving(store) as client:
        again = f"{client.url}/collection/{inlet}"
        assert validated(again, message(made, dataset, EVENT)).status_code == 200
        assert validated(again, message(made, dataset, {**EVENT, "foo": 1})).status_code == 400
        assert client.get(f"{REGISTRY}/stats").json()["counts"]["schemas"] == 1


def test_an_id_is_never_given_twice(client: Client) -> None:
    first = client.schema("A")
    client.http.delete(f"{REGISTRY}/tenant/schemas/{first['meta:altId']}")
    assert client.schema("A")["$id"] != first["$id"]
