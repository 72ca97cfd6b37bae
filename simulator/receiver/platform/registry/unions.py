"""Unions: for each class, the fields of all its schemas that take part in profiles (ingestion.md 4.3)."""

from __future__ import annotations

from typing import Any

from simulator.receiver.calls import Call, RefusedError, Reply
from simulator.receiver.platform import problems
from simulator.receiver.platform.registry.accept import listing_form, look_up_form
from simulator.receiver.platform.registry.forms import represented
from simulator.receiver.platform.registry.library import alt_id
from simulator.receiver.platform.registry.listing import page_of
from simulator.receiver.platform.registry.records import Records

Json = dict[str, Any]
_SUFFIX = "__union"


class Unions:
    """The handlers of ``/tenant/unions``, which can only be read."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def list_all(self, call: Call) -> Reply:
        return page_of(call, listing_form(call), self.all(), "/tenant/unions")

    def get(self, call: Call) -> Reply:
        form = look_up_form(call)
        wanted = call.path["id"]
        for union in self.all():
            if wanted in (union["$id"], union["meta:altId"]):
                return Reply(200, represented(union, form, self._records))
        detail = f"The requested union {wanted[:300]} is not found"
        raise RefusedError(problems.registry("XDM-1012-404", detail, call.now_ms))

    def all(self) -> list[Json]:
        """Every union that has a member."""
        members: dict[str, list[Json]] = {}
        for document in self._records.tenant("schemas"):
            if "union" in document.body.get("meta:immutableTags", []):
                members.setdefault(document.body["meta:class"], []).append(document.body)
        return [self._union(class_id, schemas) for class_id, schemas in members.items()]

    def _union(self, class_id: str, schemas: list[Json]) -> Json:
        id = class_id + _SUFFIX
        parts = dict.fromkeys(part["$ref"] for schema in schemas for part in schema["allOf"])
        title = (self._records.any_one(class_id) or {}).get("title", class_id)
        return {
            "$id": id,
            "meta:altId": alt_id(id),
            "meta:resourceType": "unions",
            "version": "1",
            "title": f"Union of {title}",
            "type": "object",
            "description": "The fields of every schema of the class that takes part in profiles.",
            "allOf": [{"$ref": part, "type": "object", "meta:xdmType": "object"} for part in parts],
            "meta:extends": [class_id],
            "meta:class": class_id,
            "meta:xdmType": "object",
            "meta:containerId": "tenant",
        }
