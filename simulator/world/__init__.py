"""The world: places, towns and tracks read from files, and the exact crossings of ways with geofences.

``load_places``, ``load_towns`` and ``load_tracks`` read what a scenario names; ``PlaceSet`` answers which
places are near or around points; ``solve`` finds every crossing of every leg in continuous time.
"""

from __future__ import annotations

from simulator.world import geodesy
from simulator.world.crossings import Crossings, Legs, solve
from simulator.world.importers import load_places
from simulator.world.places import Place, PlaceLibrary, PlaceSet
from simulator.world.towns import TownSet, load_towns
from simulator.world.tracks import Track, TrackSet, load_tracks

__all__ = [
    "Crossings",
    "Legs",
    "Place",
    "PlaceLibrary",
    "PlaceSet",
    "TownSet",
    "Track",
    "TrackSet",
    "geodesy",
    "load_places",
    "load_towns",
    "load_tracks",
    "solve",
]
