"""Who the people of a run are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from simulator.core.identifiers import ecid
from simulator.journeys import set_attribute
from simulator.people import Cohort
from simulator.people.profiles import Profile
from simulator.phone import Handset, draw_handsets
from simulator.run.persons import CohortProfiles, attributes_of
from simulator.run.phones import id_keys, logins
from simulator.run.simulation import World
from simulator.sources import card_number, members
from simulator.xdm import PersonFacts, profile_record


def describe_people(world: World) -> Iterator[dict[str, Any]]:
    """Every person of a run as a JSON document: profile, home, work, phone and ECID."""
    for person in _people(world):
        profile, handset = person.profile, person.handset
        document = {
            "person": person.name,
            **({"persona": person.persona} if person.persona is not None else {}),
            "ecid": person.ecid,
            **({"identities": person.identities} if person.identities else {}),
            "profile": asdict(profile),
            "home": _position(person.home),
            "work": None if person.work is None else _position(person.work),
            "phone": {
                "device": handset.device.name,
                "os": handset.os,
                "os_version": handset.os_version,
                "language": handset.language,
                "app_version": handset.app_version,
            },
        }
        yield document


def profile_records(
    world: World, *, test_profiles: bool, ecid_primary: bool = True, attributes: bool = True
) -> Iterator[dict[str, Any]]:
    """Every person of a run as one XDM profile record, to seed a platform with (:func:`profile_record`).

    With ``attributes`` it has those of the person's group as well, which only a schema of one's own may know.
    """
    for person in _people(world):
        profile = person.profile
        facts = PersonFacts(
            person_id=person.name,
            ecid=person.ecid,
            given_name=profile.given_name,
            family_name=profile.family_name,
            birth_year=profile.birth_year,
            email=profile.email,
            phone_number=profile.phone_number,
            street=profile.street,
            postal_code=profile.postal_code,
            city=profile.city,
            country_code=profile.country_code,
            position=(round(person.home[0], 6), round(person.home[1], 6)),
            identities=person.identities,
        )
        record = profile_record(facts, test_profile=test_profiles, ecid_primary=ecid_primary)
        if attributes:
            for path, value in person.attributes:
                set_attribute(record, path, value)
        yield record


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    persona: str | None
    ecid: str
    identities: dict[str, str]
    profile: Profile
    attributes: list[tuple[list[str], Any]]
    home: tuple[float, float]
    work: tuple[float, float] | None
    handset: Handset


def _people(world: World) -> Iterator[_Person]:
    populator = world.populator()
    for spec in world.cohorts():
        cohort = populator.populate(spec)
        profiles, identities = CohortProfiles(cohort), _identities(world, cohort)
        kinds: dict[int, tuple[str | None, Handset]] = {}
        for part in cohort.by_habits():
            handsets, handset_of = draw_handsets(
                part.people.group.phone, world.scenario.app, part.people.keys
            )
            for row, number in zip(part.rows.tolist(), handset_of.tolist(), strict=True):
                kinds[row] = (part.persona, handsets[number])
        homes = zip(cohort.home_lat.tolist(), cohort.home_lon.tolist(), strict=True)
        works = zip(cohort.work_lat.tolist(), cohort.work_lon.tolist(), strict=True)
        for local, (home, work) in enumerate(zip(homes, works, strict=True)):
            persona, handset = kinds[local]
            key = int(cohort.keys[local])
            yield _Person(
                name=cohort.person_id(local),
                persona=persona,
                ecid=ecid(key),
                identities=identities[local],
                profile=profiles.profile(local),
                attributes=list(attributes_of(cohort.group, key)),
                home=home,
                work=work if cohort.works[local] else None,
                handset=handset,
            )


def _identities(world: World, cohort: Cohort) -> list[dict[str, str]]:
    """What people are known by besides ECID and mail address: the card of members, the login of the app."""
    found: list[dict[str, str]] = [{} for _ in range(cohort.size)]
    login, loyalty = world.scenario.app.login, world.scenario.sources.loyalty
    if login is not None and login.namespace != "Email":
        for part in cohort.by_habits():
            login_of = logins(cohort, part)
            for number, row in enumerate(part.rows.tolist()):
                found[row][login.namespace] = login_of(number, login.namespace)
    if loyalty is not None:
        cards = map(card_number, id_keys(cohort.keys).tolist())
        for own, card, member in zip(found, cards, members(loyalty, cohort.keys), strict=True):
            if member:
                own[loyalty.namespace] = card
    return found


def _position(point: tuple[float, float]) -> list[float]:
    return [round(point[0], 6), round(point[1], 6)]
