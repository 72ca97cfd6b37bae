"""The scenario file: its models, units and distributions, YAML with positions, and the JSON Schema.

:func:`load_scenario` reads a file and reports every mistake at its line and column; the models hold plain
numbers in SI units and distributions. :func:`json_schema` describes the file to editors.
"""

from __future__ import annotations

from simulator.scenario.dump import dump_as_run
from simulator.scenario.loader import LoadedScenario, load_scenario
from simulator.scenario.models import (
    App,
    Around,
    Clock,
    Destination,
    Errands,
    Evening,
    Expectation,
    Group,
    Home,
    Library,
    Load,
    Lunch,
    Mobility,
    Mode,
    NearPlaces,
    Observed,
    Outing,
    Persona,
    PhoneMix,
    Place,
    PlaceColumns,
    Product,
    Roads,
    Scenario,
    Schedule,
    ScriptStep,
    Sessions,
    TownColumns,
    Towns,
    Trace,
    TraceColumns,
    Travel,
    Work,
    WorkHabits,
)
from simulator.scenario.other_files import load_yaml
from simulator.scenario.overrides import Option, destination_options
from simulator.scenario.personas import BUILT_IN, Kind, kinds_of
from simulator.scenario.profiles import Profile
from simulator.scenario.provisioned import Provisioned, ProvisionedInlet, read_provisioned
from simulator.scenario.quantities import Position
from simulator.scenario.schema import json_schema, json_schema_text

__all__ = [
    "BUILT_IN",
    "App",
    "Around",
    "Clock",
    "Destination",
    "Errands",
    "Evening",
    "Expectation",
    "Group",
    "Home",
    "Kind",
    "Library",
    "Load",
    "LoadedScenario",
    "Lunch",
    "Mobility",
    "Mode",
    "NearPlaces",
    "Observed",
    "Option",
    "Outing",
    "Persona",
    "PhoneMix",
    "Place",
    "PlaceColumns",
    "Position",
    "Product",
    "Profile",
    "Provisioned",
    "ProvisionedInlet",
    "Roads",
    "Scenario",
    "Schedule",
    "ScriptStep",
    "Sessions",
    "TownColumns",
    "Towns",
    "Trace",
    "TraceColumns",
    "Travel",
    "Work",
    "WorkHabits",
    "destination_options",
    "dump_as_run",
    "json_schema",
    "json_schema_text",
    "kinds_of",
    "load_scenario",
    "load_yaml",
    "read_provisioned",
]
