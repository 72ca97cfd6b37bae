"""The phones of a cohort: ideal ones, or with an operating system, as the scenario says for the group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import simpy

from simulator.core.identifiers import ecids
from simulator.core.randomness import purpose_keys
from simulator.core.simtime import Calendar
from simulator.people import Cohort
from simulator.phone import (
    PROFILES,
    SDK_VERSIONS,
    MonitoredPhone,
    Os,
    OsProfile,
    Permission,
    Phone,
    RegionService,
    Unreported,
    draw_handsets,
    draw_permissions,
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
            service = self._services[profile] = RegionService(profile, self._places.radius)
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


def make_phones(
    env: simpy.Environment, context: ModelContext, cohort: Cohort, uplink: Uplink, unreported: Unreported
) -> CohortPhones:
    """The phones of a cohort, each with its app."""
    mix = cohort.group.phone
    handsets, handset_of = draw_handsets(mix, context.scenario.app, cohort.keys)
    systems = [handset.os for handset in handsets]
    by_handset = np.bincount(handset_of, minlength=len(handsets)).tolist()
    by_os: dict[str, int] = {
        os: sum(n for n, system in zip(by_handset, systems, strict=True) if system == os)
        for os in SDK_VERSIONS
    }
    kinds = [(context.forms.of(handset), handset.os == "ios") for handset in handsets]
    first = cohort.spec.first_person
    id_keys = purpose_keys(cohort.keys, "event.id").tolist()
    people = range(first, first + cohort.size)
    apps = []
    for person, id_key, ecid, kind in zip(
        people, id_keys, ecids(cohort.keys), handset_of.tolist(), strict=True
    ):
        forms, capitals = kinds[kind]
        apps.append(MobileSdk(env, uplink, Sender(person, id_key, capitals), ecid.encode(), forms))
    if mix.monitoring == "ideal":
        return CohortPhones([Phone(app) for app in apps], apps, by_os)
    system_of = [systems[kind] for kind in handset_of.tolist()]
    phones = list(_monitored(env, context, cohort, apps, system_of, unreported))
    return CohortPhones(phones, phones, by_os)


def _monitored(
    env: simpy.Environment,
    context: ModelContext,
    cohort: Cohort,
    apps: Sequence[MobileSdk],
    system_of: Sequence[Os],
    unreported: Unreported,
) -> Iterator[MonitoredPhone]:
    """The phones of a cohort under their operating systems."""
    mix = cohort.group.phone
    services = {os: context.services.of(mix, os) for os in set(system_of)}
    permissions = draw_permissions(mix, cohort.keys).tolist()
    keys = purpose_keys(cohort.keys, "phone.detection").tolist()
    people = range(cohort.spec.first_person, cohort.spec.first_person + cohort.size)
    for person, app, os, permission, key in zip(people, apps, system_of, permissions, keys, strict=True):
        yield MonitoredPhone(env, app, person, key, Permission(permission), services[os], unreported, None)
