"""Identity namespaces: which kinds of identity there are (ingestion.md 4.3)."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from simulator.receiver.calls import Call, Operation, RefusedError, Reply, Service
from simulator.receiver.platform import problems
from simulator.receiver.platform.registry import Records

Json = dict[str, Any]

PREFIX = "/data/core/idnamespace/identities"
_KIND = "identity/namespaces"
_TYPES = ("COOKIE", "CROSS_DEVICE", "DEVICE", "EMAIL", "MOBILE", "NON_PEOPLE", "PHONE")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
# The standard ones that this project meets; the platform has more.
_STANDARD: tuple[Json, ...] = tuple(
    {"id": number, "code": code, "name": name, "idType": kind, "status": "ACTIVE", "custom": False}
    for number, code, name, kind in (
        (4, "ECID", "Experience Cloud ID", "COOKIE"),
        (6, "Email", "Email", "EMAIL"),
        (7, "Phone", "Phone", "PHONE"),
    )
)
_FIRST_CUSTOM = 10_000_001


class Namespaces:
    """The handlers."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def all(self) -> list[Json]:
        """Standard namespaces, then the tenant's own."""
        return [*_STANDARD, *(document.body for document in self._records.documents.all(_KIND))]

    def list_all(self, call: Call) -> Reply:
        return Reply(200, self.all())

    def get(self, call: Call) -> Reply:
        for namespace in self.all():
            if call.path["id"] in (str(namespace["id"]), namespace["code"]):
                return Reply(200, namespace)
        raise RefusedError(problems.catalog(404, f"There is no namespace {call.path['id'][:100]}"))

    def create(self, call: Call) -> Reply:
        given = call.body
        if not isinstance(given, dict) or not isinstance(given.get("name"), str) or not given["name"].strip():
            _refuse("`name` is missing")
        code = given.get("code")
        if not isinstance(code, str) or _CODE.fullmatch(code) is None:
            _refuse("`code` must begin with a letter and hold letters, digits and _ only")
        if given.get("idType") not in _TYPES:
            _refuse(f"`idType` must be one of {', '.join(_TYPES)}")
        if any(code.lower() == namespace["code"].lower() for namespace in self.all()):
            _refuse(f"there is a namespace with the code {code} already")
        body = {
            "id": _FIRST_CUSTOM - 1 + self._records.next_number("namespaces"),
            "code": code,
            "name": given["name"],
            "description": str(given.get("description", "")),
            "idType": given["idType"],
            "status": "ACTIVE",
            "custom": True,
            "createTime": call.now_ms,
            "updateTime": call.now_ms,
            "imsOrgId": call.organization,
        }
        self._records.documents.put(_KIND, code, body, now_ms=call.now_ms)
        return Reply(201, body)


def _refuse(detail: str) -> NoReturn:
    raise RefusedError(problems.catalog(400, detail))


_NAMESPACE: Json = {"type": "object", "required": ["id", "code", "name", "idType"]}
_GIVEN: Json = {
    "type": "object",
    "required": ["name", "code", "idType"],
    "properties": {"name": {"type": "string"}, "code": {"type": "string"}, "idType": {"enum": list(_TYPES)}},
}


def namespace_service(namespaces: Namespaces) -> Service:
    """The service with all its operations."""
    listed: Json = {"type": "array", "items": _NAMESPACE}
    return Service(
        name="Identity namespaces",
        prefix=PREFIX,
        note="Standard and custom namespaces.",
        operations=(
            Operation("GET", "/", namespaces.list_all, "List identity namespaces", {200: listed}),
            Operation(
                "POST", "/", namespaces.create, "Create an identity namespace", {201: _NAMESPACE}, _GIVEN
            ),
            Operation("GET", "/{id}", namespaces.get, "Look up a namespace by id or code", {200: _NAMESPACE}),
        ),
        bad_request=lambda detail: problems.catalog(400, detail),
        not_found=lambda detail: problems.catalog(404, detail),
    )
