"""What an event of a type must have although the schema doesn't ask for it (the `E` marks of xdm.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.xdm.events import EventType
from simulator.xdm.rules.reading import MISSING, value_at, values_at

_ANY: Any = object()
Essentials = Mapping[str, Any]
"""Paths with the value that must stand there, or a tuple of the values that may, or ``_ANY``."""


def _present(*paths: str) -> dict[str, Any]:
    return dict.fromkeys(paths, _ANY)


def _below(parent: str, names: str) -> dict[str, Any]:
    return _present(*(f"{parent}.{name}" for name in names.split()))


_ALWAYS = _present("eventType", "identityMap.{key}[].id")
_PLACE = _below("placeContext.POIinteraction.poiDetail", "poiID name")
# xdm.md 7; the carrier is left out because iOS 16 and later hide it (mobile_sdk.md 5.2).
_LAUNCH = (
    {"application.isLaunch": True}
    | _below("application", "id name version _dc.language")
    | _below("device", "type manufacturer model modelNumber screenWidth screenHeight")
    | _below("environment", "type operatingSystem operatingSystemVersion _dc.language")
)
_CLOSE = {"application.isClose": True} | _below("application", "closeType sessionLength")
_ITEMS = _present("productListItems[].SKU")
_ORDER = _below("commerce.order", "purchaseID currencyCode priceTotal")
_PUSH = _below("pushNotificationTracking", "pushProvider pushProviderMessageID")
_PROPOSITIONS = _below("_experience.decisioning.propositions[]", "id scope")


def _commerce(event_type: EventType, more: Essentials) -> Essentials:
    return _present(f"{event_type.value}.value") | dict(more)


def _proposition(counter: str, more: Essentials) -> Essentials:
    return {f"_experience.decisioning.propositionEventType.{counter}": 1} | _PROPOSITIONS | dict(more)


_BY_TYPE: Mapping[str, Essentials] = {
    EventType.LOCATION_ENTRY: _PLACE,
    EventType.LOCATION_EXIT: _PLACE,
    EventType.APPLICATION_LAUNCH: _LAUNCH,
    EventType.APPLICATION_CLOSE: _CLOSE,
    EventType.PRODUCT_LIST_OPENS: _commerce(EventType.PRODUCT_LIST_OPENS, {}),
    **{
        event_type: _commerce(event_type, _ITEMS)
        for event_type in (
            EventType.PRODUCT_VIEWS,
            EventType.PRODUCT_LIST_ADDS,
            EventType.PRODUCT_LIST_REMOVALS,
            EventType.PRODUCT_LIST_VIEWS,
            EventType.PRODUCT_LIST_REOPENS,
            EventType.SAVE_FOR_LATERS,
            EventType.CHECKOUTS,
        )
    },
    EventType.PURCHASES: _commerce(EventType.PURCHASES, _ITEMS | _ORDER),
    EventType.PUSH_APPLICATION_OPENED: _PUSH | {"application.launches.value": 1},
    EventType.PUSH_CUSTOM_ACTION: _PUSH
    | _present("pushNotificationTracking.customAction.actionID")
    | {"application.launches.value": (0, 1)},
    EventType.PROPOSITION_DISPLAY: _proposition("display", {}),
    EventType.PROPOSITION_INTERACT: _proposition(
        "interact", _present("_experience.decisioning.propositionAction.id")
    ),
    EventType.PROPOSITION_DISMISS: _proposition("dismiss", {}),
    EventType.PROPOSITION_TRIGGER: _proposition("trigger", {}),
}


def missing_essentials(event: Mapping[str, Any]) -> list[str]:
    """What ``event`` lacks to mean what its type says, one sentence per path.

    A type without rules of its own needs only itself and an identity.
    """
    problems: list[str] = []
    for path, expected in (_ALWAYS | dict(_BY_TYPE.get(str(event.get("eventType")), {}))).items():
        if path == "application.sessionLength" and _leaves_zero_out(event):
            continue
        problem = _problem(list(values_at(event, path)), expected)
        if problem:
            problems.append(f"{path} {problem}")
    return problems


def _problem(values: list[Any], expected: Any) -> str:
    if any(value is MISSING or value is None or value == "" for value in values):
        return "is missing"
    if expected is _ANY:
        return ""
    allowed = expected if isinstance(expected, tuple) else (expected,)
    for value in values:
        if not any(
            value == wanted and isinstance(value, bool) == isinstance(wanted, bool) for wanted in allowed
        ):
            return f"is {value!r}, expected {' or '.join(map(repr, allowed))}"
    return ""


def _leaves_zero_out(event: Mapping[str, Any]) -> bool:
    """Android's SDK says nothing about a session of less than a second (mobile_sdk.md 5.2)."""
    return "/mobilesdk/android" in str(value_at(event, "implementationDetails.name"))
