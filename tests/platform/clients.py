"""A client of the platform's APIs against a receiver on a socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from simulator.receiver import EventStore, InletOptions, Receiver, ServerThread

ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
REGISTRY = "/data/foundation/schemaregistry"
CATALOG = "/data/foundation/catalog"
FLOW = "/data/foundation/flowservice"
EVENT_CLASS = "https://ns.adobe.com/xdm/context/experienceevent"
PROFILE_CLASS = "https://ns.adobe.com/xdm/context/profile"
FULL = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
SHORT = {"Accept": "application/vnd.adobe.xed-id+json"}
CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"
HTTP_SOURCE = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
DATA_LAKE = {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"}
AS_IS = {"id": "d8a6f005-7eaf-4153-983e-e8574508b877", "version": "1.0"}
MAPPED = {"id": "c1a19761-d2c7-4702-b9fa-fe91f0613e81", "version": "1.0"}


class Client:
    """Requests with all the headers of ingestion.md 3.2, and short ways to make things."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.headers = {
            "Authorization": f"Bearer {token}",
            "x-api-key": "client",
            "x-gw-ims-org-id": ORGANIZATION,
            "x-sandbox-name": "dev",
        }
        self.http = httpx.Client(base_url=url, headers=self.headers)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.http.get(path, **options)

    def post(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return self.http.post(path, json=body, **options)

    def made(self, path: str, body: Any) -> Any:
        """What was created; anything but success is an error of the test."""
        answer = self.post(path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def field_group(self, name: str = "Places sim details", **fields: Any) -> Any:
        own = fields or {"deviceId": {"type": "string"}, "visits": {"type": "integer", "minimum": 0}}
        return self.made(f"{REGISTRY}/tenant/fieldgroups", field_group(name, own))

    def schema(self, title: str = "Places sim events", *groups: str, **more: Any) -> Any:
        return self.made(f"{REGISTRY}/tenant/schemas", schema(title, *groups, **more))

    def dataset(self, schema_id: str, name: str = "Places sim dataset", **more: Any) -> str:
        reference = {"id": schema_id, "contentType": CONTENT_TYPE}
        (made,) = self.made(f"{CATALOG}/dataSets", {"name": name, "schemaRef": reference, **more})
        return str(made).removeprefix("@/dataSets/")

    def connection(self, name: str = "Places sim inlet", **parameters: Any) -> Any:
        auth = {"specName": "Streaming Connection", "params": {"sourceId": "places-sim", **parameters}}
        body = {"name": name, "connectionSpec": HTTP_SOURCE, "auth": auth}
        return self.made(f"{FLOW}/connections", body)

    def flow(
        self, base: str, schema_id: str, dataset: str, name: str = "Places sim flow", **more: Any
    ) -> Any:
        source = {"name": f"{name} source", "baseConnectionId": base, "connectionSpec": HTTP_SOURCE}
        target = {
            "name": f"{name} target",
            "data": {"schema": {"id": schema_id, "version": f"{CONTENT_TYPE}.0"}},
            "params": {"dataSetId": dataset},
            "connectionSpec": DATA_LAKE,
        }
        body = {
            "name": name,
            "flowSpec": AS_IS,
            "sourceConnectionIds": [self.made(f"{FLOW}/sourceConnections", source)["id"]],
            "targetConnectionIds": [self.made(f"{FLOW}/targetConnections", target)["id"]],
            **more,
        }
        return self.made(f"{FLOW}/flows", body)

    def inlet_url(self, connection: str) -> str:
        items = self.get(f"{FLOW}/connections/{connection}").json()["items"]
        return str(items[0]["auth"]["params"]["inletUrl"])


def field_group(title: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The body of ingestion.md 4.2 for fields of the tenant's own."""
    own = {"_journeysim": {"type": "object", "properties": fields}}
    return {
        "type": "object",
        "title": title,
        "description": "Fields of our own",
        "meta:intendedToExtend": [EVENT_CLASS],
        "definitions": {"customFields": {"properties": own}},
        "allOf": [{"$ref": "#/definitions/customFields"}],
    }


def schema(title: str, *groups: str, **more: Any) -> dict[str, Any]:
    """The body of ingestion.md 4.2 for a schema of events."""
    return {
        "type": "object",
        "title": title,
        "description": "Simulator events",
        "allOf": [{"$ref": id} for id in (EVENT_CLASS, *groups)],
        **more,
    }


def encoded(id: str) -> str:
    """An id as one segment of a path."""
    return quote(id, safe="")


@contextmanager
def serving(store: Path | None = None, **options: Any) -> Iterator[Client]:
    """A receiver on a socket and a client that has a token."""
    with EventStore(store) as events:
        receiver = Receiver(events, options=InletOptions(**options))
        with ServerThread(receiver) as server:
            client = Client(server.url, receiver.tokens.issue(receiver.now_ms()))
            with client.http:
                yield client
