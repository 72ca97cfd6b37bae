"""Descriptors: what a field of a schema means, above all which one identifies the person (ingestion.md 4.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from simulator.core.identifiers import derived_uuid
from simulator.receiver.calls import Call, RefusedError, Reply
from simulator.receiver.documents import Document
from simulator.receiver.platform import problems
from simulator.receiver.platform.registry.accept import descriptor_form, descriptor_list_form
from simulator.receiver.platform.registry.listing import page_of
from simulator.receiver.platform.registry.nodes import at_path
from simulator.receiver.platform.registry.records import IDENTITY, Records

Json = dict[str, Any]

TYPES = (
    IDENTITY,
    "xdm:alternateDisplayInfo",
    "xdm:descriptorReferenceIdentity",
    "xdm:descriptorOneToOne",
    "xdm:descriptorRelationship",
    "xdm:descriptorLabel",
    "xdm:descriptorDeprecated",
)
_PATH = "/tenant/descriptors"


class Descriptors:
    """The handlers of ``/tenant/descriptors``; ``changed`` is called when a schema may stand for something else."""

    def __init__(self, records: Records, changed: Callable[[], None]) -> None:
        self._records = records
        self._changed = changed

    def list_all(self, call: Call) -> Reply:
        form = descriptor_list_form(call)
        bodies = self._records.descriptors()
        if form.startswith("xdm-v2"):
            return page_of(call, "xed", [self._shown(body, form[7:]) for body in bodies], _PATH)
        by_type: dict[str, list[Any]] = {}
        for body in bodies:
            by_type.setdefault(body["@type"], []).append(self._one(body, form.partition("-")[2]))
        return Reply(200, by_type)

    def _one(self, body: Json, form: str) -> Any:
        if form == "id":
            return body["@id"]
        return f"{_PATH}/{body['@id']}" if form == "link" else body

    def _shown(self, body: Json, form: str) -> Json:
        shown = self._one(body, form.lstrip("-"))
        return shown if isinstance(shown, dict) else {"@id": body["@id"], "href": shown}

    def get(self, call: Call) -> Reply:
        descriptor_form(call)
        return Reply(200, self._existing(call).body)

    def create(self, call: Call) -> Reply:
        number = self._records.next_number("descriptors")
        seed = derived_uuid("descriptor", number) + derived_uuid("descriptor's rest", number)
        return self._store(call, seed.replace("-", "")[:40], 201)

    def replace(self, call: Call) -> Reply:
        return self._store(call, self._existing(call).body["@id"], 200)

    def delete(self, call: Call) -> Reply:
        document = self._existing(call)
        self._records.documents.delete(document.kind, document.id)
        self._changed()
        return Reply(204)

    def _store(self, call: Call, id: str, status: int) -> Reply:
        given = call.body
        if not isinstance(given, dict):
            _refuse("the body must be a JSON object")
        self._check(given, id)
        metadata = {"repo:createdDate": call.now_ms, "repo:lastModifiedDate": call.now_ms}
        body = {
            **given,
            "@id": id,
            "version": "1",
            "imsOrg": call.organization,
            "meta:containerId": "tenant",
            "meta:sandboxId": derived_uuid("sandbox", call.sandbox),
            "meta:sandboxType": "production" if call.sandbox == "prod" else "development",
            "meta:registryMetadata": metadata,
        }
        self._records.save_descriptor(body, call.now_ms)
        self._changed()
        return Reply(status, body)

    def _check(self, given: Json, id: str) -> None:
        kind = given.get("@type")
        if kind not in TYPES:
            _refuse(f"`@type` must be one of {', '.join(TYPES)}")
        source = given.get("xdm:sourceSchema")
        schema = self._records.tenant_one("schemas", source) if isinstance(source, str) else None
        if schema is None:
            _refuse("`xdm:sourceSchema` must be the id of a schema of the tenant")
        if kind == "xdm:descriptorOneToOne" and "xdm:sourceProperty" not in given:
            return
        path = given.get("xdm:sourceProperty")
        if not isinstance(path, str) or not path.startswith("/"):
            _refuse("`xdm:sourceProperty` must be the path of a field, such as `/_acme/deviceId`")
        field = at_path(self._records.node(schema.body), path)
        if field is None:
            _refuse(f"The schema has no field {path}")
        if kind == IDENTITY:
            self._check_identity(given, field, id)

    def _check_identity(self, given: Json, field: Json, id: str) -> None:
        if field.get("type") != "string":
            _refuse("An identity must be a field of type string")
        if not given.get("xdm:namespace"):
            _refuse("`xdm:namespace` is missing")
        if given.get("xdm:property") not in ("xdm:code", "xdm:id"):
            _refuse("`xdm:property` must be `xdm:code` or `xdm:id`")
        if not isinstance(given.get("xdm:isPrimary", False), bool):
            _refuse("`xdm:isPrimary` must be true or false")
        others = self._records.descriptors(given["xdm:sourceSchema"])
        if given.get("xdm:isPrimary") and any(
            other["@id"] != id and other["@type"] == IDENTITY and other.get("xdm:isPrimary")
            for other in others
        ):
            _refuse("The schema has a primary identity already")

    def _existing(self, call: Call) -> Document:
        document = self._records.descriptor(call.path["id"])
        if document is None:
            detail = f"The requested descriptor {call.path['id'][:100]} is not found"
            raise RefusedError(problems.registry("XDM-1012-404", detail, call.now_ms))
        return document


def _refuse(detail: str) -> NoReturn:
    raise RefusedError(problems.older_registry(400, detail))
