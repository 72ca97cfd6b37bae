"""The Flow Service: connections, dataflows, and the specifications they follow (ingestion.md 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlencode

from simulator.core.identifiers import derived_uuid
from simulator.receiver.calls import Call, PropertyFilter, RefusedError, Reply, whole_number
from simulator.receiver.documents import Document
from simulator.receiver.platform import problems
from simulator.receiver.platform.patching import patched
from simulator.receiver.platform.registry import Records

Json = dict[str, Any]

PREFIX = "/data/foundation/flowservice"

# Fixed ids of ingestion.md 4.5.
HTTP_SOURCE = "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb"
DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
FLOW_AS_IS = "d8a6f005-7eaf-4153-983e-e8574508b877"
FLOW_MAPPED = "c1a19761-d2c7-4702-b9fa-fe91f0613e81"
_PROVIDER = "521eee4d-8cbe-4906-bb48-fb6bd4450033"
_AUTHENTICATION = "Streaming Connection"

CONNECTION_SPECS: tuple[Json, ...] = (
    {
        "id": HTTP_SOURCE,
        "name": "Streaming Connection",
        "providerId": _PROVIDER,
        "version": "1.0",
        "authSpec": [{"name": _AUTHENTICATION, "type": "Streaming_Connection"}],
    },
    {"id": DATA_LAKE, "name": "Data Lake", "version": "1.0", "authSpec": []},
)
FLOW_SPECS: tuple[Json, ...] = (
    {"id": FLOW_AS_IS, "name": "Stream data without transformation", "version": "1.0"},
    {"id": FLOW_MAPPED, "name": "Stream data with transformation", "version": "1.0"},
)

CONNECTIONS = "flow/connections"
SOURCES = "flow/sourceConnections"
TARGETS = "flow/targetConnections"
FLOWS = "flow/flows"
_PATHS = {
    CONNECTIONS: "connections",
    SOURCES: "sourceConnections",
    TARGETS: "targetConnections",
    FLOWS: "flows",
}
_MOST = 100
_MADE_HERE = (
    "id",
    "createdAt",
    "updatedAt",
    "createdBy",
    "updatedBy",
    "createdClient",
    "updatedClient",
    "sandboxId",
    "sandboxName",
    "imsOrgId",
    "etag",
    "version",
    "state",
)


@dataclass(frozen=True, slots=True)
class Library:
    """What flows refer to outside the Flow Service: whether a dataset, schema or mapping exists."""

    schema_of_dataset: Callable[[str], str | None]
    has_mapping: Callable[[str], bool]


class Items:
    """The handlers of one kind of thing; ``check`` completes what a client gave or refuses it."""

    def __init__(
        self,
        kind: str,
        records: Records,
        check: Callable[[Json, Json | None], Json],
        users: Callable[[str], str | None],
        changed: Callable[[], None],
    ) -> None:
        self._kind = kind
        self._documents = records.documents
        self._next_number = records.next_number
        self._check = check
        self._users = users
        self._changed = changed

    def create(self, call: Call) -> Reply:
        given = _object(call)
        id = derived_uuid(self._kind, self._next_number(self._kind))
        body = self._check({key: value for key, value in given.items() if key not in _MADE_HERE}, None)
        body |= {
            "createdAt": call.now_ms,
            "createdBy": f"{call.client_id}@techacct.adobe.com",
            "createdClient": call.client_id,
            "sandboxId": derived_uuid("sandbox", call.sandbox),
            "sandboxName": call.sandbox,
            "imsOrgId": call.organization,
            "state": "enabled",
        }
        reply = self._store(call, id, body)
        reply.status = 201
        reply.headers["Location"] = f"{call.base_url}{PREFIX}/{_PATHS[self._kind]}/{id}"
        return reply

    def list_all(self, call: Call) -> Reply:
        query = call.query
        if "limit" in query and "count" in query:
            _refuse("1401-400", "limit and count must not be combined")
        try:
            filters = [PropertyFilter.parse(text) for text in query.getlist("property")]
            limit = whole_number(query, "limit", _MOST, 1, _MOST)
            start = whole_number(query, "continuationToken", 0, 0, 10**9 - 1)
        except ValueError as error:
            _refuse("1401-400", str(error))
        shown = [self._shown(document, call) for document in self._documents.all(self._kind)]
        found = [item for item in shown if all(one.accepts(item) for one in filters)]
        for order in reversed(query.get("orderby", "").split(",")):
            name = order.lstrip("+-")
            if name:
                found.sort(key=lambda item, name=name: str(item.get(name, "")), reverse=order.startswith("-"))  # type: ignore[misc]
        if query.get("count") == "true":
            return Reply(200, {"items": [], "totalCount": len(found), "_links": {}})
        links = {}
        if start + limit < len(found):
            rest = [(k, v) for k, v in query.multi_items() if k != "continuationToken"]
            following = urlencode([*rest, ("continuationToken", str(start + limit))])
            links["next"] = {"href": f"/{_PATHS[self._kind]}?{following}"}
        return Reply(200, {"items": found[start : start + limit], "_links": links})

    def get(self, call: Call) -> Reply:
        item = self._shown(self._existing(call), call)
        return Reply(200, {"items": [item]}, {"ETag": item["etag"]})

    def patch(self, call: Call) -> Reply:
        before = self._existing(call)
        wanted = call.headers.get("if-match")
        if wanted is None:
            _refuse("1403-400", "the header If-Match is missing; it holds the etag of what is changed")
        if wanted.strip('"') != etag(before).strip('"'):
            _refuse("1404-412", "the etag in If-Match is not the present one; read the resource again")
        try:
            given = patched(before.body, call.body)
        except ValueError as error:
            _refuse("1100-400", str(error))
        body = {key: value for key, value in given.items() if key not in _MADE_HERE}
        body = self._check(body, before.body)
        return self._store(
            call, before.id, body | {k: before.body[k] for k in _MADE_HERE if k in before.body}
        )

    def delete(self, call: Call) -> Reply:
        document = self._existing(call)
        user = self._users(document.id)
        if user is not None:
            _refuse("1418-400", f"it is in use by {user}")
        self._documents.delete(self._kind, document.id)
        self._changed()
        return Reply(204)

    def _store(self, call: Call, id: str, body: Json) -> Reply:
        body |= {
            "updatedAt": call.now_ms,
            "updatedBy": f"{call.client_id}@techacct.adobe.com",
            "updatedClient": call.client_id,
        }
        document = self._documents.put(self._kind, id, body, now_ms=call.now_ms)
        self._changed()
        return Reply(200, {"id": id, "etag": etag(document)}, {"ETag": etag(document)})

    def _shown(self, document: Document, call: Call) -> Json:
        tag = etag(document)
        item = {"id": document.id, **document.body, "version": tag, "etag": tag}
        parameters = item.get("auth", {}).get("params", {})
        if "inletId" in parameters:
            url = f"{call.base_url}/collection/{parameters['inletId']}"
            item["auth"] = {**item["auth"], "params": {**parameters, "inletUrl": url}}
        return item

    def _existing(self, call: Call) -> Document:
        document = self._documents.get(self._kind, call.path["id"])
        if document is None:
            _refuse("1101-404", f"there is nothing with the id {call.path['id'][:100]}")
        return document


class Flows:
    """Connections and dataflows, and the rules that hold between them."""

    def __init__(self, records: Records, library: Library, changed: Callable[[], None]) -> None:
        self._documents = records.documents
        self._records = records
        self._library = library

        def no_users(_: str) -> None:
            return None

        self.connections = Items(CONNECTIONS, records, self._check_connection, self._user_of_base, changed)
        self.sources = Items(SOURCES, records, self._check_source, self._user_of_source, changed)
        self.targets = Items(TARGETS, records, self._check_target, self._user_of_target, changed)
        self.flows = Items(FLOWS, records, self._check_flow, no_users, changed)

    def all(self, kind: str) -> list[Document]:
        """Everything of a kind, oldest first."""
        return self._documents.all(kind)

    # --- what is given --------------------------------------------------------------------------------------

    def _check_connection(self, given: Json, before: Json | None) -> Json:
        _check_text(given, "name")
        _check_spec(given, "connectionSpec", (HTTP_SOURCE,))
        auth = _member(given, "auth")
        if auth.get("specName") != _AUTHENTICATION:
            _refuse("1415-400", f"auth.specName must be `{_AUTHENTICATION}`")
        parameters = auth.get("params", {})
        if not isinstance(parameters, dict):
            _refuse("1100-400", "auth.params must be an object")
        if parameters.get("dataType", "xdm") not in ("xdm", "raw"):
            _refuse("1100-400", "auth.params.dataType must be `xdm` or `raw`")
        if not isinstance(parameters.get("authenticationRequired", False), bool):
            _refuse("1100-400", "auth.params.authenticationRequired must be true or false")
        if not isinstance(parameters.get("sourceId", ""), str):
            _refuse("1100-400", "auth.params.sourceId must be a text")
        name = parameters.get("name", given["name"])
        if before is not None:
            inlet = before["auth"]["params"]["inletId"]
        else:
            number = self._records.next_number("inlets")
            parts = (derived_uuid("inlet", number), derived_uuid("inlet's rest", number))
            inlet = "".join(parts).replace("-", "")
        complete = {"sourceId": name, "dataType": "xdm", "name": name, "authenticationRequired": False}
        complete |= {key: value for key, value in parameters.items() if key != "inletUrl"}
        given["auth"] = {"specName": _AUTHENTICATION, "params": {**complete, "inletId": inlet}}
        return given

    def _check_source(self, given: Json, _: Json | None) -> Json:
        _check_text(given, "name")
        _check_spec(given, "connectionSpec", (HTTP_SOURCE,))
        base = given.get("baseConnectionId")
        if not isinstance(base, str) or self._documents.get(CONNECTIONS, base) is None:
            _refuse("1101-404", "baseConnectionId must be the id of a connection")
        return given

    def _check_target(self, given: Json, _: Json | None) -> Json:
        _check_text(given, "name")
        _check_spec(given, "connectionSpec", (DATA_LAKE,))
        parameters = _member(given, "params")
        dataset = parameters.get("dataSetId")
        schema_id = self._library.schema_of_dataset(dataset) if isinstance(dataset, str) else None
        if schema_id is None:
            _refuse("1100-400", "params.dataSetId must be the id of a dataset")
        data = given.get("data", {})
        schema = data.get("schema", {}) if isinstance(data, dict) else None
        if not isinstance(schema, dict):
            _refuse("1100-400", "data.schema must be an object")
        if "id" in schema and schema["id"] != schema_id:
            _refuse("1425-400", f"the dataset has the schema {schema_id}, not the one in data.schema.id")
        return given

    def _check_flow(self, given: Json, _: Json | None) -> Json:
        _check_text(given, "name")
        spec = _check_spec(given, "flowSpec", (FLOW_AS_IS, FLOW_MAPPED))
        for member, kind in (("sourceConnectionIds", SOURCES), ("targetConnectionIds", TARGETS)):
            ids = given.get(member)
            if not isinstance(ids, list) or len(ids) != 1 or not isinstance(ids[0], str):
                _refuse("1100-400", f"{member} must be a list with one id")
            if self._documents.get(kind, ids[0]) is None:
                _refuse("1101-404", f"{member}: there is nothing with the id {ids[0][:100]}")
        mapping = mapping_of(given)
        if spec == FLOW_MAPPED and mapping is None:
            _refuse("1100-400", "a flow with transformation needs a transformation named `Mapping`")
        if mapping is not None and not self._library.has_mapping(mapping):
            _refuse("1100-400", f"there is no mapping set {mapping[:100]}")
        return given

    # --- what uses what -------------------------------------------------------------------------------------

    def _user_of_base(self, id: str) -> str | None:
        for source in self.all(SOURCES):
            if source.body["baseConnectionId"] == id:
                return self._user_of_source(source.id) or f"the source connection {source.id}"
        return None

    def _user_of_source(self, id: str) -> str | None:
        return self._flow_with("sourceConnectionIds", id)

    def _user_of_target(self, id: str) -> str | None:
        return self._flow_with("targetConnectionIds", id)

    def _flow_with(self, member: str, id: str) -> str | None:
        return next((f"the flow {flow.id}" for flow in self.all(FLOWS) if id in flow.body[member]), None)


def mapping_of(flow: Mapping[str, Any]) -> str | None:
    """The id of the mapping set of a flow's `Mapping` transformation, if it has one."""
    transformations = flow.get("transformations", [])
    if not isinstance(transformations, list):
        _refuse("1100-400", "transformations must be a list")
    for transformation in transformations:
        if not isinstance(transformation, dict) or transformation.get("name") != "Mapping":
            _refuse("1100-400", "the name of a transformation must be `Mapping`")
        parameters = transformation.get("params")
        mapping = parameters.get("mappingId") if isinstance(parameters, dict) else None
        if not isinstance(mapping, str):
            _refuse("1100-400", "params.mappingId must be the id of a mapping set")
        return mapping
    return None


