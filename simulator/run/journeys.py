"""Journeys within a run: what the scenario can send them, and whether they are sound."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.core.errors import Problem
from simulator.journeys import Supply, lint, make_plan
from simulator.scenario import LoadedScenario, Scenario

# What phones send of themselves.
_PHONE_EVENTS = frozenset({"application.launch", "application.close", "location.entry", "location.exit"})


def supply_of(scenario: Scenario) -> Supply:
    """The events that a scenario sends, as far as journeys care."""
    return Supply(event_types=_PHONE_EVENTS, event_ids=frozenset(), namespaces=frozenset({"ECID"}))


def check_journeys(loaded: LoadedScenario) -> Iterator[Problem]:
    """Everything wrong, or suspicious, with the journeys of a scenario."""
    scenario = loaded.scenario
    if scenario.journeys is None:
        return
    plan, faults = make_plan(scenario.journeys, scenario.clock.timezone)
    if not any(not fault.warning for fault in faults):
        faults += lint(plan, supply_of(scenario))
    for fault in faults:
        yield loaded.problem(("journeys", *fault.path), fault.what, fault.hint, warning=fault.warning)
