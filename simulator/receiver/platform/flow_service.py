"""The Flow Service: which operations there are."""

from __future__ import annotations

from typing import Any

from simulator.receiver.calls import Operation, Parameter, Service
from simulator.receiver.platform import problems
from simulator.receiver.platform.flows import (
    CONNECTION_SPECS,
    FLOW_SPECS,
    PREFIX,
    Flows,
    Items,
    get_spec,
    list_specs,
)
from simulator.receiver.platform.registry.service import PATCH

Json = dict[str, Any]

_MADE: Json = {
    "type": "object",
    "required": ["id", "etag"],
    "properties": {"id": {"type": "string"}, "etag": {"type": "string"}},
}
_ITEMS: Json = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "items": {"type": "object", "required": ["id"]}}},
}
_SPEC: Json = {
    "type": "object",
    "required": ["id", "version"],
    "properties": {"id": {"type": "string"}, "version": {"type": "string"}},
}
_NAMED: Json = {"name": {"type": "string"}, "description": {"type": "string"}}
_GIVEN: dict[str, Json] = {
    "connections": {
        "type": "object",
        "required": ["name", "connectionSpec", "auth"],
        "properties": {
            **_NAMED,
            "connectionSpec": _SPEC,
            "auth": {"type": "object", "required": ["specName"]},
        },
    },
    "sourceConnections": {
        "type": "object",
        "required": ["name", "connectionSpec", "baseConnectionId"],
        "properties": {**_NAMED, "connectionSpec": _SPEC, "baseConnectionId": {"type": "string"}},
    },
    "targetConnections": {
        "type": "object",
        "required": ["name", "connectionSpec", "params"],
        "properties": {**_NAMED, "connectionSpec": _SPEC, "params": {"type": "object"}},
    },
    "flows": {
        "type": "object",
        "required": ["name", "flowSpec", "sourceConnectionIds", "targetConnectionIds"],
        "properties": {
            **_NAMED,
            "flowSpec": _SPEC,
            "sourceConnectionIds": {"type": "array", "items": {"type": "string"}},
            "targetConnectionIds": {"type": "array", "items": {"type": "string"}},
        },
    },
}
_FILTER = Parameter("property", "Filter, such as `name==Stores`; several must all hold.")
_LISTED = (
    _FILTER,
    Parameter("orderby", "Members to order by, separated by commas; `-` turns an order round."),
    Parameter(
        "limit",
        "Items on a page; not together with `count`.",
        {"type": "integer", "minimum": 1, "maximum": 100},
    ),
    Parameter("continuationToken", "Where the page begins: that of the link `next`."),
    Parameter("count", "`true` answers `totalCount` only.", {"type": "string", "enum": ["true", "false"]}),
)
_IF_MATCH = (Parameter("If-Match", "The etag of what is changed.", required=True),)


def flow_service(flows: Flows) -> Service:
    """The service with all its operations."""
    operations: list[Operation] = []
    for path, specs, what in (
        ("/connectionSpecs", CONNECTION_SPECS, "connection"),
        ("/flowSpecs", FLOW_SPECS, "flow"),
    ):
        operations += [
            Operation(
                "GET", path, list_specs(specs), f"List {what} specifications", {200: _ITEMS}, None, (_FILTER,)
            ),
            Operation(
                "GET", f"{path}/{{id}}", get_spec(specs), f"Look up a {what} specification", {200: _ITEMS}
            ),
        ]
    for path, items, one, several in (
        ("connections", flows.connections, "a base connection", "base connections"),
        ("sourceConnections", flows.sources, "a source connection", "source connections"),
        ("targetConnections", flows.targets, "a target connection", "target connections"),
        ("flows", flows.flows, "a dataflow", "dataflows"),
    ):
        operations += _operations(path, items, one, several)
    return Service(
        name="Flow Service",
        prefix=PREFIX,
        note="Connections and dataflows; a base connection brings an inlet with it.",
        operations=tuple(operations),
        bad_request=lambda detail: problems.flow_service("1100-400", detail),
        not_found=lambda detail: problems.flow_service("1101-404", detail),
    )


def _operations(path: str, items: Items, one: str, several: str) -> list[Operation]:
    here, each = f"/{path}", f"/{path}/{{id}}"
    return [
        Operation("GET", here, items.list_all, f"List {several}", {200: _ITEMS}, None, _LISTED),
        Operation("POST", here, items.create, f"Create {one}", {201: _MADE}, _GIVEN[path]),
        Operation("GET", each, items.get, f"Look up {one}", {200: _ITEMS}),
        Operation("PATCH", each, items.patch, f"Change {one}", {200: _MADE}, PATCH, headers=_IF_MATCH),
        Operation("DELETE", each, items.delete, f"Delete {one}", {204: None}),
    ]
