"""Phones for tests, with an app that writes down what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.core.distributions import Constant
from simulator.core.timers import TimedEnvironment
from simulator.phone import (
    PROFILES,
    LifeRules,
    LivingPhone,
    MonitoredPhone,
    Os,
    Permission,
    ProcessEnd,
    RegionEvent,
    RegionService,
    Unreported,
)
from simulator.phone.nearby import Registrations
from simulator.scenario.models import OsProfileOverrides
from simulator.world import PlaceSet
from tests.world.making import place_set

SECOND = 1000
MINUTE = 60 * SECOND


@dataclass
class Notebook:
    """An app that writes down what it is told, and when."""

    env: TimedEnvironment
    regions: list[RegionEvent] = field(default_factory=list)
    told_at: list[int] = field(default_factory=list)
    front: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    heard: list[tuple[str, int]] = field(default_factory=list)
    """What else happened, and when."""
    runs_until: int = 0

    def region_event(self, region: RegionEvent) -> None:
        self.regions.append(region)
        self.told_at.append(int(self.env.now))

    def foreground(self, now: int) -> None:
        self.front.append(now)

    def background(self, now: int) -> None:
        self.back.append(now)

    def awake(self, now: int, until: int) -> None:
        self.runs_until = until

    def ended(self, now: int, why: ProcessEnd) -> None:
        self.heard.append((why.name.lower(), now))

    def network(self, now: int, up: bool) -> None:
        self.heard.append(("up" if up else "down", now))

    def installed(self, now: int) -> None:
        self.heard.append(("installed", now))

    def updated(self, now: int) -> None:
        self.heard.append(("updated", now))


def far_apart(count: int, radius: float = 200.0) -> PlaceSet:
    """Places a degree of longitude from one another."""
    return place_set(*((50.0, float(n), radius) for n in range(count)))


class IdealTrial:
    """One phone that notices everything at once, but lives; times in seconds."""

    def __init__(
        self, os: Os = "ios", places: PlaceSet | None = None, key: int = 1, **changes: object
    ) -> None:
        profile = PROFILES[os].with_changes(OsProfileOverrides(**{"doze_share": 0.0, **changes}))
        self.env = TimedEnvironment()
        self.app = Notebook(self.env)
        self.unreported = Unreported()
        rules = LifeRules(profile, (places or far_apart(5)).dead_zones)
        self.phone: LivingPhone = LivingPhone(self.env, self.app, 7, key, rules, self.unreported)

    def at(self, seconds: float) -> int:
        """Let everything happen before a moment; gives it in milliseconds."""
        moment = round(seconds * SECOND)
        while self.env.peek() < moment:
            self.env.step()
        self.env._now = moment
        return moment

    def enter(self, seconds: float, place: int = 0) -> None:
        self.phone.cross(self.at(seconds), place, True, 50.0, float(place))

    def leave(self, seconds: float, place: int = 0) -> None:
        self.phone.cross(self.at(seconds), place, False, 50.0, float(place))

    def open_app(self, seconds: float) -> None:
        self.phone.foreground(self.at(seconds))

    def close_app(self, seconds: float) -> None:
        self.phone.background(self.at(seconds))

    def do(self, seconds: float, what: str, *values: object) -> None:
        """Let something else happen to the phone: a method of it, by its name."""
        getattr(self.phone, what)(self.at(seconds), *values)

    def told(self, until: float = 1e6) -> list[tuple[int, bool, float, float]]:
        """What the app was told: (place, entry, crossed, noticed), times in seconds."""
        self.at(until)
        return [(r.place, r.entry, r.crossed / SECOND, r.noticed / SECOND) for r in self.app.regions]

    def lost(self) -> list[tuple[int, bool, int, int]]:
        """What was lost: (place, entry, crossed, outcome)."""
        return [
            (place, bool(entry), crossed, outcome)
            for _, place, entry, crossed, *_, outcome in self.unreported.lost
        ]


class Trial(IdealTrial):
    """One phone under an operating system, to be carried about by hand; times in seconds."""

    phone: MonitoredPhone

    def __init__(
        self,
        os: Os = "ios",
        permission: Permission = Permission.ALWAYS,
        places: PlaceSet | None = None,
        key: int = 1,
        watched: Registrations | None = None,
        **changes: object,
    ) -> None:
        given = {"persistence": 0.0, "detection_delay": Constant(60.0), "foreground_delay": Constant(10.0)}
        given |= {"false_triggers": 0.0, "doze_share": 0.0}
        profile = PROFILES[os].with_changes(OsProfileOverrides(**{**given, **changes}))
        super().__init__(os)
        service = RegionService(profile, places or far_apart(5))
        self.phone = MonitoredPhone(self.env, self.app, 7, key, permission, service, self.unreported, watched)
