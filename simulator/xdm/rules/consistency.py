"""Whether what an event says about a place fits together (xdm.md 5 and 6)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.core import numerics
from simulator.xdm.events import EventType
from simulator.xdm.rules.reading import MISSING, value_at, values_at

# WGS 84
_SEMI_MAJOR_M = 6_378_137.0
_ECCENTRICITY_SQUARED = 6.694379990141316e-3
_MEAN_RADIUS_M = 6_371_008.8

# A distance may be that on the ellipsoid or on the sphere, which differ by up to 0.56 %, between
# coordinates written with five decimals (1.1 m).
_RELATIVE_TOLERANCE = 0.006
_ABSOLUTE_TOLERANCE_M = 2.0

_POI = "placeContext.POIinteraction.poiDetail"
_GEO_DETAILS = f"{_POI}.geoInteractionDetails"
_CIRCLE = f"{_GEO_DETAILS}.geoShape._schema.circle._schema"


def place_consistency(event: Mapping[str, Any]) -> list[str]:
    """Contradictions in a location event, one sentence each; other events have none.

    What an event doesn't say is not asked for: the SDK's form, without numbers, always passes.
    """
    event_type = event.get("eventType")
    if event_type not in (EventType.LOCATION_ENTRY, EventType.LOCATION_EXIT):
        return []
    is_entry = event_type == EventType.LOCATION_ENTRY
    return [
        *_distances(event),
        *_side_of_the_border(event, is_entry),
        *_counters(event, is_entry),
        *_active_places(event, is_entry),
        *_local_time(event),
    ]


def ground_distance(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Metres between two points (degrees) on the WGS 84 ellipsoid, good to centimetres up to 100 km.

    It is the straight line through the earth, bent to an arc of the mean radius, so the date line and the
    poles are nothing special.
    """
    start, end = _cartesian(latitude, longitude), _cartesian(to_latitude, to_longitude)
    chord = math.dist(start, end)
    bend = (chord / (2.0 * _MEAN_RADIUS_M)) ** 2
    return chord * (1.0 + bend / 6.0)


def _cartesian(latitude: float, longitude: float) -> tuple[float, float, float]:
    phi, lam = numerics.radians(latitude), numerics.radians(longitude)
    sine, cosine = float(numerics.sin(phi)), float(numerics.cos(phi))
    across = _SEMI_MAJOR_M / math.sqrt(1.0 - _ECCENTRICITY_SQUARED * sine * sine)
    ring = across * cosine
    return (
        ring * float(numerics.cos(lam)),
        ring * float(numerics.sin(lam)),
        across * (1.0 - _ECCENTRICITY_SQUARED) * sine,
    )


def _number(event: Mapping[str, Any], path: str) -> float | None:
    value = value_at(event, path)
    return None if value is MISSING or not isinstance(value, int | float) else float(value)


def _distances(event: Mapping[str, Any]) -> Iterator[str]:
    said = _number(event, f"{_GEO_DETAILS}.distanceToCenter")
    if said is None:
        return
    if said < 0:
        yield f"distanceToCenter is {said} m, below 0"
    twin = _number(event, f"{_POI}.distanceToPOICenter")
    if twin is not None and twin != said:
        yield f"distanceToPOICenter is {twin} m, but distanceToCenter {said} m"
    corners = [
        _number(event, f"{parent}._schema.{axis}")
        for parent in ("placeContext.geo", f"{_CIRCLE}.coordinates")
        for axis in ("latitude", "longitude")
    ]
    latitude, longitude, centre_latitude, centre_longitude = corners
    if latitude is None or longitude is None or centre_latitude is None or centre_longitude is None:
        return
    true = ground_distance(latitude, longitude, centre_latitude, centre_longitude)
    if abs(said - true) > _ABSOLUTE_TOLERANCE_M + _RELATIVE_TOLERANCE * true:
        yield f"distanceToCenter is {said} m, but geo lies {true:.1f} m from the centre of the fence"


def _side_of_the_border(event: Mapping[str, Any], is_entry: bool) -> Iterator[str]:
    said = _number(event, f"{_GEO_DETAILS}.distanceToCenter")
    radius = _number(event, f"{_CIRCLE}.radius")
    if said is None or radius is None:
        return
    accuracy = _number(event, f"{_GEO_DETAILS}.deviceGeoAccuracy") or 0.0
    if is_entry and said - accuracy > radius:
        yield f"an entry {said} m from the centre (+-{accuracy} m) lies outside of the radius of {radius} m"
    if not is_entry and said + accuracy < radius:
        yield f"an exit {said} m from the centre (+-{accuracy} m) lies inside of the radius of {radius} m"


def _counters(event: Mapping[str, Any], is_entry: bool) -> Iterator[str]:
    name = "entry" if is_entry else "exit"
    own, other = ("poiEntries", "poiExits") if is_entry else ("poiExits", "poiEntries")
    value = value_at(event, f"placeContext.POIinteraction.{own}.value")
    if value is not MISSING and value != 1:
        yield f"{own}.value is {value}, but one {name} counts 1"
    if value_at(event, f"placeContext.POIinteraction.{other}") is not MISSING:
        yield f"{other} stands in an {name}"


def _active_places(event: Mapping[str, Any], is_entry: bool) -> Iterator[str]:
    if value_at(event, "placeContext.activePOIs") is MISSING:
        return
    own = value_at(event, f"{_POI}.poiID")
    active = list(values_at(event, "placeContext.activePOIs[].poiID"))
    if is_entry and own not in active:
        yield "activePOIs lacks the place entered"
    if not is_entry and own in active:
        yield "activePOIs still holds the place left"


def _local_time(event: Mapping[str, Any]) -> Iterator[str]:
    instant = _time(value_at(event, "timestamp"))
    local = _time(value_at(event, "placeContext.localTime"))
    if instant is None or local is None:
        return
    if local != instant:
        yield f"localTime is {local - instant} from timestamp, expected the same instant"
    behind = -((local.utcoffset() or timedelta()) // timedelta(minutes=1))
    said = _number(event, "placeContext.localTimezoneOffset")
    if said is not None and said != behind:
        yield f"localTimezoneOffset is {said:g}, but localTime is {behind} minutes behind UTC"
    zone_name = value_at(event, "placeContext.ianaTimezone")
    if zone_name is MISSING:
        return
    try:
        zone = ZoneInfo(str(zone_name))
    except (ZoneInfoNotFoundError, ValueError):
        yield f"ianaTimezone is {zone_name!r}, which the tz database doesn't have"
        return
    if local.astimezone(zone).utcoffset() != local.utcoffset():
        yield f"localTime doesn't have the offset of {zone_name}"


def _time(value: object) -> datetime | None:
    """A date and time with its zone; None for anything else, which is the schema's to reject."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
