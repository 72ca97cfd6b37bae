"""What the page needs to know once: scenario, places, people, journeys."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from simulator import __version__
from simulator.checks import EXPLANATIONS
from simulator.core.simtime import MS_PER_HOUR
from simulator.delivery import MessageHeader
from simulator.delivery.envelope import Envelope
from simulator.live.graph import journeys_document
from simulator.live.pace import SPEEDS
from simulator.live.show import Show
from simulator.run import World, describe_people
from simulator.scenario import Destination as DestinationSpec

_FORMAT = 1
_ENDS = {
    "end": "came to the end",
    "no_path": "no path of the condition was true",
    "error": "ended in error",
    "timeout": "its time was over",
    "exit": "an exit criterion ended it",
}


@dataclass(frozen=True, slots=True)
class Staged:
    """What is shown, and how: what the setup tells besides the world."""

    mode: str
    to: str
    """Where events go, in words."""
    inlet: str | None
    """The address of the inlet that they go to, if they go to one."""
    spec: DestinationSpec
    tiles: str | None
    take_over: bool


def setup_document(show: Show, staged: Staged, people: list[dict[str, Any]]) -> dict[str, Any]:
    """The document of `GET /api/setup`; ``people`` as :func:`read_people` gives them."""
    world = show.world
    scenario = world.scenario
    return {
        "format": _FORMAT,
        "mode": staged.mode,
        "program": f"journeysim {__version__}",
        "scenario": {"name": scenario.name, "description": scenario.description, "seed": scenario.seed},
        "app": {"id": scenario.app.id, "name": scenario.app.name},
        "clock": {
            "start_epoch_ms": world.calendar.start_epoch_ms,
            "timezone": str(scenario.clock.timezone),
            "offsets": _offsets(world),
            "duration_ms": world.duration_ms,
        },
        "speeds": SPEEDS,
        "controls": {"time": True, "take_over": staged.take_over, "jump": True},
        "destination": {"to": staged.to, "url": staged.inlet},
        "inlet": _inlet(staged),
        "map": {
            "tiles": staged.tiles,
            "attribution": list(world.attribution),
            "bounds": _bounds(world, people),
            "roads": world.roads is not None,
        },
        "places": _places(world),
        "people": _people(show, people),
        "journeys": journeys_document(world.journey_plan()),
        "losses": {outcome.label: words.meaning for outcome, words in EXPLANATIONS.items()},
        "reasons": _ENDS,
    }


def read_people(world: World) -> list[dict[str, Any]]:
    """Everybody, as `journeysim people` tells of them."""
    return list(describe_people(world))


def roads_document(world: World) -> dict[str, Any]:
    """The document of `GET /api/roads`: every street as a line."""
    if world.roads is None:
        return {"lines": []}
    streets = world.roads.streets
    latitude, longitude = np.round(streets.latitude, 6), np.round(streets.longitude, 6)
    # Segments of the same street follow one another.
    breaks = np.flatnonzero(streets.start[1:] != streets.end[:-1]) + 1
    lines = []
    for begin, end in pairwise((0, *breaks.tolist(), len(streets.start))):
        if end > begin:
            nodes = np.append(streets.start[begin:end], streets.end[end - 1])
            lines.append(np.column_stack([latitude[nodes], longitude[nodes]]).ravel().tolist())
    return {"lines": lines}


def _offsets(world: World) -> list[list[int]]:
    """From when on local time is how many minutes ahead of UTC, to the hour."""
    zone: ZoneInfo = world.scenario.clock.timezone
    found: list[list[int]] = []
    for t in range(0, world.duration_ms + 1, MS_PER_HOUR):
        ahead = world.calendar.utc(t).astimezone(zone).utcoffset()
        minutes = 0 if ahead is None else round(ahead.total_seconds() / 60)
        if not found or found[-1][1] != minutes:
            found.append([t, minutes])
    return found


def _inlet(staged: Staged) -> dict[str, Any] | None:
    """What turns an event into a request that the inlet takes."""
    if staged.inlet is None:
        return None
    spec = staged.spec
    header = MessageHeader(
        organization=spec.organization,
        schema_id=spec.schema_id,
        dataset_id=spec.dataset_id,
        source_name=spec.source_name,
        flow_id=spec.flow_id,
    )
    envelope = Envelope(None if spec.raw else header)
    prefix, _, suffix = envelope.single(b"\x00").decode().partition("\x00")
    return {
        "url": staged.inlet,
        "headers": {"Content-Type": "application/json"},
        "prefix": prefix,
        "suffix": suffix,
    }


def _places(world: World) -> list[dict[str, Any]]:
    return [
        {
            "id": place.id,
            "name": place.name,
            "library": place.library_name,
            "category": place.category,
            "dead_zone": place.dead_zone,
            "at": [round(place.latitude, 6), round(place.longitude, 6)],
            "fence": {"type": "circle", "radius": place.radius},
        }
        for place in world.places.places
    ]


def _people(show: Show, people: list[dict[str, Any]]) -> dict[str, Any]:
    names = [str(person["person"]) for person in people]
    return {
        "count": len(people),
        "name": names,
        "group": [name.rpartition("/")[0] for name in names],
        "persona": [person.get("persona") for person in people],
        "platform": [person["phone"]["os"] for person in people],
        "home": [person["home"] for person in people],
        "permission": [show.stage.phones.can_permit(number) for number in range(len(people))],
    }


def _bounds(world: World, people: list[dict[str, Any]]) -> list[list[float]]:
    """A box around the places and most homes: a few far away don't make the map small."""
    homes = np.array([person["home"] for person in people]).reshape(-1, 2)
    places = np.column_stack([world.places.latitude, world.places.longitude]).reshape(-1, 2)
    low, high = np.percentile(homes, (5, 95), axis=0) if len(homes) else (places.min(0), places.max(0))
    if 0 < len(places) <= 200:
        low, high = np.minimum(low, places.min(0)), np.maximum(high, places.max(0))
    return [np.round(low, 6).tolist(), np.round(high, 6).tolist()]
