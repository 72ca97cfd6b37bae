"""Who the people of a run are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from simulator.core.distributions import pick
from simulator.core.identifiers import ecid
from simulator.core.randomness import purpose_keys, uniform
from simulator.people import Populator
from simulator.people.profiles import make_profile
from simulator.phone import draw_handsets
from simulator.run.simulation import World


def describe_people(world: World) -> Iterator[str]:
    """Every person of a run as one JSON line: profile, home, work, phone and ECID."""
    populator = Populator(world.scenario, world.places, world.towns)
    for spec in world.cohorts():
        cohort = populator.populate(spec)
        group = cohort.group
        locales = list(group.locale)
        locale_of = pick(tuple(group.locale.values()), uniform(purpose_keys(cohort.keys, "locale"))).tolist()
        handsets, handset_of = draw_handsets(group.phone, world.scenario.app, cohort.keys)
        for local in range(cohort.size):
            key = int(cohort.keys[local])
            person_id = cohort.person_id(local)
            handset = handsets[int(handset_of[local])]
            document = {
                "person": person_id,
                "ecid": ecid(key),
                "profile": asdict(
                    make_profile(key, person_id=person_id.replace("/", "-"), locale=locales[locale_of[local]])
                ),
                "home": [round(float(cohort.home_lat[local]), 6), round(float(cohort.home_lon[local]), 6)],
                "work": [round(float(cohort.work_lat[local]), 6), round(float(cohort.work_lon[local]), 6)]
                if cohort.works[local]
                else None,
                "phone": {
                    "device": handset.device.name,
                    "os": handset.os,
                    "os_version": handset.os_version,
                    "language": handset.language,
                    "app_version": handset.app_version,
                },
            }
            yield json.dumps(document, ensure_ascii=False)
