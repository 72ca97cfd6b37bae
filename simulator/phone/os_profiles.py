"""What an operating system does with the regions that an app asks it to watch: named, versioned profiles.

Every number has its source: mobile_sdk.md 3 and 10, realism.md 2, or [a] for an assumption. The scenario can
change each of them per group (`phone.os_profile`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.core.distributions import Distribution, LogNormal
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


@dataclass(frozen=True, slots=True)
class OsProfile:
    """How one version of an operating system monitors regions; times in seconds, lengths in metres."""

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

    @property
    def watched(self) -> int:
        """How many places are registered at once."""
        return min(self.nearby_count, self.region_limit)

    def with_changes(self, changes: OsProfileOverrides) -> OsProfile:
        """This profile with everything that a scenario says otherwise."""
        given = {name: getattr(changes, name) for name in type(changes).model_fields}
        return replace(self, **{name: value for name, value in given.items() if value is not None})


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
    ),
}
