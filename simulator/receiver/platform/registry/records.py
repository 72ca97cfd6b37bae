"""The registry's own resources: where they are kept, and what each stands for as a strict schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from simulator.receiver.documents import Document, Documents
from simulator.receiver.platform.registry.library import alt_id, global_node, global_resources
from simulator.receiver.platform.registry.nodes import Budget, NodeReader, SchemaError, require_path
from simulator.xdm import compiled_schema

Json = dict[str, Any]

KINDS = ("classes", "mixins", "schemas", "datatypes")
DESCRIPTORS = "descriptors"
IDENTITY = "xdm:descriptorIdentity"
_COUNTERS = "platform/counters"
_MOST_STEPS = 30  # references from resource to resource


class Records:
    """Resources of both containers, looked up by ``$id`` or ``meta:altId``."""

    def __init__(self, documents: Documents, users_of_schema: Callable[[str], list[str]]) -> None:
        """``users_of_schema`` names what outside the registry refers to a schema by its ``$id``."""
        self.documents = documents
        self.users_of_schema = users_of_schema
        self.library = global_resources()
        self._global = {
            key: resource
            for resources in self.library.values()
            for resource in resources
            for key in (resource["$id"], resource["meta:altId"])
        }

    def tenant(self, kind: str) -> list[Document]:
        """The tenant's resources of a kind, oldest first."""
        return self.documents.all(_stored(kind))

    def tenant_one(self, kind: str, name: str) -> Document | None:
        """A tenant's resource by its ``$id`` or ``meta:altId``."""
        return self.documents.get(_stored(kind), _key(name))

    def global_one(self, kind: str, name: str) -> Json | None:
        """A global resource by its ``$id`` or ``meta:altId``."""
        found = self._global.get(name)
        return found if found is not None and found["meta:resourceType"] == kind else None

    def any_one(self, name: str) -> Json | None:
        """The resource of that ``$id`` of any kind and container."""
        if name in self._global:
            return self._global[name]
        documents = (self.tenant_one(kind, name) for kind in KINDS)
        return next((document.body for document in documents if document is not None), None)

    def everything(self) -> Iterator[Json]:
        """All resources with a title."""
        for resources in self.library.values():
            yield from resources
        for kind in KINDS:
            for document in self.tenant(kind):
                yield document.body

    def save(self, kind: str, body: Json, now_ms: int) -> Document:
        """Create or replace a tenant's resource."""
        return self.documents.put(_stored(kind), body["meta:altId"], body, now_ms=now_ms)

    def remove(self, kind: str, body: Json) -> None:
        """Remove a tenant's resource."""
        self.documents.delete(_stored(kind), body["meta:altId"])

    def next_number(self, kind: str) -> int:
        """Counts from 1 for each kind, and never gives a number twice."""
        counter = self.documents.get(_COUNTERS, kind)
        number = 1 if counter is None else int(counter.body["last"]) + 1
        self.documents.put(_COUNTERS, kind, {"last": number}, now_ms=0)
        return number

    def descriptor(self, id: str) -> Document | None:
        """A descriptor by its ``@id``."""
        return self.documents.get(_stored(DESCRIPTORS), id)

    def save_descriptor(self, body: Json, now_ms: int) -> None:
        """Create or replace a descriptor."""
        self.documents.put(_stored(DESCRIPTORS), body["@id"], body, now_ms=now_ms)

    def remove_descriptors(self, schema_id: str) -> None:
        """Remove what describes a schema that is no more."""
        for body in self.descriptors(schema_id):
            self.documents.delete(_stored(DESCRIPTORS), body["@id"])

    def descriptors(self, schema_id: str | None = None) -> list[Json]:
        """Descriptors, of one schema or of all."""
        bodies = (document.body for document in self.documents.all(_stored(DESCRIPTORS)))
        return [body for body in bodies if schema_id is None or body.get("xdm:sourceSchema") == schema_id]

    # --- what a resource stands for -------------------------------------------------------------------------

    def node(self, resource: Json) -> Json:
        """The strict node of a resource with everything that it refers to; raises ``SchemaError``."""
        return self._node(resource, (resource.get("$id", ""),), Budget())

    def _node(self, resource: Json, trail: tuple[str, ...], budget: Budget) -> Json:
        known = global_node(resource.get("$id", ""))
        if known is not None:
            return known

        def find(id: str) -> Json:
            found = self.any_one(id)
            if found is None:
                raise SchemaError(f"`{id}` is not in the schema library")
            if id in trail or len(trail) >= _MOST_STEPS:
                raise SchemaError(f"`{id}` refers to itself")
            return self._node(found, (*trail, id), budget)

        return NodeReader(resource, find, budget).read(resource)

    def event_schema(self, schema: Json) -> Json:
        """The JSON Schema (2020-12) that data of a schema resource must obey; raises ``SchemaError``.

        A primary identity field must be there (ingestion.md 4.3).
        """
        try:
            whole = compiled_schema([self.node(schema)], str(schema.get("title", "")))
        except ValueError as error:
            raise SchemaError(str(error)) from error
        for descriptor in self.descriptors(schema.get("$id")):
            if descriptor.get("@type") == IDENTITY and descriptor.get("xdm:isPrimary") is True:
                whole = require_path(whole, descriptor["xdm:sourceProperty"])
        return whole


def _stored(kind: str) -> str:
    return f"registry/{kind}"


def _key(name: str) -> str:
    return alt_id(name) if name.startswith("https://") else name
