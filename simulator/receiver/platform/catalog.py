"""The Catalog: datasets (ingestion.md 4.4), and failed batches (6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from simulator.core.identifiers import derived_uuid
from simulator.receiver.batches import catalog_batch, find_batch
from simulator.receiver.calls import (
    Call,
    Operation,
    Parameter,
    PropertyFilter,
    RefusedError,
    Reply,
    Service,
    whole_number,
)
from simulator.receiver.documents import Document
from simulator.receiver.platform import problems
from simulator.receiver.platform.patching import deep_merged, patched
from simulator.receiver.platform.registry import Records, SchemaError, tags_of
from simulator.receiver.records import FailedBatch
from simulator.receiver.store import EventStore

Json = dict[str, Any]

PREFIX = "/data/foundation/catalog"
DATASETS = "catalog/dataSets"
JSON_PATCH = "application/json-patch+json"
_PROFILE_TAGS = ("unifiedProfile", "unifiedIdentity")
_MADE_HERE = (
    "imsOrg",
    "version",
    "created",
    "updated",
    "createdClient",
    "createdUser",
    "updatedUser",
    "viewId",
)
_MOST = 100
_ENABLED = "enabled:true"


class Catalog:
    """The handlers; ``changed`` is called when datasets have changed."""

    def __init__(self, records: Records, store: EventStore, changed: Callable[[], None]) -> None:
        self._store = store
        self._records = records
        self._documents = records.documents
        self._changed = changed

    def datasets(self) -> list[Document]:
        """All datasets, oldest first."""
        return self._documents.all(DATASETS)

    # --- handlers -------------------------------------------------------------------------------------------

    def list_all(self, call: Call) -> Reply:
        query = call.query
        try:
            limit = whole_number(query, "limit", 20, 1, _MOST)
            start = whole_number(query, "start", 0, 0, 10**9 - 1)
            filters = [PropertyFilter.parse(text) for text in query.getlist("property")]
        except ValueError as error:
            _refuse(str(error))
        filters += [
            PropertyFilter(name, "==", value)
            for name, value in query.multi_items()
            if name in ("name", "schemaRef.id", "state", "status")
        ]
        found = [
            document
            for document in self.datasets()
            if all(one.accepts({**document.body, "id": document.id}) for one in filters)
        ]
        for order in reversed(query.get("orderBy", "").split(",")):
            way, _, name = order.rpartition(":")
            if name:
                found.sort(key=lambda item, name=name: str(item.body.get(name, "")), reverse=way == "desc")  # type: ignore[misc]
        wanted = query.get("properties", "").split(",") if query.get("properties") else None
        page = found[start : start + limit]
        return Reply(200, {document.id: _shown(document, wanted) for document in page})

    def get(self, call: Call) -> Reply:
        document = self._existing(call)
        return Reply(200, {document.id: document.body})

    def create(self, call: Call) -> Reply:
        number = self._records.next_number("dataSets")
        id = derived_uuid("dataset", number).replace("-", "")[:24]
        given = _object(call.body)
        metadata = {
            "imsOrg": call.organization,
            "created": call.now_ms,
            "createdClient": call.client_id,
            "createdUser": f"{call.client_id}@techacct.adobe.com",
            "viewId": derived_uuid("view", number).replace("-", "")[:24],
        }
        self._save(call, id, given, metadata, 1)
        return Reply(201, [f"@/dataSets/{id}"], {"Location": f"{call.base_url}{PREFIX}/dataSets/{id}"})

    def patch(self, call: Call) -> Reply:
        return self._change(call, lambda before: {**before, **_object(call.body)})

    def patch_deep(self, call: Call) -> Reply:
        return self._change(call, lambda before: deep_merged(before, _object(call.body)))

    def replace(self, call: Call) -> Reply:
        return self._change(call, lambda before: _object(call.body))

    def delete(self, call: Call) -> Reply:
        document = self._existing(call)
        self._documents.delete(DATASETS, document.id)
        self._changed()
        return Reply(200, [f"@/dataSets/{document.id}"])

    def list_batches(self, call: Call) -> Reply:
        try:
            limit = whole_number(call.query, "limit", 20, 1, _MOST)
            start = whole_number(call.query, "start", 0, 0, 10**9 - 1)
        except ValueError as error:
            _refuse(str(error))
        dataset, status = call.query.get("dataSet"), call.query.get("status", "failed")
        # Failed ones are all that this receiver has: what is accepted goes into no batch.
        batches = self._store.failed_batches() if status in ("failed", "failure") else []
        found = [batch for batch in batches if dataset is None or batch.dataset == dataset]
        if call.query.get("orderBy", "").startswith("desc:"):
            found.reverse()
        page = found[start : start + limit]
        return Reply(200, {batch.id: self._batch(batch, call) for batch in page})

    def get_batch(self, call: Call) -> Reply:
        batch = find_batch(self._store, call.path["id"])
        if batch is None:
            raise RefusedError(problems.catalog(404, f"There is no batch {call.path['id'][:100]}"))
        return Reply(200, {batch.id: self._batch(batch, call)})

    def _batch(self, batch: FailedBatch, call: Call) -> Json:
        return {**catalog_batch(self._store, batch), "imsOrg": call.organization}

    # --- rules ----------------------------------------------------------------------------------------------

    def _change(self, call: Call, change: Callable[[Json], Json]) -> Reply:
        document = self._existing(call)
        if isinstance(call.body, list):  # JSON Patch, whatever its media type says
            try:
                given = patched(document.body, call.body)
            except ValueError as error:
                _refuse(str(error))
        else:
            given = change(document.body)
        metadata = {key: document.body[key] for key in _MADE_HERE if key in document.body}
        self._save(call, document.id, given, metadata, document.revision + 1)
        return Reply(200, [f"@/dataSets/{document.id}"])

    def _save(self, call: Call, id: str, given: Json, metadata: Json, revision: int) -> None:
        body = {key: value for key, value in given.items() if key not in _MADE_HERE} | metadata
        self._check(body)
        body |= {
            "version": f"1.0.{revision - 1}",
            "updated": call.now_ms,
            "updatedUser": f"{call.client_id}@techacct.adobe.com",
            "status": "enabled",
            "state": "DRAFT",
            "files": f"@/dataSetFiles?dataSetId={id}",
        }
        self._documents.put(DATASETS, id, body, now_ms=call.now_ms)
        self._changed()

    def _check(self, body: Json) -> None:
        if not isinstance(body.get("name"), str) or not body["name"].strip():
            _refuse("`name` is missing")
        reference = body.get("schemaRef")
        if not isinstance(reference, dict) or not isinstance(reference.get("id"), str):
            _refuse("`schemaRef.id` is missing")
        if not isinstance(reference.get("contentType", ""), str):
            _refuse("`schemaRef.contentType` must be a text")
        schema = self._records.tenant_one("schemas", reference["id"])
        if schema is None:
            _refuse(f"`schemaRef.id`: the schema {reference['id'][:300]} does not exist")
        tags = body.setdefault("tags", {})
        if not isinstance(tags, dict) or not all(
            isinstance(values, list) and all(isinstance(value, str) for value in values)
            for values in tags.values()
        ):
            _refuse("`tags` must be an object of lists of texts")
        # One sample of the vendor writes the value with a blank (ingestion.md 4.4).
        enabled = any(
            _ENABLED in (value.replace(" ", "") for value in tags.get(name, [])) for name in _PROFILE_TAGS
        )
        if enabled and "union" not in tags_of(schema.body):
            _refuse("To enable profile datasets the schema should be valid")

    def _existing(self, call: Call) -> Document:
        document = self._documents.get(DATASETS, call.path["id"])
        if document is None:
            raise RefusedError(problems.catalog(404, f"There is no dataset {call.path['id'][:100]}"))
        return document

    # --- for the rest of the receiver -----------------------------------------------------------------------

    def json_schema(self, dataset: Document) -> tuple[str, Json] | None:
        """The schema of a dataset: its ``$id`` and the JSON Schema of its data; None if it is gone."""
        schema_id = str(dataset.body["schemaRef"]["id"])
        schema = self._records.tenant_one("schemas", schema_id)
        if schema is None:
            return None
        try:
            return str(schema.body["$id"]), self._records.event_schema(schema.body)
        except SchemaError:  # a field group that it needs has changed under it
            return None

    def users_of_schema(self, id: str) -> list[str]:
        """Datasets whose schema this is, in words."""
        return [
            f"the dataset `{document.body['name']}`"
            for document in self.datasets()
            if document.body["schemaRef"]["id"] == id
        ]


def _shown(document: Document, wanted: list[str] | None) -> Json:
    if wanted is None:
        return document.body
    return {key: value for key, value in document.body.items() if key in wanted}


def _object(body: Any) -> Json:
    if not isinstance(body, dict):
        _refuse("the body must be a JSON object")
    return body


def _refuse(detail: str) -> NoReturn:
    raise RefusedError(problems.catalog(400, detail))


_REFERENCE: Json = {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "string"}}
_DATASET: Json = {
    "type": "object",
    "required": ["name", "schemaRef"],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "schemaRef": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "string"}, "contentType": {"type": "string"}},
        },
        "tags": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
_BY_ID: Json = {"type": "object", "additionalProperties": {"type": "object"}}
_LISTED = (
    Parameter("name", "Only datasets of this name."),
    Parameter("property", "Filter, such as `schemaRef.id==ID`."),
    Parameter("properties", "Names of the members to show, separated by commas."),
    Parameter("orderBy", "Such as `desc:created`."),
    Parameter("limit", "Datasets on a page.", {"type": "integer", "minimum": 1, "maximum": _MOST}),
    Parameter("start", "How many to leave out first.", {"type": "integer", "minimum": 0}),
)
_BATCHES = (
    Parameter("dataSet", "Only batches of this dataset."),
    Parameter("status", "Only batches of this status; there are failed ones only."),
    Parameter("orderBy", "`desc:created` shows the newest first."),
    Parameter("limit", "Batches on a page.", {"type": "integer", "minimum": 1, "maximum": _MOST}),
    Parameter("start", "How many to leave out first.", {"type": "integer", "minimum": 0}),
)


def catalog_service(catalog: Catalog) -> Service:
    """The service with all its operations."""
    here, each = "/dataSets", "/dataSets/{id}"
    both = ("application/json", JSON_PATCH)
    changes = {"type": ["object", "array"]}
    return Service(
        name="Catalog",
        prefix=PREFIX,
        note="Datasets, and batches of records that failed.",
        operations=(
            Operation("GET", here, catalog.list_all, "List datasets", {200: _BY_ID}, None, _LISTED),
            Operation("POST", here, catalog.create, "Create a dataset", {201: _REFERENCE}, _DATASET),
            Operation("GET", each, catalog.get, "Look up a dataset", {200: _BY_ID}),
            Operation("PUT", each, catalog.replace, "Replace a dataset", {200: _REFERENCE}, _DATASET),
            Operation(
                "PATCH", each, catalog.patch, "Change a dataset", {200: _REFERENCE}, changes, media_types=both
            ),
            Operation(
                "PATCH",
                f"/v2{each}",
                catalog.patch_deep,
                "Change a dataset, object by object",
                {200: _REFERENCE},
                changes,
                media_types=both,
            ),
            Operation("DELETE", each, catalog.delete, "Delete a dataset", {200: _REFERENCE}),
            Operation("GET", "/batches", catalog.list_batches, "List batches", {200: _BY_ID}, None, _BATCHES),
            Operation("GET", "/batches/{id}", catalog.get_batch, "Look up a batch", {200: _BY_ID}),
        ),
        bad_request=lambda detail: problems.catalog(400, detail),
        not_found=lambda detail: problems.catalog(404, detail),
    )
