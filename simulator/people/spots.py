"""Points around other points, drawn for many people at once."""

from __future__ import annotations

import numpy as np

from simulator.core import numerics
from simulator.core.distributions import Distribution
from simulator.core.numerics import FloatArray
from simulator.core.randomness import KeyArray, purpose_keys, uniform
from simulator.scenario.models import Around
from simulator.scenario.models.homes import FURTHEST_LATITUDE
from simulator.world import geodesy


def map_scale(lat: FloatArray, lon: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Metres per degree of latitude and of longitude at points in degrees."""
    step = np.full(len(lat), 1000.0)
    north, east = geodesy.offset(lat, lon, step, step)
    return step / (north - lat), step / geodesy.wrap(east - lon)


def around(
    lat: FloatArray, lon: FloatArray, distance: FloatArray, keys: KeyArray, purpose: str, attempt: int
) -> tuple[FloatArray, FloatArray]:
    """Points at ``distance`` metres from (lat, lon), in an even direction; nobody lives at a pole."""
    angle = uniform(purpose_keys(keys, purpose + ".direction"), attempt) * 6.283185307179586
    found, east = geodesy.offset(lat, lon, distance * numerics.sin(angle), distance * numerics.cos(angle))
    return np.clip(found, -FURTHEST_LATITUDE, FURTHEST_LATITUDE), east


def in_disc(area: Around, keys: KeyArray, purpose: str) -> tuple[FloatArray, FloatArray]:
    centre_lat = np.full(len(keys), area.at.latitude)
    centre_lon = np.full(len(keys), area.at.longitude)
    radius = area.radius * np.sqrt(uniform(purpose_keys(keys, purpose + ".radius")))
    return around(centre_lat, centre_lon, radius, keys, purpose, 0)


def scattered(
    distance: Distribution, keys: KeyArray, lat: FloatArray, lon: FloatArray, purpose: str, attempt: int
) -> tuple[FloatArray, FloatArray]:
    drawn = distance.ppf(uniform(purpose_keys(keys, purpose + ".distance"), attempt))
    return around(lat, lon, drawn, keys, purpose, attempt)
