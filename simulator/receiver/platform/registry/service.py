"""The Schema Registry: which operations there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.receiver.calls import Call, Operation, Parameter, RefusedError, Reply, Service
from simulator.receiver.platform import problems
from simulator.receiver.platform.registry.accept import (
    DESCRIPTOR_FORM,
    DESCRIPTOR_LIST_FORMS,
    LISTING_FORMS,
    LOOK_UP_FORMS,
    look_up_form,
)
from simulator.receiver.platform.registry.descriptors import TYPES, Descriptors
from simulator.receiver.platform.registry.forms import represented
from simulator.receiver.platform.registry.listing import PARAMETERS
from simulator.receiver.platform.registry.records import KINDS, Records
from simulator.receiver.platform.registry.resources import Resources, references_of
from simulator.receiver.platform.registry.unions import Unions

PREFIX = "/data/foundation/schemaregistry"

Handler = Callable[[Call], Reply]

_NAMES = {
    "classes": ("a class", "classes"),
    "mixins": ("a field group", "field groups"),
    "schemas": ("a schema", "schemas"),
    "datatypes": ("a data type", "data types"),
    "behaviors": ("a behaviour", "behaviours"),
}
# Paths of a kind: the vendor's documents call mixins field groups, the wire still calls them mixins.
_PATHS = {"mixins": ("fieldgroups", "mixins")}

_RESOURCE: dict[str, Any] = {
    "type": "object",
    "required": ["$id", "meta:altId", "meta:resourceType", "version", "type"],
    "properties": {
        "$id": {"type": "string"},
        "meta:altId": {"type": "string"},
        "meta:resourceType": {"type": "string"},
        "version": {"type": "string"},
    },
}
_LIST: dict[str, Any] = {
    "type": "object",
    "required": ["results", "_page", "_links"],
    "properties": {
        "results": {"type": "array", "items": {"type": "object"}},
        "_page": {"type": "object", "required": ["orderby", "next", "count"]},
        "_links": {"type": "object"},
    },
}
_GIVEN: dict[str, Any] = {
    "type": "object",
    "required": ["title", "type"],
    "properties": {
        "title": {"type": "string"},
        "type": {"enum": ["object"]},
        "description": {"type": "string"},
        "allOf": {"type": "array", "items": {"type": "object"}},
        "definitions": {"type": "object"},
        "meta:intendedToExtend": {"type": "array", "items": {"type": "string"}},
        "meta:immutableTags": {"type": "array", "items": {"type": "string"}},
    },
}
PATCH: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["op", "path"],
        "properties": {"op": {"type": "string"}, "path": {"type": "string"}},
    },
}
_DESCRIPTOR: dict[str, Any] = {
    "type": "object",
    "required": ["@type", "xdm:sourceSchema"],
    "properties": {
        "@type": {"enum": list(TYPES)},
        "xdm:sourceSchema": {"type": "string"},
        "xdm:sourceProperty": {"type": "string"},
        "xdm:namespace": {"type": ["string", "integer"]},
        "xdm:isPrimary": {"type": "boolean"},
    },
}
_STATS: dict[str, Any] = {"type": "object", "required": ["imsOrg", "tenantId", "counts"]}
_LOOK_UP = (Parameter("Accept", "The form, with a version.", {"enum": LOOK_UP_FORMS}, required=True),)
_LISTED = (Parameter("Accept", "The form, without a version.", {"enum": LISTING_FORMS}, required=True),)


def registry_service(records: Records, tenant: str, changed: Callable[[], None]) -> Service:
    """The service with all its operations."""
    operations: list[Operation] = [
        Operation(
            "GET",
            "/stats",
            _Stats(records, tenant),
            "The tenant, and how many resources it has",
            {200: _STATS},
        )
    ]
    for kind in ("behaviors", *KINDS):
        handlers = Resources(kind, records, tenant, changed)
        for path in _PATHS.get(kind, (kind,)):
            operations += _reading(handlers, path)
            if kind in KINDS:
                operations += _changing(handlers, path)
    operations += _descriptors(Descriptors(records, changed)) + _unions(Unions(records))
    operations.append(
        Operation(
            "GET",
            "/rpc/export/{id}",
            _Export(records),
            "A resource of the tenant and those of the tenant that it refers to",
            {200: {"type": "array", "items": _RESOURCE}},
            headers=_LOOK_UP,
        )
    )
    return Service(
        name="Schema Registry",
        prefix=PREFIX,
        note="Classes, field groups, data types, schemas, descriptors and unions.",
        operations=tuple(operations),
        bad_request=lambda detail: problems.older_registry(400, detail),
        not_found=lambda detail: problems.older_registry(404, detail),
    )


def _reading(handlers: Resources, path: str) -> list[Operation]:
    one, several = _NAMES[handlers.kind]
    here, each = f"/global/{path}", f"/global/{path}/{{id}}"
    return [
        _listing(here, handlers.list_global, f"List global {several}"),
        _look_up(each, handlers.get_global, f"Look up {one} of the library"),
    ]


def _listing(path: str, handle: Handler, summary: str) -> Operation:
    return Operation("GET", path, handle, summary, {200: _LIST}, query=PARAMETERS, headers=_LISTED)


def _look_up(path: str, handle: Handler, summary: str) -> Operation:
    return Operation("GET", path, handle, summary, {200: _RESOURCE}, headers=_LOOK_UP)


def _changing(handlers: Resources, path: str) -> list[Operation]:
    one, several = _NAMES[handlers.kind]
    here, each = f"/tenant/{path}", f"/tenant/{path}/{{id}}"
    return [
        _listing(here, handlers.list_tenant, f"List the tenant's {several}"),
        Operation("POST", here, handlers.create, f"Create {one}", {201: _RESOURCE}, _GIVEN),
        _look_up(each, handlers.get_tenant, f"Look up {one}"),
        Operation("PUT", each, handlers.replace, f"Replace {one}", {200: _RESOURCE}, _GIVEN),
        Operation("PATCH", each, handlers.patch, f"Change parts of {one}", {200: _RESOURCE}, PATCH),
        Operation("DELETE", each, handlers.delete, f"Delete {one}", {204: None}),
    ]


def _descriptors(handlers: Descriptors) -> list[Operation]:
    here, each = "/tenant/descriptors", "/tenant/descriptors/{id}"
    listed = (Parameter("Accept", "The form.", {"enum": DESCRIPTOR_LIST_FORMS}, required=True),)
    shown = (Parameter("Accept", "The form.", {"enum": [DESCRIPTOR_FORM]}, required=True),)
    stored = {**_DESCRIPTOR, "required": ["@id", "@type", "xdm:sourceSchema"]}
    by_type = {200: {"type": "object"}}
    return [
        Operation("GET", here, handlers.list_all, "List descriptors", by_type, None, PARAMETERS, listed),
        Operation("POST", here, handlers.create, "Create a descriptor", {201: stored}, _DESCRIPTOR),
        Operation("GET", each, handlers.get, "Look up a descriptor", {200: stored}, headers=shown),
        Operation("PUT", each, handlers.replace, "Replace a descriptor", {200: stored}, _DESCRIPTOR),
        Operation("DELETE", each, handlers.delete, "Delete a descriptor", {204: None}),
    ]


def _unions(handlers: Unions) -> list[Operation]:
    return [
        _listing("/tenant/unions", handlers.list_all, "List unions"),
        _look_up("/tenant/unions/{id}", handlers.get, "Look up a union"),
    ]


class _Stats:
    """``GET /stats``: the way to learn the tenant's id (ingestion.md 4.1)."""

    def __init__(self, records: Records, tenant: str) -> None:
        self._records = records
        self._tenant = tenant

    def __call__(self, call: Call) -> Reply:
        counts = {kind: len(self._records.tenant(kind)) for kind in KINDS}
        counts["unions"] = len(Unions(self._records).all())
        newest = sorted(
            (document for kind in KINDS for document in self._records.tenant(kind)),
            key=lambda document: -document.updated_ms,
        )
        recent = [
            {
                key: document.body[key]
                for key in ("title", "$id", "meta:altId", "meta:resourceType", "version")
            }
            for document in newest[:10]
        ]
        body = {
            "imsOrg": call.organization,
            "tenantId": self._tenant,
            "counts": counts,
            "recentlyUpdatedResources": recent,
        }
        return Reply(200, body)


class _Export:
    """``GET /rpc/export/{id}``: a resource with everything of the tenant that it needs, that first."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def __call__(self, call: Call) -> Reply:
        form = look_up_form(call)
        wanted = call.path["id"]
        start = next((d.body for kind in KINDS if (d := self._records.tenant_one(kind, wanted))), None)
        if start is None:
            detail = f"The requested resource {wanted[:300]} is not found"
            raise RefusedError(problems.registry("XDM-1012-404", detail, call.now_ms))
        needed: dict[str, dict[str, Any]] = {start["$id"]: start}
        pending = references_of(start)
        while pending:
            resource = self._records.any_one(pending.pop())
            if resource and resource["meta:containerId"] == "tenant" and resource["$id"] not in needed:
                needed[resource["$id"]] = resource
                pending += references_of(resource)
        return Reply(200, [represented(one, form, self._records) for one in reversed(needed.values())])
