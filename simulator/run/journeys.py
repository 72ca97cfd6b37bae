"""Journeys within a run: what the scenario can send them, and whether they are sound."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.core.errors import Problem
from simulator.journeys import Supply, lint, make_plan
from simulator.scenario import LoadedScenario, Scenario
from simulator.xdm import COMMERCE_TYPES, LOYALTY_TYPES, EventType

# What phones send of themselves, and what people do with push messages.
_PHONE_EVENTS = ("application.launch", "application.close", "location.entry", "location.exit")
_PUSH_EVENTS = ("pushTracking.applicationOpened", "pushTracking.customAction")


def supply_of(scenario: Scenario) -> Supply:
    """The events that a scenario sends, as far as journeys care."""
    app = scenario.app
    namespaces = {"ECID"} | ({app.login.namespace} if app.login is not None else set())
    event_ids = {rule.event_id for rule in app.rules if rule.event_id is not None}
    event_types = {*_PHONE_EVENTS, *_PUSH_EVENTS}
    groups, personas = scenario.people.values(), scenario.personas.values()
    shops = any(group.script or group.shopping is not None for group in groups)
    if shops or any(persona.shopping is not None for persona in personas):
        event_types |= {str(kind) for kind in COMMERCE_TYPES}
        namespaces |= {"Email"}
        if (loyalty := scenario.sources.loyalty) is not None:
            event_types |= set(LOYALTY_TYPES)
            namespaces |= {loyalty.namespace}
        if scenario.sources.web is not None:
            event_types.add(EventType.PAGE_VIEWS)
    return Supply(frozenset(event_types), frozenset(event_ids), frozenset(namespaces))


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
