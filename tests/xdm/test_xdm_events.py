"""What the builders make, to the letter of the SDKs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.xdm import (
    EVENT_TYPES,
    EventValidator,
    PoiFacts,
    Slot,
    active_poi,
    application_close,
    application_launch,
    environment_part,
    identity_map,
    implementation_details,
    location_event,
    missing_essentials,
    place_consistency,
    poi_part,
)
from simulator.xdm.events import Kind
from tests.shared_files import shared_path
from tests.xdm.samples import (
    ANDROID,
    APP,
    AT_THE_BORDER,
    ECID,
    EVENT_ID,
    GALAXY,
    IDENTITIES,
    IOS,
    IPHONE,
    STORE,
    TIMESTAMP,
)

ENVELOPE: dict[str, Any] = {"id": EVENT_ID, "timestamp": TIMESTAMP, "identities": IDENTITIES}
KINDS: tuple[Kind, ...] = ("entry", "exit")
VALIDATOR = EventValidator()


def all_events() -> list[dict[str, Any]]:
    outside = replace(AT_THE_BORDER, active=())
    return [
        *(
            location_event(kind=kind, sdk=sdk, poi=STORE, **ENVELOPE)
            for kind in KINDS
            for sdk in (IOS, ANDROID)
        ),
        location_event(kind="entry", sdk=IOS, poi=STORE, rich=AT_THE_BORDER, **ENVELOPE),
        location_event(kind="exit", sdk=IOS, poi=STORE, rich=outside, **ENVELOPE),
        application_launch(sdk=IOS, app=APP, device=IPHONE, **ENVELOPE),
        application_launch(sdk=ANDROID, app=APP, device=GALAXY, install=True, **ENVELOPE),
        application_launch(sdk=ANDROID, app=APP, device=GALAXY, upgrade=True, **ENVELOPE),
        application_close(sdk=IOS, session_length_s=0, **ENVELOPE),
        application_close(sdk=ANDROID, session_length_s=0, **ENVELOPE),
        application_close(sdk=ANDROID, session_length_s=7, close_type="unknown", **ENVELOPE),
    ]


@pytest.mark.parametrize("event", all_events(), ids=lambda event: event["eventType"])
def test_every_event_built_is_valid_complete_and_consistent(event: dict[str, Any]) -> None:
    assert VALIDATOR.violations(event) == []
    assert missing_essentials(event) == []
    assert place_consistency(event) == []


@pytest.mark.parametrize("event", all_events(), ids=lambda event: event["eventType"])
def test_every_event_built_is_valid_for_the_reference_schema(event: dict[str, Any]) -> None:
    schema = json.loads(shared_path("xdm/compiled/experienceevent.mobile.strict.schema.json").read_text())
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)

    assert [error.message for error in validator.iter_errors(event)] == []


@given(
    name=st.text(max_size=30),
    metadata=st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=4),
    latitude=st.floats(min_value=-90, max_value=90),
    longitude=st.floats(min_value=-180, max_value=180),
    address=st.tuples(*[st.text(max_size=9)] * 4),
    kind=st.sampled_from(KINDS),
    rich=st.booleans(),
)
def test_events_of_any_place_are_valid(
    name: str,
    metadata: dict[str, str],
    latitude: float,
    longitude: float,
    address: tuple[str, str, str, str],
    kind: Kind,
    rich: bool,
) -> None:
    country, state, city, street = address
    poi = PoiFacts(
        id="place",
        name=name,
        latitude=latitude,
        longitude=longitude,
        radius_m=25.0,
        country=country,
        state=state,
        city=city,
        street=street,
        metadata=tuple(metadata.items()),
    )
    event = location_event(kind=kind, sdk=IOS, poi=poi, rich=AT_THE_BORDER if rich else None, **ENVELOPE)

    assert VALIDATOR.violations(orjson.loads(orjson.dumps(event))) == []


def test_a_location_event_of_the_sdk_has_the_place_and_nothing_else() -> None:
    assert location_event(kind="exit", sdk=IOS, poi=STORE, **ENVELOPE) == {
        "_id": EVENT_ID,
        "timestamp": TIMESTAMP,
        "eventType": "location.exit",
        "identityMap": {"ECID": [{"id": ECID, "authenticatedState": "ambiguous", "primary": False}]},
        "implementationDetails": {
            "version": "5.11.0+5.0.3",
            "name": "https://ns.adobe.com/experience/mobilesdk/ios",
            "environment": "app",
        },
        "placeContext": {
            "POIinteraction": {
                "poiDetail": {
                    "poiID": STORE.id,
                    "name": "City Store",
                    "metadata": {
                        "list": [
                            {"key": "country", "value": "DE"},
                            {"key": "state", "value": "Bavaria"},
                            {"key": "city", "value": "Munich"},
                            {"key": "storeType", "value": "flagship"},
                        ]
                    },
                }
            }
        },
    }


def test_a_place_without_anything_to_say_has_an_empty_list() -> None:
    assert poi_part(PoiFacts("p", "P", 0.0, 0.0, 100.0))["metadata"] == {"list": []}


def test_an_owners_key_replaces_the_address_part_of_the_same_name() -> None:
    extras = replace(STORE, metadata=(("city", "Muenchen"),)).extras

    assert extras == {"country": "DE", "state": "Bavaria", "city": "Muenchen"}


def test_the_rich_form_tells_where_when_and_how_far() -> None:
    event = location_event(kind="entry", sdk=IOS, poi=STORE, rich=AT_THE_BORDER, **ENVELOPE)
    context = event["placeContext"]
    detail = context["POIinteraction"]["poiDetail"]

    assert context["localTime"] == "2026-03-02T09:15:30.125+01:00"
    assert (context["localTimezoneOffset"], context["ianaTimezone"]) == (-60, "Europe/Berlin")
    assert context["geo"] == {"_schema": {"latitude": 48.137, "longitude": 11.576605}}
    assert context["activePOIs"] == [active_poi(STORE)]
    assert context["POIinteraction"]["poiEntries"] == {"value": 1}
    assert "poiExits" not in context["POIinteraction"]
    assert (detail["category"], detail["locatingType"]) == ("retail", "gps")
    assert detail["distanceToPOICenter"] == detail["geoInteractionDetails"]["distanceToCenter"] == 119.5
    assert detail["geoInteractionDetails"]["deviceGeoAccuracy"] == 12.0
    assert detail["geoInteractionDetails"]["geoShape"] == {
        "_schema": {
            "circle": {
                "_schema": {
                    "coordinates": {"_schema": {"latitude": 48.137, "longitude": 11.575}},
                    "radius": 120.0,
                }
            }
        }
    }
    assert event["device"]["locationPermission"] == "ALWAYS_ALLOWED"
    assert event["device"]["isLocationEnabled"] is True


def test_the_rich_form_counts_an_exit_as_an_exit() -> None:
    interaction = location_event(
        kind="exit", sdk=IOS, poi=STORE, rich=replace(AT_THE_BORDER, active=()), **ENVELOPE
    )["placeContext"]["POIinteraction"]

    assert interaction["poiExits"] == {"value": 1}
    assert "poiEntries" not in interaction


def test_the_rich_form_needs_the_place_itself() -> None:
    with pytest.raises(TypeError, match="place itself"):
        location_event(kind="exit", sdk=IOS, poi=Slot("poi"), rich=AT_THE_BORDER, **ENVELOPE)


def test_a_launch_describes_app_device_and_system() -> None:
    event = application_launch(sdk=ANDROID, app=APP, device=GALAXY, **ENVELOPE)

    assert event["application"] == {
        "isLaunch": True,
        "name": "Shop",
        "id": "com.example.shop",
        "version": "3.2 (118)",
        "_dc": {"language": "en-US"},
    }
    assert event["device"] == {
        "manufacturer": "samsung",
        "model": "SM-S911B",
        "modelNumber": "UP1A",
        "screenWidth": 1080,
        "screenHeight": 2340,
        "type": "mobile",
    }
    assert event["environment"] == {
        "type": "application",
        "carrier": "Example Mobile",
        "operatingSystem": "Android",
        "operatingSystemVersion": "14",
        "_dc": {"language": "en-US"},
    }


def test_install_and_upgrade_are_told_only_when_true_and_never_together() -> None:
    install = application_launch(sdk=IOS, app=APP, device=IPHONE, install=True, **ENVELOPE)["application"]
    upgrade = application_launch(sdk=IOS, app=APP, device=IPHONE, upgrade=True, **ENVELOPE)["application"]

    assert install["isInstall"] is True and "isUpgrade" not in install
    assert upgrade["isUpgrade"] is True and "isInstall" not in upgrade
    with pytest.raises(ValueError, match="never"):
        application_launch(sdk=IOS, app=APP, device=IPHONE, install=True, upgrade=True, **ENVELOPE)


@pytest.mark.parametrize(
    ("version", "visible"), [("15.7.1", True), ("16.0", False), ("17.4", False), ("9.3", True), ("", False)]
)
def test_ios_hides_the_carrier_from_version_16_on(version: str, visible: bool) -> None:
    assert ("carrier" in environment_part(replace(IPHONE, os_version=version))) == visible


def test_a_phone_without_a_carrier_has_none() -> None:
    assert "carrier" not in environment_part(replace(GALAXY, carrier=""))


def test_a_close_has_nothing_but_the_application() -> None:
    event = application_close(sdk=IOS, session_length_s=312, **ENVELOPE)

    assert event.keys() == {
        "_id",
        "timestamp",
        "eventType",
        "identityMap",
        "implementationDetails",
        "application",
    }
    assert event["application"] == {"isClose": True, "closeType": "close", "sessionLength": 312}


def test_a_session_of_length_zero_is_sent_by_ios_and_left_out_by_android() -> None:
    ios = application_close(sdk=IOS, session_length_s=0, **ENVELOPE)
    android = application_close(sdk=ANDROID, session_length_s=0, **ENVELOPE)

    assert ios["application"]["sessionLength"] == 0
    assert "sessionLength" not in android["application"]


def test_identities_besides_the_ecid_follow_it() -> None:
    email = {"id": "a.person@example.com", "authenticatedState": "authenticated", "primary": False}

    identities = identity_map(ECID, {"Email": [email]})

    assert list(identities) == ["ECID", "Email"]
    assert identities["Email"] == [email]


def test_a_wrapper_is_part_of_the_name_of_the_library() -> None:
    details = implementation_details("android", "3.2.0", "3.0.2", "flutter")

    assert details == {
        "version": "3.2.0+3.0.2",
        "name": "https://ns.adobe.com/experience/mobilesdk/android/flutter",
        "environment": "app",
    }


def test_the_types_with_rules_are_types_that_the_platform_knows() -> None:
    known = json.loads(shared_path("xdm/compiled/eventtypes.json").read_text())["values"]

    assert set(EVENT_TYPES) - {row["value"] for row in known} == set()
