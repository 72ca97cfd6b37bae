"""Which events a scenario sends: what schemas are made for, and what journeys may listen to."""

from __future__ import annotations

from simulator.scenario import Scenario
from simulator.xdm import COMMERCE_TYPES, LOYALTY_TYPES, EventType

# Every phone with the app sends these, whatever the scenario says.
_OF_PHONES = (
    EventType.LOCATION_ENTRY,
    EventType.LOCATION_EXIT,
    EventType.APPLICATION_LAUNCH,
    EventType.APPLICATION_CLOSE,
)
# What people do with the push messages of journeys.
_OF_MESSAGES = (EventType.PUSH_APPLICATION_OPENED, EventType.PUSH_CUSTOM_ACTION)


def somebody_shops(scenario: Scenario) -> bool:
    """Whether some of its people may shop, by habit or by a script."""
    groups, personas = scenario.people.values(), scenario.personas.values()
    return any(group.script or group.shopping is not None for group in groups) or any(
        persona.shopping is not None for persona in personas
    )


def event_types_of(scenario: Scenario) -> tuple[str, ...]:
    """The types of events that the scenario can send, each once."""
    types: list[str] = list(_OF_PHONES)
    if scenario.journeys is not None:
        types += _OF_MESSAGES
    if somebody_shops(scenario):
        types += COMMERCE_TYPES
        if scenario.sources.loyalty is not None:
            types += LOYALTY_TYPES
        if scenario.sources.web is not None:
            types.append(EventType.PAGE_VIEWS)
    return tuple(dict.fromkeys(map(str, types)))
