"""Phones."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.scenario.models.base import Model
from simulator.scenario.models.conditions import Conditions
from simulator.scenario.quantities import (
    Count,
    Duration,
    Length,
    Number,
    RandomDuration,
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
    positions: Weights | None = Field(
        default=None,
        description="Where positions come from when a border is crossed: `gnss`, `wifi`, `cell`. It decides how "
        "accurate they are.",
    )
    false_triggers: Share | None = Field(
        default=None,
        description="Share of region events after which a position as inaccurate as the fence is large makes the "
        "system believe, for a few minutes, that the person is on the other side again.",
    )
    initial_trigger: bool | None = Field(
        default=None, description="Whether an entry is reported for a place registered from within it."
    )
    background_run_time: Duration | None = Field(
        default=None, description="How long the app runs in the background before it is suspended."
    )
    woken_after_force_quit: bool | None = Field(
        default=None, description="Whether region events start an app that its person ended by force."
    )
    regions_survive_restart: bool | None = Field(
        default=None,
        description="Whether regions stay registered when the phone restarts; say `true` for an Android app that "
        "registers them again at boot.",
    )
    doze_share: Share | None = Field(
        default=None,
        description="Share of wake-ups in the background, the first in half an hour, at which the network is held "
        "back (Doze).",
    )
    doze_delay: RandomDuration | None = Field(
        default=None, description="Time until the network is let through again (the maintenance window)."
    )
    saver_delay_factor: Number | None = Field(
        default=None, ge=1, description="How many times longer detection takes while the phone saves energy."
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
        default="os",
        description="`os`: what the operating system notices of the crossings, and when it does (docs/phone.md). "
        "`ideal`: every crossing is noticed at once.",
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
    conditions: Literal["ideal", "typical"] | Conditions | None = Field(
        default=None,
        description="What happens to the phones: `ideal` for nothing, `typical`, or what you say. By default "
        "`typical` with `monitoring: os`, and `ideal` with `monitoring: ideal`.",
    )
