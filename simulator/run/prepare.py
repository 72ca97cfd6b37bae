"""From a scenario file to a world that can run: files read, sizes settled, everything checked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.checks import metric_problem, unknown_names
from simulator.core.errors import InputError, Problem, UsageError
from simulator.core.simtime import MS_PER_SECOND
from simulator.delivery import RECEIVER, make_destination
from simulator.people import group_sizes, reachable_towns, when_followed
from simulator.people.profiles import check_locale
from simulator.phone import check_mix
from simulator.run.check_places import place_problems
from simulator.run.check_scripts import script_problems
from simulator.run.journeys import check_journeys
from simulator.run.measuring import LIVE_METRICS, can_be_live
from simulator.run.simulation import World
from simulator.scenario import LoadedScenario, Option, PhoneMix, Scenario, kinds_of, load_scenario
from simulator.scenario.units import one_of
from simulator.sdk import rule_problems
from simulator.world import (
    PlaceSet,
    RoadNetwork,
    TownSet,
    TrackSet,
    load_places,
    load_roads,
    load_towns,
    load_tracks,
)

PEOPLE_LIMIT = 50_000_000  # ordinals of people are 32-bit; this leaves room
_GROUPS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scenario ready to run."""

    loaded: LoadedScenario
    world: World
    warnings: tuple[Problem, ...]

    @property
    def scenario(self) -> Scenario:
        """The scenario as it will run."""
        return self.world.scenario


def prepare(
    path: Path,
    *,
    overrides: Sequence[str | Option] = (),
    seed: int | None = None,
    people: int | None = None,
) -> Prepared:
    """Load and check a scenario with everything that it names.

    Raises InputError with every problem found: first those of the scenario file itself, then, once it can
    be understood, those of the files it names.
    """
    loaded = load_scenario(path, overrides=overrides, seed=seed)
    scenario = loaded.scenario
    problems = list(_check_names(loaded))
    warnings = list(loaded.warnings)
    for problem in check_journeys(loaded):
        (warnings if problem.warning else problems).append(problem)
    places = _load_places(loaded, problems, warnings)
    towns = _load_towns(loaded, problems, warnings)
    tracks = _load_tracks(loaded, problems, warnings)
    roads = _load_roads(loaded, problems)
    if places is not None:
        problems += _check_towns(loaded, places, towns)
        warnings += _check_roads(loaded, places, roads)
        for problem in (*place_problems(loaded, places), *script_problems(loaded, places)):
            (warnings if problem.warning else problems).append(problem)
    sizes = group_sizes(scenario, people)
    warnings += _check_people(loaded, sizes)
    if people is not None:
        warnings += _left_out(loaded, sizes)
    total = sum(sizes.values())
    if people is not None and people > PEOPLE_LIMIT:
        problems.append(
            Problem("--people", 0, 0, "", f"{people:,} are too many", f"at most {PEOPLE_LIMIT:,}")
        )
    elif not 0 < total <= PEOPLE_LIMIT:
        what = f"the groups have {total:,} people together"
        problems.append(loaded.problem(("people",), what, f"a run needs between 1 and {PEOPLE_LIMIT:,}"))
    if problems or places is None:
        raise InputError(_in_order(loaded, problems))
    return Prepared(
        loaded, World(scenario, places, towns, sizes, tracks, roads), tuple(_in_order(loaded, warnings))
    )


def _in_order(loaded: LoadedScenario, problems: Sequence[Problem]) -> list[Problem]:
    """Each problem once: those of the call, of the scenario, then of the other files; each from top to bottom."""
    ranks: dict[str, int] = {str(loaded.path): 0}
    placed = [_of_its_option(loaded, problem) for problem in dict.fromkeys(problems)]
    for problem in placed:
        ranks.setdefault(problem.file, -1 if problem.file.startswith("--") else len(ranks))
    return sorted(placed, key=lambda problem: (ranks[problem.file], problem.line or math.inf))


def _of_its_option(loaded: LoadedScenario, problem: Problem) -> Problem:
    """A problem of the scenario without a place belongs to the option that gave the value, if one did."""
    if problem.file != str(loaded.path) or problem.line or not problem.field:
        return problem
    field = tuple(int(part) if part.isdecimal() else part for part in problem.field.split("."))
    return loaded.problem(field, problem.what, problem.expected, warning=problem.warning)


def _load_places(loaded: LoadedScenario, problems: list[Problem], warnings: list[Problem]) -> PlaceSet | None:
    scenario = loaded.scenario
    try:
        places, found = load_places(
            scenario.places, seed=scenario.seed, where=loaded.where, file=str(loaded.path)
        )
    except InputError as error:
        problems += error.problems
        return None
    warnings += found
    return places


def _load_towns(
    loaded: LoadedScenario, problems: list[Problem], warnings: list[Problem]
) -> dict[str, TownSet]:
    towns: dict[str, TownSet] = {}
    for name, group in loaded.scenario.people.items():
        if group.home is None or group.home.towns is None:
            continue
        field = ("people", name, "home", "towns")
        try:
            towns[name] = load_towns(group.home.towns, where=loaded.where, file=str(loaded.path), field=field)
        except InputError as error:
            problems += error.problems
        else:
            warnings += towns[name].warnings
    return towns


