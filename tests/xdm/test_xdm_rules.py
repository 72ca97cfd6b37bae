"""The rules of events that a schema can't say."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from simulator.xdm import (
    EVENT_TYPES,
    EventType,
    StreamRules,
    application_close,
    application_launch,
    identity_map,
    location_event,
    missing_essentials,
    place_consistency,
)
from simulator.xdm.events import Kind
from simulator.xdm.rules.consistency import ground_distance
from tests.shared_files import SHARED, shared_path
from tests.xdm.samples import ANDROID, APP, AT_THE_BORDER, EVENT_ID, IDENTITIES, IOS, IPHONE, STORE, TIMESTAMP

ENVELOPE: dict[str, Any] = {"id": EVENT_ID, "timestamp": TIMESTAMP, "identities": IDENTITIES}
EVENT_FILES = sorted(SHARED.glob("xdm/examples/events/*.json"))


def without(event: dict[str, Any], path: str) -> dict[str, Any]:
    event = copy.deepcopy(event)
    *parents, last = path.split(".")
    node: Any = event
    for name in parents:
        node = node[int(name)] if isinstance(node, list) else node[name]
    del node[last]
    return event


def with_value(event: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    event = copy.deepcopy(event)
    *parents, last = path.split(".")
    node: Any = event
    for name in parents:
        node = node[int(name)] if isinstance(node, list) else node.setdefault(name, {})
    node[last] = value
    return event


# --- essentials ---------------------------------------------------------------------------------------------

ITEM = {"SKU": "A-1", "quantity": 1}
ORDER = {"purchaseID": "o-1", "currencyCode": "EUR", "priceTotal": 9.5}
PUSH = {"pushProvider": "apns", "pushProviderMessageID": "m-1"}


def bare(event_type: str, **content: Any) -> dict[str, Any]:
    return {**ENVELOPE, "eventType": event_type, "identityMap": IDENTITIES, **content}


def commerce(step: str, *, items: bool = True, **more: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"commerce": {step: {"value": 1}, **more}}
    return bare(f"commerce.{step}", **content, **({"productListItems": [ITEM]} if items else {}))


def proposition(kind: str, **more: Any) -> dict[str, Any]:
    decisioning = {
        "propositionEventType": {kind: 1},
        "propositions": [{"id": "p-1", "scope": "mobileapp://com.example.shop"}],
        **more,
    }
    return bare(f"decisioning.proposition{kind.capitalize()}", _experience={"decisioning": decisioning})


COMPLETE: dict[str, dict[str, Any]] = {
    event["eventType"]: event
    for event in (
        location_event(kind="entry", sdk=IOS, poi=STORE, **ENVELOPE),
        location_event(kind="exit", sdk=IOS, poi=STORE, **ENVELOPE),
        application_launch(sdk=IOS, app=APP, device=IPHONE, **ENVELOPE),
        application_close(sdk=IOS, session_length_s=3, **ENVELOPE),
        commerce("productViews"),
        commerce("productListOpens", items=False),
        commerce("productListAdds"),
        commerce("productListRemovals"),
        commerce("productListViews"),
        commerce("productListReopens"),
        commerce("saveForLaters"),
        commerce("checkouts"),
        commerce("purchases", order=ORDER),
        bare(
            "pushTracking.applicationOpened",
            pushNotificationTracking=PUSH,
            application={"launches": {"value": 1}},
        ),
        bare(
            "pushTracking.customAction",
            pushNotificationTracking={**PUSH, "customAction": {"actionID": "Dismiss"}},
            application={"launches": {"value": 0}},
        ),
        proposition("display"),
        proposition("interact", propositionAction={"id": "ok"}),
        proposition("dismiss"),
        proposition("trigger"),
        bare("inappmessageTracking.display"),
        bare("inappmessageTracking.interact"),
        bare("inappmessageTracking.dismiss"),
        bare("web.webpagedetails.pageViews"),
        bare("web.webinteraction.linkClicks"),
    )
}
POI = "placeContext.POIinteraction.poiDetail"
DECISIONING = "_experience.decisioning"
# What each type can't do without, as paths into the complete events above.
ESSENTIALS = [
    *(("location.entry", f"{POI}.{name}") for name in ("poiID", "name")),
    *(("location.exit", f"{POI}.{name}") for name in ("poiID", "name")),
    *(
        ("application.launch", path)
        for path in (
            "application.isLaunch",
            "application.id",
            "application.name",
            "application.version",
            "application._dc.language",
            "device.type",
            "device.manufacturer",
            "device.model",
            "device.modelNumber",
            "device.screenWidth",
            "device.screenHeight",
            "environment.type",
            "environment.operatingSystem",
            "environment.operatingSystemVersion",
            "environment._dc.language",
        )
    ),
    *(("application.close", f"application.{name}") for name in ("isClose", "closeType", "sessionLength")),
    *((name, f"{name}.value") for name in EVENT_TYPES if name.startswith("commerce.")),
    *(("commerce.purchases", f"commerce.order.{name}") for name in ORDER),
    *(
        (f"pushTracking.{kind}", path)
        for kind in ("applicationOpened", "customAction")
        for path in (*(f"pushNotificationTracking.{name}" for name in PUSH), "application.launches.value")
    ),
    ("pushTracking.customAction", "pushNotificationTracking.customAction.actionID"),
    *(
        (f"decisioning.proposition{kind.capitalize()}", path)
        for kind in ("display", "interact", "dismiss", "trigger")
        for path in (
            f"{DECISIONING}.propositionEventType.{kind}",
            f"{DECISIONING}.propositions.0.id",
            f"{DECISIONING}.propositions.0.scope",
        )
    ),
    ("decisioning.propositionInteract", f"{DECISIONING}.propositionAction.id"),
]


def test_every_type_has_a_complete_event_here() -> None:
    assert COMPLETE.keys() == set(EVENT_TYPES)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_complete_event_lacks_nothing(event_type: str) -> None:
    assert missing_essentials(COMPLETE[event_type]) == []


@pytest.mark.parametrize(("event_type", "path"), ESSENTIALS)
def test_an_event_without_one_essential_lacks_exactly_that(event_type: str, path: str) -> None:
    problems = missing_essentials(without(COMPLETE[event_type], path))

    assert problems == [f"{path.replace('.0', '[]')} is missing"]


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_needs_an_identity_with_an_id(event_type: str) -> None:
    event = COMPLETE[event_type]

    assert "identityMap.{key}[].id is missing" in missing_essentials(without(event, "identityMap"))
    assert "identityMap.{key}[].id is missing" in missing_essentials(event | {"identityMap": {}})
    assert "identityMap.{key}[].id is missing" in missing_essentials(event | {"identityMap": {"ECID": [{}]}})


@pytest.mark.parametrize(
    "event_type",
    [t for t in EVENT_TYPES if t.startswith("commerce.") and t != "commerce.productListOpens"],
)
def test_a_commerce_event_needs_items_with_a_key(event_type: str) -> None:
    event = COMPLETE[event_type]

    assert missing_essentials(event | {"productListItems": []}) == ["productListItems[].SKU is missing"]
    assert missing_essentials(event | {"productListItems": [ITEM, {}]}) == [
        "productListItems[].SKU is missing"
    ]


@pytest.mark.parametrize(
    ("event_type", "path", "value", "problem"),
    [
        ("application.launch", "application.isLaunch", False, "application.isLaunch is False, expected True"),
        ("application.launch", "application.isLaunch", 1, "application.isLaunch is 1, expected True"),
        ("application.close", "application.isClose", False, "application.isClose is False, expected True"),
        (
            "pushTracking.applicationOpened",
            "application.launches.value",
            0,
            "application.launches.value is 0, expected 1",
        ),
        (
            "pushTracking.customAction",
            "application.launches.value",
            2,
            "application.launches.value is 2, expected 0 or 1",
        ),
        (
            "decisioning.propositionDismiss",
            f"{DECISIONING}.propositionEventType.dismiss",
            0,
            f"{DECISIONING}.propositionEventType.dismiss is 0, expected 1",
        ),
    ],
)
def test_a_marker_with_the_wrong_value_says_which_is_right(
    event_type: str, path: str, value: object, problem: str
) -> None:
    assert missing_essentials(with_value(COMPLETE[event_type], path, value)) == [problem]


def test_android_may_leave_out_the_length_of_a_session_and_ios_may_not() -> None:
    android = application_close(sdk=ANDROID, session_length_s=0, **ENVELOPE)
    ios = without(COMPLETE["application.close"], "application.sessionLength")

    assert missing_essentials(android) == []
    assert missing_essentials(ios) == ["application.sessionLength is missing"]


@pytest.mark.parametrize("event", [{}, {"eventType": ["x"]}, {"eventType": "own.type", "identityMap": []}])
def test_events_of_any_shape_can_be_asked(event: dict[str, Any]) -> None:
    assert missing_essentials(event)
    assert place_consistency(event) == []


@pytest.mark.parametrize("path", EVENT_FILES, ids=lambda path: path.stem)
def test_the_sample_events_obey_the_rules(path: Any) -> None:
    event = json.loads(shared_path(f"xdm/examples/events/{path.name}").read_text())

    assert missing_essentials(event) == []
    assert place_consistency(event) == []


# --- consistency --------------------------------------------------------------------------------------------

ENTRY = location_event(kind="entry", sdk=IOS, poi=STORE, rich=AT_THE_BORDER, **ENVELOPE)
EXIT = location_event(kind="exit", sdk=IOS, poi=STORE, rich=replace(AT_THE_BORDER, active=()), **ENVELOPE)
DETAILS = f"{POI}.geoInteractionDetails"


def test_a_consistent_entry_and_exit_pass() -> None:
    assert place_consistency(ENTRY) == []
    assert place_consistency(EXIT) == []


def far(event: dict[str, Any], metres: float) -> dict[str, Any]:
    """The event seen that far east of the centre of its place, told as it is."""
    longitude = STORE.longitude + metres / 74_400.0  # metres per degree there, nearly
    metres = round(geodesic((STORE.latitude, STORE.longitude), (STORE.latitude, longitude)).m, 1)
    event = with_value(event, "placeContext.geo._schema.longitude", longitude)
    event = with_value(event, f"{DETAILS}.distanceToCenter", metres)
    return with_value(event, f"{POI}.distanceToPOICenter", metres)


def test_an_entry_lies_inside_and_an_exit_outside_as_far_as_the_fix_can_tell() -> None:
    assert place_consistency(far(ENTRY, 60)) == []
    assert place_consistency(far(ENTRY, 130)) == []  # 12 m is the accuracy of the fix
    assert "outside of the radius" in place_consistency(far(ENTRY, 140))[0]
    assert place_consistency(far(EXIT, 500)) == []
    assert place_consistency(far(EXIT, 110)) == []
    assert "inside of the radius" in place_consistency(far(EXIT, 100))[0]


@pytest.mark.parametrize(
    ("event", "path", "value", "problem"),
    [
        (ENTRY, f"{DETAILS}.distanceToCenter", 90.0, "from the centre of the fence"),
        (ENTRY, f"{DETAILS}.distanceToCenter", -1.0, "below 0"),
        (ENTRY, f"{POI}.distanceToPOICenter", 119.0, "distanceToPOICenter is 119.0 m, but"),
        (ENTRY, "placeContext.geo._schema.latitude", 48.2, "from the centre of the fence"),
        (ENTRY, "placeContext.POIinteraction.poiEntries.value", 2, "one entry counts 1"),
        (ENTRY, "placeContext.POIinteraction.poiExits", {"value": 1}, "poiExits stands in an entry"),
        (EXIT, "placeContext.POIinteraction.poiEntries", {"value": 1}, "poiEntries stands in an exit"),
        (EXIT, "placeContext.POIinteraction.poiExits.value", 0, "one exit counts 1"),
        (ENTRY, "placeContext.activePOIs", [], "lacks the place entered"),
        (EXIT, "placeContext.activePOIs", [{"poiID": STORE.id}], "still holds the place left"),
        (ENTRY, "placeContext.localTime", "2026-03-02T09:15:31.125+01:00", "expected the same instant"),
        (ENTRY, "timestamp", "2026-03-02T08:15:30.124Z", "expected the same instant"),
        (ENTRY, "placeContext.localTimezoneOffset", 60, "localTime is -60 minutes behind UTC"),
        (ENTRY, "placeContext.ianaTimezone", "Europe/London", "doesn't have the offset of Europe/London"),
        (ENTRY, "placeContext.ianaTimezone", "Europe/Munich", "which the tz database doesn't have"),
        (ENTRY, "placeContext.ianaTimezone", "../etc/passwd", "which the tz database doesn't have"),
    ],
)
def test_a_contradiction_is_told(event: dict[str, Any], path: str, value: object, problem: str) -> None:
    problems = place_consistency(with_value(event, path, value))

    assert any(problem in found for found in problems), problems


def test_the_form_of_the_sdk_has_nothing_to_contradict() -> None:
    assert place_consistency(location_event(kind="entry", sdk=IOS, poi=STORE, **ENVELOPE)) == []


@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(-0.4, 0.4),
    st.floats(-0.4, 0.4),
)
def test_distances_are_those_of_the_ellipsoid(
    latitude: float, longitude: float, north: float, east: float
) -> None:
    to_latitude, to_longitude = max(-90.0, min(90.0, latitude + north)), longitude + east

    metres = ground_distance(latitude, longitude, to_latitude, to_longitude)

    assert metres == pytest.approx(geodesic((latitude, longitude), (to_latitude, to_longitude)).m, abs=0.02)


# --- streams ------------------------------------------------------------------------------------------------


def visit(kind: Kind, who: str = "1", where: str = "store") -> dict[str, Any]:
    envelope = ENVELOPE | {"identities": identity_map(who)}
    return location_event(kind=kind, sdk=IOS, poi=replace(STORE, id=where), **envelope)


def session(kind: str, who: str = "1") -> dict[str, Any]:
    envelope = ENVELOPE | {"identities": identity_map(who)}
    if kind == "launch":
        return application_launch(sdk=IOS, app=APP, device=IPHONE, **envelope)
    return application_close(sdk=IOS, session_length_s=3, **envelope)


def complaints(rules: StreamRules, *events: dict[str, Any]) -> list[str]:
    return [complaint for event in events for complaint in rules.feed(event)]


def test_an_exit_follows_an_entry_of_the_same_place_and_person() -> None:
    assert complaints(StreamRules(), visit("entry"), visit("exit"), visit("entry"), visit("exit")) == []
    assert complaints(StreamRules(), visit("exit")) == ["1 leaves store without having entered it"]
    assert complaints(StreamRules(), visit("entry"), visit("exit", who="2"))
    assert complaints(StreamRules(), visit("entry"), visit("exit", where="park"))
    assert len(complaints(StreamRules(), visit("entry"), visit("exit"), visit("exit"))) == 1


def test_an_exit_may_be_lost_but_not_invented() -> None:
    assert complaints(StreamRules(), visit("entry"), visit("entry"), visit("exit")) == []


def test_whoever_was_inside_at_the_start_may_leave_once() -> None:
    rules = StreamRules(inside_at_start=[("1", "store")])

    assert complaints(rules, visit("exit")) == []
    assert complaints(rules, visit("exit")) != []


def test_launch_and_close_take_turns_for_each_person() -> None:
    assert complaints(StreamRules(), session("launch"), session("close"), session("launch")) == []
    assert complaints(StreamRules(), session("launch"), session("launch", who="2")) == []
    assert complaints(StreamRules(), session("launch"), session("launch")) == [
        "1 launches the app again without a close"
    ]
    assert complaints(StreamRules(), session("close")) == ["1 closes the app without a launch"]


def test_an_app_open_at_the_start_may_be_closed() -> None:
    assert complaints(StreamRules(open_at_start=["1"]), session("close"), session("launch")) == []


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy")), max_size=12))
def test_any_number_of_interleaved_visits_in_turn_is_allowed(toggles: list[tuple[str, str]]) -> None:
    rules = StreamRules()
    inside: set[tuple[str, str]] = set()
    for who, where in toggles:
        kind: Kind = "exit" if (who, where) in inside else "entry"
        inside ^= {(who, where)}
        assert rules.feed(visit(kind, who, where)) == []


def test_other_events_may_come_at_any_time() -> None:
    assert StreamRules().feed(COMPLETE[EventType.PURCHASES]) == []
    assert StreamRules().feed({}) == []
