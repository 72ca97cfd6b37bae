"""The exact events of a phone, against literals written from the SDK's documentation (mobile_sdk.md 2.6, 5.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.phone import Handset, device_named
from simulator.sdk import EventForms
from tests.sdk.phones import (
    CALENDAR,
    ECID,
    HANDSETS,
    entered,
    exited,
    forms,
    left,
    opened,
    play,
    region,
)

IOS = {
    "version": "5.11.0+5.0.3",
    "name": "https://ns.adobe.com/experience/mobilesdk/ios",
    "environment": "app",
}
ANDROID = {
    "version": "3.2.0+3.0.2",
    "name": "https://ns.adobe.com/experience/mobilesdk/android",
    "environment": "app",
}
IDENTITY = {"ECID": [{"id": ECID, "authenticatedState": "ambiguous", "primary": False}]}
SCRIPT = [(60_000, opened), (80_482, entered), (372_000, left), (400_007, exited)]


def sent(os: str, form: str = "sdk") -> dict[str, dict[str, Any]]:
    """The four events of a visit, by the last word of their type, without their ids."""
    events = [hit.event for hit in play(SCRIPT, os=os, location_events=form)]
    assert all(len(event.pop("_id")) == 36 for event in events)
    return {event["eventType"].partition(".")[2]: event for event in events}


def test_an_entry_is_what_the_sdk_sends_and_no_more() -> None:
    assert sent("ios")["entry"] == {
        "timestamp": "2026-03-02T08:01:20.482Z",
        "eventType": "location.entry",
        "identityMap": IDENTITY,
        "implementationDetails": IOS,
        "placeContext": {
            "POIinteraction": {
                "poiDetail": {
                    "poiID": "b0a1c2d3-1111-4222-8333-944455566677",
                    "name": "City Store",
                    "metadata": {
                        "list": [
                            {"key": "city", "value": "Munich"},
                            {"key": "storeType", "value": "flagship"},
                        ]
                    },
                }
            }
        },
    }


@pytest.mark.parametrize("os", ["ios", "android"])
def test_an_exit_differs_from_an_entry_in_type_and_time_only(os: str) -> None:
    events = sent(os)
    later = {"eventType": "location.exit", "timestamp": "2026-03-02T08:06:40.007Z"}
    assert events["exit"] == events["entry"] | later


def test_a_place_without_address_and_metadata_has_an_empty_list() -> None:
    (hit,) = play([(0, lambda sdk, at: sdk.region_event(region(at, True, place=1, inside=[1])))])
    detail = hit.event["placeContext"]["POIinteraction"]["poiDetail"]
    assert detail == {
        "poiID": "c0a1c2d3-1111-4222-8333-944455566677",
        "name": "Kiosk",
        "metadata": {"list": []},
    }


def test_a_launch_on_ios() -> None:
    assert sent("ios")["launch"] == {
        "timestamp": "2026-03-02T08:01:00.000Z",
        "eventType": "application.launch",
        "identityMap": IDENTITY,
        "implementationDetails": IOS,
        "application": {
            "isLaunch": True,
            "name": "Shop",
            "id": "com.example.shop",
            "version": "3.2 (118)",
            "_dc": {"language": "de-DE"},
        },
        "device": {
            "manufacturer": "apple",
            "model": "iPhone15,2",
            "modelNumber": "D73AP",
            "screenWidth": 1179,
            "screenHeight": 2556,
            "type": "mobile",
        },
        "environment": {
            "type": "application",
            "operatingSystem": "iOS",
            "operatingSystemVersion": "17.4.1",
            "_dc": {"language": "de-DE"},
        },
    }


def test_a_launch_on_android_tells_the_carrier() -> None:
    assert sent("android")["launch"] == {
        "timestamp": "2026-03-02T08:01:00.000Z",
        "eventType": "application.launch",
        "identityMap": IDENTITY,
        "implementationDetails": ANDROID,
        "application": {
            "isLaunch": True,
            "name": "Shop",
            "id": "com.example.shop",
            "version": "3.2 (118)",
            "_dc": {"language": "en-US"},
        },
        "device": {
            "manufacturer": "samsung",
            "model": "SM-S911B",
            "modelNumber": "UP1A.231005.007",
            "screenWidth": 1080,
            "screenHeight": 2340,
            "type": "mobile",
        },
        "environment": {
            "type": "application",
            "carrier": "Example Mobile",
            "operatingSystem": "Android",
            "operatingSystemVersion": "14",
            "_dc": {"language": "en-US"},
        },
    }


@pytest.mark.parametrize(("os", "sdk"), [("ios", IOS), ("android", ANDROID)])
def test_a_close_says_how_long_the_session_was_and_nothing_of_the_device(
    os: str, sdk: dict[str, str]
) -> None:
    assert sent(os)["close"] == {
        "timestamp": "2026-03-02T08:06:12.000Z",
        "eventType": "application.close",
        "identityMap": IDENTITY,
        "implementationDetails": sdk,
        "application": {"isClose": True, "closeType": "close", "sessionLength": 312},
    }


def test_the_carrier_is_visible_up_to_ios_15() -> None:
    launches = {}
    for version in ("15.7.1", "16.6.1"):
        handset = Handset(device_named("iphone-13"), version, "de-DE", "Example Mobile", "3.2 (118)")
        body = forms().of(handset).launch.render(b"i" * 36, CALENDAR.stamp(0), ECID.encode())
        launches[version] = json.loads(body)["environment"]
    assert launches["15.7.1"]["carrier"] == "Example Mobile"
    assert "carrier" not in launches["16.6.1"]


def test_the_rich_form_adds_to_the_plain_one_and_contradicts_it_nowhere() -> None:
    plain, rich = sent("android")["entry"], sent("android", "rich")["entry"]
    context = rich["placeContext"]
    interaction = context["POIinteraction"]
    assert {key: rich[key] for key in plain if key != "placeContext"} == {
        key: value for key, value in plain.items() if key != "placeContext"
    }
    detail = plain["placeContext"]["POIinteraction"]["poiDetail"]
    assert {key: interaction["poiDetail"][key] for key in detail} == detail
    assert interaction["poiEntries"] == {"value": 1}
    assert "poiExits" not in interaction
    assert context["geo"] == {"_schema": {"latitude": 48.138, "longitude": 11.575}}
    assert context["localTime"] == "2026-03-02T09:01:20.482+01:00"
    assert (context["localTimezoneOffset"], context["ianaTimezone"]) == (-60, "Europe/Berlin")
    assert interaction["poiDetail"]["distanceToPOICenter"] == 120
    assert [poi["poiID"] for poi in context["activePOIs"]] == ["b0a1c2d3-1111-4222-8333-944455566677"]


def test_the_rich_exit_counts_as_an_exit_and_the_place_is_no_longer_active() -> None:
    context = sent("ios", "rich")["exit"]["placeContext"]
    assert context["POIinteraction"]["poiExits"] == {"value": 1}
    assert "poiEntries" not in context["POIinteraction"]
    assert context["activePOIs"] == []


def test_active_places_stand_in_the_order_of_entering() -> None:
    (hit,) = play(
        [(0, lambda sdk, at: sdk.region_event(region(at, True, place=0, inside=[1, 0])))],
        location_events="rich",
    )
    assert [poi["name"] for poi in hit.event["placeContext"]["activePOIs"]] == ["Kiosk", "City Store"]


def test_equal_handsets_share_their_forms() -> None:
    made: EventForms = forms()
    assert made.of(HANDSETS["ios"]) is made.of(HANDSETS["ios"])
    assert made.of(HANDSETS["ios"]) is not made.of(HANDSETS["android"])
