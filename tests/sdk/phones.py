"""One phone with the SDK on it, and what it sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from simulator.core.identifiers import ecid
from simulator.core.simtime import Calendar
from simulator.phone import FOREVER, Handset, Os, RegionEvent, device_named
from simulator.run.environment import CohortEnvironment, Wake
from simulator.scenario import App
from simulator.scenario.models import Network as NetworkSettings
from simulator.sdk import (
    EventForms,
    Hit,
    HitList,
    MobileSdk,
    Network,
    SdkRecord,
    SdkShared,
    Sender,
    render_hits,
)
from simulator.world import Place, PlaceSet

ID_KEY = 11
ECID = ecid(7)
BERLIN = ZoneInfo("Europe/Berlin")
CALENDAR = Calendar(datetime(2026, 3, 2, 9, 0, tzinfo=BERLIN), BERLIN)

STORE = Place(
    id="b0a1c2d3-1111-4222-8333-944455566677",
    name="City Store",
    latitude=48.137,
    longitude=11.575,
    radius=120.0,
    library_id="l",
    library_name="Stores",
    category="retail",
    city="Munich",
    metadata=(("storeType", "flagship"),),
)
KIOSK = Place("c0a1c2d3-1111-4222-8333-944455566677", "Kiosk", 48.1, 11.5, 80.0, "l", "Stores")
# The systems' last release here: no carrier on iOS, one on Android.
HANDSETS: dict[Os, Handset] = {
    "ios": Handset(device_named("iphone-14-pro"), "17.4.1", "de-DE", "Example Mobile", "3.2 (118)"),
    "android": Handset(device_named("galaxy-s23"), "14", "en-US", "Example Mobile", "3.2 (118)"),
}


@dataclass(frozen=True)
class Sent:
    """A hit, rendered."""

    sent: int
    dated: int
    event: dict[str, Any]
    crossing: tuple[int, ...] | None

    @property
    def type(self) -> str:
        return str(self.event["eventType"]).partition(".")[2]


def forms(location_events: str = "sdk") -> EventForms:
    app = App(id="com.example.shop", name="Shop", location_events=location_events)
    return EventForms(app, PlaceSet([STORE, KIOSK]), CALENDAR)


def region(at: int, entry: bool, *, place: int = 0, inside: Iterable[int] = (0,)) -> RegionEvent:
    return RegionEvent(place, entry, at, at, 48.138, 11.575, dict.fromkeys(inside))


def play(
    script: Iterable[tuple[int, Callable[[MobileSdk, int], None]]],
    *,
    os: Os = "ios",
    location_events: str = "sdk",
) -> list[Sent]:
    """Let things happen to a phone at their times (milliseconds), and a minute more; what it sent."""
    env, uplink = CohortEnvironment(), HitList()
    events = forms(location_events)
    shared = SdkShared(events, Network(NetworkSettings(), CALENDAR, 2**40), SdkRecord(uplink.post))
    sdk = MobileSdk(env, shared, Sender(3, ID_KEY, os == "ios"), ECID, events.of(HANDSETS[os]))
    sdk.awake(0, FOREVER)

    def happen() -> Any:
        for at, what in script:
            if at > env.now:
                yield Wake(env, at - int(env.now))
            what(sdk, at)
        yield Wake(env, 60_000)

    env.process(happen())
    env.run_before(2**40)
    return rendered(uplink.collect())


def rendered(hits: list[Hit]) -> list[Sent]:
    if not hits:
        return []
    sent, senders, _, dated, numbers, templates, values, causes, _ = zip(*hits, strict=True)
    bodies = render_hits(senders, dated, numbers, templates, values, CALENDAR)
    return [
        Sent(at, date, orjson.loads(body), cause)
        for at, date, body, cause in zip(sent, dated, bodies, causes, strict=True)
    ]


def opened(sdk: MobileSdk, at: int) -> None:
    sdk.foreground(at)


def left(sdk: MobileSdk, at: int) -> None:
    sdk.background(at)


def entered(sdk: MobileSdk, at: int) -> None:
    sdk.region_event(region(at, True))


def exited(sdk: MobileSdk, at: int) -> None:
    sdk.region_event(region(at, False, inside=()))
