"""The Schema Registry (ingestion.md 4.1 to 4.3): start at ``service.py``, which lists its operations."""

from simulator.receiver.platform.registry.nodes import SchemaError
from simulator.receiver.platform.registry.records import Records
from simulator.receiver.platform.registry.resources import tags_of
from simulator.receiver.platform.registry.service import registry_service

__all__ = ["Records", "SchemaError", "registry_service", "tags_of"]
