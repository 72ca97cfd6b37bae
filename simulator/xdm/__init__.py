"""Events in XDM wire form: the field catalogue, the JSON Schema made from it, and the validator."""

from simulator.xdm.schema import FieldPath, event_schema, field_paths
from simulator.xdm.validator import EventValidator, Violation

__all__ = ["EventValidator", "FieldPath", "Violation", "event_schema", "field_paths"]
