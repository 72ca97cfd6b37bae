"""The phones of a cohort: perfect ones, or with the ills of real ones, as the scenario says for the group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from simulator.core.distributions import pick
from simulator.core.numerics import FloatArray, IntArray
from simulator.core.randomness import KeyArray, bits_one, purpose_keys, uniform
from simulator.core.simtime import Calendar
from simulator.core.timers import TimedEnvironment
from simulator.journeys import Plan
from simulator.people import Cohort, DayLegs, Part
from simulator.people.profiles import make_profile
from simulator.phone import (
    FOREVER,
    NEVER,
    PROFILES,
    SDK_VERSIONS,
    CohortSight,
    LifeRules,
    LivingPhone,
    MonitoredPhone,
    Os,
    OsProfile,
    Permission,
    Phone,
    RegionService,
    Registrations,
    Sighting,
    Unreported,
    Ways,
    draw_clock_errors,
    draw_handsets,
    draw_permissions,
    habits_of,
)
from simulator.run.calling import Outbound
from simulator.run.evaluation import CohortEvaluation, InHand
from simulator.run.onlooker import Onlooker
from simulator.scenario.models import PhoneMix, Push, Scenario
from simulator.sdk import MobileSdk, SdkShared, Sender, all_anonymous, make_plans
from simulator.world import PlaceSet


class RegionServices:
    """What operating systems do, by each profile of the run, made when first needed."""

    def __init__(self, places: PlaceSet) -> None:
        self._places = places
        self._services: dict[OsProfile, RegionService] = {}
        self._rules: dict[tuple[OsProfile, bool], LifeRules] = {}

    def of(self, mix: PhoneMix, os: Os) -> RegionService:
        """The region monitoring of one system's phones in a group."""
        profile = profile_of(mix, os)
        service = self._services.get(profile)
        if service is None:
            service = self._services[profile] = RegionService(profile, self._places)
        return service

    def rules(self, mix: PhoneMix, os: Os) -> LifeRules:
        """The rules of one system's phones in a group, where crossings are noticed by themselves."""
        profile, perfect = profile_of(mix, os), habits_of(mix) == NEVER
        rules = self._rules.get((profile, perfect))
        if rules is None:
            rules = LifeRules(profile, self._places.dead_zones, always_awake=perfect)
            self._rules[profile, perfect] = rules
        return rules


def profile_of(mix: PhoneMix, os: Os) -> OsProfile:
    """The profile of one system in a group."""
    return PROFILES[os].with_changes(mix.os_profile.ios if os == "ios" else mix.os_profile.android)


@dataclass(frozen=True, slots=True)
class ModelContext:
    """What all cohorts of a run share."""

    scenario: Scenario
    places: PlaceSet
    calendar: Calendar
    duration_ms: int
    sdk: SdkShared
    services: RegionServices
    journeys: Plan | None = None
    people: int = 1
    """How many there are in the run."""
    onlooker: Onlooker | None = None
    """Who sees where people go; then whatever happens to phones can happen to all of them, at any time."""
    outbound: Outbound | None = None
    """What makes the calls of journeys that really go out."""

    def evaluation(self, env: TimedEnvironment, cohort: Cohort) -> CohortEvaluation:
        """The journeys of a cohort; there must be a plan."""
        assert self.journeys is not None  # noqa: S101 - the caller looks
        return CohortEvaluation(
            env,
            self.journeys,
            cohort,
            self.calendar,
            push=self.scenario.app.push or Push(),
            seed=self.scenario.seed,
            duration_ms=self.duration_ms,
            people=self.people,
            keep_messages=self.onlooker is not None,
            outbound=self.outbound,
        )


class Pocketed(Protocol):
    """A phone as the world meets it: it is carried across borders."""

    def start_in(self, place: int) -> None:
        """The run finds the person in ``place``."""

    def cross(
        self,
        now: int,
        place: int,
        entry: bool,
        latitude: float,
        longitude: float,
        sight: Sighting | None = None,
    ) -> None:
        """The person crosses the border of ``place``'s geofence; ``sight`` is what the phone may make of it."""


