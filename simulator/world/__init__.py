"""The world: places, towns, tracks and streets read from files, and the exact crossings of ways with geofences.

The functions ``load_...`` read what a scenario names; ``PlaceSet`` answers which places are near or around
points, ``RoadNetwork`` how to get somewhere; ``solve`` finds every crossing of every leg in continuous time.
"""

from __future__ import annotations

from simulator.world import geodesy
from simulator.world.crossings import Crossings, Legs, solve
from simulator.world.importers import load_places
from simulator.world.osm import ATTRIBUTION, is_osm
from simulator.world.places import Place, PlaceLibrary, PlaceSet
from simulator.world.roads import RoadNetwork, load_roads
from simulator.world.towns import TownSet, load_towns
from simulator.world.tracks import Track, TrackSet, load_tracks

__all__ = [
    "ATTRIBUTION",
    "Crossings",
    "Legs",
    "Place",
    "PlaceLibrary",
    "PlaceSet",
    "RoadNetwork",
    "TownSet",
    "Track",
    "TrackSet",
    "geodesy",
    "is_osm",
    "load_places",
    "load_roads",
    "load_towns",
    "load_tracks",
    "solve",
]
