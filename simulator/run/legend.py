"""What the numbers in a run's ledger mean: its people, their phones, its places and its time."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator import __version__
from simulator.ledger import PERMISSIONS, PERSON, SYSTEMS, PersonRows
from simulator.people import cohort_specs, kind_rows, person_keys
from simulator.phone import Permission, draw_permissions, draw_systems
from simulator.run.simulation import World
from simulator.scenario import kinds_of

# People drawn for at once; changes no result.
_CHUNK = 100_000
_PERMISSION_NUMBERS = np.array([PERMISSIONS.index(choice.name.lower()) for choice in Permission], np.uint8)


def ledger_header(world: World) -> dict[str, Any]:
    """The header of the run's ledger."""
    groups, first = [], 0
    for name, size in world.sizes.items():
        groups.append([name, first, size])
        first += size
    return {
        "scenario": world.scenario.name,
        "seed": world.scenario.seed,
        "journeysim_version": __version__,
        "start": world.calendar.utc(0).isoformat(),
        "timezone": str(world.scenario.clock.timezone),
        "groups": groups,
        "places": [[place.id, place.name] for place in world.places.places],
        "positions": [
            [round(place.latitude, 6), round(place.longitude, 6), round(place.radius)]
            for place in world.places.places
        ],
    }


def ledger_people(world: World) -> PersonRows:
    """Each person's phone. Draws are hashes, so these are the phones that the workers will draw."""
    people = np.zeros(world.people, dtype=PERSON)
    for spec in cohort_specs(world.sizes, _CHUNK):
        keys = person_keys(world.scenario.seed, spec.group, spec.first_index, spec.size)
        rows = people[spec.first_person : spec.first_person + spec.size]
        kinds = kinds_of(world.scenario, spec.group)
        for kind, own in zip(kinds, kind_rows(kinds, keys), strict=True):
            mix = kind.group.phone
            numbers = np.array([SYSTEMS.index(name) for name in mix.os], dtype=np.uint8)
            rows["system"][own] = numbers[draw_systems(mix, keys[own])]
            if mix.monitoring == "os":
                rows["permission"][own] = _PERMISSION_NUMBERS[draw_permissions(mix, keys[own])]
    return people