def list_specs(specs: tuple[Json, ...]) -> Callable[[Call], Reply]:
    """The handler that lists specifications."""

    def handle(call: Call) -> Reply:
        try:
            filters = [PropertyFilter.parse(text) for text in call.query.getlist("property")]
        except ValueError as error:
            _refuse("1401-400", str(error))
        items = [spec for spec in specs if all(one.accepts(spec) for one in filters)]
        return Reply(200, {"items": items, "_links": {}})

    return handle


def get_spec(specs: tuple[Json, ...]) -> Callable[[Call], Reply]:
    """The handler that looks one specification up."""

    def handle(call: Call) -> Reply:
        found = [spec for spec in specs if spec["id"] == call.path["id"]]
        if not found:
            _refuse("1101-404", f"there is no specification with the id {call.path['id'][:100]}")
        return Reply(200, {"items": found})

    return handle


def etag(document: Document) -> str:
    """A quoted etag that changes with each change of the document."""
    tag = derived_uuid("etag", document.kind, document.id, document.revision, document.updated_ms)
    return f'"{tag}"'


def _object(call: Call) -> Json:
    if call.body is None or call.body == {}:
        _refuse("1405-400", "the request has no body")
    if not isinstance(call.body, dict):
        _refuse("1100-400", "the body must be a JSON object")
    return call.body


def _check_text(given: Json, name: str) -> None:
    if not isinstance(given.get(name), str) or not given[name].strip():
        _refuse("1100-400", f"`{name}` is missing")


def _member(given: Json, name: str) -> Json:
    if not isinstance(given.get(name), dict):
        _refuse("1100-400", f"`{name}` must be an object")
    return dict(given[name])


def _check_spec(given: Json, name: str, known: tuple[str, ...]) -> str:
    spec = _member(given, name)
    if spec.get("id") not in known or spec.get("version", "1.0") != "1.0":
        _refuse("1413-400", f"{name} must be {' or '.join(known)}, version 1.0")
    return str(spec["id"])


def _refuse(code: str, detail: str) -> NoReturn:
    raise RefusedError(problems.flow_service(code, detail))
