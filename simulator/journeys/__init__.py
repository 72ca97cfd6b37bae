"""Journeys: event definitions, expressions, journey files and what becomes of an instance.

The room knows neither the simulation nor HTTP. Whoever runs it gives it an environment, people and a way to call
other systems, and hands it the events that the platform accepted (docs/journeys.md).
"""

from simulator.journeys.callouts import StubCallout
from simulator.journeys.definitions import identities_of
from simulator.journeys.discards import Discard
from simulator.journeys.engine import JourneyEngine
from simulator.journeys.expressions import ExpressionError
from simulator.journeys.facts import Facts
from simulator.journeys.lint import Supply, lint
from simulator.journeys.log import LogRow
from simulator.journeys.plan import Fault, Plan, time_fits
from simulator.journeys.planning import make_plan
from simulator.journeys.step_events import StepEventWriter, StepEvidence, read_step_event
from simulator.journeys.surroundings import (
    Answer,
    Call,
    Callout,
    Directory,
    Message,
    PersonProfile,
    Post,
    set_attribute,
)
from simulator.journeys.triggerable import check_event

__all__ = [
    "Answer",
    "Call",
    "Callout",
    "Directory",
    "Discard",
    "ExpressionError",
    "Facts",
    "Fault",
    "JourneyEngine",
    "LogRow",
    "Message",
    "PersonProfile",
    "Plan",
    "Post",
    "StepEventWriter",
    "StepEvidence",
    "StubCallout",
    "Supply",
    "check_event",
    "identities_of",
    "lint",
    "make_plan",
    "read_step_event",
    "set_attribute",
    "time_fits",
]
