"""The phones of a cohort: ideal ones, or with an operating system, as the scenario says for the group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import simpy

from simulator.core.identifiers import ecids
from simulator.core.randomness import purpose_keys
from simulator.core.simtime import Calendar
from simulator.people import Cohort, DayLegs, Part
from simulator.phone import (
    PROFILES,
    SDK_VERSIONS,
    MonitoredPhone,
    Os,
    OsProfile,
    Permission,
    Phone,
    RegionService,
    Registrations,
    Unreported,
    draw_handsets,
    draw_permissions,
    ways_of,
)
from simulator.scenario.models import PhoneMix, Scenario
from simulator.sdk import EventForms, MobileSdk, Sender, Uplink
from simulator.world import PlaceSet


class RegionServices:
    """Region monitoring by each profile of the run, made when first needed."""

    def __init__(self, places: PlaceSet) -> None:
        self._places = places
        self._services: dict[OsProfile, RegionService] = {}

    def of(self, mix: PhoneMix, os: Os) -> RegionService:
        """The region monitoring of one system's phones in a group."""
        profile = PROFILES[os].with_changes(mix.os_profile.ios if os == "ios" else mix.os_profile.android)
        service = self._services.get(profile)
        if service is None:
            service = self._services[profile] = RegionService(profile, self._places)
        return service


@dataclass(frozen=True, slots=True)
class ModelContext:
    """What all cohorts of a run share."""

    scenario: Scenario
    places: PlaceSet
    calendar: Calendar
    duration_ms: int
    forms: EventForms
    services: RegionServices


class Pocketed(Protocol):
    """A phone as the world meets it: it is carried across borders."""

    inside: dict[int, None]

    def cross(self, now: int, place: int, entry: bool, latitude: float, longitude: float) -> None:
        """The person crosses the border of ``place``'s geofence."""


class InHand(Protocol):
    """A phone, or the app on it, as its person uses it."""

    def foreground(self, now: int) -> None:
        """The app comes to the front."""

    def background(self, now: int) -> None:
        """The app leaves the front."""


@dataclass(frozen=True, slots=True)
class CohortPhones:
    """The phones of a cohort in the order of its people; ``apps`` is who hears of their app sessions."""

    phones: Sequence[Pocketed]
    apps: Sequence[InHand]
    by_os: dict[str, int]
    """How many phones of each system there are."""
    registrations: Sequence[Registrations | None] = ()
    """What each phone has registered; None for those to whom it makes no difference."""

    def follow(self, journeys: DayLegs, now: int) -> None:
        """Tell the phones where their people are going to be; at the start of the run also where they are."""
        moving = [registrations for registrations in self.registrations if registrations is not None]
        if not moving:
            return
        for registrations in moving:
            registrations.catch_up(now)
        for person, way in zip(journeys.person.tolist(), ways_of(journeys.legs), strict=True):
            if (walker := self.registrations[person]) is not None:
                walker.follow(way)
        if now == 0:
            for registrations in moving:
                registrations.refresh(now)


def make_phones(
    env: simpy.Environment, context: ModelContext, cohort: Cohort, uplink: Uplink, unreported: Unreported
) -> CohortPhones:
    """The phones of a cohort, each with its app."""
    made = [
        (part.rows.tolist(), _make_phones(env, context, part, cohort.spec.first_person, uplink, unreported))
        for part in cohort.by_habits()
    ]
    if len(made) == 1:
        return made[0][1]
    phones: dict[int, Pocketed] = {}
    apps: dict[int, InHand] = {}
    registrations: dict[int, Registrations | None] = {}
    by_os: dict[str, int] = dict.fromkeys(SDK_VERSIONS, 0)
    for rows, part in made:
        phones.update(zip(rows, part.phones, strict=True))
        apps.update(zip(rows, part.apps, strict=True))
        registrations.update(zip(rows, part.registrations or [None] * len(rows), strict=True))
        by_os = {os: number + part.by_os[os] for os, number in by_os.items()}
    people = range(cohort.size)
    return CohortPhones(
        [phones[person] for person in people],
        [apps[person] for person in people],
        by_os,
        [registrations[person] for person in people],
    )


def _make_phones(
    env: simpy.Environment,
    context: ModelContext,
    part: Part,
    first_person: int,
    uplink: Uplink,
    unreported: Unreported,
) -> CohortPhones:
    """The phones of the people who share a persona."""
    cohort = part.people
    mix = cohort.group.phone
    handsets, handset_of = draw_handsets(mix, context.scenario.app, cohort.keys)
    systems = [handset.os for handset in handsets]
    by_handset = np.bincount(handset_of, minlength=len(handsets)).tolist()
    by_os: dict[str, int] = {
        os: sum(n for n, system in zip(by_handset, systems, strict=True) if system == os)
        for os in SDK_VERSIONS
    }
    kinds = [(context.forms.of(handset), handset.os == "ios") for handset in handsets]
    id_keys = purpose_keys(cohort.keys, "event.id").tolist()
    people = (first_person + part.rows).tolist()
    apps = []
    for person, id_key, ecid, kind in zip(
        people, id_keys, ecids(cohort.keys), handset_of.tolist(), strict=True
    ):
        forms, capitals = kinds[kind]
        apps.append(MobileSdk(env, uplink, Sender(person, id_key, capitals), ecid.encode(), forms))
    if mix.monitoring == "ideal":
        return CohortPhones([Phone(app) for app in apps], apps, by_os)
    system_of = [systems[kind] for kind in handset_of.tolist()]
    services = {os: context.services.of(mix, os) for os in set(systems)}
    permissions = [Permission(number) for number in draw_permissions(mix, cohort.keys).tolist()]
    keys = purpose_keys(cohort.keys, "phone.detection").tolist()
    homes = zip(cohort.home_lat.tolist(), cohort.home_lon.tolist(), strict=True)
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
    return CohortPhones(phones, phones, by_os, registrations)
