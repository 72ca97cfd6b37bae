"""The constants of the SDK and the operating systems that the simulation uses, each with its published value."""

from __future__ import annotations

import pytest

from simulator.phone import PROFILES
from simulator.phone.nearby import SIGNIFICANT_M, SIGNIFICANT_MS
from simulator.scenario.models import RESERVED_NAMESPACES
from simulator.sdk import consent, edge_answers, edge_state, mobile_sdk, places, push, sending
from simulator.sdk.edge_request import CONSENT_PATH, DEFAULT_HOST, INTERACT_PATH, EdgeEndpoint
from simulator.world.fences import MAX_LATITUDE
from simulator.world.importers.load import _PLACES_PER_LIBRARY
from simulator.world.importers.records import METADATA_LENGTH
from simulator.xdm import identity_map
from simulator.xdm.events import implementation_details
from tests.sdk.phones import ECID

IOS, ANDROID = PROFILES["ios"], PROFILES["android"]
SECOND = 1000

CONSTANTS = [
    ("Places membership TTL, ms", places.MEMBERSHIP_TTL_MS, 3600 * SECOND),
    ("nearby default count, iOS", IOS.nearby_count, 10),
    ("nearby default count, Android", ANDROID.nearby_count, 20),
    ("regions per app, iOS", IOS.region_limit, 20),
    ("geofences per app, Android", ANDROID.region_limit, 100),
    ("hysteresis, iOS, s", IOS.persistence, 20.0),
    ("smallest reliable radius, Android, m", ANDROID.smallest_radius, 100.0),
    ("significant change, m", SIGNIFICANT_M, 500.0),
    ("significant change, ms", SIGNIFICANT_MS, 300 * SECOND),
    ("highest latitude of a POI", MAX_LATITUDE, 85.0),
    ("length of metadata keys and values", METADATA_LENGTH, 256),
    ("POIs per library", _PLACES_PER_LIBRARY, 150_000),
    ("Edge host", DEFAULT_HOST, "edge.adobedc.net"),
    ("Edge prefix", EdgeEndpoint.of("d").prefix, "/ee"),
    ("interact path", INTERACT_PATH, "/v1/interact"),
    ("set-consent path", CONSENT_PATH, "/v1/privacy/set-consent"),
    ("connect time-out, ms", edge_answers.CONNECT_TIMEOUT_MS, 5 * SECOND),
    ("read time-out, ms", edge_answers.READ_TIMEOUT_MS, 5 * SECOND),
    ("retry interval, ms", edge_answers.RETRY_INTERVAL_MS, 5 * SECOND),
    ("recoverable codes", edge_answers.RECOVERABLE_CODES, {408, 429, 502, 503, 504, 507}),
    ("Android's code for no answer", edge_answers.NO_ANSWER, -1),
    ("success codes", edge_answers.SUCCESS_CODES, {200, 204, 207}),
    ("record separator", edge_state.RECORD_SEPARATOR, "\0"),
    ("line feed", edge_state.LINE_FEED, "\n"),
    ("location hint TTL, s", edge_state.LOCATION_HINT_TTL_S, 1800),
    ("consent standard and version", (consent.STANDARD, consent.VERSION), ("Adobe", "2.0")),
    ("environment of the SDK", implementation_details("ios", "1", "1")["environment"], "app"),
    ("lifecycle debounce, ms", mobile_sdk.LIFECYCLE_DEBOUNCE_MS, SECOND // 2),
    ("spacing of the last activity, ms", sending.ACTIVITY_SPACING_MS, 2 * SECOND),
    ("offset of an unknown close, ms", mobile_sdk.CLOSE_OFFSET_MS, 2 * SECOND),
    ("digits of an ECID", len(ECID), 38),
    ("state of an ECID", identity_map(ECID)["ECID"][0]["authenticatedState"], "ambiguous"),
    ("reserved namespaces", RESERVED_NAMESPACES, ("ECID", "IDFA", "GAID")),
    ("push channel", push.PUSH_CHANNEL, "https://ns.adobe.com/xdm/channels/push"),
]


@pytest.mark.parametrize(("name", "used", "published"), CONSTANTS, ids=[name for name, _, _ in CONSTANTS])
def test_a_constant_has_its_published_value(name: str, used: object, published: object) -> None:
    assert used == published, name
