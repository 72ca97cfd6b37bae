"""Builders: one function per type of event, plain dictionaries in wire form.

All arguments are by keyword. Every event begins with its ``_id``, ``timestamp``, type, identities and the SDK
that sent it, as it stands after the Edge Network has put them together (mobile_sdk.md 4.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

from simulator.xdm.facts import (
    AppFacts,
    DeviceFacts,
    Number,
    Part,
    PoiFacts,
    RichPlace,
    SdkFacts,
    SystemFamily,
    Text,
)
from simulator.xdm.template import Slot

Event = dict[str, Any]
Kind = Literal["entry", "exit"]
CloseType = Literal["close", "unknown"]


class EventType(StrEnum):
    """The types whose meaning the rules know (xdm.md 6 to 10); the list of types is open."""

    LOCATION_ENTRY = "location.entry"
    LOCATION_EXIT = "location.exit"
    APPLICATION_LAUNCH = "application.launch"
    APPLICATION_CLOSE = "application.close"
    PRODUCT_VIEWS = "commerce.productViews"
    PRODUCT_LIST_OPENS = "commerce.productListOpens"
    PRODUCT_LIST_ADDS = "commerce.productListAdds"
    PRODUCT_LIST_REMOVALS = "commerce.productListRemovals"
    PRODUCT_LIST_VIEWS = "commerce.productListViews"
    PRODUCT_LIST_REOPENS = "commerce.productListReopens"
    SAVE_FOR_LATERS = "commerce.saveForLaters"
    CHECKOUTS = "commerce.checkouts"
    PURCHASES = "commerce.purchases"
    PUSH_APPLICATION_OPENED = "pushTracking.applicationOpened"
    PUSH_CUSTOM_ACTION = "pushTracking.customAction"
    PROPOSITION_DISPLAY = "decisioning.propositionDisplay"
    PROPOSITION_INTERACT = "decisioning.propositionInteract"
    PROPOSITION_DISMISS = "decisioning.propositionDismiss"
    PROPOSITION_TRIGGER = "decisioning.propositionTrigger"
    IN_APP_DISPLAY = "inappmessageTracking.display"
    IN_APP_INTERACT = "inappmessageTracking.interact"
    IN_APP_DISMISS = "inappmessageTracking.dismiss"
    PAGE_VIEWS = "web.webpagedetails.pageViews"
    LINK_CLICKS = "web.webinteraction.linkClicks"


EVENT_TYPES: tuple[str, ...] = tuple(EventType)
_LOCATION_TYPES: Mapping[Kind, EventType] = {
    "entry": EventType.LOCATION_ENTRY,
    "exit": EventType.LOCATION_EXIT,
}


# --- parts that many events share ---------------------------------------------------------------------------


def identity_map(ecid: Text, extra: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> Event:
    """The identities of an event: the ECID as the SDK writes it, then ``extra`` by namespace.

    The SDK never says that the ECID is authenticated or primary (mobile_sdk.md 6.1).
    """
    own = {"id": ecid, "authenticatedState": "ambiguous", "primary": False}
    return {"ECID": [own], **{namespace: list(items) for namespace, items in (extra or {}).items()}}


def implementation_details(
    os: SystemFamily, core: str, edge: str, wrapper: str | None = None
) -> dict[str, str]:
    """Which SDK sent the event, as :class:`SdkFacts` describes it."""
    name = f"https://ns.adobe.com/experience/mobilesdk/{os}"
    return {
        "version": f"{core}+{edge}",
        "name": f"{name}/{wrapper}" if wrapper else name,
        "environment": "app",
    }


def application_part(app: AppFacts, language: str) -> Event:
    """The app, with the language it shows."""
    return {"name": app.name, "id": app.id, "version": app.version, "_dc": {"language": language}}


def device_part(device: DeviceFacts) -> Event:
    """The phone as the SDK describes it (mobile_sdk.md 5.2)."""
    return {
        "manufacturer": device.manufacturer,
        "model": device.model,
        "modelNumber": device.model_number,
        "screenWidth": device.screen_width,
        "screenHeight": device.screen_height,
        "type": device.type,
    }


def located_device_part(device: DeviceFacts) -> Event:
    """The phone with the permission that background location needs: the rich form's ``device``."""
    return device_part(device) | {"isLocationEnabled": True, "locationPermission": "ALWAYS_ALLOWED"}


def environment_part(device: DeviceFacts) -> Event:
    """The system that the app runs on; the carrier only where apps can see it."""
    carrier = {"carrier": device.visible_carrier} if device.visible_carrier else {}
    return {
        "type": "application",
        **carrier,
        "operatingSystem": device.os_name,
        "operatingSystemVersion": device.os_version,
        "_dc": {"language": device.language},
    }


def poi_part(poi: PoiFacts) -> Event:
    """A place as the SDK sends it: id, name and the place's own keys, no coordinates (mobile_sdk.md 2.6)."""
    return {"poiID": poi.id, "name": poi.name, "metadata": _metadata(poi)}


