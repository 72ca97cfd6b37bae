"""Phones: devices and who has which, app sessions, and what the operating system notices of the world.

Knows nothing of the SDK: an app on the phone is whatever offers the few methods of ``AppOnPhone``.
"""

from simulator.phone import happenings
from simulator.phone.clock import draw_clock_errors
from simulator.phone.conditions import (
    NEVER,
    TYPICAL,
    ClockHabits,
    CohortConditions,
    ConditionsPlanner,
    DayConditions,
    Habits,
    SpellHabits,
    habits_of,
)
from simulator.phone.devices import DEVICES, SDK_VERSIONS, DeviceModel, Os, device_named, devices_for
from simulator.phone.handset import Handset, check_mix, draw_handsets, draw_systems
from simulator.phone.life import LifeRules, LivingPhone, Unreported
from simulator.phone.monitoring import MonitoredPhone
from simulator.phone.nearby import PlacesService, Registrations
from simulator.phone.os_profiles import PROFILES, OsProfile
from simulator.phone.permission import Permission, draw_permissions
from simulator.phone.phone import (
    FOREVER,
    PERFECT_ACCURACY,
    AppOnPhone,
    Cause,
    Phone,
    ProcessEnd,
    RegionEvent,
    Sighting,
)
from simulator.phone.regions import RegionService
from simulator.phone.sessions import CohortSessions, DaySessions, SessionPlanner
from simulator.phone.sighting import CohortSight
from simulator.phone.ways import Ways

__all__ = [
    "DEVICES",
    "FOREVER",
    "NEVER",
    "PERFECT_ACCURACY",
    "PROFILES",
    "SDK_VERSIONS",
    "TYPICAL",
    "AppOnPhone",
    "Cause",
    "ClockHabits",
    "CohortConditions",
    "CohortSessions",
    "CohortSight",
    "ConditionsPlanner",
    "DayConditions",
    "DaySessions",
    "DeviceModel",
    "Habits",
    "Handset",
    "LifeRules",
    "LivingPhone",
    "MonitoredPhone",
    "Os",
    "OsProfile",
    "Permission",
    "Phone",
    "PlacesService",
    "ProcessEnd",
    "RegionEvent",
    "RegionService",
    "Registrations",
    "SessionPlanner",
    "Sighting",
    "SpellHabits",
    "Unreported",
    "Ways",
    "check_mix",
    "device_named",
    "devices_for",
    "draw_clock_errors",
    "draw_handsets",
    "draw_permissions",
    "draw_systems",
    "habits_of",
    "happenings",
]
