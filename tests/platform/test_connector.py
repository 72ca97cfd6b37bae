"""A batch as the platform's Kafka connector sends it, and its answer as the connector reads it (ingestion.md 5.3)."""

from __future__ import annotations

import re
from typing import Any

import httpx
import orjson

from tests.platform.clients import CONTENT_TYPE, ORGANIZATION, Client


def failures(endpoint: str, records: list[Any], headers: dict[str, str]) -> dict[int, tuple[int, str]]:
    """What the connector makes of the answer: status and message by the number of the record."""
    url = endpoint.replace("/collection/", "/collection/batch/")
    body = orjson.dumps({"messages": records})
    answer = httpx.post(url, content=body, headers={"Content-Type": "application/json", **headers})
    assert answer.is_success
    found = {}
    for entry in answer.json()["responses"]:
        if entry.get("status") is not None:
            match = re.fullmatch(
                r".*-([0-9]+)", entry["xactionId"]
            )  # without it the connector fails as a whole
            assert match is not None
            found[int(match[1])] = (entry["status"], entry["message"])
    return found


def test_a_connector_finds_the_records_that_failed(client: Client) -> None:
    schema = client.schema("Events", client.field_group()["$id"])["$id"]
    dataset = client.dataset(schema)
    base = client.connection("Connector")["id"]
    flow = client.flow(base, schema, dataset)["id"]
    reference = {"id": schema, "contentType": CONTENT_TYPE}

    def message(number: int) -> dict[str, Any]:
        entity = {"_id": f"k-{number}", "timestamp": "2025-03-04T10:15:30Z", "eventType": "location.entry"}
        header = {"schemaRef": reference, "imsOrgId": ORGANIZATION, "datasetId": dataset, "flowId": flow}
        return {"header": header, "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}}

    records: list[Any] = [message(number) for number in range(6)]
    del records[2]["header"]
    records[4]["header"]["imsOrgId"] = "FF@AdobeOrg"
    headers = {"x-adobe-flow-id": flow, "x-adobe-dataset-id": dataset}
    found = failures(client.inlet_url(base), records, headers)
    assert {number: status for number, (status, _) in found.items()} == {2: 400, 4: 400}
    assert found[4][1].endswith("Message has an absent or wrong ims org in the header")
    kept = httpx.get(f"{client.url}/received").json()["records"]
    assert [record["event"]["_id"] for record in kept] == ["k-0", "k-1", "k-3", "k-5"]
