"""Mapping sets of Data Prep: which field of a raw record becomes which field of an event (ingestion.md 4.5)."""

from __future__ import annotations

from typing import Any, NoReturn

from simulator.core.identifiers import derived_uuid
from simulator.receiver.calls import Call, Operation, RefusedError, Reply, Service
from simulator.receiver.platform import problems
from simulator.receiver.platform.registry import Records

Json = dict[str, Any]

# The API description has the first, the vendor's tutorial the second (ingestion.md 4.5): both are served.
PREFIX = "/data/foundation/conversion/mappingSets"
TUTORIAL_PREFIX = "/data/foundation/mappingSets"
_KIND = "prep/mappingSets"


class MappingSets:
    """The handlers."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def exists(self, id: str) -> bool:
        """Whether there is such a mapping set."""
        return self._records.documents.get(_KIND, id) is not None

    def paths(self, id: str) -> dict[str, str]:
        """A mapping set as path of the event: path of the record; empty if there is none of that id."""
        document = self._records.documents.get(_KIND, id)
        mappings = [] if document is None else document.body["mappings"]
        return {one["destinationXdmPath"]: one["sourceAttribute"] for one in mappings}

    def create(self, call: Call) -> Reply:
        given = call.body
        if not isinstance(given, dict) or not isinstance(given.get("mappings"), list):
            _refuse("`mappings` must be a list")
        schema = given.get("xdmSchema")
        if not isinstance(schema, str) or self._records.tenant_one("schemas", schema) is None:
            _refuse("`xdmSchema` must be the id of a schema")
        for one in given["mappings"]:
            if not isinstance(one, dict) or not all(
                isinstance(one.get(name), str) and one[name]
                for name in ("destinationXdmPath", "sourceAttribute")
            ):
                _refuse("each mapping needs `destinationXdmPath` and `sourceAttribute`")
        id = derived_uuid("mapping set", self._records.next_number("mappingSets")).replace("-", "")
        user = f"{call.client_id}@techacct.adobe.com"
        body = {
            **given,
            "id": id,
            "version": 0,
            "createdDate": call.now_ms,
            "modifiedDate": call.now_ms,
            "createdBy": user,
            "modifiedBy": user,
        }
        self._records.documents.put(_KIND, id, body, now_ms=call.now_ms)
        shown = ("id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy")
        return Reply(200, {key: body[key] for key in shown})

    def get(self, call: Call) -> Reply:
        document = self._records.documents.get(_KIND, call.path["id"])
        if document is None:
            raise RefusedError(problems.catalog(404, f"There is no mapping set {call.path['id'][:100]}"))
        return Reply(200, document.body)

    def delete(self, call: Call) -> Reply:
        if not self._records.documents.delete(_KIND, call.path["id"]):
            raise RefusedError(problems.catalog(404, f"There is no mapping set {call.path['id'][:100]}"))
        return Reply(204)


def _refuse(detail: str) -> NoReturn:
    raise RefusedError(problems.catalog(400, detail))


_MADE: Json = {"type": "object", "required": ["id", "version", "createdDate", "modifiedDate"]}
_GIVEN: Json = {
    "type": "object",
    "required": ["xdmSchema", "mappings"],
    "properties": {
        "xdmSchema": {"type": "string"},
        "mappings": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["destinationXdmPath", "sourceAttribute"],
                "properties": {
                    "destinationXdmPath": {"type": "string"},
                    "sourceAttribute": {"type": "string"},
                },
            },
        },
    },
}


def mapping_service(sets: MappingSets) -> Service:
    """The service with all its operations."""
    return Service(
        name="Data Prep",
        prefix=PREFIX,
        note="Mapping sets, which raw inlets need.",
        operations=(
            Operation("POST", "/", sets.create, "Create a mapping set", {200: _MADE}, _GIVEN),
            Operation("GET", "/{id}", sets.get, "Look up a mapping set", {200: _MADE}),
            Operation("DELETE", "/{id}", sets.delete, "Delete a mapping set", {204: None}),
        ),
        bad_request=lambda detail: problems.catalog(400, detail),
        not_found=lambda detail: problems.catalog(404, detail),
        aliases=(TUTORIAL_PREFIX,),
    )
