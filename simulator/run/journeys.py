"""Journeys within a run: what the scenario can send them, and whether they are sound."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.core.errors import Problem
from simulator.journeys import Supply, lint, make_plan
from simulator.provision import event_types_of, somebody_shops
from simulator.scenario import LoadedScenario, Scenario


def supply_of(scenario: Scenario) -> Supply:
    """The events that a scenario sends, as far as journeys care."""
    app = scenario.app
    namespaces = {"ECID"} | ({app.login.namespace} if app.login is not None else set())
    event_ids = {rule.event_id for rule in app.rules if rule.event_id is not None}
    if somebody_shops(scenario):
        namespaces |= {"Email"}
        if (loyalty := scenario.sources.loyalty) is not None:
            namespaces |= {loyalty.namespace}
    return Supply(frozenset(event_types_of(scenario)), frozenset(event_ids), frozenset(namespaces))


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
