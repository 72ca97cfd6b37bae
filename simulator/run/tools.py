"""Who the people of a run are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from simulator.core.distributions import pick
from simulator.core.identifiers import ecid
from simulator.core.randomness import purpose_keys, uniform
from simulator.people.profiles import Profile, make_profile
from simulator.phone import Handset, draw_handsets
from simulator.run.simulation import World
from simulator.xdm import PersonFacts, profile_record


def describe_people(world: World) -> Iterator[dict[str, Any]]:
    """Every person of a run as a JSON document: profile, home, work, phone and ECID."""
    for person in _people(world):
        profile, handset = person.profile, person.handset
        document = {
            "person": person.name,
            **({"persona": person.persona} if person.persona is not None else {}),
            "ecid": person.ecid,
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
    world: World, *, test_profiles: bool, ecid_primary: bool = True
) -> Iterator[dict[str, Any]]:
    """Every person of a run as one XDM profile record, to seed a platform with (:func:`profile_record`)."""
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
        )
        yield profile_record(facts, test_profile=test_profiles, ecid_primary=ecid_primary)


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    persona: str | None
    ecid: str
    profile: Profile
    home: tuple[float, float]
    work: tuple[float, float] | None
    handset: Handset


def _people(world: World) -> Iterator[_Person]:
    populator = world.populator()
    for spec in world.cohorts():
        cohort = populator.populate(spec)
        kinds: dict[int, tuple[str | None, Handset, str]] = {}
        for part in cohort.by_habits():
            group, keys = part.people.group, part.people.keys
            handsets, handset_of = draw_handsets(group.phone, world.scenario.app, keys)
            locales = list(group.locale)
            locale_of = pick(tuple(group.locale.values()), uniform(purpose_keys(keys, "locale")))
            for row, number, locale in zip(
                part.rows.tolist(), handset_of.tolist(), locale_of.tolist(), strict=True
            ):
                kinds[row] = (part.persona, handsets[number], locales[locale])
        homes = zip(cohort.home_lat.tolist(), cohort.home_lon.tolist(), strict=True)
        works = zip(cohort.work_lat.tolist(), cohort.work_lon.tolist(), strict=True)
        for local, (home, work) in enumerate(zip(homes, works, strict=True)):
            persona, handset, locale = kinds[local]
            key, name = int(cohort.keys[local]), cohort.person_id(local)
            yield _Person(
                name,
                persona,
                ecid(key),
                make_profile(
                    key,
                    person_id=name.replace("/", "-"),
                    locale=locale,
                    home_key=int(cohort.home_keys[local]),
                ),
                home,
                work if cohort.works[local] else None,
                handset,
            )


def _position(point: tuple[float, float]) -> list[float]:
    return [round(point[0], 6), round(point[1], 6)]
