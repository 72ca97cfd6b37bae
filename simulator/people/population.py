"""Who lives where: homes, work places and the places that people consider going to.

People are made a *cohort* at a time: a run of neighbours of one group, as numpy arrays. Everything about a
person is drawn from the person's own key, so neither the size of a cohort nor anybody else matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.distributions import Constant, pick
from simulator.core.numerics import FloatArray
from simulator.core.randomness import KeyArray, key_of, member_keys, purpose_keys, uniform, uniform_one
from simulator.people.areas import Areas, BoolArray, Indices, Rows
from simulator.people.choices import Choices
from simulator.people.households import household_heads
from simulator.people.legs import Planner
from simulator.people.scripts import StaysPut
from simulator.people.spots import around, in_disc, map_scale, scattered
from simulator.people.traces import TraceFollowers
from simulator.scenario import Kind, kinds_of
from simulator.scenario.models import Group, NearPlaces, Scenario, Sessions, Towns, Trace
from simulator.world import PlaceSet, RoadNetwork, TownSet, TrackSet

# People of one cohort share numpy calls and a SimPy environment; so many keep the calls long and the environment's
# heap short. Caps of journeys are shared out over cohorts of this size; nothing else depends on it, and workers get
# larger ones where they can (run/simulation.py).
COHORT_SIZE = 2500
# Places that a person considers, at most: the nearest ones.
CONSIDERED_PLACES = 16
# Softening of the gravity law at short distances, metres [a].
GRAVITY_SOFTENING_M = 300.0
# Tries to place a home near a place before the centre of its town is taken.
HOME_TRIES = 24


@dataclass(frozen=True, slots=True)
class CohortSpec:
    """A run of people of one group: cheap to make, to compare and to hand to a worker."""

    group: str
    first_index: int
    """Index of the first person within the group."""
    size: int
    first_person: int
    """Ordinal of the first person within the run; orders events of the same millisecond."""


@dataclass(slots=True)
class Cohort:
    """The people of a cohort, as arrays of the same length."""

    spec: CohortSpec
    group: Group
    keys: KeyArray
    home_keys: KeyArray
    """The key of the first member of each one's household; their own where they live alone."""
    home_lat: FloatArray
    home_lon: FloatArray
    metres_per_lat: FloatArray
    """Metres per degree of latitude at home."""
    metres_per_lon: FloatArray
    works: BoolArray
    work_lat: FloatArray
    work_lon: FloatArray
    lunch: Choices | None
    errands: Choices | None
    evening: Choices | None
    sessions: Sessions
    """When they use the app."""
    areas: Callable[[str | None], Areas]
    """The areas of a library by its name, or of all places."""
    parts: tuple[Part, ...] = ()
    """Where they have personas: the people of each; ``group``, ``sessions`` and places to go to are theirs."""
    planner: Planner | None = None
    """Plans the days of those who don't live by a schedule."""
    roads: RoadNetwork | None = None
    """The streets that their trips follow."""

    @property
    def size(self) -> int:
        """Number of people."""
        return len(self.keys)

    def by_habits(self) -> tuple[Part, ...]:
        """The people by what their group and persona say; all in one part where there are no personas."""
        return self.parts or (Part(None, np.arange(self.size), self),)

    def person_id(self, local: int) -> str:
        """The name of a person: group and index within it, the same in every run of the scenario."""
        return f"{self.spec.group}/{self.spec.first_index + local}"


@dataclass(frozen=True, slots=True)
class Part:
    """The people of a cohort who share a persona."""

    persona: str | None
    rows: Rows
    """Which people of the cohort they are, ascending."""
    people: Cohort
    """They alone; only of the whole cohort does ``spec`` say where its people stand in the run."""


def group_sizes(scenario: Scenario, people: int | None = None) -> dict[str, int]:
    """How many people each group has; ``people`` scales all groups to that total.

    The scaled sizes keep the groups' proportions (largest remainders get the rest).
    """
    sizes = {}
    for name, group in scenario.people.items():
        u = uniform_one(key_of(scenario.seed, "size", name))
        sizes[name] = max(0, round(float(group.size.ppf(np.array([u]))[0])))
    total = sum(sizes.values())
    if people is None or total == 0:
        return sizes
    exact = {name: size * people / total for name, size in sizes.items()}
    scaled = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: scaled[name] - exact[name])
    for name in by_remainder[: people - sum(scaled.values())]:
        scaled[name] += 1
    return scaled


