"""Phones: devices and who has which, app sessions, and what the operating system notices of the world.

Knows nothing of the SDK: an app on the phone is whatever offers the few methods of ``AppOnPhone``.
"""

from simulator.phone.devices import DEVICES, SDK_VERSIONS, DeviceModel, Os, device_named, devices_for
from simulator.phone.handset import Handset, check_mix, draw_handsets, draw_systems
from simulator.phone.monitoring import MonitoredPhone, RegionService, Unreported
from simulator.phone.nearby import PlacesService, Registrations, ways_of
from simulator.phone.os_profiles import PROFILES, OsProfile
from simulator.phone.permission import Permission, draw_permissions
from simulator.phone.phone import AppOnPhone, Phone, RegionEvent
from simulator.phone.sessions import CohortSessions, DaySessions, SessionPlanner

__all__ = [
    "DEVICES",
    "PROFILES",
    "SDK_VERSIONS",
    "AppOnPhone",
    "CohortSessions",
    "DaySessions",
    "DeviceModel",
    "Handset",
    "MonitoredPhone",
    "Os",
    "OsProfile",
    "Permission",
    "Phone",
    "PlacesService",
    "RegionEvent",
    "RegionService",
    "Registrations",
    "SessionPlanner",
    "Unreported",
    "check_mix",
    "device_named",
    "devices_for",
    "draw_handsets",
    "draw_permissions",
    "draw_systems",
    "ways_of",
]
