"""Builders of events of systems besides the app: pages of a web shop, points of a loyalty programme."""

from __future__ import annotations

from typing import Any

from simulator.xdm.events import EventType
from simulator.xdm.facts import Part, Text

Event = dict[str, Any]

POINTS_EARNED, TIER_REACHED = "loyalty.pointsEarned", "loyalty.tierReached"
LOYALTY_TYPES = (POINTS_EARNED, TIER_REACHED)
"""Types of the tenant's own: the list of types is open."""


def page_view(*, id: Text, timestamp: Text, identities: Part, name: Text, url: Text) -> Event:
    """`web.webpagedetails.pageViews`: somebody looks at a page of the web shop."""
    return {
        "_id": id,
        "timestamp": timestamp,
        "eventType": EventType.PAGE_VIEWS.value,
        "identityMap": identities,
        "web": {"webPageDetails": {"name": name, "URL": url, "pageViews": {"value": 1}}},
    }


def loyalty_event(
    *,
    event_type: str,
    id: Text,
    timestamp: Text,
    identities: Part,
    tenant: str,
    loyalty: Part,
) -> Event:
    """An event of the loyalty programme; ``loyalty`` is the object of the tenant's own field group."""
    if event_type not in LOYALTY_TYPES:
        raise ValueError(f"{event_type} is not about points")
    return {
        "_id": id,
        "timestamp": timestamp,
        "eventType": event_type,
        "identityMap": identities,
        f"_{tenant}": {"loyalty": loyalty},
    }
