"""Classes, field groups, data types and schemas: list, look up, create, replace, patch, delete."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

from simulator.core.identifiers import derived_uuid
from simulator.receiver.calls import Call, RefusedError, Reply
from simulator.receiver.documents import Document
from simulator.receiver.platform import problems
from simulator.receiver.platform.patching import patched
from simulator.receiver.platform.registry.accept import listing_form, look_up_form
from simulator.receiver.platform.registry.forms import represented
from simulator.receiver.platform.registry.listing import page_of
from simulator.receiver.platform.registry.nodes import SchemaError
from simulator.receiver.platform.registry.records import Records
from simulator.xdm import CLASSES

Json = dict[str, Any]

# Which version of the global library a resource was made with; opaque to clients (ingestion.md 4.2).
_LIBRARY_VERSION = "1.38.2"
_MADE_HERE = ("$id", "meta:altId", "meta:resourceType", "version", "imsOrg", "meta:registryMetadata")
_ABSTRACT_KINDS = ("classes", "mixins")


class Resources:
    """The handlers of one kind of resource; ``kind`` is the word on the wire (``mixins`` for field groups).

    ``changed`` is called with the ``$id`` s of schemas that may stand for something else now; None for all.
    """

    def __init__(self, kind: str, records: Records, tenant: str, changed: Callable[[], None]) -> None:
        self.kind = kind
        self._records = records
        self._tenant = tenant
        self._changed = changed

    # --- reading --------------------------------------------------------------------------------------------

    def list_global(self, call: Call) -> Reply:
        return page_of(call, listing_form(call), self._records.library[self.kind], f"/global/{self.kind}")

    def list_tenant(self, call: Call) -> Reply:
        bodies = [document.body for document in self._records.tenant(self.kind)]
        return page_of(call, listing_form(call), bodies, f"/tenant/{self.kind}")

    def get_global(self, call: Call) -> Reply:
        found = self._records.global_one(self.kind, call.path["id"])
        return self._shown(call, found)

    def get_tenant(self, call: Call) -> Reply:
        document = self._records.tenant_one(self.kind, call.path["id"])
        return self._shown(call, None if document is None else document.body)

    def _shown(self, call: Call, resource: Json | None) -> Reply:
        form = look_up_form(call)
        if resource is None:
            self._missing(call)
        return Reply(200, represented(resource, form, self._records), {"ETag": etag_of(resource)})

    # --- changing -------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Reply:
        given = self._object(call)
        count = self._records.next_number(self.kind)
        digits = derived_uuid("registry", self._tenant, self.kind, count).replace("-", "")
        id = f"https://ns.adobe.com/{self._tenant}/{self.kind}/{digits}"
        resource = self._checked(call, given, id, "1.0", None)
        self._records.save(self.kind, resource, call.now_ms)
        return Reply(201, resource, {"ETag": etag_of(resource)})

    def replace(self, call: Call) -> Reply:
        before = self._existing(call)
        return self._store(call, self._object(call), before)

    def patch(self, call: Call) -> Reply:
        before = self._existing(call)
        try:
            given = patched(before.body, call.body)
        except ValueError as error:
            _refuse(str(error))
        return self._store(call, given, before)

    def delete(self, call: Call) -> Reply:
        before = self._existing(call)
        users = self._users(before.body["$id"])
        if users:
            _refuse(f"The resource is in use by {users[0]} and cannot be deleted")
        self._records.remove(self.kind, before.body)
        if self.kind == "schemas":
            self._records.remove_descriptors(before.body["$id"])
        self._changed()
        return Reply(204)

    def _store(self, call: Call, given: Json, before: Document) -> Reply:
        major, minor = before.body["version"].split(".")
        version = f"{major}.{int(minor) + 1}"
        resource = self._checked(call, given, before.body["$id"], version, before.body)
        self._records.save(self.kind, resource, call.now_ms)
        self._changed()
        return Reply(200, resource, {"ETag": etag_of(resource)})

    def _users(self, id: str) -> list[str]:
        """What refers to a resource, in words."""
        return [
            f"`{resource.get('title', resource['$id'])}`"
            for resource in self._records.everything()
            if resource["$id"] != id and id in references_of(resource)
        ] + self._records.users_of_schema(id)

    # --- checks ---------------------------------------------------------------------------------------------

    def _checked(self, call: Call, given: Json, id: str, version: str, before: Json | None) -> Json:
        """The whole resource made of what a client gave; a ``RefusedError`` if something is wrong with it."""
        title = given.get("title")
        if not isinstance(title, str) or not title.strip():
            _refuse("`title` is missing")
        if given.get("type") != "object":
            _refuse("`type` must be `object`")
        for other in self._records.everything():
            if other["$id"] != id and other.get("title") == title:
                _refuse(f"Title must be unique. An object {other['$id']} already exists with the same title.")
        resource = {key: value for key, value in given.items() if key not in _MADE_HERE}
        resource |= self._made_here(call, id, version, before)
        if self.kind == "schemas":
            self._check_schema(given)
            resource |= self._schema_members(given)
        elif self.kind == "mixins":
            self._check_field_group(given)
        elif self.kind == "classes":
            resource["meta:extends"] = references_of(given)
        try:
            node = self._records.node(resource)
            if self.kind == "schemas":
                self._records.event_schema(resource)
        except SchemaError as error:
            _refuse(str(error))
        if self.kind in _ABSTRACT_KINDS:
            self._check_names(node, given)
        if before is not None and "union" in tags_of(before) and "union" not in tags_of(resource):
            _refuse("The tag `union` cannot be removed from a schema")
        return resource

    def _made_here(self, call: Call, id: str, version: str, before: Json | None) -> Json:
        metadata = (
            dict(before["meta:registryMetadata"])
            if before
            else {
                "repo:createdDate": call.now_ms,
                "xdm:createdClientId": call.client_id,
                "xdm:createdUserId": f"{call.client_id}@techacct.adobe.com",
            }
        )
        metadata |= {
            "repo:lastModifiedDate": call.now_ms,
            "xdm:lastModifiedClientId": call.client_id,
            "xdm:lastModifiedUserId": f"{call.client_id}@techacct.adobe.com",
            "eTag": derived_uuid("registry etag", id, version).replace("-", ""),
            "meta:globalLibVersion": _LIBRARY_VERSION,
        }
        return {
            "$id": id,
            "meta:altId": "_" + id.removeprefix("https://ns.adobe.com/").replace("/", "."),
            "meta:resourceType": self.kind,
            "version": version,
            "imsOrg": call.organization,
            "meta:extensible": self.kind in _ABSTRACT_KINDS,
            "meta:abstract": self.kind in _ABSTRACT_KINDS,
            "meta:xdmType": "object",
            "meta:registryMetadata": metadata,
            "meta:containerId": "tenant",
            "meta:sandboxId": derived_uuid("sandbox", call.sandbox),
            "meta:sandboxType": "production" if call.sandbox == "prod" else "development",
            "meta:tenantNamespace": f"_{self._tenant}",
        }

    def _check_schema(self, given: Json) -> None:
        if not isinstance(given.get("description", ""), str):
            _refuse("`description` must be a text")
        if "properties" in given:
            _refuse("A schema has no fields of its own; put them into a field group")
        classes = self._classes_of(given)
        if len(classes) != 1:
            _refuse(f"`allOf` must refer to exactly one class; it refers to {len(classes)}")
        for id in references_of(given):
            resource = self._records.any_one(id)
            if resource is None:
                _refuse(f"`{id}` is not in the schema library")
            extends = resource.get("meta:intendedToExtend", [])
            if resource["meta:resourceType"] == "mixins" and classes[0] not in extends:
                _refuse(f"The field group {id} is not compatible with the class {classes[0]}")
        tags = given.get("meta:immutableTags", [])
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            _refuse("`meta:immutableTags` must be a list of texts")

    def _schema_members(self, given: Json) -> Json:
        (class_id,) = self._classes_of(given)
        known = CLASSES.get(class_id)
        made = self._records.any_one(class_id) or {}
        behind = list(known.extends) if known else list(made.get("meta:extends", []))
        refs = references_of(given)
        return {
            "allOf": [
                {"$ref": part["$ref"], "type": "object", "meta:xdmType": "object"} for part in given["allOf"]
            ],
            "refs": refs,
            "meta:extends": list(dict.fromkeys([*refs, *behind])),
            "meta:class": class_id,
        }

    def _classes_of(self, given: Json) -> list[str]:
        every = given.get("allOf")
        if not isinstance(every, list) or not all(
            isinstance(part, dict) and isinstance(part.get("$ref"), str) for part in every
        ):
            _refuse('`allOf` must be a list of `{"$ref": ID}`')
        resources = ((id, self._records.any_one(id)) for id in references_of(given))
        return [id for id, resource in resources if resource and resource["meta:resourceType"] == "classes"]

    def _check_field_group(self, given: Json) -> None:
        extends = given.get("meta:intendedToExtend")
        if not isinstance(extends, list) or not extends or not all(isinstance(id, str) for id in extends):
            _refuse("`meta:intendedToExtend` must be a list with the ids of one or more classes")
        for id in extends:
            if self._records.any_one(id) is None:
                _refuse(f"`{id}` is not in the schema library")

    def _check_names(self, node: Json, given: Json) -> None:
        """Fields of one's own live below the tenant's name; those of resources referred to don't count."""
        inherited: set[str] = set()
        for id in references_of(given):
            resource = self._records.any_one(id)
            if resource is not None:
                inherited |= set(self._records.node(resource).get("properties", {}))
        own = set(node.get("properties", {})) - inherited
        if own - {f"_{self._tenant}"}:
            _refuse(
                f"For custom fields, you must use a top level field named _{self._tenant} and all the other "
                "fields must be defined under it"
            )

    # --- small things ---------------------------------------------------------------------------------------

    def _object(self, call: Call) -> Json:
        if not isinstance(call.body, dict):
            _refuse("the body must be a JSON object")
        return call.body

    def _existing(self, call: Call) -> Document:
        document = self._records.tenant_one(self.kind, call.path["id"])
        if document is None:
            self._missing(call)
        wanted = call.headers.get("if-match")
        if wanted is not None and wanted.strip('"') not in ("*", etag_of(document.body).strip('"')):
            raise RefusedError(
                problems.older_registry(412, "The resource has another ETag than If-Match says")
            )
        return document

    def _missing(self, call: Call) -> NoReturn:
        detail = f"The requested {self.kind} resource {call.path['id'][:300]} is not found"
        raise RefusedError(problems.registry("XDM-1012-404", detail, call.now_ms))


def references_of(resource: Json) -> list[str]:
    """The ``$id`` s that a resource refers to anywhere, each once; references inside itself don't count."""
    found: dict[str, None] = {}
    pending: list[Any] = [resource]
    while pending:
        node = pending.pop(0)
        if isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str) and not target.startswith("#"):
                found[target] = None
            pending += [value for key, value in node.items() if key not in ("enum", "default", "examples")]
        elif isinstance(node, list):
            pending += node
    return list(found)


def tags_of(resource: Json) -> list[str]:
    """``meta:immutableTags``."""
    tags = resource.get("meta:immutableTags", [])
    return tags if isinstance(tags, list) else []


def etag_of(resource: Json) -> str:
    """The ETag header's value."""
    tag = resource.get("meta:registryMetadata", {}).get("eTag", "global")
    return f'"{re.sub("[^0-9A-Za-z-]", "", str(tag))}"'


def _refuse(detail: str) -> NoReturn:
    raise RefusedError(problems.older_registry(400, detail))
