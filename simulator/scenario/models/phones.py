"""Phones and the app on them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.core.distributions import LogNormal
from simulator.scenario.models.base import HOUR, MINUTE, Model
from simulator.scenario.quantities import (
    Count,
    Duration,
    Length,
    RandomDuration,
    RandomNumber,
    Share,
    Weights,
)


class OsProfileOverrides(Model):
    """What one operating system does otherwise than its built-in profile says (docs/phone.md)."""

    region_limit: Count | None = Field(
        default=None, ge=1, description="Regions that one app may have monitored at once."
    )
    nearby_count: Count | None = Field(
        default=None, ge=1, description="Places that the app asks for, the nearest ones, and registers."
    )
    persistence: Duration | None = Field(
        default=None, description="Who is back across the border within this time is not noticed."
    )
    detection_delay: RandomDuration | None = Field(
        default=None,
        description="Time from the crossing to the region event, the app being in the background.",
    )
    foreground_delay: RandomDuration | None = Field(
        default=None, description="The same while the app is in the foreground."
    )
    smallest_radius: Length | None = Field(
        default=None,
        description="Smallest radius that is detected reliably; the share of visits noticed falls evenly "
        "from all of them there to none at 0 m.",
    )


class OsProfiles(Model):
    """Changes to the built-in profiles of the operating systems."""

    ios: OsProfileOverrides = Field(default=OsProfileOverrides(), description="Changes to iOS.")
    android: OsProfileOverrides = Field(default=OsProfileOverrides(), description="Changes to Android.")


class PhoneMix(Model):
    """The phones of a group, as weighted choices."""

    os: Weights = Field(
        default={"ios": 53.7, "android": 46.0},
        description="Operating systems: `ios`, `android` (North America, June 2021, StatCounter [v, dated]).",
    )
    models: Weights | None = Field(
        default=None,
        description="Models by the names of the built-in catalogue; by default all of the system's.",
    )
    language: Weights = Field(default={"en-US": 1.0}, description="Languages as BCP 47 tags.")
    carrier: Weights = Field(
        default={"Example Mobile": 2.0, "Sample Wireless": 1.0},
        description="Mobile network operators (sent by Android; iOS 16 and later hide it).",
    )
    monitoring: Literal["ideal", "os"] = Field(
        default="ideal",
        description="`ideal`: every crossing is noticed at once. `os`: only what the operating system "
        "notices, and when it does (docs/phone.md).",
    )
    permission: Weights = Field(
        default={"always": 30.0, "while_in_use": 45.0, "denied": 25.0},
        description="What the app may know of the location: `always`, `while_in_use`, `approximate`, "
        "`denied` [a]. Matters with `monitoring: os`.",
    )
    os_profile: OsProfiles = Field(
        default=OsProfiles(),
        description="Changes to what the operating systems do; matters with `monitoring: os`.",
    )


class Sessions(Model):
    """When people use the app."""

    per_day: RandomNumber = Field(
        default=LogNormal(3.0, 0.7, 0.0, 12.0), description="Sessions a day, drawn once per person [a]."
    )
    length: RandomDuration = Field(
        default=LogNormal(40.0, 0.9, 1.0, 1 * HOUR),
        description="Length of a session; mean below 1 min (Boehmer et al. 2011 [v]).",
    )
    gap: Duration = Field(
        default=30 * MINUTE,
        ge=1,
        description="Shortest time between two sessions; an exponential time comes on top (eventsim [v]).",
    )
    night: Share = Field(
        default=0.1,
        description="Activity between 23:00 and 06:00 as a share of the day's (night damping [a]).",
    )
    weekend: Share = Field(
        default=0.8,
        description="Activity on Saturday and Sunday as a share of a working day's (weekend damping [a]).",
    )


class App(Model):
    """The app on the phones, with the Mobile SDK in it."""

    id: str = Field(min_length=1, description="Bundle or package id, such as `com.example.shop`.")
    name: str = Field(min_length=1, description="Name of the app.")
    version: Weights = Field(
        default={"1.0.0 (1)": 1.0},
        description="Version as `version (build)`, or weighted versions in the field.",
    )
    sessions: Sessions = Field(default=Sessions(), description="When people use it.")
    location_events: Literal["sdk", "rich"] = Field(
        default="sdk",
        description="`sdk`: entry and exit events as the Mobile SDK sends them. `rich`: with coordinates, "
        "local time, distance, fence and device, as an app may add them.",
    )