def reachable_towns(spec: Towns, towns: TownSet, places: PlaceSet) -> TownSet:
    """The towns of ``towns`` from which homes as ``spec`` wants them can be found: all, or those near places."""
    if spec.near_places is None:
        return towns
    _, distance = places.nearest(towns.latitude, towns.longitude, 1, spec.near_places)
    return towns.select(np.isfinite(distance[:, 0]))


def cohort_specs(
    sizes: Mapping[str, int], cohort_size: int = COHORT_SIZE, *, multiple: int = 1
) -> Iterator[CohortSpec]:
    """All cohorts of a run, in the order of their people: as few per group as may be, and all about as large.

    A group has a ``multiple`` of so many cohorts, unless it has fewer people.
    """
    first_person = 0
    for group, size in sizes.items():
        count = min(-(-size // cohort_size // multiple) * multiple, size)
        edges = [size * number // count for number in range(count + 1)] if count else []
        for first, end in pairwise(edges):
            yield CohortSpec(group, first, end - first, first_person + first)
        first_person += size


def person_keys(seed: int, group: str, first: int, count: int) -> KeyArray:
    """The root keys of people ``first`` to ``first + count`` of a group."""
    return member_keys(key_of(seed, "people", group), np.arange(first, first + count, dtype=np.int64))


def kind_rows(kinds: Sequence[Kind], keys: KeyArray) -> list[Rows]:
    """Which of the people with root ``keys`` are of each of ``kinds``."""
    if len(kinds) == 1:
        return [np.arange(len(keys))]
    weights = tuple(kind.weight for kind in kinds)
    chosen = pick(weights, uniform(purpose_keys(keys, "persona")))
    return [np.flatnonzero(chosen == number) for number in range(len(kinds))]


class Populator:
    """Makes cohorts for one scenario over one set of places."""

    def __init__(
        self,
        scenario: Scenario,
        places: PlaceSet,
        towns: Mapping[str, TownSet],
        tracks: Mapping[str, TrackSet] = MappingProxyType({}),
        roads: RoadNetwork | None = None,
    ) -> None:
        """``towns`` and ``tracks`` hold what was loaded for each group that lives in towns or follows tracks."""
        self._scenario = scenario
        self._places = places
        self._tracks = tracks
        self._roads = roads
        self._kinds = {name: kinds_of(scenario, name) for name in scenario.people}
        self._towns = {name: self._eligible(name, town_set) for name, town_set in towns.items()}
        self._subsets: dict[str | None, tuple[PlaceSet, Indices | None]] = {None: (places, None)}
        self._known_areas: dict[str | None, Areas] = {}

    def _eligible(self, name: str, towns: TownSet) -> TownSet:
        """The towns from which homes near places can be found."""
        home = self._scenario.people[name].home
        spec = home.towns if home else None
        near = towns if spec is None else reachable_towns(spec, towns, self._places)
        if not len(near):
            raise ValueError(f"no town of group {name!r} has a place near it")
        return near

    def _subset(self, library: str | None) -> tuple[PlaceSet, Indices | None]:
        if library not in self._subsets:
            indices = self._places.by_library(str(library)).astype(np.int32)
            self._subsets[library] = (self._places.select(indices), indices)
        return self._subsets[library]

    def _areas(self, library: str | None) -> Areas:
        if library not in self._known_areas:
            indices = None if library is None else self._places.by_library(library)
            self._known_areas[library] = Areas(self._places, indices)
        return self._known_areas[library]

    def populate(self, spec: CohortSpec) -> Cohort:
        """The people of one cohort."""
        seed = self._scenario.seed
        keys = person_keys(seed, spec.group, spec.first_index, spec.size)
        group = self._scenario.people[spec.group]
        if group.trace is not None:
            return self._following(spec, group, group.trace, keys)
        if group.script:
            home = self._homes(spec.group, group, keys)
            return self._led(spec, group, keys, home, StaysPut(), Sessions(per_day=Constant(0.0)))
        home_keys = keys
        if group.household is not None:
            heads = household_heads(seed, spec.group, group.household, spec.first_index, spec.size)
            home_keys = member_keys(key_of(seed, "people", spec.group), heads)
        kinds = self._kinds[spec.group]
        if group.personas is None:
            return self._people(spec, kinds[0], keys, home_keys)
        parts = tuple(
            Part(kind.persona, rows, self._people(spec, kind, keys[rows], home_keys[rows]))
            for kind, rows in zip(kinds, kind_rows(kinds, keys), strict=True)
            if len(rows)
        )
        whole = self._people(spec, Kind(None, 1.0, group, self._scenario.app.sessions), keys[:0], keys[:0])
        return _joined(whole, keys, home_keys, parts)

    def _people(self, spec: CohortSpec, kind: Kind, keys: KeyArray, home_keys: KeyArray) -> Cohort:
        """People of one kind; those with the same of ``home_keys`` share a home."""
        group = kind.group
        home_lat, home_lon = self._homes(spec.group, group, home_keys)
        metres_per_lat, metres_per_lon = map_scale(home_lat, home_lon)
        works, work_lat, work_lon = self._works(group, keys, home_lat, home_lon)
        schedule = group.schedule
        lunch = schedule.lunch if group.work is not None else None
        errands, evening = schedule.errands, schedule.evening
        if group.mobility is not None:  # what they consider depends on what they know
            lunch = errands = evening = None
        reaches = {(outing.library, outing.within) for outing in (errands, evening) if outing is not None}
        from_home = {reach: self._choices(*reach, home_lat, home_lon) for reach in reaches}
        return Cohort(
            spec=spec,
            group=group,
            keys=keys,
            home_keys=home_keys,
            home_lat=home_lat,
            home_lon=home_lon,
            metres_per_lat=metres_per_lat,
            metres_per_lon=metres_per_lon,
            works=works,
            work_lat=work_lat,
            work_lon=work_lon,
            lunch=self._choices(lunch.library, lunch.within, work_lat, work_lon) if lunch else None,
            errands=from_home[errands.library, errands.within] if errands else None,
            evening=from_home[evening.library, evening.within] if evening else None,
            sessions=kind.sessions,
            areas=self._areas,
            roads=self._roads,
        )

    def _following(self, spec: CohortSpec, group: Group, trace: Trace, keys: KeyArray) -> Cohort:
        """People who follow a recorded track; they are at home where it finds them."""
        calendar = self._scenario.clock.calendar
        followers = TraceFollowers(trace, self._tracks[spec.group], keys, spec.first_index, calendar)
        sessions = self._scenario.app.sessions
        return self._led(spec, group, keys, followers.places_at_start(), followers, sessions)

    def _led(
        self,
        spec: CohortSpec,
        group: Group,
        keys: KeyArray,
        home: tuple[FloatArray, FloatArray],
        planner: Planner,
        sessions: Sessions,
    ) -> Cohort:
        """People who do what they are told: by ``planner``, or later."""
        lat, lon = home
        metres_per_lat, metres_per_lon = map_scale(lat, lon)
        return Cohort(
            spec=spec,
            group=group,
            keys=keys,
            home_keys=keys,
            home_lat=lat,
            home_lon=lon,
            metres_per_lat=metres_per_lat,
            metres_per_lon=metres_per_lon,
            works=np.zeros(len(keys), dtype=np.bool_),
            work_lat=lat,
            work_lon=lon,
            lunch=None,
            errands=None,
            evening=None,
            sessions=sessions,
            areas=self._areas,
            planner=planner,
            roads=self._roads,
        )

    def _homes(self, name: str, group: Group, keys: KeyArray) -> tuple[FloatArray, FloatArray]:
        home = group.home
        assert home is not None  # noqa: S101 - the model asks for it, unless there is a trace
        if home.around is not None:
            return in_disc(home.around, keys, "home")
        if home.near_places is not None:
            return self._near_places(home.near_places, keys, "home")
        assert home.towns is not None  # noqa: S101 - the model allows exactly one of the three
        return self._in_towns(home.towns, self._towns[name], keys)

    def _in_towns(self, spec: Towns, towns: TownSet, keys: KeyArray) -> tuple[FloatArray, FloatArray]:
        share = np.cumsum(towns.population)
        draw = uniform(purpose_keys(keys, "home.town")) * share[-1]
        town = np.minimum(np.searchsorted(share, draw, side="right"), len(share) - 1)
        lat, lon = towns.latitude[town].copy(), towns.longitude[town].copy()
        homeless = np.arange(len(keys))
        for attempt in range(HOME_TRIES):
            tried_lat, tried_lon = scattered(
                spec.spread, keys[homeless], lat[homeless], lon[homeless], "home", attempt
            )
            if spec.near_places is None:
                return tried_lat, tried_lon
            _, distance = self._places.nearest(tried_lat, tried_lon, 1, spec.near_places)
            settled = np.isfinite(distance[:, 0])
            # People not yet settled keep the centre of their town as the point to scatter from.
            chosen = homeless[settled]
            lat[chosen], lon[chosen] = tried_lat[settled], tried_lon[settled]
            homeless = homeless[~settled]
            if not len(homeless):
                break
        return lat, lon

    def _works(
        self, group: Group, keys: KeyArray, home_lat: FloatArray, home_lon: FloatArray
    ) -> tuple[BoolArray, FloatArray, FloatArray]:
        work = group.work
        if work is None:
            return np.zeros(len(keys), dtype=np.bool_), home_lat, home_lon
        works = uniform(purpose_keys(keys, "works")) < work.share
        if work.around is not None:
            lat, lon = in_disc(work.around, keys, "work")
        elif work.near_places is not None:
            lat, lon = self._near_places(work.near_places, keys, "work")
        else:
            assert work.distance is not None  # noqa: S101 - the model allows exactly one of the three
            lat, lon = scattered(work.distance, keys, home_lat, home_lon, "work", 0)
        return works, lat, lon

    def _near_places(self, spec: NearPlaces, keys: KeyArray, purpose: str) -> tuple[FloatArray, FloatArray]:
        places, _ = self._subset(spec.library)
        count = len(places.latitude)
        chosen = (uniform(purpose_keys(keys, purpose + ".place")) * count).astype(np.intp)
        radius = spec.within * np.sqrt(uniform(purpose_keys(keys, purpose + ".radius")))
        return around(places.latitude[chosen], places.longitude[chosen], radius, keys, purpose, 0)

    def _choices(self, library: str | None, within: float, lat: FloatArray, lon: FloatArray) -> Choices:
        """Gravity choice: attractiveness over squared distance (realism.md 1, Pappalardo et al. 2015 [m])."""
        places, indices = self._subset(library)
        count = max(1, min(CONSIDERED_PLACES, len(places.latitude)))
        nearest, distance = places.nearest(lat, lon, count, within)
        found = nearest >= 0
        softened = np.where(found, distance, 0.0) + GRAVITY_SOFTENING_M
        pull = np.where(found, places.attractiveness[nearest] / (softened * softened), 0.0)
        chosen = nearest if indices is None else np.where(found, indices[nearest], -1)
        return Choices(chosen.astype(np.int32), np.cumsum(pull, axis=1))


def _joined(whole: Cohort, keys: KeyArray, home_keys: KeyArray, parts: tuple[Part, ...]) -> Cohort:
    """The cohort of all ``parts``: ``whole`` has what they have in common, and nobody in it yet."""

    def column(name: str) -> npt.NDArray[Any]:
        values = np.empty(len(keys), dtype=getattr(whole, name).dtype)
        for part in parts:
            values[part.rows] = getattr(part.people, name)
        return values

    return replace(
        whole,
        keys=keys,
        home_keys=home_keys,
        home_lat=column("home_lat"),
        home_lon=column("home_lon"),
        metres_per_lat=column("metres_per_lat"),
        metres_per_lon=column("metres_per_lon"),
        works=column("works"),
        work_lat=column("work_lat"),
        work_lon=column("work_lon"),
        parts=parts,
    )
