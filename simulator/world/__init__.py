"""The world: places and towns read from files, and the exact crossings of ways with geofences.

``load_places`` and ``load_towns`` read what a scenario names; ``PlaceSet`` answers which places are near
or around points; ``solve`` finds every crossing of every leg in continuous time.
"""

from __future__ import annotations

from simulator.world import geodesy
from simulator.world.crossings import Crossings, Legs, solve
from simulator.world.importers import load_places
from simulator.world.places import Place, PlaceLibrary, PlaceSet
from simulator.world.towns import TownSet, load_towns

__all__ = [
    "Crossings",
    "Legs",
    "Place",
    "PlaceLibrary",
    "PlaceSet",
    "TownSet",
    "geodesy",
    "load_places",
    "load_towns",
    "solve",
]
