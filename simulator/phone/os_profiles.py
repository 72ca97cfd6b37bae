"""What an operating system does with the regions and apps on a phone: named, versioned profiles.

Every number has its source: mobile_sdk.md 3 and 10, realism.md 2, or [a] for an assumption. The scenario can
change each of them per group (`phone.os_profile`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.core.distributions import Distribution, LogNormal, Uniform
from simulator.phone.devices import Os
from simulator.scenario.models import OsProfileOverrides

# Sigma of a log-normal is ln(95th percentile / median) / 1.6449.
_IOS_SIGMA = 0.978  # 60 s and 300 s
_ANDROID_SIGMA = 0.843  # 45 s and 180 s
_FOREGROUND_SIGMA = 0.914  # 10 s and 45 s
# With the app in front positions come all the time, so detection is quicker on both systems [a].
_FOREGROUND_DELAY = LogNormal(10.0, _FOREGROUND_SIGMA)
# Below this radius, metres, detection is less reliable: the lower end of what Android recommends
# (mobile_sdk.md 3.2); taken for iOS, too [a].
_SMALLEST_RADIUS = 100.0
# Where positions come from when a border is crossed with the phone in the pocket [a]: (source, weight). How
# accurate each source is has been measured (simulator/phone/positions.py).
_IOS_POSITIONS = (("gnss", 30.0), ("wifi", 60.0), ("cell", 10.0))
_ANDROID_POSITIONS = (("gnss", 35.0), ("wifi", 60.0), ("cell", 5.0))
# An app woken for a region event is suspended after about this long, seconds (mobile_sdk.md 3.1); Android lets a
# receiver work as long [a].
_RUN_TIME = 10.0
# Detection by a phone that saves energy takes about twice as long [a].
_SAVER_FACTOR = 2.0
# Of region events whose position is as inaccurate as the fence is large, so many are followed by a mistake [a].
_FALSE_TRIGGERS = 0.03


@dataclass(frozen=True, slots=True)
class OsProfile:
    """How one version of an operating system treats regions and apps; times in seconds, lengths in metres."""

    name: str
    os: Os
    region_limit: int
    """Regions of one app that are watched at once."""
    nearby_count: int
    """Places that the app asks the places service for, and registers."""
    persistence: float
    """Who is back across the border within this time is not noticed."""
    detection_delay: Distribution
    """From the crossing to the region event, the app being in the background."""
    foreground_delay: Distribution
    """The same while the app is in the foreground."""
    smallest_radius: float
    """Below this radius the share of visits that are noticed falls evenly to none at 0 m."""
    positions: tuple[tuple[str, float], ...]
    """Sources of positions with their weights."""
    false_triggers: float
    """Share of region events, their position being as inaccurate as the fence is large, that mistakes follow."""
    initial_trigger: bool
    """Whether registering a place from within it reports an entry."""
    background_run_time: float
    """How long the app runs in the background before it is suspended."""
    woken_after_force_quit: bool
    """Whether region events start an app that its person ended by force."""
    regions_survive_restart: bool
    """Whether regions stay registered when the phone restarts."""
    doze_share: float
    """Share of wake-ups in the background, the first in half an hour, at which the network is held back."""
    doze_delay: Distribution
    """Time until it is let through again."""
    saver_delay_factor: float
    """How many times longer detection takes while the phone saves energy."""

    @property
    def watched(self) -> int:
        """How many places are registered at once."""
        return min(self.nearby_count, self.region_limit)

    def with_changes(self, changes: OsProfileOverrides) -> OsProfile:
        """This profile with everything that a scenario says otherwise."""
        given = {name: getattr(changes, name) for name in type(changes).model_fields}
        given = {name: value for name, value in given.items() if value is not None}
        if "positions" in given:
            given["positions"] = tuple(given["positions"].items())
        return replace(self, **given)


PROFILES: dict[Os, OsProfile] = {
    "ios": OsProfile(
        name="ios-17",
        os="ios",
        region_limit=20,  # mobile_sdk.md 3.1
        nearby_count=10,  # the SDK's default, mobile_sdk.md 1.1
        persistence=20.0,  # mobile_sdk.md 3.1
        detection_delay=LogNormal(60.0, _IOS_SIGMA),  # inferred, mobile_sdk.md 3.3
        foreground_delay=_FOREGROUND_DELAY,
        smallest_radius=_SMALLEST_RADIUS,
        positions=_IOS_POSITIONS,
        false_triggers=_FALSE_TRIGGERS,
        initial_trigger=False,  # mobile_sdk.md 3.1
        background_run_time=_RUN_TIME,
        woken_after_force_quit=False,  # mobile_sdk.md 3.1
        regions_survive_restart=True,  # widely reported; the sources disagree, mobile_sdk.md 9
        doze_share=0.0,  # iOS has no Doze
        doze_delay=Uniform(0.0, 0.0),
        saver_delay_factor=_SAVER_FACTOR,
    ),
    "android": OsProfile(
        name="android-14",
        os="android",
        region_limit=100,  # mobile_sdk.md 3.2
        nearby_count=20,  # the SDK's default, mobile_sdk.md 1.1
        # Only DWELL waits by the clock (3.2); what the overlap rule costs in time is part of the delay.
        persistence=0.0,
        detection_delay=LogNormal(45.0, _ANDROID_SIGMA),  # inferred, mobile_sdk.md 3.3
        foreground_delay=_FOREGROUND_DELAY,
        smallest_radius=_SMALLEST_RADIUS,
        positions=_ANDROID_POSITIONS,
        false_triggers=_FALSE_TRIGGERS,
        initial_trigger=True,  # mobile_sdk.md 3.2
        background_run_time=_RUN_TIME,
        # Swiping an app away does not stop its geofences; "Force stop" in the settings would (3.2, [a]).
        woken_after_force_quit=True,
        regions_survive_restart=False,  # mobile_sdk.md 3.2
        # Region events come to people who move, and Doze is for phones lying still: seldom [a]. The first
        # maintenance windows are up to an hour apart (3.2).
        doze_share=0.05,
        doze_delay=Uniform(0.0, 3600.0),
        saver_delay_factor=_SAVER_FACTOR,
    ),
}