def _load_tracks(
    loaded: LoadedScenario, problems: list[Problem], warnings: list[Problem]
) -> dict[str, TrackSet]:
    tracks: dict[str, TrackSet] = {}
    clock = loaded.scenario.clock
    for name, group in loaded.scenario.people.items():
        if group.trace is None:
            continue
        field = ("people", name, "trace")
        try:
            tracks[name] = load_tracks(
                group.trace, clock.timezone, loaded.where, file=str(loaded.path), field=field
            )
        except InputError as error:
            problems += error.problems
            continue
        warnings += tracks[name].warnings
        begin, end = when_followed(group.trace, tracks[name].tracks, clock.calendar)
        if end <= 0 or begin >= clock.duration * MS_PER_SECOND:
            local = clock.calendar.local(begin).isoformat(sep=" ", timespec="minutes")
            what = f"the track begins on {local}, and no part of it lies within the run"
            warnings.append(loaded.problem((*field, "start"), what, "change this or `clock`", warning=True))
    return tracks


def _load_roads(loaded: LoadedScenario, problems: list[Problem]) -> RoadNetwork | None:
    if loaded.scenario.roads is None:
        return None
    try:
        return load_roads(loaded.scenario.roads, loaded.where, file=str(loaded.path))
    except InputError as error:
        problems += error.problems
        return None


def _check_people(loaded: LoadedScenario, sizes: Mapping[str, int]) -> Iterator[Problem]:
    """Single people whom expectations name, and who are not there: nothing is proven of them."""
    for index, expectation in enumerate(loaded.scenario.expect):
        for number, name in enumerate(expectation.who.people if expectation.who is not None else ()):
            group, slash, ordinal = name.partition("/")
            size = sizes.get(group)
            if not slash or size is None or (ordinal.isdecimal() and int(ordinal) < size):
                continue
            there = f"there are {group}/0 to {group}/{size - 1}" if size else f"{group} has no people"
            where = ("expect", index, "who", "people", number)
            yield loaded.problem(where, f"nobody is called {name!r}", there, warning=True)


def _left_out(loaded: LoadedScenario, sizes: Mapping[str, int]) -> Iterator[Problem]:
    """Groups of which a scaled run has nobody: whoever looks for their events would look in vain."""
    own = group_sizes(loaded.scenario)
    empty = [name for name, size in sizes.items() if own[name] and not size]
    if empty:
        what = f"so few people leave nobody of {one_of(empty, joint='and', limit=_GROUPS_SHOWN)}"
        yield Problem("--people", 0, 0, "", what, "groups are scaled in proportion", warning=True)


def _check_roads(loaded: LoadedScenario, places: PlaceSet, roads: RoadNetwork | None) -> Iterator[Problem]:
    """Streets of another city than the places are most likely a mistake."""
    if roads is None:
        return
    reached = [roads.reaches(kind, places.latitude, places.longitude) for kind in roads.kinds]
    if not any(near.any() for near in reached):
        what = f"no place lies within {roads.within:,g} m of a street, so people go straight"
        expected = "expected an extract of the area where the places are"
        yield loaded.problem(("roads", "file"), what, expected, warning=True)


def _check_towns(loaded: LoadedScenario, places: PlaceSet, towns: dict[str, TownSet]) -> Iterator[Problem]:
    """Groups that live near places need a town that has one."""
    for name, town_set in towns.items():
        home = loaded.scenario.people[name].home
        spec = home.towns if home else None
        if spec is not None and not len(reachable_towns(spec, town_set, places)):
            yield loaded.problem(
                ("people", name, "home", "towns", "near_places"),
                f"no town has a place within {spec.near_places or 0:,g} m of its centre",
                "give a larger distance or other places",
            )


def _check_kind(
    loaded: LoadedScenario, path: tuple[str, ...], phone: PhoneMix, locales: Mapping[str, float]
) -> Iterator[Problem]:
    """Phone models, systems and locales of a group, or of those of its people who share a persona."""
    of_group = len(path) == 2
    try:
        check_mix(phone)
    except ValueError as error:
        yield loaded.problem((*path, "phone") if of_group else path, str(error))
    for locale in locales:
        try:
            check_locale(locale)
        except ValueError as error:
            yield loaded.problem((*path, "locale") if of_group else path, str(error))


def _check_names(loaded: LoadedScenario) -> Iterator[Problem]:
    """What only the rooms behind the scenario know: phone models, systems, locales, metrics, destinations."""
    scenario = loaded.scenario
    for number, key, what in rule_problems(scenario.app):
        yield loaded.problem(("app", "rules", number, key), what)
    for name, group in scenario.people.items():
        yield from _check_kind(loaded, ("people", name), group.phone, group.locale)
        for kind in kinds_of(scenario, name) if group.personas is not None else ():
            where = ("people", name, "personas", str(kind.persona))
            yield from _check_kind(loaded, where, kind.group.phone, kind.group.locale)
    for index, expectation in enumerate(loaded.scenario.expect):
        if expectation.metric is not None and (wrong := metric_problem(expectation.metric)):
            yield loaded.problem(("expect", index, "metric"), wrong)
        elif expectation.abort_after is not None and not can_be_live(expectation.metric or ""):
            what = f"{expectation.metric} is not measured while a run lasts"
            yield loaded.problem(("expect", index, "abort_after"), what, f"expected one of {LIVE_METRICS}")
        for where_in, wrong in unknown_names(expectation, scenario):
            yield loaded.problem(("expect", index, *where_in), wrong)
    for path, spec in loaded.scenario.ways_out().items():
        if spec.to != RECEIVER:
            try:
                make_destination(spec)
            except UsageError as error:
                yield loaded.problem((*path, "to"), str(error))
