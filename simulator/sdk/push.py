"""Events about push messages: the token that the platform needs to reach a phone, and what people do with messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.core.randomness import hex_digits
from simulator.phone import Os
from simulator.xdm import EventType, SdkFacts, Slot
from simulator.xdm.events import implementation_details

# MessagingConstants of iOS.
PUSH_CHANNEL = "https://ns.adobe.com/xdm/channels/push"
DISMISS = "Dismiss"
_TOKENS = 0x70757368  # keeps the draws of tokens apart from those of event ids

Message = Mapping[str, Any]
"""A push message as the phone got it: `id`, and what it brings for tracking (`_xdm`, mobile_sdk.md 6.3)."""


def provider(os: Os, sandbox: bool = False) -> str:
    """The push service of a system, as events call it."""
    if os == "android":
        return "fcm"
    return "apnsSandbox" if sandbox else "apns"


def make_token(key: int, generation: int, os: Os) -> str:
    """The push token of an installation, made up: 64 hexadecimal digits on iOS, longer on Android."""
    return hex_digits(key ^ _TOKENS, generation, 64 if os == "ios" else 160)


def token_event(app_id: str, sdk: SdkFacts, os: Os, sandbox: bool) -> dict[str, Any]:
    """The event that registers a token; it has no type, and slots for `token` and `ecid` after the usual ones."""
    details = {
        "appID": app_id,
        "token": Slot("token", quoted=True),
        "platform": provider(os, sandbox),
        "denylisted": False,
        "identity": {"namespace": {"code": "ECID"}, "id": Slot("ecid", quoted=True)},
    }
    return {**_head(sdk), "data": {"pushNotificationDetails": [details]}}


def tracking_event(
    message: Message, sdk: SdkFacts, os: Os, *, action: str | None, opened: bool, sandbox: bool
) -> dict[str, Any]:
    """What somebody did with a message: opened it (no ``action``), or chose one of its actions.

    ``opened`` says whether the app came to the front because of it.
    """
    event_type = EventType.PUSH_APPLICATION_OPENED if action is None else EventType.PUSH_CUSTOM_ACTION
    tracking: dict[str, Any] = {
        "pushProvider": provider(os, sandbox),
        "pushProviderMessageID": str(message.get("id", "")),
    }
    if action is not None:
        tracking["customAction"] = {"actionID": action}
    head = _head(sdk)
    return {
        "_id": head.pop("_id"),
        "timestamp": head.pop("timestamp"),
        "eventType": event_type.value,
        **head,
        "pushNotificationTracking": tracking,
        "application": {"launches": {"value": 1 if opened else 0}},
        **_experience(message, os, dismissed=action == DISMISS),
    }


def _experience(message: Message, os: Os, *, dismissed: bool) -> dict[str, Any]:
    """What is copied from the message: its `mixins`, else its `cjm`."""
    extra = message.get("_xdm")
    found = (extra.get("mixins") or extra.get("cjm") or {}) if isinstance(extra, Mapping) else {}
    experience = dict(found.get("_experience", {}))
    journey = experience.get("customerJourneyManagement")
    if isinstance(journey, Mapping):
        experience["customerJourneyManagement"] = {
            **journey,
            "messageProfile": {"channel": {"_id": PUSH_CHANNEL}},
            "pushChannelContext": {"platform": "fcm" if os == "android" else "apns"},
        }
    decisioning = experience.get("decisioning")
    if isinstance(decisioning, Mapping) and decisioning.get("exdRequestID"):
        did = {"dismiss": 1} if dismissed else {"interact": 1}
        experience["decisioning"] = {**decisioning, "propositionEventType": did}
    return {"_experience": experience} if experience else {}


def _head(sdk: SdkFacts) -> dict[str, Any]:
    return {
        "_id": Slot("id", quoted=True),
        "timestamp": Slot("timestamp", quoted=True),
        "identityMap": Slot("identities"),
        "implementationDetails": implementation_details(sdk.os, sdk.core, sdk.edge, sdk.wrapper),
    }
