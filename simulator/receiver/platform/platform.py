"""The platform's APIs as one object, and what follows from them for the receiver's inlets and datasets."""

from __future__ import annotations

from threading import RLock

from simulator.receiver.calls import Service
from simulator.receiver.documents import Document
from simulator.receiver.inlet_spec import Flow, InletSpec
from simulator.receiver.platform.catalog import Catalog, catalog_service
from simulator.receiver.platform.flow_service import flow_service
from simulator.receiver.platform.flows import CONNECTIONS, FLOWS, SOURCES, TARGETS, Flows, Library, mapping_of
from simulator.receiver.platform.mappings import MappingSets, mapping_service
from simulator.receiver.platform.namespaces import Namespaces, namespace_service
from simulator.receiver.platform.registry import Records, registry_service
from simulator.receiver.receiver import Receiver

TENANT = "journeysim"
"""The tenant of every receiver: its fields live under `_journeysim`."""


class Platform:
    """Schema Registry, Catalog, Flow Service, Data Prep and identity namespaces of one receiver.

    What they make takes effect at once, and again when a receiver is started with the same store: datasets are
    validated against their schemas, and connections have inlets. ``lock`` is held while a call is handled.
    """

    def __init__(self, receiver: Receiver, tenant: str = TENANT) -> None:
        self.tenant = tenant
        self.lock = RLock()
        self._receiver = receiver
        records = Records(receiver.store.documents, lambda id: self._catalog.users_of_schema(id))
        self._catalog = Catalog(records, receiver.store, self._bind_datasets)
        self._mappings = MappingSets(records)
        library = Library(self._schema_of_dataset, self._mappings.exists)
        self._flows = Flows(records, library, self._define_inlets)
        self._datasets: dict[str, tuple[str, str]] = {}
        self._inlets: dict[str, InletSpec] = {}
        self.services: tuple[Service, ...] = (
            registry_service(records, tenant, self._bind_datasets),
            catalog_service(self._catalog),
            flow_service(self._flows),
            mapping_service(self._mappings),
            namespace_service(Namespaces(records)),
        )
        self._bind_datasets()
        self._define_inlets()

    def _schema_of_dataset(self, dataset: str) -> str | None:
        for document in self._catalog.datasets():
            if document.id == dataset:
                return str(document.body["schemaRef"]["id"])
        return None

    def _bind_datasets(self) -> None:
        """Let each dataset's events be judged by its schema as it is now."""
        bound: dict[str, tuple[str, str]] = {}
        for document in self._catalog.datasets():
            found = self._catalog.json_schema(document)
            if found is None:
                continue
            schema_id, schema = found
            bound[document.id] = (schema_id, repr(schema))
            if self._datasets.get(document.id) != bound[document.id]:
                self._receiver.datasets.bind(document.id, schema_id, schema)
        for gone in self._datasets.keys() - bound.keys():
            self._receiver.datasets.unbind(gone)
        self._datasets = bound

    def _define_inlets(self) -> None:
        """Let each base connection have its inlet, with the dataflows that begin at it."""
        defined: dict[str, InletSpec] = {}
        for connection in self._flows.all(CONNECTIONS):
            spec = self._spec_of(connection)
            defined[spec.id] = spec
            if self._inlets.get(spec.id) != spec:
                self._receiver.inlets.define(spec)
        for gone in self._inlets.keys() - defined.keys():
            self._receiver.inlets.remove(gone)
        self._inlets = defined

    def _spec_of(self, connection: Document) -> InletSpec:
        parameters = connection.body["auth"]["params"]
        return InletSpec(
            id=parameters["inletId"],
            authenticated=parameters["authenticationRequired"],
            data_type=parameters["dataType"],
            source_id=parameters["sourceId"],
            organization=connection.body["imsOrgId"],
            flows=self._flows_from(connection.id),
        )

    def _flows_from(self, connection: str) -> dict[str, Flow]:
        sources = {s.id for s in self._flows.all(SOURCES) if s.body["baseConnectionId"] == connection}
        datasets = {t.id: str(t.body["params"]["dataSetId"]) for t in self._flows.all(TARGETS)}
        flows: dict[str, Flow] = {}
        for flow in self._flows.all(FLOWS):
            if flow.body["sourceConnectionIds"][0] in sources:
                mapping = mapping_of(flow.body)
                paths = {} if mapping is None else self._mappings.paths(mapping)
                flows[flow.id] = Flow(datasets[flow.body["targetConnectionIds"][0]], paths)
        return flows
