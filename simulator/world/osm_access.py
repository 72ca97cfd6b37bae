"""Who may use which way of OpenStreetMap, in which direction.

After the conventions of the project's wiki: `highway` says what a way is made for, `access` and the keys below
it who may use it all the same, and `oneway` in which direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntFlag

Tags = Mapping[str, str]


class Use(IntFlag):
    """The uses of a way: forwards in the direction in which it is drawn, and backwards."""

    NONE = 0
    WALK = 1
    CYCLE = 2
    CYCLE_BACK = 4
    DRIVE = 8
    DRIVE_BACK = 16


# Speeds of cars in traffic by class of street, km/h: only for the choice between routes [a].
DRIVING_KM_H: Mapping[str, float] = {
    "motorway": 100.0,
    "motorway_link": 50.0,
    "trunk": 80.0,
    "trunk_link": 40.0,
    "primary": 50.0,
    "primary_link": 35.0,
    "secondary": 45.0,
    "secondary_link": 30.0,
    "tertiary": 40.0,
    "tertiary_link": 30.0,
    "unclassified": 35.0,
    "residential": 30.0,
    "road": 30.0,
    "service": 15.0,
    "living_street": 10.0,
}
_NO_FEET = frozenset({
    "motorway", "motorway_link", "trunk", "trunk_link", "construction", "proposed", "raceway",
    "bus_guideway", "busway", "escape", "abandoned", "razed", "no",
})  # fmt: skip
_BICYCLES = frozenset(DRIVING_KM_H) - {"motorway", "motorway_link"} | {"cycleway", "track", "path"}
_DENIED = frozenset({
    "no", "private", "use_sidepath", "dismount", "agricultural", "forestry", "emergency", "military",
    "psv", "bus", "delivery", "permit",
})  # fmt: skip
_GRANTED = frozenset({"yes", "designated", "permissive", "official", "destination", "customers"})
_FORWARD = frozenset({"yes", "true", "1"})
_BACKWARD = frozenset({"-1", "reverse"})


def use_of(tags: Tags) -> Use:
    """The uses of a way with ``tags``."""
    kind = tags.get("highway")
    if kind is None:
        return Use.NONE
    use = Use.NONE
    if _open(tags, ("foot", "access"), kind not in _NO_FEET):
        use |= Use.WALK
    if _open(tags, ("bicycle", "vehicle", "access"), kind in _BICYCLES, own="bicycle"):
        use |= _directions(tags, ("oneway:bicycle",), Use.CYCLE, Use.CYCLE_BACK)
    if kind in DRIVING_KM_H and _open(tags, ("motorcar", "motor_vehicle", "vehicle", "access"), True):
        use |= _directions(tags, (), Use.DRIVE, Use.DRIVE_BACK)
    return use


def _open(tags: Tags, keys: tuple[str, ...], made_for_it: bool, own: str | None = None) -> bool:
    """Whether a way is open to those whose tags are ``keys``, the most special first.

    A way that is not made for them (a footway for bicycles) opens by the key of their ``own`` alone.
    """
    for key in keys:
        value = tags.get(key)
        if value in _DENIED:
            return False
        if value in _GRANTED and (made_for_it or key in (own or keys[0])):
            return not _impassable(tags)
    return made_for_it


def _impassable(tags: Tags) -> bool:
    return tags.get("highway") in ("construction", "proposed", "abandoned", "razed")


def _directions(tags: Tags, special: tuple[str, ...], forward: Use, backward: Use) -> Use:
    if special and tags.get("cycleway", "").startswith("opposite"):  # an older word for oneway:bicycle=no
        return forward | backward
    for key in (*special, "oneway"):
        value = tags.get(key)
        if value in _FORWARD:
            return forward
        if value in _BACKWARD:
            return backward
        if value == "no":
            return forward | backward
    implied = tags.get("junction") in ("roundabout", "circular")
    implied |= tags.get("highway") in ("motorway", "motorway_link")
    return forward if implied else forward | backward
