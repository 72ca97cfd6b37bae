"""What is made, as the bodies of the calls that make it; everything is known by its title or name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulator.provision.plan import EventPlan
from simulator.xdm import EXPERIENCE_EVENT, IDENTITY_MAP, INDIVIDUAL_PROFILE, groups_for

Json = dict[str, Any]

_XDM = "https://ns.adobe.com/xdm"
_PROFILE_GROUPS = (
    IDENTITY_MAP,
    f"{_XDM}/context/profile-person-details",
    f"{_XDM}/context/profile-personal-details",
    f"{_XDM}/context/profile-test-profile",
)
EMAIL_FIELD = "/personalEmail/address"
UNION = ["union"]
PROFILE_TAGS = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}


@dataclass(frozen=True, slots=True)
class SchemaRecipe:
    """A schema: its title, its class, and the ids of the field groups that it needs."""

    title: str
    note: str
    class_id: str
    groups: tuple[str, ...]
    profile: bool

    def body(self) -> Json:
        """What creates it (ingestion.md 4.2)."""
        tags = {"meta:immutableTags": UNION} if self.profile else {}
        return {
            "type": "object",
            "title": self.title,
            "description": self.note,
            "allOf": [{"$ref": id} for id in (self.class_id, *self.groups)],
            **tags,
        }


def event_schema(name: str, types: Iterable[str], plan: EventPlan, own_group: str | None) -> SchemaRecipe:
    """The schema of a scenario's events; ``own_group`` is the id of the tenant's field group."""
    groups = dict.fromkeys([*groups_for(types), *plan.field_groups, *([own_group] if own_group else [])])
    note = "Events of simulated people, phones and systems"
    return SchemaRecipe(f"{name} events", note, EXPERIENCE_EVENT, tuple(groups), plan.profile)


def profile_schema(name: str) -> SchemaRecipe:
    """The schema of test profiles."""
    note = "Simulated people as test profiles"
    return SchemaRecipe(f"{name} test profiles", note, INDIVIDUAL_PROFILE, _PROFILE_GROUPS, profile=True)


def loyalty_group(name: str, tenant: str) -> Json:
    """A field group of the tenant's own: what a loyalty programme says about a member and an event."""
    loyalty = {
        "type": "object",
        "title": "Loyalty",
        "properties": {
            "memberId": {"type": "string", "title": "Member id"},
            "points": {"type": "integer", "title": "Points after the event"},
            "pointsChange": {"type": "integer", "title": "Points won or spent with the event"},
            "threshold": {"type": "integer", "title": "Threshold that was reached"},
            "tier": {"type": "string", "title": "Tier after the event"},
            "previousTier": {"type": "string", "title": "Tier before the event"},
        },
    }
    own = {f"_{tenant}": {"type": "object", "properties": {"loyalty": loyalty}}}
    return {
        "type": "object",
        "title": f"{name} loyalty",
        "description": "Points and tiers of a loyalty programme",
        "meta:intendedToExtend": [EXPERIENCE_EVENT],
        "definitions": {"customFields": {"type": "object", "properties": own}},
        "allOf": [{"$ref": "#/definitions/customFields"}],
    }


def primary_identity(schema_id: str, field: str, namespace: str) -> Json:
    """A descriptor that names the field which identifies the person (ingestion.md 4.3)."""
    return {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema_id,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": field,
        "xdm:namespace": namespace,
        "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
    }


def message(header: Json, entity: Json) -> Json:
    """A message of the inlet around one record (ingestion.md 1.2)."""
    return {"header": header, "body": {"xdmMeta": {"schemaRef": header["schemaRef"]}, "xdmEntity": entity}}
