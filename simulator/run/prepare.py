"""From a scenario file to a world that can run: files read, sizes settled, everything checked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.checks import metric_problem
from simulator.core.errors import InputError, Problem, UsageError
from simulator.delivery import RECEIVER, make_destination
from simulator.people import group_sizes, reachable_towns
from simulator.people.profiles import check_locale
from simulator.phone import check_mix
from simulator.run.simulation import World
from simulator.scenario import LoadedScenario, Option, Scenario, load_scenario
from simulator.world import PlaceSet, TownSet, load_places, load_towns

PEOPLE_LIMIT = 50_000_000  # ordinals of people are 32-bit; this leaves room


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
    places = _load_places(loaded, problems, warnings)
    towns = _load_towns(loaded, problems, warnings)
    if places is not None:
        problems += _check_towns(loaded, places, towns)
    sizes = group_sizes(scenario, people)
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
    return Prepared(loaded, World(scenario, places, towns, sizes), tuple(_in_order(loaded, warnings)))


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
        if group.home.towns is None:
            continue
        field = ("people", name, "home", "towns")
        try:
            towns[name] = load_towns(group.home.towns, where=loaded.where, file=str(loaded.path), field=field)
        except InputError as error:
            problems += error.problems
        else:
            warnings += towns[name].warnings
    return towns


def _check_towns(loaded: LoadedScenario, places: PlaceSet, towns: dict[str, TownSet]) -> Iterator[Problem]:
    """Groups that live near places need a town that has one."""
    for name, town_set in towns.items():
        spec = loaded.scenario.people[name].home.towns
        if spec is not None and not len(reachable_towns(spec, town_set, places)):
            yield loaded.problem(
                ("people", name, "home", "towns", "near_places"),
                f"no town has a place within {spec.near_places or 0:,g} m of its centre",
                "give a larger distance or other places",
            )


def _check_names(loaded: LoadedScenario) -> Iterator[Problem]:
    """What only the rooms behind the scenario know: phone models, systems, locales, metrics, destinations."""
    for name, group in loaded.scenario.people.items():
        try:
            check_mix(group.phone)
        except ValueError as error:
            yield loaded.problem(("people", name, "phone"), str(error))
        for locale in group.locale:
            try:
                check_locale(locale)
            except ValueError as error:
                yield loaded.problem(("people", name, "locale"), str(error))
    for index, expectation in enumerate(loaded.scenario.expect):
        if wrong := metric_problem(expectation.metric):
            yield loaded.problem(("expect", index, "metric"), wrong)
    for name, spec in loaded.scenario.all_destinations().items():
        if spec.to != RECEIVER:
            try:
                make_destination(spec)
            except UsageError as error:
                field = ("destinations", name, "to") if name else ("destination", "to")
                yield loaded.problem(field, str(error))
