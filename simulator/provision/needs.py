"""Which events a scenario sends, as far as that decides about schemas."""

from __future__ import annotations

from simulator.scenario import Scenario
from simulator.xdm import EventType

# Every phone with the app sends these, whatever the scenario says.
_OF_PHONES = (
    EventType.LOCATION_ENTRY,
    EventType.LOCATION_EXIT,
    EventType.APPLICATION_LAUNCH,
    EventType.APPLICATION_CLOSE,
)


def event_types_of(scenario: Scenario) -> tuple[str, ...]:
    """The types of events that the scenario can send, each once."""
    return tuple(event_type.value for event_type in _OF_PHONES)
