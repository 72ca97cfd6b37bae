"""Finding what is there and making what is missing, one thing after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.provision.access import Access, part_of
from simulator.provision.paths import (
    CATALOG,
    CONTENT_TYPE,
    DATA_LAKE,
    DESCRIPTORS,
    FLOW,
    FLOW_AS_IS,
    HTTP_SOURCE,
    LISTING,
    REGISTRY,
    encoded,
)
from simulator.provision.recipes import PROFILE_TAGS, UNION, SchemaRecipe, primary_identity
from simulator.scenario.provisioned import Made, ProvisionedInlet

Json = dict[str, Any]
Note = Callable[[str, Made], None]
"""Told what was ``created``, ``found`` or ``changed``."""


class Steps:
    """The steps; each finds its thing by title or name, and makes it only if it is missing."""

    def __init__(self, access: Access, note: Note) -> None:
        self._access = access
        self._note = note

    def tenant(self) -> str:
        """The tenant's id (ingestion.md 4.1)."""
        return str(part_of(self._access.call("GET", f"{REGISTRY}/stats"), "tenantId"))

    # --- schema registry ------------------------------------------------------------------------------------

    def field_group(self, body: Json) -> str:
        """The ``$id`` of the tenant's field group with this title."""
        found = self._with_title("fieldgroups", body["title"])
        if found is None:
            found = self._access.call("POST", f"{REGISTRY}/tenant/fieldgroups", body)
            self._tell("created", "field group", body["title"], _resource_path("fieldgroups", found))
        else:
            self._tell("found", "field group", body["title"], _resource_path("fieldgroups", found))
        return str(part_of(found, "$id"))

    def schema(self, recipe: SchemaRecipe) -> str:
        """The ``$id`` of the schema; one that is there gets what it lacks."""
        found = self._with_title("schemas", recipe.title)
        if found is None:
            made = self._access.call("POST", f"{REGISTRY}/tenant/schemas", recipe.body())
            self._tell("created", "schema", recipe.title, _resource_path("schemas", made))
            return str(part_of(made, "$id"))
        path = _resource_path("schemas", found)
        present = {part.get("$ref") for part in found.get("allOf", [])}
        patch: list[Json] = [
            {"op": "add", "path": "/allOf/-", "value": {"$ref": id}}
            for id in recipe.groups
            if id not in present
        ]
        if recipe.profile and "union" not in found.get("meta:immutableTags", []):
            patch.append({"op": "add", "path": "/meta:immutableTags", "value": UNION})
        if patch:
            self._access.call("PATCH", path, patch)
        self._tell("changed" if patch else "found", "schema", recipe.title, path)
        return str(found["$id"])

    def primary_identity(self, schema_id: str, field: str, namespace: str) -> None:
        """The descriptor of the field that identifies the person."""
        body = primary_identity(schema_id, field, namespace)
        listed = self._access.call("GET", f"{REGISTRY}/tenant/descriptors", headers=DESCRIPTORS) or {}
        same = ("xdm:sourceSchema", "xdm:sourceProperty", "xdm:namespace")
        for found in listed.get(body["@type"], []):
            if all(found.get(key) == body[key] for key in same) and found.get("xdm:isPrimary"):
                self._tell("found", "identity", field, f"{REGISTRY}/tenant/descriptors/{found['@id']}")
                return
        made = self._access.call("POST", f"{REGISTRY}/tenant/descriptors", body)
        self._tell("created", "identity", field, f"{REGISTRY}/tenant/descriptors/{made['@id']}")

    def _with_title(self, kind: str, title: str) -> Json | None:
        query = f"property={encoded(f'title=={title}')}&orderby=title&limit=1"
        answer = self._access.call("GET", f"{REGISTRY}/tenant/{kind}?{query}", headers=LISTING)
        return next((one for one in part_of(answer, "results") if one.get("title") == title), None)

    # --- catalog --------------------------------------------------------------------------------------------

    def dataset(self, name: str, schema_id: str, *, profile: bool) -> str:
        """The id of the dataset; one that is there is enabled for profiles if it has to be."""
        tags = PROFILE_TAGS if profile else {}
        listed = self._access.call("GET", f"{CATALOG}/dataSets?name={encoded(name)}&limit=100")
        for id, found in listed.items():
            if found.get("name") != name or found.get("schemaRef", {}).get("id") != schema_id:
                continue
            lacking = any(found.get("tags", {}).get(key) != value for key, value in tags.items())
            if lacking:
                self._access.call("PATCH", f"{CATALOG}/v2/dataSets/{id}", {"tags": tags})
            self._tell("changed" if lacking else "found", "dataset", name, f"{CATALOG}/dataSets/{id}")
            return str(id)
        reference = {"id": schema_id, "contentType": CONTENT_TYPE}
        body = {"name": name, "schemaRef": reference, "tags": tags}
        (made,) = self._access.call("POST", f"{CATALOG}/dataSets", body)
        id = str(made).removeprefix("@/dataSets/")
        self._tell("created", "dataset", name, f"{CATALOG}/dataSets/{id}")
        return id

    # --- flow service ---------------------------------------------------------------------------------------

    def inlet(self, name: str, schema_id: str, dataset: str, *, authenticated: bool) -> ProvisionedInlet:
        """An inlet whose messages go to the dataset: connection, source, target, dataflow."""
        parameters = {
            "sourceId": name,
            "dataType": "xdm",
            "name": name,
            "authenticationRequired": authenticated,
        }
        auth = {"specName": "Streaming Connection", "params": parameters}
        base = self._item("connections", "connection", name, {"connectionSpec": HTTP_SOURCE, "auth": auth})
        source = self._item(
            "sourceConnections",
            "source connection",
            name,
            {"baseConnectionId": base, "connectionSpec": HTTP_SOURCE},
        )
        schema = {"id": schema_id, "version": f"{CONTENT_TYPE}.0"}
        target = self._item(
            "targetConnections",
            "target connection",
            name,
            {"data": {"schema": schema}, "params": {"dataSetId": dataset}, "connectionSpec": DATA_LAKE},
        )
        flow = self._item(
            "flows",
            "dataflow",
            name,
            {"flowSpec": FLOW_AS_IS, "sourceConnectionIds": [source], "targetConnectionIds": [target]},
        )
        item, *_ = part_of(self._access.call("GET", f"{FLOW}/connections/{base}"), "items") or [None]
        given = part_of(part_of(item, "auth"), "params")
        return ProvisionedInlet(
            url=part_of(given, "inletUrl"),
            id=part_of(given, "inletId"),
            authenticated=bool(given.get("authenticationRequired", authenticated)),
            dataset_id=dataset,
            schema_id=schema_id,
            flow_id=flow,
            source_name=name,
        )

    def _item(self, path: str, kind: str, name: str, body: Json) -> str:
        query = f"property={encoded(f'name=={name}')}"
        items = part_of(self._access.call("GET", f"{FLOW}/{path}?{query}"), "items")
        for found in items:
            if found.get("name") == name and _same_ends(found, body):
                self._tell("found", kind, name, f"{FLOW}/{path}/{found['id']}")
                return str(found["id"])
        made = self._access.call("POST", f"{FLOW}/{path}", {"name": name, **body})
        self._tell("created", kind, name, f"{FLOW}/{path}/{part_of(made, 'id')}")
        return str(made["id"])

    def _tell(self, what: str, kind: str, name: str, path: str) -> None:
        self._note(what, Made(kind=kind, name=name, path=path))


def _same_ends(found: Json, wanted: Json) -> bool:
    """Whether what was found hangs together with the same things as what is wanted."""
    for key in ("baseConnectionId", "sourceConnectionIds", "targetConnectionIds"):
        if key in wanted and found.get(key) != wanted[key]:
            return False
    dataset = wanted.get("params", {}).get("dataSetId")
    return dataset is None or found.get("params", {}).get("dataSetId") == dataset


def _resource_path(kind: str, resource: Json) -> str:
    other = resource.get("meta:altId") if isinstance(resource, dict) else None
    return f"{REGISTRY}/tenant/{kind}/{encoded(other or part_of(resource, '$id'))}"
