"""Facts and events that several tests use."""

from __future__ import annotations

from simulator.xdm import AppFacts, DeviceFacts, PoiFacts, RichPlace, SdkFacts
from simulator.xdm.events import (
    active_poi,
    application_part,
    environment_part,
    identity_map,
    located_device_part,
)

ECID = "05213476981234567896123456789012345678"
EVENT_ID = "6b0c2f0e-3e2a-4b5b-8a55-0b1d5a0f7c11"
TIMESTAMP = "2026-03-02T08:15:30.125Z"
IDENTITIES = identity_map(ECID)

IOS = SdkFacts("ios", "5.11.0", "5.0.3")
ANDROID = SdkFacts("android", "3.2.0", "3.0.2")
APP = AppFacts("com.example.shop", "Shop", "3.2 (118)")
IPHONE = DeviceFacts(
    "ios", "iOS", "17.4", "apple", "iPhone15,2", "D73AP", 1179, 2556, "mobile", "de-DE", "Example Mobile"
)
GALAXY = DeviceFacts(
    "android", "Android", "14", "samsung", "SM-S911B", "UP1A", 1080, 2340, "mobile", "en-US", "Example Mobile"
)
STORE = PoiFacts(
    id="b0a1c2d3-1111-4222-8333-944455566677",
    name="City Store",
    latitude=48.137,
    longitude=11.575,
    radius_m=120.0,
    category="retail",
    country="DE",
    state="Bavaria",
    city="Munich",
    metadata=(("storeType", "flagship"),),
)
# A point 119.5 m east of the store's centre by geopy's geodesic on WGS 84.
AT_THE_BORDER = RichPlace(
    latitude=48.137,
    longitude=11.576605,
    accuracy_m=12.0,
    distance_m=119.5,
    local_time="2026-03-02T09:15:30.125+01:00",
    offset_minutes=-60,
    timezone="Europe/Berlin",
    active=(active_poi(STORE),),
    application=application_part(APP, "de-DE"),
    device=located_device_part(IPHONE),
    environment=environment_part(IPHONE),
)
