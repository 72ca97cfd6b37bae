"""What only the places behind a scenario tell: expectations about none of them, and people who live far from all."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.checks import is_called
from simulator.core.errors import Problem
from simulator.scenario import LoadedScenario
from simulator.scenario.units import nearest, one_of
from simulator.world import PlaceSet, geodesy

_NAMES_SHOWN = 8
_FAR_M = 200_000.0
"""Nobody drives that far for an errand, to metres; homes beyond it most likely have their coordinates swapped."""


def place_problems(loaded: LoadedScenario, places: PlaceSet) -> Iterator[Problem]:
    """Mistakes in names of places, and warnings about where people live."""
    yield from _unknown_visits(loaded, places)
    yield from _far_homes(loaded, places)


def _unknown_visits(loaded: LoadedScenario, places: PlaceSet) -> Iterator[Problem]:
    """An expectation about visits to no place would be about nobody."""
    known = {place.id for place in places.places}
    names = list(dict.fromkeys(place.name for place in places.places))
    for number, expectation in enumerate(loaded.scenario.expect):
        for at, pattern in enumerate(expectation.who.visits if expectation.who else ()):
            if pattern in known or any(is_called(name, pattern) for name in names):
                continue
            near = nearest(pattern, names)
            listed = f"expected an id, or a name such as {one_of(names, limit=_NAMES_SHOWN)}"
            hint = f"did you mean {near!r}?" if near else listed
            where = ("expect", number, "who", "visits", at)
            yield loaded.problem(where, f"no place has the name or id {pattern!r}", hint)


def _far_homes(loaded: LoadedScenario, places: PlaceSet) -> Iterator[Problem]:
    for name, group in loaded.scenario.people.items():
        around = group.home.around if group.home is not None else None
        if around is None or not len(places):
            continue
        latitude, longitude = around.at
        metres = float(geodesy.distance(places.latitude, places.longitude, latitude, longitude).min())
        if metres - around.radius < _FAR_M:
            continue
        what = f"the nearest place is {metres / 1000:,.0f} km from these homes, so nobody will get there"
        where = ("people", name, "home", "around", "at")
        expected = "the latitude comes first, then the longitude"
        yield loaded.problem(where, what, expected, warning=True)