@dataclass(frozen=True, slots=True)
class CohortPhones:
    """The phones of a cohort in the order of its people; ``apps`` is who hears of their app sessions."""

    phones: Sequence[Pocketed]
    apps: Sequence[InHand]
    by_os: dict[str, int]
    """How many phones of each system there are."""
    living: Mapping[int, LivingPhone] = field(default_factory=dict)
    """The phones to which something can happen, by the index of their person; none if they are perfect."""
    registrations: list[Registrations | None] = field(default_factory=list)
    """What each phone has registered; None for those to whom it makes no difference."""

    sdks: Sequence[MobileSdk] = ()
    """The SDK of each phone."""
    newcomer: Callable[[int], Registrations | None] = lambda person: None
    """Makes what the phone of a person may come to register, who so far may not."""
    sight: CohortSight | None = None
    """What the phones make of crossings; None if they all notice them exactly as they are."""

    def sightings(
        self,
        person: IntArray,
        place: npt.NDArray[np.integer[Any]],
        time: IntArray,
        latitude: FloatArray,
        longitude: FloatArray,
    ) -> Sequence[Sighting | None]:
        """What the phones make of crossings, if they notice them."""
        if self.sight is None:
            return [None] * len(person)
        return self.sight.of(person, place, time, latitude, longitude)

    def expect_changes(self, people: Sequence[int]) -> None:
        """The permissions of ``people`` will change, so it matters from now on where they are."""
        for person in people:
            if self.registrations and self.registrations[person] is None:
                self.registrations[person] = watched = self.newcomer(person)
                phone = self.living[person]
                if watched is not None and isinstance(phone, MonitoredPhone):
                    phone.watch(watched)

    def follow(self, journeys: DayLegs, now: int) -> None:
        """Tell the phones where their people are going to be; at the start of the run also where they are."""
        if not any(self.registrations):
            return
        walkers, first = np.unique(journeys.person, return_index=True)
        ways = Ways(journeys.legs, first)
        ends = np.append(first, len(journeys.person))[1:].tolist()
        for person, begin, end in zip(walkers.tolist(), first.tolist(), ends, strict=True):
            if (walker := self.registrations[person]) is not None:
                walker.follow(ways, begin, end, now)
        if now == 0:
            for registrations in self.registrations:
                if registrations is not None:
                    registrations.refresh(now)


def nobody(namespace: str) -> str:
    """What people log in with who never do."""
    raise LookupError(namespace)


def logins(whole: Cohort, part: Part) -> Callable[[int, str], str]:
    """What the people of a part log in with: the address of their profile, or an id made up, by index."""
    cohort = part.people
    locales = list(cohort.group.locale)
    locale_of = pick(tuple(cohort.group.locale.values()), uniform(purpose_keys(cohort.keys, "locale")))

    def login(local: int, namespace: str) -> str:
        key = int(cohort.keys[local])
        if namespace != "Email":
            return f"{namespace.lower()}-{bits_one(key, 0):016x}"
        person_id, locale = whole.person_id(int(part.rows[local])), locales[int(locale_of[local])]
        return make_profile(key, person_id=person_id.replace("/", "-"), locale=locale).email

    return login


def make_phones(
    env: TimedEnvironment, context: ModelContext, cohort: Cohort, unreported: Unreported
) -> CohortPhones:
    """The phones of a cohort, each with its app."""
    sight = CohortSight(cohort.size)
    made = [
        (part.rows.tolist(), _make_phones(env, context, cohort, part, unreported, sight))
        for part in cohort.by_habits()
    ]
    if len(made) == 1:
        return made[0][1]
    phones: dict[int, Pocketed] = {}
    apps: dict[int, InHand] = {}
    living: dict[int, LivingPhone] = {}
    registrations: dict[int, Registrations | None] = {}
    sdks: dict[int, MobileSdk] = {}
    newcomers: dict[int, Callable[[], Registrations | None]] = {}
    by_os: dict[str, int] = dict.fromkeys(SDK_VERSIONS, 0)
    for rows, part in made:
        phones.update(zip(rows, part.phones, strict=True))
        apps.update(zip(rows, part.apps, strict=True))
        sdks.update(zip(rows, part.sdks, strict=True))
        living.update((rows[local], phone) for local, phone in part.living.items())
        registrations.update(zip(rows, part.registrations or [None] * len(rows), strict=True))
        newcomers.update((row, partial(part.newcomer, local)) for local, row in enumerate(rows))
        by_os = {os: number + part.by_os[os] for os, number in by_os.items()}
    people = range(cohort.size)
    return CohortPhones(
        [phones[person] for person in people],
        [apps[person] for person in people],
        by_os,
        living,
        [registrations[person] for person in people],
        [sdks[person] for person in people],
        lambda person: newcomers[person](),
        sight if any(part.sight for _, part in made) else None,
    )


