"""A made-up country to live in: places in clusters of clusters, as towns and cities are.

Places are laid out as Soneira and Peebles (1978) did with galaxies: a disc holds a few smaller discs, each of
those a few smaller ones again, and the smallest are the places. The number of places within a distance then
grows with a power of it, the fractal dimension, over all distances; shops and settlements do so, too.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from simulator.core import numerics
from simulator.core.numerics import FloatArray
from simulator.core.randomness import key_of, member_keys, uniform
from simulator.world import geodesy

# Middle of the country, on land far from the poles and the date line.
CENTRE = (48.5, 9.5)
# Radius of the country in metres.
RADIUS = 160_000.0
# Each disc holds this many smaller ones; this often.
CHILDREN = 4
LEVELS = 7
# How fast the number of places grows with distance [a]; 2 would be an even spread over the plane.
DIMENSION = 1.1

PERSONAS = {"commuter": 48, "student": 17, "shift_worker": 7, "stay_at_home": 28}

SCENARIO = """\
version: 1
name: realism
description: People of all kinds live in a made-up country.
seed: {seed}
clock: {{start: 2026-03-02T00:00, timezone: Europe/Berlin, duration: {days} d}}
places:
  - library: Places
    file: places.csv
    radius: 20 m
    columns: {{attractiveness: attractiveness}}
people:
  residents:
    size: {people}
    home: {{near_places: {{within: 600 m}}}}
    personas: {{{personas}}}
app: {{id: com.example.realism, name: Realism}}
"""


def places(seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Latitude and longitude in degrees, and attractiveness, of every place of the country."""
    shrink = float(numerics.exp(-numerics.log(float(CHILDREN)) / DIMENSION))
    east, north, radius = np.zeros(1), np.zeros(1), RADIUS
    for level in range(LEVELS):
        east, north = np.repeat(east, CHILDREN), np.repeat(north, CHILDREN)
        keys = member_keys(key_of(seed, "country", level), np.arange(len(east), dtype=np.int64))
        angle = uniform(keys, 0) * 6.283185307179586
        away = radius * (1.0 - shrink) * np.sqrt(uniform(keys, 1))  # children lie within their parent
        east, north = east + away * numerics.cos(angle), north + away * numerics.sin(angle)
        radius *= shrink
    lat, lon = geodesy.offset(np.full(len(east), CENTRE[0]), np.full(len(east), CENTRE[1]), east, north)
    keys = member_keys(key_of(seed, "country", "attractiveness"), np.arange(len(east), dtype=np.int64))
    return lat, lon, numerics.exp(numerics.normal_ppf(uniform(keys)))


def write(folder: Path, *, people: int, days: int, seed: int) -> Path:
    """Write the country and the scenario of its people into ``folder``; gives the scenario file."""
    with (folder / "places.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "latitude", "longitude", "attractiveness"])
        for number, (lat, lon, pull) in enumerate(
            zip(*(column.tolist() for column in places(seed)), strict=True)
        ):
            rows.writerow([f"Place {number}", f"{lat:.6f}", f"{lon:.6f}", f"{pull:.4f}"])
    scenario = folder / "realism.yaml"
    personas = ", ".join(f"{name}: {weight}" for name, weight in PERSONAS.items())
    scenario.write_text(
        SCENARIO.format(seed=seed, days=days, people=people, personas=personas), encoding="utf-8"
    )
    return scenario