def active_poi(poi: PoiFacts) -> Event:
    """A place that the phone is inside of, for the ``activePOIs`` of the rich form."""
    return {"poiID": poi.id, "name": poi.name, **_category(poi), "metadata": _metadata(poi)}


def _metadata(poi: PoiFacts) -> Event:
    return {"list": [{"key": key, "value": value} for key, value in poi.extras.items()]}


def _category(poi: PoiFacts) -> dict[str, str]:
    return {key: value for key, value in (("category", poi.category), ("type", poi.type)) if value}


def _event(
    event_type: EventType, id: Text, timestamp: Text, identities: Part, sdk: SdkFacts, content: Event
) -> Event:
    return {
        "_id": id,
        "timestamp": timestamp,
        "eventType": event_type.value,
        "identityMap": identities,
        "implementationDetails": implementation_details(sdk.os, sdk.core, sdk.edge, sdk.wrapper),
        **content,
    }


# --- location.entry, location.exit --------------------------------------------------------------------------


def location_event(
    *,
    kind: Kind,
    id: Text,
    timestamp: Text,
    identities: Part,
    sdk: SdkFacts,
    poi: PoiFacts | Slot,
    rich: RichPlace | None = None,
) -> Event:
    """Somebody entered or left a place.

    Without ``rich`` it is what the SDK sends, with it what an app may add. ``poi`` may be a slot for the
    whole object in the SDK's form only.
    """
    event_type = _LOCATION_TYPES[kind]
    if rich is None:
        detail: Part = poi if isinstance(poi, Slot) else poi_part(poi)
        content: Event = {"placeContext": {"POIinteraction": {"poiDetail": detail}}}
    elif isinstance(poi, Slot):
        raise TypeError("the rich form needs the place itself, not a slot")
    else:
        content = _rich_content(kind, poi, rich)
    return _event(event_type, id, timestamp, identities, sdk, content)


def _rich_content(kind: Kind, poi: PoiFacts, rich: RichPlace) -> Event:
    counter = "poiEntries" if kind == "entry" else "poiExits"
    return {
        "application": rich.application,
        "device": rich.device,
        "environment": rich.environment,
        "placeContext": {
            "localTime": rich.local_time,
            "localTimezoneOffset": rich.offset_minutes,
            "ianaTimezone": rich.timezone,
            "geo": {"_schema": {"latitude": rich.latitude, "longitude": rich.longitude}},
            "POIinteraction": {
                "poiDetail": _rich_poi(poi, rich.distance_m, rich.accuracy_m),
                counter: {"value": 1},
            },
            "activePOIs": rich.active if isinstance(rich.active, Slot) else list(rich.active),
        },
    }


def _rich_poi(poi: PoiFacts, distance_m: Number, accuracy_m: Number) -> Event:
    centre = {"_schema": {"latitude": poi.latitude, "longitude": poi.longitude}}
    circle = {"_schema": {"coordinates": centre, "radius": poi.radius_m}}
    return {
        "poiID": poi.id,
        "name": poi.name,
        **_category(poi),
        "locatingType": "gps",
        "distanceToPOICenter": distance_m,
        "geoInteractionDetails": {
            "distanceToCenter": distance_m,
            "deviceGeoAccuracy": accuracy_m,
            "geoShape": {"_schema": {"circle": circle}},
        },
        "metadata": _metadata(poi),
    }


# --- application.launch, application.close ------------------------------------------------------------------


def application_launch(
    *,
    id: Text,
    timestamp: Text,
    identities: Part,
    sdk: SdkFacts,
    app: AppFacts,
    device: DeviceFacts,
    install: bool = False,
    upgrade: bool = False,
) -> Event:
    """The app came to the front; ``install`` the first time ever, ``upgrade`` the first time after one.

    Raises ``ValueError`` for both at once.
    """
    if install and upgrade:
        raise ValueError("a launch is never an install and an upgrade")
    flags = {"isLaunch": True} | ({"isInstall": True} if install else {})
    flags |= {"isUpgrade": True} if upgrade else {}
    content = {
        "application": flags | application_part(app, device.language),
        "device": device_part(device),
        "environment": environment_part(device),
    }
    return _event(EventType.APPLICATION_LAUNCH, id, timestamp, identities, sdk, content)


def application_close(
    *,
    id: Text,
    timestamp: Text,
    identities: Part,
    sdk: SdkFacts,
    session_length_s: int | Slot,
    close_type: CloseType = "close",
) -> Event:
    """The app left the front after ``session_length_s`` seconds; ``unknown`` if found out at the next start.

    Android leaves a length of 0 out, iOS sends it (mobile_sdk.md 5.2).
    """
    application: Event = {"isClose": True, "closeType": close_type}
    if isinstance(session_length_s, Slot) or session_length_s > 0 or sdk.os != "android":
        application["sessionLength"] = session_length_s
    content = {"application": application}
    return _event(EventType.APPLICATION_CLOSE, id, timestamp, identities, sdk, content)
