"""One phone with the SDK on it, and what it sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson

from simulator.core.identifiers import ecid
from simulator.core.simtime import Calendar
from simulator.phone import FOREVER, Handset, Os, ProcessEnd, RegionEvent, device_named
from simulator.run.environment import CohortEnvironment, Wake
from simulator.scenario import App
from simulator.scenario.models import Network as NetworkSettings
from simulator.sdk import (
    KINDS,
    EventForms,
    Hit,
    HitList,
    MobileSdk,
    Network,
    SdkRecord,
    SdkShared,
    Sender,
    anonymous,
    make_plans,
    render_hit,
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
Moment = tuple[int, Callable[[MobileSdk, int], None]]
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
    again: bool = False
    kind: str = ""

    @property
    def type(self) -> str:
        return str(self.event["eventType"]).partition(".")[2]


def forms(location_events: str = "sdk", **app: Any) -> EventForms:
    settings = App(id="com.example.shop", name="Shop", location_events=location_events, **app)
    return EventForms(settings, PlaceSet([STORE, KIOSK]), CALENDAR)


def region(at: int, entry: bool, *, place: int = 0, inside: Iterable[int] = (0,)) -> RegionEvent:
    return RegionEvent(place, entry, at, at, 48.138, 11.575, dict.fromkeys(inside))


class Pocket:
    """A phone with the SDK on it, and everything that it leaves behind."""

    def __init__(
        self, os: Os = "ios", *, network: NetworkSettings | None = None, skew: int = 0, **app: Any
    ) -> None:
        self.env, self.uplink = CohortEnvironment(), HitList()
        events = forms(**app)
        self.record = SdkRecord(self.uplink.post)
        shared = SdkShared(events, Network(network or NetworkSettings(), CALENDAR, 10**9), self.record)
        sender = Sender(3, ID_KEY, os == "ios")
        plan = make_plans(events.app, np.array([7], dtype=np.uint64))(0)
        login = "{}-of-three".format
        who, model = anonymous(ECID), events.of(HANDSETS[os])
        self.sdk = MobileSdk(self.env, shared, sender, who, model, skew=skew, plan=plan, login=login)

    def live(self, script: Iterable[Moment], until: int = 10**9) -> list[Sent]:
        """Let things happen to the phone at their times (milliseconds); what it sent before ``until``."""

        def happen() -> Any:
            for at, what in script:
                if at > self.env.now:
                    yield Wake(self.env, at - int(self.env.now))
                what(self.sdk, at)

        self.env.process(happen())
        self.env.run_before(until)
        return rendered(self.uplink.collect())


def play(script: Iterable[Moment], *, os: Os = "ios", **settings: Any) -> list[Sent]:
    """What a phone sends to which this happens, and whose process always runs."""
    until = settings.pop("until", 10**9)
    return Pocket(os, **settings).live([(0, runs), *script], until)


def rendered(hits: list[Hit]) -> list[Sent]:
    if not hits:
        return []
    sent, senders, kinds, dated, numbers, templates, values, causes, again = zip(*hits, strict=True)
    _, keys, capitals, _ = zip(*senders, strict=True)
    bodies = render_hits(
        np.array(keys, dtype=np.uint64),
        np.array(capitals, dtype=np.bool_),
        np.array(dated, dtype=np.int64),
        np.array(numbers, dtype=np.int64),
        templates,
        values,
        CALENDAR,
    )
    assert list(bodies) == [*bodies[:2], *bodies[2:]] == [render_hit(hit, CALENDAR) for hit in hits]
    return [
        Sent(at, date, orjson.loads(body), cause, repeated, KINDS[kind])
        for at, date, body, cause, repeated, kind in zip(
            sent, dated, bodies, causes, again, kinds, strict=True
        )
    ]


def runs(sdk: MobileSdk, at: int) -> None:
    sdk.awake(at, FOREVER)


def wakes(run_time: int) -> Callable[[MobileSdk, int], None]:
    return lambda sdk, at: sdk.awake(at, at + run_time)


def offline(sdk: MobileSdk, at: int) -> None:
    sdk.network(at, False)


def online(sdk: MobileSdk, at: int) -> None:
    sdk.network(at, True)


def ends(sdk: MobileSdk, at: int) -> None:
    sdk.ended(at, ProcessEnd.SYSTEM)


def reinstalled(sdk: MobileSdk, at: int) -> None:
    sdk.ended(at, ProcessEnd.FORCE_QUIT)
    sdk.installed(at)


def updated(sdk: MobileSdk, at: int) -> None:
    sdk.ended(at, ProcessEnd.SYSTEM)
    sdk.updated(at)


def opened(sdk: MobileSdk, at: int) -> None:
    sdk.foreground(at)


def left(sdk: MobileSdk, at: int) -> None:
    sdk.background(at)


def entered(sdk: MobileSdk, at: int) -> None:
    sdk.region_event(region(at, True))


def exited(sdk: MobileSdk, at: int) -> None:
    sdk.region_event(region(at, False, inside=()))
