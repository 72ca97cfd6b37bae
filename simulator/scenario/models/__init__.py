"""The scenario file, version 1, as typed models.

Every field has a description: docs/scenario.md and the JSON Schema are made from them, and a test fails
when one is missing. Quantities are plain floats in SI units once loaded (metres, seconds, metres per
second, per second); a field whose type begins with ``Random`` holds a distribution instead, and a plain
quantity in the file is then a constant one.

Defaults carry their source: [v], [m] and [a] are the marks of realism.md (read in the source, quoted from
the literature, assumption).
"""

from __future__ import annotations

from simulator.scenario.models.app import RESERVED_NAMESPACES, App, Consent, Login, Push, Rule, Sessions
from simulator.scenario.models.base import HOUR, KILOMETRE, MINUTE, WEEKDAYS, WORKING_DAYS, Model, Weekday
from simulator.scenario.models.calls import ApiKey, BasicCredentials, CallAuthentication, TokenCall
from simulator.scenario.models.conditions import ClockErrors, Conditions, PermissionChanges, Spells
from simulator.scenario.models.days import Errands, Evening, Lunch, Mobility, Mode, Outing, Schedule, Travel
from simulator.scenario.models.delivery import (
    SOURCES,
    Destination,
    EdgeOptions,
    HttpRequest,
    KafkaOptions,
    Rotation,
    ServerCredentials,
    Source,
)
from simulator.scenario.models.expectations import Expectation, Latency, Moment, ShareBounds, Who
from simulator.scenario.models.homes import Around, Home, NearPlaces, TownColumns, Towns, Work, WorkHabits
from simulator.scenario.models.journeys import (
    ActionDefinition,
    Audience,
    ConditionPath,
    DataSource,
    DateRange,
    EventDefinition,
    ExitCriterion,
    HoursOfDay,
    Journey,
    Journeys,
    MailHabits,
    RaceBranch,
    Reentrance,
    Step,
    Stub,
    StubAnswer,
)
from simulator.scenario.models.listener import (
    Listener,
    ListenerAccess,
    ListenerAnswer,
    ListenerRoute,
    TokenAnswer,
)
from simulator.scenario.models.load import Load
from simulator.scenario.models.network import Answers, Fault, Network
from simulator.scenario.models.people import LARGEST_HOUSEHOLD, Group
from simulator.scenario.models.personas import Persona
from simulator.scenario.models.phones import OsProfileOverrides, OsProfiles, PhoneMix
from simulator.scenario.models.places import Library, OpeningHours, Place, PlaceColumns
from simulator.scenario.models.products import DEFAULT_PRODUCTS, Product
from simulator.scenario.models.roads import Roads
from simulator.scenario.models.scenario import Clock, Scenario
from simulator.scenario.models.scripts import MOVES, Observed, ScriptStep
from simulator.scenario.models.shopping import Shopping, ShoppingMood, Stores
from simulator.scenario.models.sources import Loyalty, Sources, Till, Web
from simulator.scenario.models.traces import Trace, TraceColumns

__all__ = [
    "DEFAULT_PRODUCTS",
    "HOUR",
    "KILOMETRE",
    "LARGEST_HOUSEHOLD",
    "MINUTE",
    "MOVES",
    "RESERVED_NAMESPACES",
    "SOURCES",
    "WEEKDAYS",
    "WORKING_DAYS",
    "ActionDefinition",
    "Answers",
    "ApiKey",
    "App",
    "Around",
    "Audience",
    "BasicCredentials",
    "CallAuthentication",
    "Clock",
    "ClockErrors",
    "ConditionPath",
    "Conditions",
    "Consent",
    "DataSource",
    "DateRange",
    "Destination",
    "EdgeOptions",
    "Errands",
    "Evening",
    "EventDefinition",
    "ExitCriterion",
    "Expectation",
    "Fault",
    "Group",
    "Home",
    "HoursOfDay",
    "HttpRequest",
    "Journey",
    "Journeys",
    "KafkaOptions",
    "Latency",
    "Library",
    "Listener",
    "ListenerAccess",
    "ListenerAnswer",
    "ListenerRoute",
    "Load",
    "Login",
    "Loyalty",
    "Lunch",
    "MailHabits",
    "Mobility",
    "Mode",
    "Model",
    "Moment",
    "NearPlaces",
    "Network",
    "Observed",
    "OpeningHours",
    "OsProfileOverrides",
    "OsProfiles",
    "Outing",
    "PermissionChanges",
    "Persona",
    "PhoneMix",
    "Place",
    "PlaceColumns",
    "Product",
    "Push",
    "RaceBranch",
    "Reentrance",
    "Roads",
    "Rotation",
    "Rule",
    "Scenario",
    "Schedule",
    "ScriptStep",
    "ServerCredentials",
    "Sessions",
    "ShareBounds",
    "Shopping",
    "ShoppingMood",
    "Source",
    "Sources",
    "Spells",
    "Step",
    "Stores",
    "Stub",
    "StubAnswer",
    "Till",
    "TimeOfDay",
    "TokenAnswer",
    "TokenCall",
    "TownColumns",
    "Towns",
    "Trace",
    "TraceColumns",
    "Travel",
    "Web",
    "Weekday",
    "Who",
    "Work",
    "WorkHabits",
]
