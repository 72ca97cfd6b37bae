"""From a scenario file to a world that can run: files read, sizes settled, everything checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.checks import metric_problem
from simulator.core.errors import InputError, Problem
from simulator.people import group_sizes
from simulator.people.profiles import check_locale
from simulator.phone import check_mix
from simulator.run.simulation import World
from simulator.scenario import LoadedScenario, Scenario, load_scenario
from simulator.world import TownSet, load_places, load_towns

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
    path: Path, *, overrides: Sequence[str] = (), seed: int | None = None, people: int | None = None
) -> Prepared:
    """Load and check a scenario with everything that it names.

    Raises InputError with every problem found: first those of the scenario file itself, then, once it can
    be understood, those of the files it names.
    """
    loaded = load_scenario(path, overrides=overrides, seed=seed)
    scenario = loaded.scenario
    problems: list[Problem] = _check_groups(loaded)
    warnings: list[Problem] = []
    towns: dict[str, TownSet] = {}
    places = None
    try:
        places, warnings = load_places(
            scenario.places, seed=scenario.seed, where=loaded.where, file=str(loaded.path)
        )
    except InputError as error:
        problems += error.problems
    for name, group in scenario.people.items():
        if group.home.towns is not None:
            try:
                towns[name] = load_towns(
                    group.home.towns,
                    where=loaded.where,
                    file=str(loaded.path),
                    field=("people", name, "home", "towns"),
                )
            except InputError as error:
                problems += error.problems
    if problems or places is None:
        raise InputError(problems)
    sizes = group_sizes(scenario, people)
    total = sum(sizes.values())
    if not 0 < total <= PEOPLE_LIMIT:
        line, column = loaded.where(("people",))
        raise InputError(
            [
                Problem(
                    str(loaded.path),
                    line,
                    column,
                    "people",
                    f"the groups have {total} people together",
                    f"a run needs between 1 and {PEOPLE_LIMIT:,}",
                )
            ]
        )
    return Prepared(loaded, World(scenario, places, towns, sizes), tuple(warnings))


def _check_groups(loaded: LoadedScenario) -> list[Problem]:
    """Names that only the rooms behind the scenario know: phone models, systems, locales."""
    problems = []

    def add(field: tuple[str | int, ...], error: ValueError) -> None:
        line, column = loaded.where(field)
        problems.append(Problem(str(loaded.path), line, column, ".".join(map(str, field)), str(error)))

    for name, group in loaded.scenario.people.items():
        try:
            check_mix(group.phone)
        except ValueError as error:
            add(("people", name, "phone"), error)
        for locale in group.locale:
            try:
                check_locale(locale)
            except ValueError as error:
                add(("people", name, "locale"), error)
    for index, expectation in enumerate(loaded.scenario.expect):
        wrong = metric_problem(expectation.metric)
        if wrong:
            add(("expect", index, "metric"), ValueError(wrong))
    return problems
