"""Events in XDM wire form: the field catalogue and the JSON Schema made from it, builders for each type of
event and prepared templates of what they build, the validator, and the rules that a schema can't say."""

from simulator.xdm.events import (
    EVENT_TYPES,
    EventType,
    active_poi,
    application_close,
    application_launch,
    application_part,
    device_part,
    environment_part,
    identity_map,
    implementation_details,
    located_device_part,
    location_event,
    poi_part,
)
from simulator.xdm.facts import AppFacts, DeviceFacts, PoiFacts, RichPlace, SdkFacts
from simulator.xdm.prepared import (
    CLOSE_SLOTS,
    RICH_SLOTS,
    SDK_SLOTS,
    LifecycleTemplates,
    LocationTemplates,
    PlaceTemplates,
)
from simulator.xdm.profiles import PersonFacts, profile_record
from simulator.xdm.rules import StreamRules, missing_essentials, place_consistency
from simulator.xdm.schema import FieldPath, event_schema, field_paths
from simulator.xdm.template import Slot, Template, json_members, json_number, json_string, json_value
from simulator.xdm.validator import EventValidator, Violation

__all__ = [
    "CLOSE_SLOTS",
    "EVENT_TYPES",
    "RICH_SLOTS",
    "SDK_SLOTS",
    "AppFacts",
    "DeviceFacts",
    "EventType",
    "EventValidator",
    "FieldPath",
    "LifecycleTemplates",
    "LocationTemplates",
    "PersonFacts",
    "PlaceTemplates",
    "PoiFacts",
    "RichPlace",
    "SdkFacts",
    "Slot",
    "StreamRules",
    "Template",
    "Violation",
    "active_poi",
    "application_close",
    "application_launch",
    "application_part",
    "device_part",
    "environment_part",
    "event_schema",
    "field_paths",
    "identity_map",
    "implementation_details",
    "json_members",
    "json_number",
    "json_string",
    "json_value",
    "located_device_part",
    "location_event",
    "missing_essentials",
    "place_consistency",
    "poi_part",
    "profile_record",
]