def id_keys(keys: KeyArray) -> KeyArray:
    """The keys of the ids that people's phones make up: of events, and of ECIDs after the first."""
    return purpose_keys(keys, "event.id")


def _make_phones(
    env: TimedEnvironment,
    context: ModelContext,
    whole: Cohort,
    part: Part,
    unreported: Unreported,
    sight: CohortSight,
) -> CohortPhones:
    """The phones of the people who share a persona; they are added to ``sight``."""
    cohort = part.people
    mix = cohort.group.phone
    handsets, handset_of = draw_handsets(mix, context.scenario.app, cohort.keys)
    systems = [handset.os for handset in handsets]
    by_handset = np.bincount(handset_of, minlength=len(handsets)).tolist()
    by_os: dict[str, int] = {
        os: sum(n for n, system in zip(by_handset, systems, strict=True) if system == os)
        for os in SDK_VERSIONS
    }
    kinds = [(context.sdk.forms.of(handset), handset.os == "ios") for handset in handsets]
    own_keys = id_keys(cohort.keys).tolist()
    people = (whole.spec.first_person + part.rows).tolist()
    habits = habits_of(mix)
    skews = draw_clock_errors(habits.clock, cohort.keys).tolist()
    plan_of, login_of = make_plans(context.scenario.app, cohort.keys), logins(whole, part)
    scripted = bool(cohort.group.script)
    apps = []
    columns = (people, own_keys, all_anonymous(cohort.keys), handset_of.tolist(), skews)
    for local, (person, id_key, identities, kind, skew) in enumerate(zip(*columns, strict=True)):
        forms, capitals = kinds[kind]
        sender, plan = Sender(person, id_key, capitals), plan_of(local)
        login = nobody if plan is None and not scripted else partial(login_of, local)
        apps.append(MobileSdk(env, context.sdk, sender, identities, forms, skew, plan, login))
    if mix.monitoring == "ideal" and habits == NEVER:
        for app in apps:
            app.awake(0, FOREVER)
        if not context.places.dead_zones and not scripted and context.onlooker is None:
            return CohortPhones([Phone(app) for app in apps], apps, by_os, sdks=apps)
    system_of = [systems[kind] for kind in handset_of.tolist()]
    detection = purpose_keys(cohort.keys, "phone.detection")
    keys = detection.tolist()
    if mix.monitoring == "ideal":
        rules = {os: context.services.rules(mix, os) for os in set(systems)}
        living = [
            LivingPhone(env, app, person, key, rules[os], unreported)
            for app, person, key, os in zip(apps, people, keys, system_of, strict=True)
        ]
        return CohortPhones(living, living, by_os, dict(enumerate(living)), sdks=apps)
    services = {os: context.services.of(mix, os) for os in set(systems)}
    levels = list(Permission)
    permissions = [levels[number] for number in draw_permissions(mix, cohort.keys).tolist()]
    homes = list(zip(cohort.home_lat.tolist(), cohort.home_lon.tolist(), strict=True))
    registrations = [
        services[os].registrations(permission, *home)
        for os, permission, home in zip(system_of, permissions, homes, strict=True)
    ]
    phones = [
        MonitoredPhone(env, app, person, key, permission, services[os], unreported, watched)
        for app, person, key, permission, os, watched in zip(
            apps, people, keys, permissions, system_of, registrations, strict=True
        )
    ]

    def newcomer(person: int) -> Registrations | None:
        return services[system_of[person]].registrations(Permission.ALWAYS, *homes[person])

    sight.add(part.rows, detection, [services[os] for os in system_of])
    by_person = dict(enumerate(phones))
    return CohortPhones(phones, phones, by_os, by_person, registrations, apps, newcomer, sight)
